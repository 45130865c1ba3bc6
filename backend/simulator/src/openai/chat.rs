//! `POST /v1/chat/completions`.

mod answer;
mod messages;
mod request;
mod stream;

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;

pub(super) use self::answer::{call_id, tier};
use self::stream::Stream;
use super::{MANNER, REFUSALS, admit, checked, error, read, refuse, wish};
use crate::{
    Shared, fault,
    listen::Connection,
    receive::Call,
    reply::{self, EVENT_STREAM, Plan, Streamed, preliminaries},
    script::Refusal,
    wish::draw_up,
};

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    let (plan, shows_usage) = match plan(&shared, &mut call) {
        Ok(plan) => plan,
        Err(refusal) => return refuse(call, &refusal),
    };
    let call = match preliminaries(call, &plan, MANNER).await {
        Ok(call) => call,
        Err(response) => return *response,
    };
    let Plan { script, answer, stream, .. } = plan;
    if !stream {
        let body = answer::body(&answer).to_string();
        return reply::whole(call, &script, &answer, body, MANNER);
    }
    let error_event = script.error_event.as_ref().map(|event| {
        let error = error::error(500, Some(&event.kind), None);
        format!("data: {}\n\n", serde_json::json!({"error": error})).into_bytes()
    });
    let streamed = Streamed {
        id: answer.message_id.clone(),
        content_type: EVENT_STREAM,
        events: Box::new(Stream::new(answer, &script, shows_usage)),
        error_event,
        bad_utf8: BAD_UTF8,
    };
    reply::stream(call, &script, streamed, MANNER)
}

const BAD_UTF8: &[u8] = b"data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"cut \xf0\x9f\"},\"finish_reason\":null}]}\n\n";

/// The plan, and whether a stream tells its usage in the end.
fn plan(shared: &Shared, call: &mut Call) -> Result<(Plan, bool), Refusal> {
    admit(shared, call)?;
    let body = read(call)?;
    let wish = wish(&body, &["max_completion_tokens", "max_tokens"]);
    let check = || checked(shared, &body, request::check);
    let mut plan = draw_up(shared, call, &wish, &shared.config.gpt_models, &REFUSALS, check)?;
    plan.answer.message_id = plan.answer.message_id.replace("msg_sim_", "chatcmpl-sim-");
    Ok((plan, body["stream_options"]["include_usage"] == true))
}
