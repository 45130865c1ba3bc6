//! `POST /model/{id}/invoke` and `…/invoke-with-response-stream`.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderValue, Request, header};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    admit,
    error::{self, MANNER, refusal},
    stream::Frames,
};
use crate::{
    Shared,
    answer::Answer,
    anthropic::{self, Addressed, Stream},
    fault,
    ledger::Tokens,
    listen::Connection,
    play::{Events, Player},
    receive::Call,
    reply::{self, Plan},
    script::{Refusal, Script},
};

/// What this platform puts into the body, and what it does not want there.
#[derive(Deserialize)]
struct Extra<'a> {
    #[serde(borrow, default)]
    anthropic_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stream: Option<&'a RawValue>,
}

pub(super) async fn whole(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    let plan = match plan(&shared, &mut call, &id, false) {
        Ok(plan) => plan,
        Err(refusal) => return error::refuse(call, &refusal),
    };
    let call = match preliminaries(call, &plan).await {
        Ok(call) => call,
        Err(response) => return *response,
    };
    let mut response = anthropic::whole(call, &plan.script, &plan.answer, MANNER);
    let Tokens { input, output, cache_read, cache_write_5m, cache_write_1h } = plan.answer.tokens;
    let counts = [
        ("x-amzn-bedrock-invocation-latency", 1),
        ("x-amzn-bedrock-input-token-count", input),
        ("x-amzn-bedrock-output-token-count", output),
        ("x-amzn-bedrock-cache-read-input-token-count", cache_read),
        ("x-amzn-bedrock-cache-write-input-token-count", cache_write_5m + cache_write_1h),
    ];
    for (name, count) in counts {
        response.headers_mut().insert(name, HeaderValue::from(count));
    }
    response
}

pub(super) async fn stream(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let Ok(mut call) = Call::receive(&shared, connection, request).await else { return fault::gone() };
    let plan = match plan(&shared, &mut call, &id, true) {
        Ok(plan) => plan,
        Err(refusal) => return error::refuse(call, &refusal),
    };
    match preliminaries(call, &plan).await {
        Ok(call) => frames(call, plan),
        Err(response) => *response,
    }
}

/// The silence and the refusal of a script, the refusal in this platform's manner.
async fn preliminaries(call: Call, plan: &Plan) -> Result<Call, Box<Response>> {
    match &plan.script.refuse {
        Some(refusal) => {
            fault::silence(&plan.script).await;
            Err(Box::new(error::refuse(call, refusal)))
        }
        None => reply::preliminaries(call, plan, MANNER).await,
    }
}

fn plan(shared: &Shared, call: &mut Call, id: &str, stream: bool) -> Result<Plan, Refusal> {
    admit(shared, call)?;
    let body = call.body.clone();
    let wrong = |message: &str| Err(refusal(400, "ValidationException", message));
    if body.len() > LARGEST {
        return wrong("Input is too long for requested model.");
    }
    let Ok(extra) = serde_json::from_slice::<Extra<'_>>(&body) else {
        return wrong("Malformed input request, please reformat your input and try again.");
    };
    match extra.anthropic_version.map(RawValue::get) {
        Some(r#""bedrock-2023-05-31""#) => {}
        Some(_) => return wrong("anthropic_version: Input should be 'bedrock-2023-05-31'"),
        None => return wrong("anthropic_version: Field required"),
    }
    if extra.model.is_some() {
        return wrong("model: Extra inputs are not permitted");
    }
    if extra.stream.is_some() {
        return wrong("stream: Extra inputs are not permitted");
    }
    anthropic::draw_up(shared, call, Some(&Addressed { model: id, plain: plain(id), stream }))
}

/// The platform's limit on request bodies.
const LARGEST: usize = 25_000_000;

/// `us.anthropic.claude-haiku-4-5-20251001-v1:0`, alone or at the end of an ARN, as the provider calls it.
fn plain(id: &str) -> &str {
    let id = id.rsplit('/').next().unwrap_or(id);
    let id = id.split_once("anthropic.").map_or(id, |(_, name)| name);
    id.rsplit_once("-v").filter(|(_, version)| version.contains(':')).map_or(id, |(name, _)| name)
}

fn frames(call: Call, plan: Plan) -> Response {
    let Plan { script, answer, repeat_usage, .. } = plan;
    call.slot.update(|entry| {
        entry.status = Some(200);
        entry.message_id = Some(answer.message_id.clone());
    });
    let mut head = Response::new(());
    let headers = head.headers_mut();
    let content_type = HeaderValue::from_static("application/vnd.amazon.eventstream");
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert("x-amzn-bedrock-content-type", HeaderValue::from_static("application/json"));
    (MANNER.describe)(&call.slot, headers);
    let exception = script.error_event.as_ref().map(|event| error::exception(&event.kind));
    let events = events(answer, &script, repeat_usage);
    // Their line ends and their garbage are those of text; frames have their own.
    let played = Script { crlf: false, gzip: false, garbage_after: None, bad_utf8_after: None, ..script };
    head.map(|()| Body::new(Player::new(call, &played, events, exception)))
}

fn events(answer: Answer, script: &Script, repeat_usage: bool) -> Events {
    let tokens = answer.tokens;
    Box::new(Frames::new(Stream::new(answer, script, repeat_usage), tokens, script))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_model_leads_to_the_providers_own() {
        let own = "claude-haiku-4-5-20251001";
        for id in [
            "anthropic.claude-haiku-4-5-20251001-v1:0",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            own,
        ] {
            assert_eq!(plain(id), own);
        }
    }
}
