//! What Postgres knows of a key's budgets, to fill Redis with.

use crate::{
    JobsDb, StoreResult,
    hold::{LoadedWindow, Totals},
};
use causeway_domain::{
    KeyId, OrgId,
    window::{Calendar, FIVE_HOURS_MS, WindowKind},
};
use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

/// The smallest UUIDv7 of an instant, to find by primary key the requests that began after it.
fn first_id(ms: i64) -> Uuid {
    Uuid::from_u128(u128::from(ms.max(0).unsigned_abs()) << 80)
}

/// Totals of a key and its windows as they stand now, all from one snapshot.
pub async fn of_key(
    db: &JobsDb,
    org: OrgId,
    key: KeyId,
    calendar: &Calendar,
    kinds: &[WindowKind],
    now: DateTime<Utc>,
) -> StoreResult<Totals> {
    let mut tx = db.0.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let total = sqlx::query!(
        "select nanos, tokens from budget_totals where org_id = $1 and scope = 'key' and scope_id = $2",
        org.0,
        key.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let (nanos, tokens) = total.map_or((0, 0), |t| (t.nanos, t.tokens));
    let mut windows = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let (start, end) = match kind {
            WindowKind::Total => {
                windows.push(LoadedWindow { kind: *kind, end: 0, base_nanos: 0, base_tokens: 0 });
                continue;
            }
            WindowKind::FiveHours => {
                let oldest = now.timestamp_millis() - FIVE_HOURS_MS;
                let Some(first) = first_since(&mut tx, key, oldest).await? else {
                    // Over already, so it begins with the next use.
                    windows.push(LoadedWindow {
                        kind: *kind,
                        end: 1,
                        base_nanos: nanos,
                        base_tokens: tokens,
                    });
                    continue;
                };
                (first, first + FIVE_HOURS_MS)
            }
            calendar_kind => match calendar.ends(*calendar_kind, now) {
                Some(ends) => (ends.start, ends.end),
                None => continue,
            },
        };
        let (spent_nanos, spent_tokens) = spent_since(&mut tx, key, start).await?;
        windows.push(LoadedWindow {
            kind: *kind,
            end,
            base_nanos: nanos - spent_nanos,
            base_tokens: tokens - spent_tokens,
        });
    }
    tx.commit().await?;
    Ok(Totals { nanos, tokens, windows })
}

async fn first_since(
    tx: &mut Transaction<'static, Postgres>,
    key: KeyId,
    ms: i64,
) -> StoreResult<Option<i64>> {
    let first = sqlx::query_scalar!(
        "select request_id from usage where key_id = $1 and request_id >= $2 order by request_id limit 1",
        key.0,
        first_id(ms)
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(first.map(|id| causeway_domain::RequestId(id).started_ms()))
}

async fn spent_since(
    tx: &mut Transaction<'static, Postgres>,
    key: KeyId,
    ms: i64,
) -> StoreResult<(i64, i64)> {
    let row = sqlx::query!(
        r#"select coalesce(sum(charged_nanos), 0)::bigint as "nanos!",
             coalesce(sum(input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
                          + cache_write_1h_tokens), 0)::bigint as "tokens!"
           from usage where key_id = $1 and request_id >= $2"#,
        key.0,
        first_id(ms)
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((row.nanos, row.tokens))
}
