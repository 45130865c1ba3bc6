//! Sums for the dashboard, from the quarter-hour rollups.

use crate::{StoreResult, TenantTx};
use causeway_domain::UserId;
use chrono::{DateTime, Utc};

/// Sums over some rollups.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)] // The columns of `usage_rollups`.
pub struct Sums {
    pub requests: i64,
    pub errors: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_5m_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub charged_nanos: i64,
}

/// By what to split sums that are not split by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Model name.
    Model,
    /// API key.
    Key,
    /// Upstream account.
    Account,
}

macro_rules! sums {
    ($row:expr) => {
        Sums {
            requests: $row.requests,
            errors: $row.errors,
            input_tokens: $row.input_tokens,
            output_tokens: $row.output_tokens,
            cache_read_tokens: $row.cache_read_tokens,
            cache_write_5m_tokens: $row.cache_write_5m_tokens,
            cache_write_1h_tokens: $row.cache_write_1h_tokens,
            charged_nanos: $row.charged_nanos,
        }
    };
}

/// Sums for each span between neighbouring `edges`, which must ascend; with `user`, of their keys only. Days come in
/// as edges because their length is the organisation's affair and not the database's.
pub async fn per_span(
    tx: &mut TenantTx,
    edges: &[DateTime<Utc>],
    user: Option<UserId>,
) -> StoreResult<Vec<Sums>> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Ok(Vec::new()) };
    let rows = sqlx::query!(
        r#"select width_bucket(bucket, $2::timestamptz[]) as "span!", sum(requests)::bigint as "requests!",
             sum(errors)::bigint as "errors!", sum(input_tokens)::bigint as "input_tokens!",
             sum(output_tokens)::bigint as "output_tokens!", sum(cache_read_tokens)::bigint as "cache_read_tokens!",
             sum(cache_write_5m_tokens)::bigint as "cache_write_5m_tokens!",
             sum(cache_write_1h_tokens)::bigint as "cache_write_1h_tokens!", sum(charged_nanos)::bigint as "charged_nanos!"
           from usage_rollups
           where org_id = $1 and bucket >= $3 and bucket < $4
             and ($5::uuid is null or key_id in (select id from api_keys where org_id = $1 and owner_id = $5))
           group by 1"#,
        tx.org().0,
        edges,
        first,
        last,
        user.map(|u| u.0)
    )
    .fetch_all(tx.conn())
    .await?;
    let mut spans = vec![Sums::default(); edges.len() - 1];
    for row in &rows {
        // Spans are counted from 1: before the first edge would be 0, and is excluded above.
        if let Some(span) = usize::try_from(row.span - 1).ok().and_then(|i| spans.get_mut(i)) {
            *span = sums!(row);
        }
    }
    Ok(spans)
}

/// Sums per model, key or account, dearest first, each with its key and its name; with `user`, of their keys only.
pub async fn split(
    tx: &mut TenantTx,
    by: By,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    user: Option<UserId>,
) -> StoreResult<Vec<(String, String, Sums)>> {
    let by = match by {
        By::Model => "model",
        By::Key => "key",
        By::Account => "account",
    };
    let rows = sqlx::query!(
        r#"select case $2 when 'model' then r.model when 'key' then r.key_id::text else r.account_id::text end as "part!",
             coalesce(case $2 when 'model' then max(r.model) when 'key' then max(k.name) else max(a.name) end, '') as "label!",
             sum(requests)::bigint as "requests!", sum(errors)::bigint as "errors!",
             sum(input_tokens)::bigint as "input_tokens!", sum(output_tokens)::bigint as "output_tokens!",
             sum(cache_read_tokens)::bigint as "cache_read_tokens!",
             sum(cache_write_5m_tokens)::bigint as "cache_write_5m_tokens!",
             sum(cache_write_1h_tokens)::bigint as "cache_write_1h_tokens!", sum(charged_nanos)::bigint as "charged_nanos!"
           from usage_rollups r
           left join api_keys k on k.org_id = r.org_id and k.id = r.key_id
           left join upstream_accounts a on a.org_id = r.org_id and a.id = r.account_id
           where r.org_id = $1 and r.bucket >= $3 and r.bucket < $4 and ($5::uuid is null or k.owner_id = $5)
           group by 1 order by sum(charged_nanos) desc, 1 limit 1000"#,
        tx.org().0,
        by,
        from,
        to,
        user.map(|u| u.0)
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.part, r.label, sums!(r))).collect())
}
