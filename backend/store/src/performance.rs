//! What accounts have answered and how fast, from what the ledger holds. Their failures are elsewhere
//! ([`crate::failures`]): the ledger has a request at the account where it ended.

use crate::{StoreResult, TenantTx, billed::first_id};
use causeway_domain::AccountId;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Into how many parts a span is cut for times, so that reading them costs the same however many requests there were.
const PARTS: i32 = 96;

/// How many answers are read of each part.
const OF_EACH: i64 = 100;

/// Times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Half of them were not longer.
    pub p50: i64,
    /// 95 of a hundred were not longer.
    pub p95: i64,
    /// 99 of a hundred were not longer.
    pub p99: i64,
}

/// How fast an account was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speed {
    /// How many answers were looked at.
    pub answers: i64,
    /// From sending to the first content of a stream.
    pub first: Option<Times>,
    /// From sending to the end.
    pub total: Option<Times>,
}

/// How many requests some accounts have answered since the beginning of a quarter of an hour; those whose client left
/// first are among them. What broke off, was refused or was interrupted is not.
pub async fn answered(
    tx: &mut TenantTx,
    accounts: &[AccountId],
    since: DateTime<Utc>,
) -> StoreResult<BTreeMap<AccountId, u64>> {
    let ids: Vec<_> = accounts.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select account_id, sum(requests - errors)::bigint as "answered!" from usage_rollups
           where org_id = $1 and bucket >= $2 and account_id = any($3) group by account_id"#,
        tx.org().0,
        since,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(rows.into_iter().map(|row| (AccountId(row.account_id), count(row.answered))).collect())
}

/// How fast an account's whole answers came that began between the two: the newest hundred of each of 96 equal parts of the
/// time, which is all of them where there were not many. What a request spent at accounts that failed before does not count.
pub async fn speed(
    tx: &mut TenantTx,
    account: AccountId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> StoreResult<Speed> {
    let part = (to - from) / PARTS;
    let begin = |n: i32| first_id(from + part * n);
    let lows: Vec<_> = (0..PARTS).map(begin).collect();
    let highs: Vec<_> =
        (0..PARTS - 1).map(|n| begin(n + 1)).chain([first_id(to + TimeDelta::milliseconds(1))]).collect();
    let row = sqlx::query!(
        r#"with answer as (
             select u.stream, greatest(u.first_byte_ms - coalesce(way.after_ms, 0), 0)::bigint as first_ms,
               greatest(u.duration_ms - coalesce(way.after_ms, 0), 0)::bigint as total_ms
             from unnest($3::uuid[], $4::uuid[]) as part(low, high)
             cross join lateral (
               select request_id, stream, first_byte_ms, duration_ms from usage
               where org_id = $1 and account_id = $2 and request_id >= part.low and request_id < part.high
                 and outcome = 'completed' order by request_id desc limit $5) u
             left join lateral (
               select max((step ->> 'after_ms')::bigint) as after_ms
               from request_attempts tried, jsonb_array_elements(tried.steps) step
               where tried.org_id = $1 and tried.request_id = u.request_id and step ->> 'what' = 'ok') way on true)
           select count(*) as "answers!",
             percentile_disc(array[0.5, 0.95, 0.99]) within group (order by first_ms) filter (where stream) as "first: Vec<Option<i64>>",
             percentile_disc(array[0.5, 0.95, 0.99]) within group (order by total_ms) as "total: Vec<Option<i64>>"
           from answer"#,
        tx.org().0,
        account.0,
        &lows,
        &highs,
        OF_EACH
    )
    .fetch_one(tx.conn())
    .await?;
    let times = |found: Option<Vec<Option<i64>>>| match found?.as_slice() {
        &[Some(p50), Some(p95), Some(p99)] => Some(Times { p50, p95, p99 }),
        _ => None,
    };
    Ok(Speed { answers: row.answers, first: times(row.first), total: times(row.total) })
}

#[cfg(test)]
mod tests;
