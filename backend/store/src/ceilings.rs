//! What an organisation lets members give their own keys.

use crate::{StoreError, StoreResult, TenantTx, principal::shape};
use causeway_domain::{Ceilings, UserId};

/// The ceilings of the transaction's organisation. With `lock`, nobody else changes the organisation meanwhile.
pub async fn get(tx: &mut TenantTx, lock: bool) -> StoreResult<Ceilings> {
    let org = tx.org();
    if lock {
        // Not `for update`: that would wait for every row that is being added elsewhere and refers to the organisation.
        sqlx::query!("select id from organisations where id = $1 for no key update", org.0)
            .fetch_one(tx.conn())
            .await?;
    }
    let stored = sqlx::query_scalar!("select key_ceilings from organisations where id = $1", org.0)
        .fetch_one(tx.conn())
        .await?;
    shape("ceilings of an organisation", stored)
}

/// Writes them.
pub async fn set(tx: &mut TenantTx, ceilings: &Ceilings) -> StoreResult<()> {
    let ceilings = serde_json::to_value(ceilings).map_err(|e| StoreError::corrupt("ceilings", e))?;
    sqlx::query!("update organisations set key_ceilings = $2 where id = $1", tx.org().0, ceilings)
        .execute(tx.conn())
        .await?;
    tx.bump_policy().await
}

/// How many keys a member has, deleted ones not counted. Exact when asked under the lock of [`get`]: whoever adds a key
/// takes it first, so of two that take the last place at the same moment the second counts the first.
pub async fn keys_of(tx: &mut TenantTx, owner: UserId) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from api_keys where org_id = $1 and owner_id = $2 and deleted_at is null"#,
        tx.org().0,
        owner.0
    )
    .fetch_one(tx.conn())
    .await?)
}
