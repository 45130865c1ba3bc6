//! What policy and money need to know of a request body, read in one pass and without changing it.
//!
//! Only the fields that we act on are judged; everything else, known or not, is the provider's. The session id and
//! the flags come from the same pass: it shows every member whose value is a string, at any depth, with escapes
//! resolved, so that `"type":"\u0066ile"` does not slip past a strict budget.

mod seen;

use std::ops::Range;

use crate::anthropic::{estimate, session};
use crate::scan::{self, Fields, Object, ScanError, Value};

use seen::Seen;

/// The longest model name taken, in characters.
pub const LONGEST_MODEL: usize = 200;

const WANTED: [&str; 10] = [
    "model",
    "max_tokens",
    "stream",
    "metadata",
    "service_tier",
    "speed",
    "inference_geo",
    "container",
    "mcp_servers",
    "tools",
];

/// Which of the two calls with this body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST /v1/messages`.
    Messages,
    /// `POST /v1/messages/count_tokens`: the same body, without `max_tokens`.
    CountTokens,
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
    /// Where its value stands, for a splice.
    pub model_range: Range<usize>,
    /// Where the object stands, for an inserted field.
    pub object: Object,
    /// The most output asked for; always there for [`Endpoint::Messages`].
    pub max_tokens: Option<u64>,
    /// The answer is to be a stream.
    pub stream: bool,
    /// The client's session, stable over turns: what stickiness goes by.
    pub session: Option<String>,
    /// `service_tier` as sent (`auto`, `standard_only`).
    pub service_tier: Option<String>,
    /// `"speed":"fast"`, which costs more.
    pub fast: bool,
    /// `inference_geo` as sent; some places cost more.
    pub inference_geo: Option<String>,
    /// The longest-lived cache write asked for.
    pub cache_write: CacheWrite,
    /// Content comes by reference (file ids, URLs, PDFs, server tools, containers, MCP servers), so that the length
    /// of the body says nothing about the input. Errs towards `true`.
    pub references_content: bool,
    /// Content that only the account knows which it was given to: uploaded files, containers, skills of its own.
    pub owned: bool,
    /// The provider may search the web on its own, which it charges for apart from tokens. Errs towards `true`.
    pub searches_web: bool,
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
}

impl RequestError {
    /// The field at fault, where there is one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Body(ScanError::Duplicate { field, .. } | ScanError::CaseVariant { field, .. })
            | Self::Missing { field, .. }
            | Self::Invalid { field, .. } => Some(field),
            Self::Body(_) => None,
        }
    }

    /// A stable code: `invalid_json`, `ambiguous_field`, `missing_field` or `invalid_field`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Body(ScanError::Duplicate { .. } | ScanError::CaseVariant { .. }) => "ambiguous_field",
            Self::Body(_) => "invalid_json",
            Self::Missing { .. } => "missing_field",
            Self::Invalid { .. } => "invalid_field",
        }
    }
}

const MODEL: &str = "a model name of 1 to 200 characters";
const MAX_TOKENS: &str = "a whole number from 1 to 4294967295";

impl Request {
    /// Reads a body. Refuses what is not a JSON object in UTF-8, what is ambiguous, and what we cannot act on.
    pub fn parse(body: &[u8], endpoint: Endpoint) -> Result<Self, RequestError> {
        let mut seen = Seen::default();
        let fields = scan::object_with(body, &WANTED, |key, value| seen.member(key, value))?;
        let (model, model_range) = model(&fields)?;
        let max_tokens = max_tokens(&fields, endpoint)?;
        let asks_for = |name| given(&fields, name).is_some_and(|value| !value.is_blank());
        let references_content = seen.references || asks_for("container") || asks_for("mcp_servers");
        let content = seen.content(body.len(), asks_for("tools"));
        Ok(Self {
            model,
            model_range,
            object: fields.object(),
            max_tokens,
            stream: flag(&fields, "stream")?,
            session: given(&fields, "metadata").and_then(|value| session::id(value.raw())),
            service_tier: text(&fields, "service_tier")?,
            fast: given(&fields, "speed").is_some_and(|value| value.str().as_deref() == Some("fast")),
            inference_geo: text(&fields, "inference_geo")?,
            cache_write: seen.cache_write,
            references_content,
            owned: seen.owned || given(&fields, "container").is_some_and(|value| names_container(&value)),
            searches_web: seen.searches_web,
            input_bound: (!references_content).then(|| estimate::input_token_bound(&content)),
            input_estimate: estimate::input_tokens(&content),
        })
    }
}

/// Whether a container is one that exists already, and not one to be made.
fn names_container(value: &Value<'_>) -> bool {
    value.str().is_some_and(|id| !id.is_empty())
        || scan::lenient(value.raw().as_bytes(), &["id"])
            .is_ok_and(|fields| given(&fields, "id").is_some_and(|id| !id.is_blank()))
}

/// A field that is there and not `null`.
fn given<'a, const N: usize>(fields: &Fields<'a, N>, name: &str) -> Option<Value<'a>> {
    fields.get(name).filter(|value| !value.is_null())
}

fn model<const N: usize>(fields: &Fields<'_, N>) -> Result<(String, Range<usize>), RequestError> {
    let value = fields.get("model").ok_or(RequestError::Missing { field: "model", accepts: MODEL })?;
    let name = value.str().filter(|name| {
        !name.trim().is_empty() && name.chars().count() <= LONGEST_MODEL && !name.contains(char::is_control)
    });
    let name = name.ok_or_else(|| invalid("model", MODEL, &value))?;
    Ok((name.into_owned(), value.range()))
}

fn max_tokens<const N: usize>(
    fields: &Fields<'_, N>,
    endpoint: Endpoint,
) -> Result<Option<u64>, RequestError> {
    const FIELD: &str = "max_tokens";
    match (fields.get(FIELD), endpoint) {
        (_, Endpoint::CountTokens) => Ok(None),
        (None, Endpoint::Messages) => Err(RequestError::Missing { field: FIELD, accepts: MAX_TOKENS }),
        (Some(value), Endpoint::Messages) => {
            // Beyond 32 bits no model goes, and money made of it would overflow.
            let tokens = value.u64().filter(|tokens| (1..=u64::from(u32::MAX)).contains(tokens));
            tokens.map(Some).ok_or_else(|| invalid(FIELD, MAX_TOKENS, &value))
        }
    }
}

fn flag<const N: usize>(fields: &Fields<'_, N>, name: &'static str) -> Result<bool, RequestError> {
    let Some(value) = given(fields, name) else { return Ok(false) };
    value.bool().ok_or_else(|| invalid(name, "true or false", &value))
}

fn text<const N: usize>(fields: &Fields<'_, N>, name: &'static str) -> Result<Option<String>, RequestError> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    match value.str() {
        Some(text) if text.len() <= LONGEST_MODEL => Ok(Some(text.into_owned())),
        _ => Err(invalid(name, "a short string", &value)),
    }
}

fn invalid(field: &'static str, accepts: &'static str, value: &Value<'_>) -> RequestError {
    let raw = value.raw();
    let found = match raw.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &raw[..end]),
        None => raw.to_owned(),
    };
    RequestError::Invalid { field, accepts, found }
}

#[cfg(test)]
mod tests;
