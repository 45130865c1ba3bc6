//! Bedrock: the same models behind signed requests, with the model in the address and streams in AWS event-stream
//! frames. Signatures are verified from AWS's description of them ([`signature`]), frames are written from theirs
//! ([`frame`]), so that whoever signs and reads at the far end is measured by something else than itself.
//!
//! Access keys need no registration: an id that begins with `AKIASIM` has the secret [`AWS_SECRET`]; one that begins
//! with `ASIASIM` is temporary, has the same secret, and wants a session token that begins with `sim-session-`
//! (`sim-session-expired` has expired). A bearer key is any key that the simulator takes elsewhere.

mod error;
mod frame;
mod invoke;
mod models;
mod signature;
mod stream;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use self::error::refusal;
use crate::{Shared, receive::Call, script::Refusal};

/// The secret of every access key.
pub const AWS_SECRET: &str = "sim+secret/access+key0000000000000000000";

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/model/{id}/invoke", post(invoke::whole))
        .route("/model/{id}/invoke-with-response-stream", post(invoke::stream))
        .route("/model/{id}/count-tokens", post(models::count))
        .route("/foundation-models", get(models::list))
        .route("/inference-profiles", get(models::profiles))
        .with_state(Arc::clone(shared))
}

/// Who asks: by signature, or with a bearer key.
fn admit(shared: &Shared, call: &Call) -> Result<(), Refusal> {
    let signed =
        call.headers.get("authorization").is_some_and(|value| value.as_bytes().starts_with(b"AWS4-"));
    match &call.key {
        _ if signed => signature::verify(call),
        Some(_) if call.keyed(shared) => Ok(()),
        Some(_) => Err(refusal(
            403,
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
        )),
        None => Err(refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")),
    }
}
