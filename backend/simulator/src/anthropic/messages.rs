//! `POST /v1/messages`: check, draw up the answer, and send it whole or as a stream.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::{HeaderValue, Request, header};

use super::{
    Answer, MANNER, Manner, Stream, admit,
    answer::Wanted,
    error::{self, problem, refuse_as},
    request::MessagesRequest,
};
use crate::{
    Shared, fault,
    ledger::Progress,
    listen::Connection,
    play::{Event, Events, Kind, Player},
    receive::Call,
    script::{Cut, Refusal, Script},
};

/// What shall be answered.
pub(crate) struct Plan {
    pub(crate) script: Script,
    pub(crate) answer: Answer,
    pub(crate) stream: bool,
    pub(crate) repeat_usage: bool,
}

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
        tool: script.shape.and_then(|_| request.first_tool()),
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

/// What a script puts before the answer, or in its place.
pub(crate) async fn preliminaries(
    mut call: Call,
    plan: &Plan,
    manner: Manner,
) -> Result<Call, Box<Response>> {
    let Plan { script, answer, .. } = plan;
    let dies = script.refuse.is_some() || fault::before_head(script).is_some();
    if script.delay_ms > 0 {
        if !dies {
            // Reading the prompt is billed even when the caller does not wait for the first token.
            let read = answer.tokens.with_output(0);
            call.slot.advance(Progress { billed: Some(read), ..Progress::default() });
        }
        fault::silence(script).await;
    }
    if let Some(refusal) = &script.refuse {
        return Err(Box::new(refuse_as(call, refusal, manner)));
    }
    if let Some(how) = fault::before_head(script) {
        return Err(Box::new(fault::break_off(call, how)));
    }
    Ok(call)
}

fn sse(call: Call, script: &Script, answer: Answer, repeat_usage: bool, manner: Manner) -> Response {
    call.slot.update(|entry| {
        entry.status = Some(200);
        entry.message_id = Some(answer.message_id.clone());
    });
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if script.gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (manner.describe)(&call.slot, headers);
    let error_event = script.error_event.as_ref().map(|event| error::event(&event.kind));
    let events: Events = Box::new(Stream::new(answer, script, repeat_usage));
    let player = Player::new(call, script, events, error_event);
    head.map(|()| Body::new(player))
}

pub(crate) fn whole(mut call: Call, script: &Script, answer: &Answer, manner: Manner) -> Response {
    let body = answer.json();
    let told = Progress { told: Some(answer.tokens), billed: Some(answer.tokens), ..Progress::default() };
    call.slot.update(|entry| entry.message_id = Some(answer.message_id.clone()));
    let simple = !script.gzip && script.cut.is_none() && script.piece_bytes.is_none();
    if simple && body.len() <= AT_ONCE {
        call.slot.advance(told);
        return super::json(call, 200, body, manner);
    }
    call.slot.update(|entry| entry.status = Some(200));
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if script.gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    } else {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    (manner.describe)(&call.slot, headers);
    // Faults of event streams have no place here; a cut breaks off after the first half.
    let played = Script {
        cut: script.cut.map(|cut| Cut { after: Some(1), ..cut }),
        gzip: script.gzip,
        piece_bytes: script.piece_bytes,
        ..Script::default()
    };
    let length = body.len();
    let mut player = Player::new(call, &played, Box::new(parts(body.into_bytes(), told)), None);
    if !script.gzip {
        player = player.of_length(length);
    }
    head.map(|()| Body::new(player))
}

/// Answers up to this size are handed over in one piece.
const AT_ONCE: usize = 64 * 1024;

/// A JSON body in two or more parts. All of it has been generated when the first byte leaves.
fn parts(body: Vec<u8>, told: Progress) -> impl Iterator<Item = Event> + Send {
    let size = (body.len() / 2).clamp(1, AT_ONCE);
    let count = body.len().div_ceil(size);
    (0..count).map(move |n| Event {
        bytes: body[n * size..body.len().min((n + 1) * size)].to_vec(),
        kind: Kind::Other,
        told: told.told.filter(|_| n + 1 == count),
        billed: told.billed,
    })
}
