//! The one-time link of the first start. It works until there is a person, and never afterwards.

use crate::{AppDb, StoreResult, TenantTx, users};
use sha2::{Digest, Sha256};

/// Makes a token for the set-up link; `None` once there is a person. The token itself is not stored.
pub async fn issue_token(db: &AppDb) -> StoreResult<Option<String>> {
    if users::any(db).await? {
        return Ok(None);
    }
    let token = hex::encode(rand::random::<[u8; 32]>());
    sqlx::query!(
        "insert into setup_tokens (hash, expires_at) values ($1, now() + interval '7 days')",
        &hash(&token)[..]
    )
    .execute(&db.0)
    .await?;
    Ok(Some(token))
}

/// Uses a token up. False when it is unknown, used or expired, or when there is a person already. Others that try
/// wait until this transaction ends, so that of two set-ups one wins.
pub async fn claim(tx: &mut TenantTx, token: &str) -> StoreResult<bool> {
    if !claim_first(tx).await? {
        return Ok(false);
    }
    let used = sqlx::query!(
        "update setup_tokens set used_at = now() where hash = $1 and used_at is null and expires_at > now()",
        &hash(token)[..]
    )
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Whether this transaction may make the first person; holds off others that would.
pub async fn claim_first(tx: &mut TenantTx) -> StoreResult<bool> {
    sqlx::query("select pg_advisory_xact_lock(hashtext('causeway setup'))").execute(tx.conn()).await?;
    Ok(!users::any_in(tx.conn()).await?)
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
