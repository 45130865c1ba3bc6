//! Usage that Postgres would not take as a row: money that a person must look at. It is written after all once what stood
//! in its way is gone, or given up for a reason; nothing here removes any of it.

use crate::{
    JobsDb, OperatorDb, Store, StoreError, StoreResult, TenantTx, hold,
    ledger::{self, UsageEvent},
};
use causeway_domain::{OrgId, RequestId, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// An event that was put aside.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Which request.
    pub request: RequestId,
    /// Why it could not be written.
    pub error: String,
    /// When it was put aside.
    pub at: DateTime<Utc>,
    /// All that is known of it (`ledger::UsageEvent`).
    pub event: Value,
}

/// One of any organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct OfTenant {
    /// Whose.
    pub org: OrgId,
    /// Its name as shown.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// What was put aside.
    pub letter: DeadLetter,
}

/// Those of the transaction's organisation that are open, newest first, older than the request `before`.
pub async fn list(tx: &mut TenantTx, before: Option<RequestId>, limit: i64) -> StoreResult<Vec<DeadLetter>> {
    let rows = sqlx::query!(
        "select request_id, error, at, event from usage_dead_letters
         where org_id = $1 and closed_at is null and ($2::uuid is null or request_id < $2)
         order by request_id desc limit $3",
        tx.org().0,
        before.map(|id| id.0),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let letter = rows.into_iter().map(|r| DeadLetter {
        request: r.request_id.into(),
        error: r.error,
        at: r.at,
        event: r.event,
    });
    Ok(letter.collect())
}

/// Those of all organisations that are open, newest first, older than the request `before`.
pub async fn list_all(db: &OperatorDb, before: Option<RequestId>, limit: i64) -> StoreResult<Vec<OfTenant>> {
    let rows = sqlx::query!(
        "select l.request_id, l.error, l.at, l.event, o.id, o.name, o.slug
         from usage_dead_letters l join organisations o on o.id = l.org_id
         where l.closed_at is null and ($1::uuid is null or l.request_id < $1)
         order by l.request_id desc limit $2",
        before.map(|id| id.0),
        limit
    )
    .fetch_all(&db.0)
    .await?;
    let of_tenant = rows.into_iter().map(|r| OfTenant {
        org: OrgId(r.id),
        name: r.name,
        slug: r.slug,
        letter: DeadLetter { request: r.request_id.into(), error: r.error, at: r.at, event: r.event },
    });
    Ok(of_tenant.collect())
}

/// How many of the transaction's organisation are open.
pub async fn count(tx: &mut TenantTx) -> StoreResult<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from usage_dead_letters where org_id = $1 and closed_at is null"#,
        tx.org().0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// How many are open in the whole installation.
pub async fn count_all(db: &JobsDb) -> StoreResult<i64> {
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from usage_dead_letters where closed_at is null"#);
    Ok(count.fetch_one(&db.0).await?)
}

/// Whose an open one is. Not found when there is none.
pub async fn owner(db: &OperatorDb, request: RequestId) -> StoreResult<OrgId> {
    let owner = sqlx::query_scalar!(
        "select org_id from usage_dead_letters where request_id = $1 and closed_at is null",
        request.0
    );
    owner.fetch_optional(&db.0).await?.map(OrgId).ok_or(StoreError::NotFound)
}

/// An open one of the operator's transaction, which nobody else deals with meanwhile. Not found when there is none.
pub async fn lock(tx: &mut TenantTx, request: RequestId) -> StoreResult<DeadLetter> {
    let row = sqlx::query!(
        "select error, at, event from usage_dead_letters
         where org_id = $1 and request_id = $2 and closed_at is null for no key update",
        tx.org().0,
        request.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let row = row.ok_or(StoreError::NotFound)?;
    Ok(DeadLetter { request, error: row.error, at: row.at, event: row.event })
}

/// Writes the row, its sums and its budgets. May be done again: a request has one row however often it is written.
///
/// What Redis counts of the request nobody knows by now, so the totals of everything that it counts in are loaded anew.
pub async fn write(store: &Store, letter: &DeadLetter) -> StoreResult<()> {
    let event: UsageEvent =
        serde_json::from_value(letter.event.clone()).map_err(|e| StoreError::corrupt("usage event", e))?;
    ledger::write(&store.jobs, std::slice::from_ref(&event)).await?;
    for scope in event.scopes() {
        hold::forget(&store.cache, event.org, scope).await?;
    }
    Ok(())
}

/// Notes why it could not be written this time.
pub async fn refused(tx: &mut TenantTx, request: RequestId, error: &str) -> StoreResult<()> {
    sqlx::query!(
        "update usage_dead_letters set error = $3 where org_id = $1 and request_id = $2",
        tx.org().0,
        request.0,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Closes it: `because` says why there will be no row; without it there is one.
pub async fn close(
    tx: &mut TenantTx,
    request: RequestId,
    by: UserId,
    because: Option<&str>,
) -> StoreResult<()> {
    sqlx::query!(
        "update usage_dead_letters set closed_at = now(), closed_by = $3, closed_because = $4
         where org_id = $1 and request_id = $2",
        tx.org().0,
        request.0,
        by.0,
        because
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
