//! `POST /v1/messages/count_tokens`: a figure within the bytes of the request; nothing is billed.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;

use super::{admit, error, plain, request::MessagesRequest};
use crate::{
    Shared, fault,
    listen::Connection,
    receive::Call,
    script::{Refusal, Script},
};

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    match prepare(&shared, &mut call) {
        Err(refusal) => error::refuse(call, &refusal),
        Ok(script) => {
            let count = |call: &mut Call| {
                let drawn = 1 + call.draw.below((call.body.len() as u64 * 3 / 4).max(1));
                Ok(format!(r#"{{"input_tokens":{}}}"#, script.tokens.input.unwrap_or(drawn)))
            };
            plain(call, &script, count).await
        }
    }
}

fn prepare(shared: &Shared, call: &mut Call) -> Result<Script, Refusal> {
    admit(shared, call)?;
    let body = call.body.clone();
    let request = MessagesRequest::read(&body)?;
    let script = call
        .script(shared, request.model.as_deref(), request.user_id())
        .map_err(|error| error::problem(400, "invalid_request_error", error.to_string()))?;
    call.slot.update(|entry| entry.model = request.model.as_deref().map(str::to_owned));
    request.check(false)?;
    Ok(script)
}
