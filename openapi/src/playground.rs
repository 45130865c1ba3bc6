//! The playground: a real request with one of the organisation's keys, seen on both sides of the conversion.

use crate::{AttemptStep, Outcome};
use causeway_domain::{AccountId, Nanos, RequestId, TokenCounts, service::ApiDialect};
use serde::{Deserialize, Serialize};

/// A request to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StartPlay {
    /// In which dialect the client speaks: it decides the path.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ApiDialect))]
    pub dialect: ApiDialect,
    /// The model, for `gemini` only: its requests name it in the path. Other dialects name it in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schemas",
        schema(example = "claude-haiku-4-5", max_length = 200, nullable = false)
    )]
    pub model: Option<String>,
    /// Whether to ask for a stream, for `gemini` only: its requests say so in the path. Other dialects say so in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schema(example = true, nullable = false))]
    pub stream: Option<bool>,
    /// The request's body, as it is sent: JSON, as text. Refused by the relay, and not here, where it is not one.
    #[cfg_attr(
        feature = "schemas",
        schema(
            min_length = 1,
            max_length = 524_288,
            example = r#"{"model":"claude-haiku-4-5","max_tokens":200,"messages":[{"role":"user","content":"Hello"}]}"#
        )
    )]
    pub body: String,
}

/// The names that a key may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct KeyModels {
    /// In alphabetical order: names of models, and what model routes call them.
    #[cfg_attr(feature = "schemas", schema(example = json!(["claude-haiku-4-5", "claude-sonnet-4-5"])))]
    pub models: Vec<String>,
}

/// Something that happened to the request. Times are milliseconds after it came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlayEvent {
    /// What the client sends. Comes first.
    Sent(PlayRequest),
    /// The accounts that could serve it.
    Planned(PlayPlan),
    /// What an account is sent.
    UpstreamRequest(PlayUpstreamRequest),
    /// The beginning of an account's answer.
    UpstreamAnswer(PlayAnswer),
    /// A piece of it.
    UpstreamEvent(PlayPiece),
    /// The beginning of what the client gets.
    ClientAnswer(PlayAnswer),
    /// A piece of it.
    ClientEvent(PlayPiece),
    /// From here on the answers of one side are not shown: there was more than 256 KiB.
    Truncated(PlayTruncated),
    /// It is over. Comes last.
    Done(PlayDone),
}

/// A header. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayHeader {
    /// Name, in lower case.
    #[cfg_attr(feature = "schemas", schema(example = "authorization"))]
    pub name: String,
    /// Value; `•••` where it is secret.
    #[cfg_attr(feature = "schemas", schema(example = "Bearer •••"))]
    pub value: String,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayRequest {
    /// Method.
    #[cfg_attr(feature = "schemas", schema(example = "POST"))]
    pub method: String,
    /// Path and query.
    #[cfg_attr(feature = "schemas", schema(example = "/v1/messages"))]
    pub path: String,
    /// Headers.
    pub headers: Vec<PlayHeader>,
    /// Body, at most 256 KiB of it.
    #[cfg_attr(feature = "schemas", schema(example = r#"{"model":"claude-haiku-4-5"}"#))]
    pub body: String,
    /// Whether there is more of the body.
    pub truncated: bool,
}

/// The accounts that could serve a request, as it was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayPlan {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// Best first.
    pub accounts: Vec<PlayOffer>,
}

/// An account that could serve a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayOffer {
    /// Which.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Its name; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "OpenAI, research"))]
    pub account_name: String,
    /// What the model is called there.
    #[cfg_attr(feature = "schemas", schema(example = "gpt-5"))]
    pub model: String,
    /// In which dialect it is asked.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ApiDialect))]
    pub dialect: ApiDialect,
    /// Whether it is the one that is asked first. Those before it in the list had no room within their limits.
    pub chosen: bool,
}

/// What an account is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayUpstreamRequest {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// The how manieth request it is, counted from 1. There are several where an account fails.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub attempt: u32,
    /// The account.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub account_id: AccountId,
    /// Its name; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "OpenAI, research"))]
    pub account_name: String,
    /// The dialect that it is asked in.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::ApiDialect))]
    pub dialect: ApiDialect,
    /// The request.
    pub request: PlayRequest,
}

/// The beginning of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayAnswer {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// To which request to an account; 0 = to the client's own.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub attempt: u32,
    /// HTTP status.
    #[cfg_attr(feature = "schemas", schema(example = 200))]
    pub status: u16,
    /// Headers.
    pub headers: Vec<PlayHeader>,
}

/// A piece of an answer: a whole server-sent event where it is a stream of these, or else the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayPiece {
    /// When it was whole, in milliseconds.
    pub at_ms: u64,
    /// Of the answer to which request to an account; 0 = to the client's own.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub attempt: u32,
    /// The piece as it came. Credentials in it are masked.
    #[cfg_attr(feature = "schemas", schema(example = "data: [DONE]\n\n"))]
    pub text: String,
}

/// Which side is not shown any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayTruncated {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// The side.
    pub side: PlaySide,
}

/// A side of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlaySide {
    /// The client's.
    Client,
    /// The accounts'.
    Upstream,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayDone {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// The request's identifier, as in the request log.
    #[cfg_attr(feature = "schemas", schema(value_type = uuid::Uuid))]
    pub request_id: RequestId,
    /// HTTP status that the client got.
    #[cfg_attr(feature = "schemas", schema(example = 200))]
    pub status: u16,
    /// Whether the client's connection was cut before the answer was whole.
    pub cut: bool,
    /// What it used: its row in the request log. `null` where it did not reach an account.
    pub usage: Option<PlayUsage>,
    /// Accounts that were passed over or asked in vain, and why, in order. Empty where the first one answered.
    pub steps: Vec<AttemptStep>,
}

/// What a request used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct PlayUsage {
    /// The account; `null` when it is not known.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// Its name; empty when it is gone.
    #[cfg_attr(feature = "schemas", schema(example = "OpenAI, research"))]
    pub account_name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether any figure is the relay's and not the provider's.
    pub estimated: bool,
    /// Tokens.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::TokenCounts))]
    pub tokens: TokenCounts,
    /// Charged to the key, in dollars.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.001234"))]
    pub cost_usd: Nanos,
    /// At the provider's price, in dollars.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "0.001234"))]
    pub provider_cost_usd: Nanos,
    /// Milliseconds until the first byte of the answer; `null` when there was none.
    #[cfg_attr(feature = "schemas", schema(example = 420))]
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until the end.
    #[cfg_attr(feature = "schemas", schema(example = 1830))]
    pub duration_ms: u32,
    /// What went wrong; `null` when nothing did.
    #[cfg_attr(feature = "schemas", schema(example = "overloaded_error"))]
    pub error: Option<String>,
}
