//! Endpoints that give one short JSON answer and are no part of a dialect: tokens, device codes. They leave no ledger
//! entry. Faults come from the same rules as elsewhere, with one condition more: the rule must name the path, so that a
//! rule queued for the next answer is not used up by a refresh that happens to come first.
//!
//! Of a script they know `delay` and a refusal before anything is looked at, `cut=reset` (nothing was done), `pause=ms@n`
//! and `cut=reset@n` (it was done, and the answer comes late or is lost on the way).

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, Version, header};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::time::Sleep;

use crate::{
    Shared,
    draw::Draw,
    fault,
    listen::Connection,
    script::{CutHow, Refusal, Script, Subject},
};

/// What is said, before anything goes wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn good(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// As RFC 6749 has it.
    pub(crate) fn refused(status: u16, error: &str, description: &str) -> Self {
        Self { status, body: json!({"error": error, "error_description": description}) }
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.body["error"].as_str()
    }
}

/// One call to such an endpoint.
pub(crate) struct Errand {
    script: Script,
    connection: Arc<Connection>,
    version: Version,
}

impl Errand {
    pub(crate) fn new(
        shared: &Shared,
        connection: Arc<Connection>,
        version: Version,
        about: &Subject<'_>,
    ) -> Self {
        let mut draw = Draw::new(shared.config.seed, rand::random());
        let script = shared.scripts.take_named(about, &mut draw).unwrap_or_default();
        Self { script, connection, version }
    }

    /// Do the work, unless a fault comes before it, and answer.
    pub(crate) async fn run(self, work: impl FnOnce(Option<Answer>) -> Answer) -> Response {
        let Self { script, connection, version } = self;
        fault::silence(&script).await;
        if let Some(refusal) = &script.refuse {
            let answer = refusal_of(refusal);
            work(Some(answer.clone()));
            return scripted(refusal, &answer);
        }
        if let Some(how) = fault::before_head(&script) {
            if how == CutHow::Reset {
                connection.reset_on_close(version);
            }
            return fault::gone();
        }
        let answer = work(None);
        if let Some(pause) = script.pause {
            tokio::time::sleep(Duration::from_millis(pause.ms)).await;
        }
        let mut response = plain(&answer);
        if let Some(cut) = script.cut {
            let whole = answer.body.to_string();
            let half = Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() / 2]);
            if cut.how == CutHow::Reset {
                connection.reset_on_close(version);
            }
            let length = if cut.how == CutHow::End { half.len() } else { whole.len() };
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            *response.body_mut() = match cut.how {
                CutHow::End => Body::from(half),
                CutHow::Reset | CutHow::Close => Body::new(Half { first: Some(half), flush: None }),
            };
        }
        response
    }
}

fn plain(answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.to_string()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refusal_of(refusal: &Refusal) -> Answer {
    let (error, description) = match refusal.status {
        400 => ("invalid_grant", "The grant is not valid any more."),
        401 => ("invalid_client", "Client authentication failed."),
        403 => ("access_denied", "Forbidden."),
        429 => ("rate_limit_error", "Too many requests."),
        503 => ("temporarily_unavailable", "Try again later."),
        _ => ("server_error", "Internal server error."),
    };
    let error = refusal.kind.as_deref().unwrap_or(error);
    Answer::refused(refusal.status, error, refusal.message.as_deref().unwrap_or(description))
}

fn scripted(refusal: &Refusal, answer: &Answer) -> Response {
    let mut response = plain(answer);
    if let Some(body) = &refusal.body {
        *response.body_mut() = Body::from(body.clone());
    } else if refusal.html {
        *response.body_mut() = Body::from("<!DOCTYPE html><title>Just a moment...</title>\n");
        let html = HeaderValue::from_static("text/html; charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
    }
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    for (name, value) in &refusal.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Half a body, and then the connection breaks.
struct Half {
    first: Option<Bytes>,
    flush: Option<Pin<Box<Sleep>>>,
}

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        // What is in the connection's buffer must be out before it breaks.
        let flush = self.flush.get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_millis(3))));
        ready!(flush.as_mut().poll(cx));
        Poll::Ready(Some(Err(io::Error::other("broken off by script"))))
    }
}
