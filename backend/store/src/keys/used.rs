//! What keys have used, as far as it is settled.

use crate::{StoreResult, TenantTx};
use causeway_domain::{KeyId, Nanos};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// What a key has used, as far as it is settled.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// Requests since `today` began.
    pub requests_today: i64,
    /// Tokens since `today` began.
    pub tokens_today: i64,
    /// Charged since `today` began.
    pub charged_today: Nanos,
    /// Tokens over its whole life.
    pub tokens_total: i64,
    /// Charged over its whole life.
    pub charged_total: Nanos,
    /// When its last request began.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What each of these keys has used. `today` is when the organisation's day began.
pub async fn used(
    tx: &mut TenantTx,
    keys: &[KeyId],
    today: DateTime<Utc>,
) -> StoreResult<HashMap<KeyId, Used>> {
    let ids: Vec<Uuid> = keys.iter().map(|k| k.0).collect();
    let rows = sqlx::query!(
        r#"select k.id as "id!", d.requests, d.tokens, d.charged, t.nanos as "total_nanos?", t.tokens as "total_tokens?",
                  l.started_at as "last_used_at?"
           from unnest($2::uuid[]) as k (id)
           cross join lateral (
             select coalesce(sum(r.requests), 0)::bigint as requests, coalesce(sum(r.charged_nanos), 0)::bigint as charged,
                    coalesce(sum(r.input_tokens + r.output_tokens + r.cache_read_tokens + r.cache_write_5m_tokens
                      + r.cache_write_1h_tokens), 0)::bigint as tokens
             from usage_rollups r where r.org_id = $1 and r.key_id = k.id and r.bucket >= $3) d
           left join budget_totals t on t.org_id = $1 and t.scope = 'key' and t.scope_id = k.id
           left join lateral (
             select g.started_at from usage g where g.org_id = $1 and g.key_id = k.id order by g.request_id desc limit 1
           ) l on true"#,
        tx.org().0,
        &ids,
        today
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let used = Used {
                requests_today: r.requests.unwrap_or(0),
                tokens_today: r.tokens.unwrap_or(0),
                charged_today: Nanos(r.charged.unwrap_or(0)),
                tokens_total: r.total_tokens.unwrap_or(0),
                charged_total: Nanos(r.total_nanos.unwrap_or(0)),
                last_used_at: r.last_used_at,
            };
            (KeyId(r.id), used)
        })
        .collect())
}
