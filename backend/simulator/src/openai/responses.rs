//! `POST /v1/responses`. Nothing is kept: a `previous_response_id` of ours is taken, and adds nothing.

mod answer;
pub(super) mod compact;
mod items;
mod request;
mod stream;

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::Request;
use serde_json::{Value, json};

use self::{answer::Shown, stream::Stream};
use super::{MANNER, REFUSALS, admit, checked, error, read, refuse, wish};
use crate::{
    Shared, fault,
    listen::Connection,
    receive::Call,
    reply::{self, EVENT_STREAM, Plan, Streamed, preliminaries},
    script::{ErrorEvent, Refusal},
    wish::draw_up,
};

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    let (plan, shown) = match plan(&shared, &mut call) {
        Ok(plan) => plan,
        Err(refusal) => return refuse(call, &refusal),
    };
    let call = match preliminaries(call, &plan, MANNER).await {
        Ok(call) => call,
        Err(response) => return *response,
    };
    let Plan { script, answer, stream, .. } = plan;
    if !stream {
        let body = shown.whole(&answer).to_string();
        return reply::whole(call, &script, &answer, body, MANNER);
    }
    let error_event = script.error_event.as_ref().map(|event| failure(event, shown.empty(&answer)));
    let streamed = Streamed {
        id: answer.message_id.clone(),
        content_type: EVENT_STREAM,
        events: Box::new(Stream::new(answer, shown, &script)),
        error_event,
        bad_utf8: BAD_UTF8,
    };
    reply::stream(call, &script, streamed, MANNER)
}

const BAD_UTF8: &[u8] = b"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"cut \xf0\x9f\"}\n\n";

/// `response.failed` with the code, or, where the script says `error:code`, the bare `error` event.
fn failure(event: &ErrorEvent, mut response: Value) -> Vec<u8> {
    let bare = event.kind.strip_prefix("error:");
    let error = error::error(500, Some(bare.unwrap_or(&event.kind)), None);
    let (name, data) = if bare.is_some() {
        let data = json!({
            "type": "error", "sequence_number": event.after, "code": error["code"], "message": error["message"],
            "param": null,
        });
        ("error", data)
    } else {
        response["status"] = "failed".into();
        response["error"] = json!({"code": error["code"], "message": error["message"]});
        let name = "response.failed";
        (name, json!({"type": name, "sequence_number": event.after, "response": response}))
    };
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}

fn plan(shared: &Shared, call: &mut Call) -> Result<(Plan, Shown), Refusal> {
    admit(shared, call)?;
    let body = read(call)?;
    let wish = wish(&body, &["max_output_tokens"]);
    let check = || checked(shared, &body, request::check);
    let mut plan = draw_up(shared, call, &wish, &shared.config.gpt_models, &REFUSALS, check)?;
    plan.answer.message_id = plan.answer.message_id.replace("msg_sim_", "resp_sim_");
    Ok((plan, Shown::of(&body)))
}
