//! An answer as the meter and the client read it, whatever frame it came in: Amazon's event stream becomes server-sent
//! events, everything else passes as it is.

use super::link::{Broken, Leased};
use crate::tap::Ear;
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use causeway_accounts::catalogue::Framing;
use causeway_dialect::sse;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::{Body, Frame, SizeHint};
use serde::Deserialize;
use serde_json::json;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// How Amazon calls its event stream.
const AMAZON: &str = "application/vnd.amazon.eventstream";

/// An answer's body without its frame.
pub(crate) struct Unframed {
    body: Leased,
    frames: Option<Frames>,
    /// Hears all of it, where somebody looks on.
    ear: Option<Box<Ear>>,
}

/// Why an answer broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenBody {
    /// The connection.
    #[error(transparent)]
    Connection(#[from] Broken),
    /// What came is not what was announced.
    #[error("the provider's event stream cannot be read: {0}")]
    Frame(String),
}

/// What is known of a stream of frames.
struct Frames {
    decoder: MessageFrameDecoder,
    /// What has come and is not a whole frame yet.
    rest: BytesMut,
}

/// Takes off the frame, if the answer has the one that its provider uses.
pub(super) fn unframed(response: Response<Leased>, framing: Framing) -> Response<Unframed> {
    let (mut head, body) = response.into_parts();
    let framed = framing == Framing::AwsEventStream && is_amazons(&head.headers);
    if framed {
        head.headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
        head.headers.remove(header::CONTENT_LENGTH);
    }
    let frames = framed.then(|| Frames { decoder: MessageFrameDecoder::new(), rest: BytesMut::new() });
    Response::from_parts(head, Unframed { body, frames, ear: None })
}

/// The same answer, which somebody hears.
pub(super) fn overheard(mut answer: Response<Unframed>, mut ear: Box<Ear>) -> Response<Unframed> {
    ear.answered(answer.status(), answer.headers());
    answer.body_mut().ear = Some(ear);
    answer
}

fn is_amazons(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.get(..AMAZON.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(AMAZON))
}

impl Body for Unframed {
    type Data = Bytes;
    type Error = BrokenBody;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenBody>>> {
        let frame = ready!(self.poll_unframed(cx));
        if let Some(ear) = &mut self.ear {
            match &frame {
                Some(Ok(frame)) => ear.hear(frame.data_ref().map_or(&[][..], |data| data)),
                Some(Err(_)) | None => ear.ended(),
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && self.frames.as_ref().is_none_or(|frames| frames.rest.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        if self.frames.is_some() { SizeHint::default() } else { self.body.size_hint() }
    }
}

impl Unframed {
    fn poll_unframed(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenBody>>> {
        let this = self;
        loop {
            let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
            let Some(frames) = &mut this.frames else { return Poll::Ready(frame.map(|f| Ok(f?))) };
            let events = match frame {
                None if frames.rest.is_empty() => return Poll::Ready(None),
                None => {
                    return Poll::Ready(Some(Err(BrokenBody::Frame("it ended within a frame".to_owned()))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => frames.push(&data),
                    Err(_) => continue,
                },
            };
            match events {
                // Not a whole frame yet.
                Ok(events) if events.is_empty() => {}
                Ok(events) => return Poll::Ready(Some(Ok(Frame::data(events)))),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl Frames {
    /// The events in what has come, as server-sent events.
    fn push(&mut self, data: &[u8]) -> Result<Bytes, BrokenBody> {
        self.rest.extend_from_slice(data);
        let mut events = BytesMut::new();
        loop {
            match self.decoder.decode_frame(&mut self.rest) {
                Ok(DecodedFrame::Incomplete) => return Ok(events.freeze()),
                Ok(DecodedFrame::Complete(message)) => events.extend_from_slice(&event(&message)?),
                Err(error) => return Err(BrokenBody::Frame(error.to_string())),
            }
        }
    }
}

/// What a frame holds: an event of the dialect, or an error of Amazon's.
fn event(message: &Message) -> Result<Bytes, BrokenBody> {
    #[derive(Deserialize)]
    struct Chunk {
        bytes: String,
    }
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    let text = |name: &str| {
        let found = message.headers().iter().find(|header| header.name().as_str() == name)?;
        Some(found.value().as_string().ok()?.as_str())
    };
    let bad = |what: &str| BrokenBody::Frame(what.to_owned());
    match text(":message-type") {
        Some("event") if text(":event-type") == Some("chunk") => {
            let chunk: Chunk =
                serde_json::from_slice(message.payload()).map_err(|_| bad("a chunk is no JSON"))?;
            let json = STANDARD.decode(chunk.bytes).map_err(|_| bad("a chunk is no base64"))?;
            let kind: Kind = serde_json::from_slice(&json).map_err(|_| bad("an event has no type"))?;
            Ok(sse::encode(&kind.r#type, &json))
        }
        // Others may come some day, and say nothing to the client.
        Some("event") => Ok(Bytes::new()),
        Some("exception") => Ok(failure(text(":exception-type").unwrap_or_default(), message.payload())),
        Some("error") => {
            let said = json!({"message": text(":error-message").unwrap_or_default()}).to_string();
            Ok(failure(text(":error-code").unwrap_or_default(), said.as_bytes()))
        }
        _ => Err(bad("a frame of an unknown kind")),
    }
}

/// An error of Amazon's as the dialect tells errors.
fn failure(name: &str, payload: &[u8]) -> Bytes {
    #[derive(Deserialize)]
    struct Said {
        #[serde(alias = "Message")]
        message: String,
    }
    let kind = match name.to_ascii_lowercase().as_str() {
        "throttlingexception" => "rate_limit_error",
        "validationexception" => "invalid_request_error",
        "serviceunavailableexception" => "overloaded_error",
        "modeltimeoutexception" => "timeout_error",
        _ => "api_error",
    };
    let said: Option<Said> = serde_json::from_slice(payload).ok();
    let message = said.map(|said| said.message).unwrap_or_default();
    let body = json!({"type": "error", "error": {"type": kind, "message": format!("{name}: {message}")}});
    sse::encode("error", body.to_string().as_bytes())
}

#[cfg(test)]
mod tests;
