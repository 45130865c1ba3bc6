//! What policy and money need to know of a request body, read in one pass and without changing it.
//!
//! Only the fields that we act on are judged; everything else, known or not, is the provider's. What those fields
//! are is the dialect's own `request` module; this one has what they all say ([`Request`]), how they refuse, and
//! the readers of single fields that they share.

mod fields;
mod first_turn;

pub(crate) use fields::{
    count, flag, given, inner, invalid, missing_output, model, named, output, session, text, turns,
};

use std::ops::Range;

use crate::scan::{Object, ScanError};
use crate::splice::Edits;
use crate::{Dialect, anthropic, chat, gemini, responses};

pub use crate::chat::stream_options::UsageEdit;

/// What is asked for. Not every dialect has every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An answer, whole or as a stream: `/v1/messages`, `/chat/completions`, `/responses`, `:generateContent`.
    Generate,
    /// The tokens of a request that is not made: the same body, and nothing is generated.
    CountTokens,
    /// A shorter conversation: `/responses/compact`.
    Compact,
    /// The rest of a text: `/completions`, from before there were messages.
    Complete,
    /// Vectors: `/embeddings`, `:embedContent`, `:batchEmbedContents`.
    Embed,
    /// Pictures: `/images/generations`.
    Image,
}

impl Endpoint {
    /// Whether tokens are generated at all.
    pub const fn generates(self) -> bool {
        !matches!(self, Self::CountTokens | Self::Embed)
    }
}

/// What the path says in the place of the body; nothing outside of Gemini.
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<'a> {
    /// The model, without `models/`.
    pub model: Option<&'a str>,
    /// The method streams.
    pub stream: bool,
}

/// The longest-lived cache entry that the request asks to be written; decides the dearest input price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheWrite {
    /// No `cache_control` anywhere.
    #[default]
    None,
    /// Five minutes, the default of `cache_control`.
    FiveMinutes,
    /// `"ttl":"1h"`.
    OneHour,
}

/// A request body, as far as we act on it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The model's name as the client sent it.
    pub model: String,
    /// Where the body has it, for a splice: the name alone, without quotes and without the `models/` of Gemini's, of
    /// whose requests most have none and batches several.
    pub model_ranges: Vec<Range<usize>>,
    /// Where the object stands, for an inserted field.
    pub object: Object,
    /// Where the body has its turns, however many: the value of `messages`, `input` or `contents`.
    pub turns: Option<Range<usize>>,
    /// The most output asked for, for each of the [`outputs`](Self::outputs). `None` is the model's own maximum;
    /// zero where the endpoint generates nothing.
    pub max_tokens: Option<u64>,
    /// How many answers are generated from the one input; at least one.
    pub outputs: u64,
    /// The answer is to be a stream.
    pub stream: bool,
    /// What has to be edited for the stream to tell its usage, where the client did not ask for that and must not
    /// see it.
    pub usage_edit: Option<UsageEdit>,
    /// The client's session, stable over turns: what stickiness goes by.
    pub session: Option<String>,
    /// The service tier in the dialect's words (`auto`, `standard_only`, `flex`).
    pub service_tier: Option<String>,
    /// `"speed":"fast"`, which costs more.
    pub fast: bool,
    /// `inference_geo` as sent; some places cost more.
    pub inference_geo: Option<String>,
    /// The longest-lived cache write asked for.
    pub cache_write: CacheWrite,
    /// Content comes by reference (file ids, URLs, PDFs, earlier responses, server tools, containers, MCP servers),
    /// so that the length of the body says nothing about the input. Errs towards `true`.
    pub references_content: bool,
    /// Content that only the account knows which it was given to: uploaded files, containers, skills of its own,
    /// stored responses and caches.
    pub owned: bool,
    /// The provider may search the web on its own, which it charges for apart from tokens. Errs towards `true`.
    pub searches_web: bool,
    /// A field that asks for what cannot be read off an answer: fees that no price table has (containers, file
    /// searches, pictures made on the way), work that goes on behind the answer's back. Errs towards a name.
    pub unaccountable: Option<&'static str>,
    /// Input tokens that cannot be exceeded, `None` when content comes by reference: assume the context window.
    pub input_bound: Option<u64>,
    /// Input tokens as they will roughly be; never used as a bound.
    pub input_estimate: u64,
}

/// Why a body was refused. The text names the field and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON, or a field we depend on is ambiguous.
    #[error(transparent)]
    Body(#[from] ScanError),
    /// A field we depend on is missing.
    #[error("`{field}` is required: {accepts}")]
    Missing {
        /// Its name.
        field: &'static str,
        /// What it has to be.
        accepts: &'static str,
    },
    /// A field we depend on is of the wrong kind or out of range.
    #[error("`{field}` must be {accepts}; got {found}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What it has to be.
        accepts: &'static str,
        /// The beginning of what it was.
        found: String,
    },
    /// Two spellings of one field: the provider might take the other.
    #[error("`{field}` and `{other}` are the same field: send one")]
    Twice {
        /// The usual spelling.
        field: &'static str,
        /// The other one.
        other: &'static str,
    },
}

impl RequestError {
    /// The field at fault, where there is one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Body(ScanError::Duplicate { field, .. } | ScanError::CaseVariant { field, .. })
            | Self::Missing { field, .. }
            | Self::Invalid { field, .. }
            | Self::Twice { field, .. } => Some(field),
            Self::Body(_) => None,
        }
    }

    /// A stable code: `invalid_json`, `ambiguous_field`, `missing_field` or `invalid_field`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Body(ScanError::Duplicate { .. } | ScanError::CaseVariant { .. }) | Self::Twice { .. } => {
                "ambiguous_field"
            }
            Self::Body(_) => "invalid_json",
            Self::Missing { .. } => "missing_field",
            Self::Invalid { .. } => "invalid_field",
        }
    }
}

impl Request {
    /// Reads a body. Refuses what is not a JSON object in UTF-8, what is ambiguous, and what we cannot act on.
    pub fn parse(
        dialect: Dialect,
        endpoint: Endpoint,
        path: Path<'_>,
        body: &[u8],
    ) -> Result<Self, RequestError> {
        match dialect {
            Dialect::Anthropic => anthropic::request::parse(endpoint, body),
            Dialect::OpenaiChat => chat::request::parse(endpoint, body),
            Dialect::OpenaiResponses => responses::request::parse(endpoint, body),
            Dialect::Gemini => gemini::request::parse(endpoint, path, body),
        }
    }

    /// The most output that all answers together may have, where `most` is the model's own maximum for one.
    pub fn output_bound(&self, most: u64) -> u64 {
        self.max_tokens.unwrap_or(most).saturating_mul(self.outputs)
    }

    /// The first turn of the conversation in the `body` that this was read from, which every later request of it repeats;
    /// `None` when there is none.
    pub fn first_turn(&self, body: &[u8]) -> Option<String> {
        first_turn::of(body.get(self.turns.clone()?)?)
    }

    /// What has to be changed in the body before it goes to an upstream that speaks the same dialect and knows the
    /// model as `model`: nothing, nearly always.
    pub fn edits(&self, model: &str) -> Edits {
        let mut edits = Edits::new();
        if model != self.model {
            for range in &self.model_ranges {
                edits.replace_inside_string(range.clone(), model);
            }
        }
        if let Some(edit) = &self.usage_edit {
            edit.add_to(&mut edits, self.object);
        }
        edits
    }
}

#[cfg(test)]
mod tests;
