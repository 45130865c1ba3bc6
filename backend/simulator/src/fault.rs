//! What goes wrong before an answer has a head: silence, then a refusal or a broken connection.

use std::time::Duration;

use axum::{body::Body, response::Response};

use crate::{
    ledger::Outcome,
    receive::Call,
    script::{CutHow, Script},
};

/// Carried by a response that must never be written: the listener breaks the connection instead.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the script breaks off before the head")]
pub(crate) struct CutBeforeHead;

/// The scripted silence.
pub(crate) async fn silence(script: &Script) {
    if script.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(script.delay_ms)).await;
    }
}

/// Whether the script breaks off before the head, and how.
pub(crate) fn before_head(script: &Script) -> Option<CutHow> {
    script.cut.filter(|cut| cut.after.is_none()).map(|cut| cut.how)
}

/// Break the connection off instead of answering. Nothing was generated, so nothing is billed.
pub(crate) fn break_off(mut call: Call, how: CutHow) -> Response {
    if how == CutHow::Reset {
        call.connection.reset_on_close(call.version);
    }
    call.slot.finish(Outcome::CutByFault);
    gone()
}

/// For a caller that is not there any more.
pub(crate) fn gone() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(CutBeforeHead);
    response
}
