//! Calls that no page and no program of ours makes: forged access tokens, writes from pages of other origins, links that
//! lead out of the web admin. Whose they are nobody knows, and anybody can make a million of them. So each network gets a
//! few lines in the log and then ever fewer, one an hour in the end.

use crate::{auth::pace::network, origin::Origin, state::AdminState};
use causeway_store::{
    StoreError, audit,
    throttle::{self, Pace},
};
use serde_json::Value;
use uuid::Uuid;

const PACE: Pace = Pace { free: 5, longest: 3600 };

/// Writes a line into the log of the installation, where its operators read it. A line that cannot be written changes
/// nothing of how the call is refused.
pub(crate) async fn note(state: &AdminState, origin: &Origin, action: &str, after: Value) {
    if let Err(error) = write(state, origin, action, after).await {
        tracing::warn!(%error, action, "a call that was refused is not in the audit log");
    }
}

async fn write(state: &AdminState, origin: &Origin, action: &str, after: Value) -> Result<(), StoreError> {
    if !is_news(state, origin, action).await? {
        return Ok(());
    }
    let address = origin.address_text();
    let line = audit::Line { after: Some(after), ..line(action, ("call", None), &address, origin) };
    tracing::warn!(
        action,
        address,
        request_id = origin.request_id,
        "a call was refused that is none of ours"
    );
    audit::record_for_instance(&state.store.app, line).await
}

/// Whether one more line about this network says anything.
pub(crate) async fn is_news(state: &AdminState, origin: &Origin, action: &str) -> Result<bool, StoreError> {
    let subject = format!("watch:{action}:{}", network(origin.address));
    Ok(throttle::attempt(&state.store.app, &subject, PACE).await?.is_ok())
}

/// A line about a call that was refused, and of whose caller nobody is sure.
pub(crate) fn line<'a>(
    action: &'a str,
    target: (&'a str, Option<Uuid>),
    address: &'a str,
    origin: &'a Origin,
) -> audit::Line<'a> {
    audit::Line {
        actor: audit::Actor::Job,
        action,
        target_kind: target.0,
        target_id: target.1,
        address: Some(address).filter(|a| !a.is_empty()),
        request_id: Some(&origin.request_id),
        ..Default::default()
    }
}
