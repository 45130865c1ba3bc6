//! Sign-ins that have begun. Each is used once, within ten minutes, by the browser that began it, on whichever instance.

use crate::{StoreResult, TenantTx};
use causeway_domain::UserId;
use serde_json::Value;
use uuid::Uuid;

/// Minutes that a sign-in may take.
pub const MINUTES: i32 = 10;

/// A sign-in to be begun.
pub struct NewAttempt<'a> {
    /// SHA-256 of the state.
    pub state: [u8; 32],
    /// SHA-256 of the browser's cookie.
    pub browser: [u8; 32],
    /// Where.
    pub provider: Uuid,
    /// The signed-in person who links an identity.
    pub link: Option<UserId>,
    /// A path of this installation.
    pub return_to: &'a str,
}

/// What a state turned out to be.
#[derive(Clone, Debug)]
pub enum Taken {
    /// The sign-in goes on.
    Good {
        /// The signed-in person who links an identity.
        link: Option<UserId>,
        /// A path of this installation.
        return_to: String,
    },
    /// It was used before.
    Used,
    /// Its time is over.
    Late,
    /// Another browser began it, or at another provider.
    Foreign,
    /// Nobody began it.
    Unknown,
}

/// Begins one.
pub async fn begin(tx: &mut TenantTx, attempt: &NewAttempt<'_>) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "insert into oidc_attempts (state_hash, browser_hash, org_id, provider_id, link_user, return_to, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))",
        &attempt.state[..],
        &attempt.browser[..],
        org.0,
        attempt.provider,
        attempt.link.map(|u| u.0),
        attempt.return_to,
        MINUTES
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses a state. Of two that come with the same one, one goes on.
pub async fn take(
    tx: &mut TenantTx,
    state: &[u8; 32],
    browser: Option<&[u8; 32]>,
    provider: Uuid,
) -> StoreResult<Taken> {
    let org = tx.org();
    let row = sqlx::query!(
        r#"select browser_hash, provider_id, link_user, return_to, used_at is not null as "used!",
             expires_at <= now() as "late!"
           from oidc_attempts where org_id = $1 and state_hash = $2 for update"#,
        org.0,
        &state[..]
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(Taken::Unknown) };
    if row.provider_id != provider || browser.is_none_or(|browser| row.browser_hash != browser) {
        return Ok(Taken::Foreign);
    }
    if row.used {
        return Ok(Taken::Used);
    }
    if row.late {
        return Ok(Taken::Late);
    }
    sqlx::query!("update oidc_attempts set used_at = now() where state_hash = $1", &state[..])
        .execute(tx.conn())
        .await?;
    Ok(Taken::Good { link: row.link_user.map(UserId), return_to: row.return_to })
}

/// Notes why one failed, for its browser to read.
pub async fn fail(tx: &mut TenantTx, state: &[u8; 32], failure: &Value) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "update oidc_attempts set failure = $3, used_at = coalesce(used_at, now()) where org_id = $1 and state_hash = $2",
        org.0,
        &state[..],
        failure
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Why the browser's last sign-in at a provider failed, while that may be of interest.
pub async fn failure(tx: &mut TenantTx, browser: &[u8; 32], provider: Uuid) -> StoreResult<Option<Value>> {
    let org = tx.org();
    let found = sqlx::query_scalar!(
        r#"select failure as "failure!" from oidc_attempts
           where org_id = $1 and browser_hash = $2 and provider_id = $3 and failure is not null
             and created_at > now() - interval '1 hour'
           order by created_at desc limit 1"#,
        org.0,
        &browser[..],
        provider
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found)
}
