//! Batches of keys, each issued once.

use crate::{StoreResult, TenantTx};
use causeway_domain::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A batch as it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Identifier.
    pub id: Uuid,
    /// How many keys.
    pub keys: i32,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Notes that a batch is issued. With an idempotency key under which one was issued before, that one is the answer; a
/// call that comes at the same moment waits for the first.
pub async fn begin_batch(
    tx: &mut TenantTx,
    id: Uuid,
    keys: i32,
    idempotency_key: Option<&str>,
    by: UserId,
) -> StoreResult<Result<(), Batch>> {
    let org = tx.org();
    let made = sqlx::query!(
        "insert into key_batches (id, org_id, keys, idempotency_key, created_by) values ($1, $2, $3, $4, $5)
         on conflict (org_id, idempotency_key) do nothing",
        id,
        org.0,
        keys,
        idempotency_key,
        by.0
    )
    .execute(tx.conn())
    .await?;
    if made.rows_affected() == 1 {
        return Ok(Ok(()));
    }
    let before = sqlx::query_as!(
        Batch,
        "select id, keys, created_at from key_batches where org_id = $1 and idempotency_key = $2",
        org.0,
        idempotency_key
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Err(before))
}
