//! Sign-in events in the audit log of every organisation that the person belongs to. Somebody who does not exist has no
//! log.

use crate::{error::ApiError, origin::Origin, state::AdminState};
use causeway_domain::UserId;
use causeway_store::{PersonTx, audit};
use serde_json::{Value, json};
use uuid::Uuid;

/// A line about a person's own account, in the transaction of its change.
pub(crate) async fn record(
    tx: &mut PersonTx,
    action: &str,
    actor: UserId,
    after: Option<Value>,
    origin: &Origin,
) -> Result<(), ApiError> {
    let (user, address) = (tx.user(), origin.address_text());
    let line =
        audit::Line { actor: audit::Actor::User(actor), after, ..line(action, user, &address, origin) };
    Ok(tx.record(&line).await?)
}

/// The same about one of their sessions.
pub(crate) async fn record_session(
    tx: &mut PersonTx,
    action: &str,
    session: Uuid,
    after: Option<Value>,
    origin: &Origin,
) -> Result<(), ApiError> {
    let (user, address) = (tx.user(), origin.address_text());
    let about = line(action, user, &address, origin);
    let line = audit::Line { target_kind: "session", target_id: Some(session), after, ..about };
    Ok(tx.record(&line).await?)
}

/// A line of which the person is both who did it and whom it was done to.
pub(crate) fn line<'a>(
    action: &'a str,
    user: UserId,
    address: &'a str,
    origin: &'a Origin,
) -> audit::Line<'a> {
    audit::Line {
        actor: audit::Actor::User(user),
        action,
        target_kind: "user",
        target_id: Some(user.0),
        address: Some(address).filter(|a| !a.is_empty()),
        request_id: Some(&origin.request_id),
        ..Default::default()
    }
}

/// An attempt to sign in that failed, and whether the next one has to wait.
pub(crate) async fn failed(
    state: &AdminState,
    user: UserId,
    reason: &str,
    locked: Option<u64>,
    origin: &Origin,
) -> Result<(), ApiError> {
    let mut tx = PersonTx::begin(&state.store.app, user).await?;
    record(&mut tx, "sign_in.fail", user, Some(json!({"reason": reason})), origin).await?;
    if let Some(seconds) = locked {
        let after = json!({"reason": reason, "seconds": seconds});
        record(&mut tx, "sign_in.locked", user, Some(after), origin).await?;
    }
    Ok(tx.commit().await?)
}
