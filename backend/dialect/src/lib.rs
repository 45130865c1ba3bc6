//! LLM wire formats, as pure functions over bytes: what a request asks for, what an answer used, how an error looks.
//!
//! Nothing here waits, connects or stores. The relay forwards bodies and streams byte for byte; this crate only
//! looks at them from the side ([`request`], [`meter`]), names the few bytes that may be replaced ([`splice`],
//! [`filter`]) and writes the bodies that are ours ([`error`], [`models`]).
//!
//! A dialect is a module with the same rooms (`request`, `usage`, `error`, `models`) and an arm of [`Dialect`];
//! what is common to all of them (the JSON scan, SSE framing, token buckets, meters) lives beside them, and what
//! OpenAI's two share is in [`openai`].

pub mod anthropic;
pub mod array;
pub mod chat;
pub mod convert;
pub mod decoding;
pub mod error;
pub mod estimate;
pub mod filter;
pub mod framing;
pub mod gemini;
mod json;
pub mod meter;
pub mod models;
pub mod neutral;
pub mod openai;
pub mod request;
pub mod responses;
pub mod scan;
pub mod splice;
pub mod sse;
pub mod suffix;
pub mod usage;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, UpstreamError};
use crate::framing::Framing;
use crate::meter::Meter;
use crate::models::{BadLimit, Cursor, Model, UnknownCursor};

/// The wire format a client speaks, and in which everything we write to it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Anthropic Messages: `/v1/messages` and its neighbours.
    Anthropic,
    /// OpenAI Chat Completions: `/v1/chat/completions`, and what OpenAI offers beside it.
    OpenaiChat,
    /// OpenAI Responses: `/v1/responses` and its neighbours.
    OpenaiResponses,
    /// Gemini: `/v1beta/models/{model}:{method}`.
    Gemini,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Anthropic, Self::OpenaiChat, Self::OpenaiResponses, Self::Gemini];

    /// The stable name used in the catalogue, in metrics labels and in usage rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenaiChat => "openai_chat",
            Self::OpenaiResponses => "openai_responses",
            Self::Gemini => "gemini",
        }
    }

    /// The dialect of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// The HTTP status with which a failure of this status is given, so that the dialect's clients do what is meant.
    pub const fn status(self, status: u16) -> u16 {
        match self {
            Self::Anthropic => status,
            Self::OpenaiChat => chat::error::status(status),
            Self::OpenaiResponses => responses::error::status(status),
            Self::Gemini => gemini::error::status_given(status),
        }
    }

    /// An error of ours as a whole response body (JSON).
    pub fn error_body(self, failure: &Failure<'_>) -> Bytes {
        match self {
            Self::Anthropic => anthropic::error::body(failure),
            Self::OpenaiChat => chat::error::body(failure),
            Self::OpenaiResponses => responses::error::body(failure),
            Self::Gemini => gemini::error::body(failure),
        }
    }

    /// An error of ours inside a stream that has already begun: one event or element, framing included.
    pub fn error_event(self, failure: &Failure<'_>, framing: Framing) -> Bytes {
        match self {
            Self::Anthropic => anthropic::error::event(failure),
            Self::OpenaiChat => chat::error::event(failure),
            Self::OpenaiResponses => responses::error::event(failure),
            Self::Gemini if framing == Framing::Array => gemini::error::element(failure),
            Self::Gemini => gemini::error::event(failure),
        }
    }

    /// Bytes that may be sent between two events of a silent stream so that the client does not give up.
    pub const fn keep_alive(self, framing: Framing) -> Bytes {
        match (self, framing) {
            (Self::Anthropic, _) => anthropic::error::ping(),
            (Self::OpenaiChat, _) => chat::error::keep_alive(),
            (Self::OpenaiResponses, _) => responses::error::keep_alive(),
            (Self::Gemini, Framing::Array) => gemini::error::blank(),
            (Self::Gemini, _) => gemini::error::keep_alive(),
        }
    }

    /// Type and message of an upstream's error body; `None` when it is not in this dialect's shape.
    pub fn read_error(self, body: &[u8]) -> Option<UpstreamError> {
        match self {
            Self::Anthropic => anthropic::error::read(body),
            Self::OpenaiChat | Self::OpenaiResponses => openai::error::read(body),
            Self::Gemini => gemini::error::read(body),
        }
    }

    /// The status that an error's kind stands for, where it was told inside of an answer; `None` for kinds that are not
    /// the dialect's.
    pub fn error_status(self, kind: &str) -> Option<u16> {
        match self {
            Self::Anthropic => anthropic::error::status(kind),
            Self::OpenaiChat | Self::OpenaiResponses => openai::error::status(kind),
            Self::Gemini => gemini::error::status(kind),
        }
    }

    /// A request's body without the sealed thinking in it, which means nothing to another account; `None` when there
    /// is none, or the body cannot be read.
    pub fn without_thinking(self, body: &[u8]) -> Option<Bytes> {
        match self {
            Self::Anthropic => anthropic::thinking::without(body),
            Self::OpenaiChat => None,
            Self::OpenaiResponses => responses::reasoning::without(body),
            Self::Gemini => gemini::signature::without(body),
        }
    }

    /// The meter for one response. See [`Meter::for_response`].
    pub fn meter(self, stream: bool, content_type: Option<&str>, content_encoding: Option<&str>) -> Meter {
        Meter::for_response(self, stream, content_type, content_encoding)
    }

    /// The answer to a request to count tokens, where we answer in the upstream's place.
    pub fn token_count(self, tokens: u64) -> Bytes {
        match self {
            Self::Anthropic => anthropic::estimate::body(tokens),
            Self::OpenaiChat | Self::OpenaiResponses => openai::estimate::body(tokens),
            Self::Gemini => gemini::estimate::body(tokens),
        }
    }

    /// The page of the model list that a query asks for; names and values come decoded.
    pub fn model_cursor<'a>(
        self,
        query: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Cursor, BadLimit> {
        match self {
            Self::Anthropic => anthropic::models::cursor(query),
            Self::OpenaiChat | Self::OpenaiResponses => Ok(Cursor::default()),
            Self::Gemini => gemini::models::cursor(query),
        }
    }

    /// A page of the model list as a response body.
    pub fn model_list(self, models: &[Model<'_>], cursor: &Cursor) -> Result<Bytes, UnknownCursor> {
        match self {
            Self::Anthropic => anthropic::models::list(models, cursor),
            Self::OpenaiChat | Self::OpenaiResponses => Ok(openai::models::list(models)),
            Self::Gemini => gemini::models::list(models, cursor),
        }
    }

    /// One model as a response body.
    pub fn model(self, model: &Model<'_>) -> Bytes {
        match self {
            Self::Anthropic => anthropic::models::one(model),
            Self::OpenaiChat | Self::OpenaiResponses => openai::models::one(model),
            Self::Gemini => gemini::models::one(model),
        }
    }
}

impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn a_dialect_is_called_the_same_in_json_as_everywhere() {
        for dialect in Dialect::ALL {
            assert_eq!(serde_json::to_string(&dialect).unwrap(), format!("{:?}", dialect.name()));
        }
    }
}
