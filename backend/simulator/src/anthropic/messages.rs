//! `POST /v1/messages`: check, draw up the answer, and send it whole or as a stream.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;

use super::{
    MANNER, Stream, admit,
    error::{self, problem},
    json,
    request::MessagesRequest,
    rules,
};
use crate::{
    Shared,
    answer::{Answer, Wanted},
    fault,
    listen::Connection,
    receive::Call,
    reply::{self, EVENT_STREAM, Manner, Plan, Streamed, preliminaries},
    script::{Refusal, Script},
};

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    match plan(&shared, &mut call) {
        Ok(plan) => respond(call, plan, MANNER).await,
        Err(refusal) => error::refuse(call, &refusal),
    }
}

/// What the address says on a platform where the body does not say it.
pub(crate) struct Addressed<'a> {
    /// As the platform calls it.
    pub(crate) model: &'a str,
    /// As the answer calls it.
    pub(crate) plain: &'a str,
    pub(crate) stream: bool,
}

/// Check the request as the provider would and draw up the answer.
pub(crate) fn plan(shared: &Shared, call: &mut Call) -> Result<Plan, Refusal> {
    admit(shared, call)?;
    draw_up(shared, call, None)
}

/// The same for a call that a platform has admitted.
pub(crate) fn draw_up(
    shared: &Shared,
    call: &mut Call,
    addressed: Option<&Addressed<'_>>,
) -> Result<Plan, Refusal> {
    let body = call.body.clone();
    let mut request = MessagesRequest::read(&body)?;
    if let Some(addressed) = addressed {
        request.model = Some(addressed.model.into());
        request.stream = Some(addressed.stream);
    }
    let named = request.model.as_deref();
    let script = call.script(shared, named, request.user_id());
    let script = script.map_err(|error| problem(400, "invalid_request_error", error.to_string()))?;
    let model =
        named.map(|name| crate::script::marker(name).map_or(name, |found| found.0)).unwrap_or_default();
    let stream = request.stream.unwrap_or(false);
    call.slot.update(|entry| {
        entry.model = Some(model.to_owned());
        entry.stream = stream;
        entry.max_tokens = request.max_tokens.and_then(|n| u64::try_from(n).ok());
    });
    request.check(true)?;
    rules::check(shared, &body)?;
    let model = addressed.map_or(model, |addressed| addressed.plain);
    if shared.config.listed_models_only && !shared.config.models.iter().any(|known| known == model) {
        return Err(problem(404, "not_found_error", format!("model: {model}")));
    }
    let wanted = Wanted {
        seq: call.slot.seq(),
        model,
        max_tokens: request.max_tokens.and_then(|n| u64::try_from(n).ok()).unwrap_or(1),
        body_bytes: body.len() as u64,
        thinks: request.thinks(),
        tool: request.tool(script.shape.is_some()),
        form: request.form(),
    };
    let answer = Answer::draw(shared.config.seed, &mut call.draw, wanted, &script);
    let repeat_usage = call.draw.chance(50);
    Ok(Plan { script, answer, stream, repeat_usage })
}

pub(crate) async fn respond(call: Call, plan: Plan, manner: Manner) -> Response {
    let call = match preliminaries(call, &plan, manner).await {
        Ok(call) => call,
        Err(response) => return *response,
    };
    let Plan { script, answer, stream, repeat_usage } = plan;
    if stream {
        sse(call, &script, answer, repeat_usage, manner)
    } else {
        whole(call, &script, &answer, manner)
    }
}

/// The answer as a stream of events.
fn sse(call: Call, script: &Script, answer: Answer, repeat_usage: bool, manner: Manner) -> Response {
    let error_event = script.error_event.as_ref().map(|event| error::event(&event.kind));
    let id = answer.message_id.clone();
    let told = Streamed {
        id,
        content_type: EVENT_STREAM,
        events: Box::new(Stream::new(answer, script, repeat_usage)),
        error_event,
        bad_utf8: BAD_UTF8,
    };
    reply::stream(call, script, told, manner)
}

/// A delta whose text stops two bytes into a four-byte character.
const BAD_UTF8: &[u8] = b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"cut \xf0\x9f\"}}\n\n";

/// The answer as one JSON body.
pub(crate) fn whole(call: Call, script: &Script, answer: &Answer, manner: Manner) -> Response {
    reply::whole(call, script, answer, json::body(answer), manner)
}
