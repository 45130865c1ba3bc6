//! Attempts that failed at an account, one by one and counted. Written beside the ways of their requests, never on one.

use crate::{JobsDb, StoreResult, TenantTx};
use causeway_domain::{AccountId, OrgId, RequestId};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many of each account are kept.
pub const KEPT: i64 = 200;

/// What became of a request after an attempt had failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It went on to the next account or model.
    MovedOn,
    /// The account got another token, and was asked again.
    Refreshed,
    /// The account's grant turned out to be over.
    GrantDead,
    /// Its client was told that it failed.
    GivenUp,
    /// Its client had a part of the answer already.
    BrokeOff,
}

impl Became {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::MovedOn, Self::Refreshed, Self::GrantDead, Self::GivenUp, Self::BrokeOff];

    /// As stored and as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MovedOn => "moved_on",
            Self::Refreshed => "refreshed",
            Self::GrantDead => "grant_dead",
            Self::GivenUp => "given_up",
            Self::BrokeOff => "broke_off",
        }
    }
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// A UUIDv7 of the moment: writing it twice changes nothing.
    pub id: Uuid,
    /// Whose account.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// The request.
    pub request: RequestId,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// As the account was asked for it.
    pub model: String,
    /// The row of the failover table.
    pub cause: String,
    /// The provider's status; `None` = it did not answer.
    pub status: Option<u16>,
    /// What it said.
    pub message: String,
    /// Milliseconds that it took.
    pub took_ms: u64,
    /// Until when the account, or a part of it, rests because of it.
    pub until: Option<DateTime<Utc>>,
    /// What became of the request.
    pub became: Became,
    /// The life of the instance that saw it.
    pub instance: String,
}

/// Writes them down, counts them, and forgets what is more than [`KEPT`] of an account.
pub async fn save(db: &JobsDb, all: &[Failure]) -> StoreResult<()> {
    if all.is_empty() {
        return Ok(());
    }
    // Postgres has no place for the character NUL.
    let text = |text: &str, most: usize| text.replace('\0', "").chars().take(most).collect::<String>();
    let column = |of: fn(&Failure) -> Uuid| all.iter().map(of).collect::<Vec<_>>();
    let mut tx = db.0.begin().await?;
    sqlx::query!(
        "with fresh as (
           insert into account_failures (id, org_id, account_id, request_id, failed_at, model, cause, status, message,
             took_ms, until, became, instance)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[],
             $8::smallint[], $9::text[], $10::bigint[], $11::timestamptz[], $12::text[], $13::text[])
           on conflict (id) do nothing
           returning org_id, account_id, failed_at, cause)
         insert into account_failure_counts as known (org_id, account_id, bucket, cause, failures)
         select org_id, account_id, date_bin('15 minutes', failed_at, timestamptz '2000-01-01 00:00Z'), cause, count(*)
         from fresh group by 1, 2, 3, 4 order by 1, 2, 3, 4
         on conflict (org_id, account_id, bucket, cause) do update set failures = known.failures + excluded.failures",
        &column(|f| f.id),
        &column(|f| f.org.0),
        &column(|f| f.account.0),
        &column(|f| f.request.0),
        &all.iter().map(|f| f.at).collect::<Vec<_>>(),
        &all.iter().map(|f| text(&f.model, 200)).collect::<Vec<_>>(),
        &all.iter().map(|f| f.cause.clone()).collect::<Vec<_>>(),
        &all.iter().map(|f| f.status.and_then(|s| i16::try_from(s).ok())).collect::<Vec<_>>() as &[Option<i16>],
        &all.iter().map(|f| text(&f.message, 500)).collect::<Vec<_>>(),
        &all.iter().map(|f| i64::try_from(f.took_ms).unwrap_or(i64::MAX)).collect::<Vec<_>>(),
        &all.iter().map(|f| f.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &all.iter().map(|f| f.became.as_str().to_owned()).collect::<Vec<_>>(),
        &all.iter().map(|f| f.instance.clone()).collect::<Vec<_>>()
    )
    .execute(&mut *tx)
    .await?;
    let mut accounts = column(|f| f.account.0);
    accounts.sort_unstable();
    accounts.dedup();
    sqlx::query!(
        "delete from account_failures f using unnest($1::uuid[]) as of(account)
         where f.account_id = of.account and f.id <= (
           select id from account_failures g where g.account_id = of.account order by id desc offset $2 limit 1)",
        &accounts,
        KEPT
    )
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

/// Those of an account, newest first, older than the failure `before`.
pub async fn list(
    tx: &mut TenantTx,
    account: AccountId,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Failure>> {
    let org = tx.org();
    let rows = sqlx::query!(
        "select id, request_id, failed_at, model, cause, status, message, took_ms, until, became, instance
         from account_failures where org_id = $1 and account_id = $2 and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        org.0,
        account.0,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let failure = rows.into_iter().map(|r| Failure {
        id: r.id,
        org,
        account,
        request: RequestId(r.request_id),
        at: r.failed_at,
        model: r.model,
        cause: r.cause,
        status: r.status.and_then(|s| u16::try_from(s).ok()),
        message: r.message,
        took_ms: u64::try_from(r.took_ms).unwrap_or(0),
        until: r.until,
        became: Became::ALL.into_iter().find(|b| b.as_str() == r.became).unwrap_or(Became::GivenUp),
        instance: r.instance,
    });
    Ok(failure.collect())
}

/// How many there were at each of some accounts since the beginning of a quarter of an hour, by their cause, most first.
pub async fn counted(
    tx: &mut TenantTx,
    accounts: &[AccountId],
    since: DateTime<Utc>,
) -> StoreResult<BTreeMap<AccountId, Vec<(String, u64)>>> {
    let ids: Vec<_> = accounts.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select account_id, cause, sum(failures)::bigint as "failures!" from account_failure_counts
           where org_id = $1 and account_id = any($2) and bucket >= $3
           group by account_id, cause order by account_id, 3 desc, cause"#,
        tx.org().0,
        &ids,
        since
    )
    .fetch_all(tx.conn())
    .await?;
    let mut counted = BTreeMap::<AccountId, Vec<(String, u64)>>::new();
    for row in rows {
        let count = u64::try_from(row.failures).unwrap_or(0);
        counted.entry(AccountId(row.account_id)).or_default().push((row.cause, count));
    }
    Ok(counted)
}

/// Forgets those of more than 30 days ago.
pub async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let gone = sqlx::query!("delete from account_failures where failed_at < now() - interval '30 days'")
        .execute(&db.0)
        .await?;
    let counts = sqlx::query!("delete from account_failure_counts where bucket < now() - interval '30 days'")
        .execute(&db.0)
        .await?;
    Ok(gone.rows_affected() + counts.rows_affected())
}

#[cfg(test)]
mod tests;
