//! What Postgres knows of a scope's budgets, to fill Redis with.

use crate::{
    JobsDb, StoreResult,
    hold::{LoadedSecond, LoadedWindow, ScopeId, Totals},
};
use causeway_domain::{
    OrgId, RequestId,
    window::{Calendar, FIVE_HOURS_MS, WindowKind},
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Length of the pieces that rollups are made of.
const BUCKET_MS: i64 = 900_000;

/// How much before the beginning of a window of five hours a request that counts in it may have come in: it begins when
/// the first request is granted, which may have been sent slowly and waited in line before.
const SLACK_MS: i64 = 600_000;

/// How far back a minute's count can reach.
const MINUTE_MS: i64 = 61_000;

/// The smallest UUIDv7 of an instant, to find by primary key the requests that began after it.
fn first_id(ms: i64) -> Uuid {
    Uuid::from_u128(u128::from(ms.max(0).unsigned_abs()) << 80)
}

impl ScopeId {
    /// Name and id as in `budget_totals`.
    pub(crate) fn row(self, org: OrgId) -> (&'static str, Uuid) {
        match self {
            Self::Key(id) => ("key", id.0),
            Self::Member(id) => ("member", id.0),
            Self::Organisation => ("organisation", org.0),
            Self::Account(id) => ("account", id.0),
        }
    }
}

/// What a scope used in some time.
#[derive(Clone, Copy, Default)]
struct Spent {
    nanos: i64,
    tokens: i64,
    requests: i64,
}

/// A scope of an organisation.
struct Reader<'a> {
    connection: &'a mut PgConnection,
    org: OrgId,
    scope: &'static str,
    id: Uuid,
}

/// Totals of a scope and its windows as they stand now, all from one snapshot.
pub async fn of(
    db: &JobsDb,
    org: OrgId,
    scope: ScopeId,
    calendar: &Calendar,
    kinds: &[WindowKind],
    now: DateTime<Utc>,
) -> StoreResult<Totals> {
    let mut tx = db.0.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let totals = read(&mut tx, org, scope, calendar, kinds, now).await?;
    tx.commit().await?;
    Ok(totals)
}

/// The same within a transaction of whatever isolation; people who look at it do not mind the difference.
pub(crate) async fn read(
    connection: &mut PgConnection,
    org: OrgId,
    scope: ScopeId,
    calendar: &Calendar,
    kinds: &[WindowKind],
    now: DateTime<Utc>,
) -> StoreResult<Totals> {
    let (scope, id) = scope.row(org);
    let mut reader = Reader { connection, org, scope, id };
    let (total, five_hours_end) = reader.total().await?;
    let now_ms = now.timestamp_millis();
    let mut windows = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let bounds = match kind {
            WindowKind::Total => Some((i64::MIN, 0)),
            WindowKind::FiveHours if five_hours_end > now_ms => {
                Some((five_hours_end - FIVE_HOURS_MS - SLACK_MS, five_hours_end))
            }
            WindowKind::FiveHours => {
                // A window that is known is over; where none is, the first use of late began one.
                let since = five_hours_end.max(now_ms - FIVE_HOURS_MS);
                reader.first_since(since).await?.map(|first| (first, first + FIVE_HOURS_MS))
            }
            calendar_kind => calendar.ends(*calendar_kind, now).map(|ends| (ends.start, ends.end)),
        };
        let (spent, end) = match bounds {
            Some((i64::MIN, end)) => (total, end),
            Some((start, end)) => (reader.spent_since(start).await?, end),
            // Over already, so it begins with the next use.
            None => (Spent::default(), 1),
        };
        windows.push(LoadedWindow {
            kind: *kind,
            end,
            base_nanos: total.nanos - spent.nanos,
            base_tokens: total.tokens - spent.tokens,
            base_requests: total.requests - spent.requests,
        });
    }
    let minute = reader.minute(now_ms - MINUTE_MS).await?;
    Ok(Totals { nanos: total.nanos, tokens: total.tokens, requests: total.requests, windows, minute })
}

impl Reader<'_> {
    async fn total(&mut self) -> StoreResult<(Spent, i64)> {
        let row = sqlx::query!(
            "select nanos, tokens, requests, five_hours_end from budget_totals
             where org_id = $1 and scope = $2 and scope_id = $3",
            self.org.0,
            self.scope,
            self.id
        )
        .fetch_optional(&mut *self.connection)
        .await?;
        Ok(row.map_or((Spent::default(), 0), |r| {
            (Spent { nanos: r.nanos, tokens: r.tokens, requests: r.requests }, r.five_hours_end)
        }))
    }

    async fn first_since(&mut self, ms: i64) -> StoreResult<Option<i64>> {
        let first = sqlx::query_scalar!(
            "select request_id from usage where org_id = $1 and request_id >= $4
               and case $2 when 'key' then key_id when 'member' then user_id when 'account' then account_id
                   else org_id end = $3
             order by request_id limit 1",
            self.org.0,
            self.scope,
            self.id,
            first_id(ms)
        )
        .fetch_optional(&mut *self.connection)
        .await?;
        Ok(first.map(|id| RequestId(id).started_ms()))
    }

    /// From the rollups, and from the rows where the time begins within a quarter of an hour.
    async fn spent_since(&mut self, start: i64) -> StoreResult<Spent> {
        let whole =
            start.div_euclid(BUCKET_MS) * BUCKET_MS + if start % BUCKET_MS == 0 { 0 } else { BUCKET_MS };
        let row = sqlx::query!(
            r#"select coalesce(sum(nanos), 0)::bigint as "nanos!", coalesce(sum(tokens), 0)::bigint as "tokens!",
                 coalesce(sum(requests), 0)::bigint as "requests!"
               from (
                 select case $2 when 'account' then cost_nanos else charged_nanos end as nanos, requests,
                   input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
                     + cache_write_1h_tokens as tokens
                 from usage_rollups where org_id = $1 and bucket >= $4
                   and case $2 when 'key' then key_id when 'member' then user_id when 'account' then account_id
                       else org_id end = $3
                 union all
                 select case $2 when 'account' then cost_nanos else charged_nanos end, 1,
                   input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
                 from usage where org_id = $1 and request_id >= $5 and request_id < $6
                   and case $2 when 'key' then key_id when 'member' then user_id when 'account' then account_id
                       else org_id end = $3
                 union all
                 select f.cost_nanos, 0, 0
                 from usage, jsonb_to_recordset(failed_attempts) as f(account uuid, cost_nanos bigint)
                 where $2 = 'account' and f.account = $3 and org_id = $1 and request_id >= $5 and request_id < $6
                   and failed_attempts is not null
               ) parts"#,
            self.org.0,
            self.scope,
            self.id,
            DateTime::from_timestamp_millis(whole).unwrap_or_default(),
            first_id(start),
            first_id(whole)
        )
        .fetch_one(&mut *self.connection)
        .await?;
        Ok(Spent { nanos: row.nanos, tokens: row.tokens, requests: row.requests })
    }

    /// What began in each second since `start`.
    async fn minute(&mut self, start: i64) -> StoreResult<Vec<LoadedSecond>> {
        let rows = sqlx::query!(
            "select request_id, input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens
                 + cache_write_1h_tokens as tokens
             from usage where org_id = $1 and request_id >= $4
               and case $2 when 'key' then key_id when 'member' then user_id when 'account' then account_id
                   else org_id end = $3
             order by request_id",
            self.org.0,
            self.scope,
            self.id,
            first_id(start)
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut seconds: Vec<LoadedSecond> = Vec::new();
        for row in rows {
            let second = RequestId(row.request_id).started_ms().div_euclid(1000);
            let tokens = row.tokens.unwrap_or(0);
            match seconds.last_mut().filter(|last| last.second == second) {
                Some(last) => {
                    last.requests += 1;
                    last.tokens += tokens;
                }
                None => seconds.push(LoadedSecond { second, requests: 1, tokens }),
            }
        }
        Ok(seconds)
    }
}
