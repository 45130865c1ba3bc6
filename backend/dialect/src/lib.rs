//! LLM wire formats, as pure functions over bytes: what a request asks for, what an answer used, how an error looks.
//!
//! Nothing here waits, connects or stores. The relay forwards bodies and streams byte for byte; this crate only
//! looks at them from the side ([`anthropic::request`], [`meter`]), names the few bytes that may be replaced
//! ([`splice`]) and writes the bodies that are ours ([`error`], [`anthropic::models`]).
//!
//! A dialect is a module with the same rooms (`request`, `usage`, `error`, `models`) and an arm of [`Dialect`];
//! what is common to all of them (the JSON scan, SSE framing, token buckets, meters) lives beside them.

pub mod anthropic;
pub mod decoding;
pub mod error;
mod first_turn;
pub mod meter;
pub mod models;
pub mod scan;
pub mod splice;
pub mod sse;
pub mod usage;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, UpstreamError};
use crate::meter::Meter;
use crate::models::{Cursor, Model, UnknownCursor};

/// The wire format a client speaks, and in which everything we write to it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Anthropic Messages: `/v1/messages` and its neighbours.
    Anthropic,
}

impl Dialect {
    /// The stable name used in the catalogue, in metrics labels and in usage rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
        }
    }

    /// An error of ours as a whole response body (JSON).
    pub fn error_body(self, failure: &Failure<'_>) -> Bytes {
        match self {
            Self::Anthropic => anthropic::error::body(failure),
        }
    }

    /// An error of ours inside a stream that has already begun: one SSE event, framing included.
    pub fn error_event(self, failure: &Failure<'_>) -> Bytes {
        match self {
            Self::Anthropic => anthropic::error::event(failure),
        }
    }

    /// Bytes that may be sent between two events of a silent stream so that the client does not give up.
    pub fn keep_alive(self) -> Bytes {
        match self {
            Self::Anthropic => anthropic::error::ping(),
        }
    }

    /// Type and message of an upstream's error body; `None` when it is not in this dialect's shape.
    pub fn read_error(self, body: &[u8]) -> Option<UpstreamError> {
        match self {
            Self::Anthropic => anthropic::error::read(body),
        }
    }

    /// A request's body without the thinking in it, whose signatures mean nothing to another account; `None` when there
    /// is none, or the body cannot be read.
    pub fn without_thinking(self, body: &[u8]) -> Option<Bytes> {
        match self {
            Self::Anthropic => anthropic::thinking::without(body),
        }
    }

    /// The first turn of a request's conversation, which every later request of it repeats; `None` when there is none.
    pub fn first_turn(self, body: &[u8]) -> Option<String> {
        match self {
            Self::Anthropic => first_turn::of(body, "messages"),
        }
    }

    /// The meter for one response. See [`Meter::for_response`].
    pub fn meter(self, stream: bool, content_type: Option<&str>, content_encoding: Option<&str>) -> Meter {
        Meter::for_response(self, stream, content_type, content_encoding)
    }

    /// A page of the model list as a response body.
    pub fn model_list(self, models: &[Model<'_>], cursor: &Cursor) -> Result<Bytes, UnknownCursor> {
        match self {
            Self::Anthropic => anthropic::models::list(models, cursor),
        }
    }

    /// One model as a response body.
    pub fn model(self, model: &Model<'_>) -> Bytes {
        match self {
            Self::Anthropic => anthropic::models::one(model),
        }
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
