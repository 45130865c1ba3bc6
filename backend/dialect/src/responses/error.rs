//! Errors of a Responses stream. Bodies, and what is read of an upstream's, are
//! [`openai::error`](crate::openai::error)'s.
//!
//! Codex decides by `error.code`, and by nothing else: an overload that it is to wait for must be called
//! `server_is_overloaded`. It ignores the event `error` and takes `response.failed`.

use bytes::Bytes;
use serde::Serialize;

use crate::error::Failure;
use crate::openai::error::{Extra, body_with, extra};
use crate::sse;

const OVERLOADED: &str = "server_is_overloaded";

/// The response body for a failure. Its status is to be given as [`status`] says.
pub fn body(failure: &Failure<'_>) -> Bytes {
    body_with(failure, overloaded(failure.status))
}

/// The status with which a failure is given: Codex sends a request thirty times over after 500 and 529, and waits
/// after 503.
pub const fn status(status: u16) -> u16 {
    match status {
        500 | 502 | 504 | 529 => 503,
        other => other,
    }
}

fn overloaded(code: u16) -> Option<&'static str> {
    (status(code) == 503).then_some(OVERLOADED)
}

#[derive(Serialize)]
struct Failed<'a> {
    r#type: &'static str,
    sequence_number: u64,
    response: Response<'a>,
}

#[derive(Serialize)]
struct Response<'a> {
    id: &'a str,
    object: &'static str,
    status: &'static str,
    error: Told<'a>,
    output: [(); 0],
    usage: Option<()>,
}

#[derive(Serialize)]
struct Told<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causeway: Option<Extra<'a>>,
}

/// The last event of a stream that fails after it has begun. `id` is the response's, where it was told; `sequence` the
/// number that follows those of the events before.
pub fn failed(failure: &Failure<'_>, id: Option<&str>, sequence: u64) -> Bytes {
    let own = if failure.code.is_empty() { "server_error" } else { failure.code };
    let event = Failed {
        r#type: "response.failed",
        sequence_number: sequence,
        response: Response {
            id: id.unwrap_or(failure.request_id),
            object: "response",
            status: "failed",
            error: Told {
                code: overloaded(failure.status).unwrap_or(own),
                message: failure.message,
                causeway: extra(failure),
            },
            output: [],
            usage: None,
        },
    };
    // Strings, numbers and maps of JSON values always serialize.
    sse::encode("response.failed", &serde_json::to_vec(&event).unwrap_or_default())
}

/// [`failed`] where nothing is known of the events before.
pub fn event(failure: &Failure<'_>) -> Bytes {
    failed(failure, None, 0)
}

/// An event that says nothing: it resets Codex's idle clock, which comments do not.
pub const fn keep_alive() -> Bytes {
    Bytes::from_static(b"event: keepalive\ndata: {\"type\":\"keepalive\"}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::failure;
    use crate::openai;

    #[test]
    fn a_failure_is_written_in_the_shape_that_codex_decides_by() {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let both = |status| {
            failure(status, |failure| {
                format!(
                    "{}\n{}{}",
                    text(body(failure)),
                    text(event(failure)),
                    text(failed(failure, Some("resp_1"), 7))
                )
            })
        };
        insta::assert_snapshot!([402, 529].map(both).join("\n"));
    }

    #[test]
    fn what_codex_would_repeat_at_once_becomes_what_it_waits_for() {
        assert_eq!([400, 429, 500, 503, 529].map(status), [400, 429, 503, 503, 503]);
        let read = failure(500, |failure| openai::error::read(&body(failure))).unwrap();
        assert_eq!(openai::error::status(&read.kind), Some(503));
    }
}
