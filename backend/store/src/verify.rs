//! Whether what is summed up equals what it was summed from. Rollups are compared with the rows of their days, totals with
//! all rollups: rows may be forgotten by retention, rollups never are. Changes nothing.

use crate::{JobsDb, StoreResult};
use causeway_domain::{OrgId, RequestId};
use chrono::{DateTime, Duration, Utc};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

/// A sum that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which sum: `rollup 2026-11-20T14:15:00Z key … account … model … member …`, or `total key …`.
    pub what: String,
    /// What it says: requests, errors, tokens, nano-dollars at the provider's price, nano-dollars charged. Totals have no
    /// errors, and one amount.
    pub stored: Vec<i64>,
    /// What it should say.
    pub expected: Vec<i64>,
}

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Where the comparison with rows began: not before the oldest row that is kept.
    pub from: Option<DateTime<Utc>>,
    /// Requests in the rows that were read.
    pub requests: i64,
    /// Everything that differs.
    pub differences: Vec<Difference>,
}

/// Compares the rollups of an organisation between two instants with its rows, a day at a time, and its totals with all
/// its rollups; everything as it was at one moment.
pub async fn organisation(
    db: &JobsDb,
    org: OrgId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> StoreResult<Verdict> {
    let mut tx = db.0.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let mut verdict = Verdict::default();
    let oldest = sqlx::query_scalar!(
        "select request_id from usage where org_id = $1 order by request_id limit 1",
        org.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(oldest) = oldest.and_then(|id| DateTime::from_timestamp_millis(RequestId(id).started_ms())) {
        let mut at = quarter(from.max(oldest));
        verdict.from = Some(at);
        while at < to {
            let next = (at + Duration::days(1)).min(to);
            rollups(&mut tx, org, at, next, &mut verdict).await?;
            at = next;
        }
    }
    totals(&mut tx, org, &mut verdict).await?;
    tx.commit().await?;
    Ok(verdict)
}

/// The quarter of an hour that an instant lies in.
fn quarter(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().div_euclid(900) * 900, 0).unwrap_or(at)
}

async fn rollups(
    tx: &mut Transaction<'static, Postgres>,
    org: OrgId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    verdict: &mut Verdict,
) -> StoreResult<()> {
    let first =
        |at: DateTime<Utc>| Uuid::from_u128(u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80);
    let rows = sqlx::query!(
        r#"with rows as (
             select usage_bucket(request_id) as bucket, key_id, account_id, model,
               coalesce(user_id, '00000000-0000-0000-0000-000000000000') as user_id, client_id,
               array[sum(requests), count(*) filter (where outcome in ('upstream_cut', 'upstream_error', 'interrupted')),
                     sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens),
                     sum(cache_write_1h_tokens), sum(cost_nanos), sum(charged_nanos)]::bigint[] as sums
             from (
               select request_id, key_id, account_id, model, user_id, client_id, outcome, input_tokens, output_tokens,
                 cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nanos, charged_nanos, 1 as requests
               from usage where org_id = $1 and request_id >= $2 and request_id < $3
               union all
               select request_id, key_id, f.account, model, user_id, client_id, '', 0, 0, 0, 0, 0, f.cost_nanos, 0, 0
               from usage, jsonb_to_recordset(failed_attempts) as f(account uuid, cost_nanos bigint)
               where org_id = $1 and request_id >= $2 and request_id < $3 and failed_attempts is not null
             ) all_costs group by 1, 2, 3, 4, 5, 6
           ), rollups as (
             select bucket, key_id, account_id, model, user_id,
               client_id, array[requests, errors, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
                     cache_write_1h_tokens, cost_nanos, charged_nanos] as sums
             from usage_rollups where org_id = $1 and bucket >= $4 and bucket < $5
           ), both_sides as (
             select bucket, key_id, account_id, model, user_id,
               coalesce(u.sums, array_fill(0::bigint, array[9])) as stored,
               coalesce(r.sums, array_fill(0::bigint, array[9])) as expected
             from rows r full join rollups u using (bucket, key_id, account_id, model, user_id, client_id)
           )
           select bucket as "bucket!", key_id as "key_id!", account_id as "account_id!", model as "model!",
             user_id as "user_id!", stored as "stored!", expected as "expected!",
             (select coalesce(sum(sums[1]), 0) from rows)::bigint as "requests!"
           from both_sides where stored <> expected
           union all
           select to_timestamp(0), $1, $1, '', $1, '{}', '{}', (select coalesce(sum(sums[1]), 0) from rows)::bigint
           order by 1, 2, 3, 4, 5"#,
        org.0,
        first(from),
        first(to),
        from,
        to
    )
    .fetch_all(&mut **tx)
    .await?;
    // The line without figures is there for the count alone.
    let (count, different): (Vec<_>, Vec<_>) = rows.into_iter().partition(|r| r.stored.is_empty());
    verdict.requests += count.first().map_or(0, |r| r.requests);
    verdict.differences.extend(different.into_iter().map(|r| Difference {
        what: format!(
            "rollup {} key {} account {} model {} member {}",
            r.bucket.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            r.key_id,
            r.account_id,
            r.model,
            r.user_id
        ),
        stored: r.stored,
        expected: r.expected,
    }));
    Ok(())
}

async fn totals(
    tx: &mut Transaction<'static, Postgres>,
    org: OrgId,
    verdict: &mut Verdict,
) -> StoreResult<()> {
    let rows = sqlx::query!(
        r#"with sums as (
             select s.scope, s.scope_id, sum(s.nanos) as nanos, sum(tokens) as tokens, sum(requests) as requests
             from (select *, input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
                     + cache_write_1h_tokens as tokens from usage_rollups where org_id = $1) r
             cross join lateral (values ('key', key_id, charged_nanos), ('member', user_id, charged_nanos),
               ('organisation', org_id, charged_nanos), ('account', account_id, cost_nanos)) as s(scope, scope_id, nanos)
             where s.scope_id <> '00000000-0000-0000-0000-000000000000' group by 1, 2
           ), both_sides as (
             select scope, scope_id,
               array[coalesce(b.requests, 0), coalesce(b.tokens, 0), coalesce(b.nanos, 0)] as stored,
               array[coalesce(s.requests, 0), coalesce(s.tokens, 0), coalesce(s.nanos, 0)]::bigint[] as expected
             from sums s full join (select * from budget_totals where org_id = $1) b using (scope, scope_id)
           )
           select scope as "scope!", scope_id as "scope_id!", stored as "stored!", expected as "expected!"
           from both_sides where stored <> expected order by 1, 2"#,
        org.0
    )
    .fetch_all(&mut **tx)
    .await?;
    verdict.differences.extend(rows.into_iter().map(|r| Difference {
        what: format!("total {} {}", r.scope, r.scope_id),
        stored: r.stored,
        expected: r.expected,
    }));
    Ok(())
}
