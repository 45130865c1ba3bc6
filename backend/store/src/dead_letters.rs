//! Usage that Postgres would not take as a row: money that a person must look at. Nothing here removes any of it.

use crate::{JobsDb, StoreResult, TenantTx};
use causeway_domain::RequestId;
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

/// Those of the transaction's organisation, newest first, older than the request `before`.
pub async fn list(tx: &mut TenantTx, before: Option<RequestId>, limit: i64) -> StoreResult<Vec<DeadLetter>> {
    let rows = sqlx::query!(
        "select request_id, error, at, event from usage_dead_letters
         where org_id = $1 and ($2::uuid is null or request_id < $2) order by request_id desc limit $3",
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

/// How many the transaction's organisation has.
pub async fn count(tx: &mut TenantTx) -> StoreResult<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from usage_dead_letters where org_id = $1"#,
        tx.org().0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// How many there are in the whole installation.
pub async fn count_all(db: &JobsDb) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from usage_dead_letters"#).fetch_one(&db.0).await?)
}
