//! One authorisation as stored.

use super::Who;
use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{UserId, provider::Provider};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// How far one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The person has not come back yet.
    Pending,
    /// They have, and the issuer is being asked.
    Exchanging,
    /// There is a credential to be saved.
    Authorized,
    /// The issuer does not give one.
    Failed,
    /// The person has changed their mind.
    Cancelled,
    /// An account has it.
    Used,
}

/// An authorisation that has begun.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Identifier.
    pub id: Uuid,
    /// Whose.
    pub who: Who,
    /// At which provider.
    pub provider: Provider,
    /// Where the person is sent back to; `None` of a device.
    pub redirect: Option<String>,
    /// SHA-256 of the state; `None` of a device.
    pub state_hash: Option<Vec<u8>>,
    /// How far it is.
    pub status: Status,
    /// Sealed: what the tokens are had with, while they may be.
    pub secret: Option<Vec<u8>>,
    /// What the page shows of a device.
    pub shown: Value,
    /// The pause between questions, in seconds.
    pub poll_seconds: i32,
    /// Sealed: the credential, until an account has it.
    pub outcome: Option<Vec<u8>>,
    /// Whose it is.
    pub identity: Option<Value>,
    /// The issuer's words.
    pub failure: Option<Value>,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
    /// Whether it is, by the database's clock.
    pub late: bool,
}

/// By identifier or by state.
pub(super) async fn read(
    tx: &mut TenantTx,
    id: Option<Uuid>,
    state: Option<&[u8]>,
    lock: bool,
) -> StoreResult<Option<Flow>> {
    let org = tx.org();
    if lock {
        sqlx::query!(
            "select id from oauth_flows where org_id = $1 and (id = $2 or state_hash = $3) for update",
            org.0,
            id,
            state
        )
        .fetch_optional(tx.conn())
        .await?;
    }
    let row = sqlx::query!(
        r#"select id, user_id, session_id, provider, redirect_kind, state_hash, status, secret, shown, poll_seconds,
             outcome, identity, failure, expires_at, expires_at <= now() as "late!"
           from oauth_flows where org_id = $1 and (id = $2 or state_hash = $3)"#,
        org.0,
        id,
        state
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Flow {
            id: r.id,
            who: Who { user: UserId(r.user_id), session: r.session_id },
            provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
            redirect: r.redirect_kind,
            state_hash: r.state_hash,
            status: match r.status.as_str() {
                "pending" => Status::Pending,
                "exchanging" => Status::Exchanging,
                "authorized" => Status::Authorized,
                "cancelled" => Status::Cancelled,
                "used" => Status::Used,
                _ => Status::Failed,
            },
            secret: r.secret,
            shown: r.shown,
            poll_seconds: r.poll_seconds,
            outcome: r.outcome,
            identity: r.identity,
            failure: r.failure,
            expires_at: r.expires_at,
            late: r.late,
        })
    })
    .transpose()
}
