//! Sending what was drawn up: whole, as a stream, or a refusal, with whatever the script puts before it. What it says and
//! which headers go with it is for the dialect.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{
    answer::Answer,
    fault,
    ledger::{Outcome, Progress, Slot},
    play::{Event, Events, Kind, Player},
    receive::Call,
    script::{Cut, Refusal, Script},
};

/// How a platform speaks around its answers.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// A refusal: its content type and its body, which may name the request's id.
    pub(crate) render: fn(&Refusal, &str) -> (&'static str, String),
    /// The headers of every answer.
    pub(crate) describe: fn(&Slot, &mut HeaderMap),
    /// The content type of answers in JSON.
    pub(crate) json: &'static str,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// What shall be answered.
pub(crate) struct Plan {
    pub(crate) script: Script,
    pub(crate) answer: Answer,
    pub(crate) stream: bool,
    pub(crate) repeat_usage: bool,
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

/// Answer with a refusal. Nothing was generated, so nothing is billed.
pub(crate) fn refuse_as(mut call: Call, refusal: &Refusal, manner: Manner) -> Response {
    let (content_type, body) = (manner.render)(refusal, call.slot.request_id());
    call.slot.wrote(body.as_bytes());
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if !refusal.html {
        (manner.describe)(&call.slot, headers);
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, value) in &refusal.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let status = response.status().as_u16();
    call.slot.update(|entry| entry.status = Some(status));
    call.slot.finish(Outcome::Completed);
    response
}

/// What a script wants said whatever the platform: a body of its own, or a challenge page.
pub(crate) fn verbatim(refusal: &Refusal) -> Option<(&'static str, String)> {
    match &refusal.body {
        Some(body) => Some((JSON, body.clone())),
        None => refusal.html.then(|| ("text/html; charset=UTF-8", CHALLENGE.to_owned())),
    }
}

/// What a front proxy answers when it takes the caller for a robot.
const CHALLENGE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>Just a moment...</title>\
<meta name=\"robots\" content=\"noindex,nofollow\"></head>\n<body><h1>Checking your browser</h1>\
<p>Enable JavaScript and cookies to continue</p></body></html>\n";

/// A short answer that generates nothing, after whatever the script wants first.
pub(crate) async fn plain_as(
    mut call: Call,
    script: &Script,
    body: impl FnOnce(&mut Call) -> Result<String, Refusal>,
    manner: Manner,
) -> Response {
    fault::silence(script).await;
    if let Some(refusal) = &script.refuse {
        return refuse_as(call, refusal, manner);
    }
    if let Some(how) = fault::before_head(script) {
        return fault::break_off(call, how);
    }
    match body(&mut call) {
        Ok(body) => json(call, 200, body, manner),
        Err(refusal) => refuse_as(call, &refusal, manner),
    }
}

/// Write a JSON body whole. It counts as delivered once it is handed to the connection.
pub(crate) fn json(mut call: Call, status: u16, body: String, manner: Manner) -> Response {
    call.slot.wrote(body.as_bytes());
    call.slot.update(|entry| entry.status = Some(status));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(manner.json));
    (manner.describe)(&call.slot, response.headers_mut());
    call.slot.finish(Outcome::Completed);
    response
}

/// An answer as a dialect writes it in events.
pub(crate) struct Streamed {
    /// The answer's id.
    pub(crate) id: String,
    pub(crate) content_type: &'static str,
    pub(crate) events: Events,
    /// What a scripted error looks like.
    pub(crate) error_event: Option<Vec<u8>>,
    /// An event whose text stops two bytes into a four-byte character.
    pub(crate) bad_utf8: &'static [u8],
}

pub(crate) fn stream(call: Call, script: &Script, streamed: Streamed, manner: Manner) -> Response {
    let Streamed { id, content_type, events, error_event, bad_utf8 } = streamed;
    call.slot.update(|entry| {
        entry.status = Some(200);
        entry.message_id = Some(id);
    });
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if script.gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (manner.describe)(&call.slot, headers);
    let player = Player::new(call, script, events, error_event).with_bad_utf8(bad_utf8);
    head.map(|()| Body::new(player))
}

/// The answer as one JSON body.
pub(crate) fn whole(
    mut call: Call,
    script: &Script,
    answer: &Answer,
    body: String,
    manner: Manner,
) -> Response {
    let told = Progress { told: Some(answer.tokens), billed: Some(answer.tokens), ..Progress::default() };
    call.slot.update(|entry| entry.message_id = Some(answer.message_id.clone()));
    let simple = !script.gzip && script.cut.is_none() && script.piece_bytes.is_none();
    if simple && body.len() <= AT_ONCE {
        call.slot.advance(told);
        return json(call, 200, body, manner);
    }
    call.slot.update(|entry| entry.status = Some(200));
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(manner.json));
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
