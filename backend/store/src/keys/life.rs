//! What happens to a key over its life: its secret replaced, deleted, restored, forgotten.

use crate::{JobsDb, StoreResult, TenantTx};
use causeway_domain::KeyId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Gives a key a new secret. The old one works until `overlap` and is gone at once without it, and so is one before.
pub async fn rotate(
    tx: &mut TenantTx,
    id: KeyId,
    hash: [u8; 32],
    prefix: &str,
    overlap: Option<DateTime<Utc>>,
) -> StoreResult<()> {
    sqlx::query!(
        "update api_keys set hash = $3, prefix = $4, updated_at = now(), previous_until = $5,
           previous_hash = case when $5::timestamptz is null then null else hash end,
           previous_prefix = case when $5::timestamptz is null then null else prefix end
         where org_id = $1 and id = $2",
        tx.org().0,
        id.0,
        &hash[..],
        prefix,
        overlap
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Ends the time in which the old secret works beside the new one.
pub async fn end_overlap(tx: &mut TenantTx, id: KeyId) -> StoreResult<()> {
    sqlx::query!(
        "update api_keys set previous_until = now(), updated_at = now()
         where org_id = $1 and id = $2 and previous_until > now()",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Deletes a key. It stops working, and can be restored until it is purged.
pub async fn delete(tx: &mut TenantTx, id: KeyId) -> StoreResult<()> {
    sqlx::query!(
        "update api_keys set deleted_at = now() where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Brings a deleted key back as it was.
pub async fn restore(tx: &mut TenantTx, id: KeyId) -> StoreResult<()> {
    sqlx::query!(
        "update api_keys set deleted_at = null, updated_at = now()
         where org_id = $1 and id = $2 and deleted_at is not null and purged_at is null",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Forgets what was deleted this many days ago: the hashes, so that the secrets can never work again, and everything that
/// described the key. Its name stays, because usage names it. Each leaves a line in the log. Returns how many.
pub async fn purge(db: &JobsDb, days: u32) -> StoreResult<usize> {
    let mut tx = db.0.begin().await?;
    let purged = sqlx::query!(
        "update api_keys set hash = sha256(convert_to('purged ' || id::text, 'UTF8')), prefix = '', previous_hash = null,
           previous_prefix = null, previous_until = null, description = '', device = '', tags = '{}',
           addresses_allow = '{}', addresses_deny = '{}', purged_at = now()
         where deleted_at < now() - make_interval(days => $1) and purged_at is null returning id, org_id",
        i32::try_from(days).unwrap_or(i32::MAX)
    )
    .fetch_all(&mut *tx)
    .await?;
    for key in &purged {
        sqlx::query!(
            "insert into audit (id, org_id, actor_kind, action, target_kind, target_id)
             values ($1, $2, 'job', 'key.purge', 'key', $3)",
            Uuid::now_v7(),
            key.org_id,
            key.id
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(purged.len())
}
