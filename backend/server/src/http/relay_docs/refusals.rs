//! What the relay refuses, as each dialect tells it. The bodies are made by the code that makes them for clients.

use causeway_dialect::{Dialect, error::Failure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses, PartialSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, RefOr, Response, ResponseBuilder,
        schema::{ObjectBuilder, Type},
    },
};

/// Why a call that goes on to a provider may be refused: status, code, description, sentence, and the facts beside it.
type Refusal = (u16, &'static str, &'static str, &'static str, Value);

fn refusals() -> [Refusal; 9] {
    [
        (
            400,
            "missing_field",
            "The body is not JSON, or lacks what limits need; `unconvertible_field`: no account that serves the model can be \
             asked for this field in its own dialect",
            "the field \"model\" is missing",
            json!({"field": "model"}),
        ),
        (401, "key_expired", "No key, or one that may not be used", "this API key has expired", json!({})),
        (
            402,
            "budget_usd",
            "The call could cost more than is left: `budget_usd`, `budget_tokens`, `balance`",
            "the daily budget of this API key is $5.00, of which $4.98 is used; this request could cost $0.05",
            json!({"scope": "key", "window": "day", "limit": "5.00", "used": "4.98", "reserved": "0.00", "could_need": "0.05",
                "resets_in_seconds": 3600}),
        ),
        (
            403,
            "model_forbidden",
            "The key may not use this model, or may not be used from there or for that: `address_forbidden`, \
             `client_forbidden`, `dialect_forbidden`, `provider_forbidden`",
            "this API key may not use the model \"claude-opus-5\"; it allows: claude-haiku-*",
            json!({}),
        ),
        (
            404,
            "not_served",
            "The model has no price (`unknown_model`), or no account that the key may use serves it (`not_served`)",
            "no upstream account that this API key may use serves the model \"claude-opus-5\"",
            json!({}),
        ),
        (
            413,
            "body_too_large",
            "The body is larger than is accepted",
            "the request body is too large",
            json!({}),
        ),
        (
            429,
            "requests_per_minute",
            "A limit is reached, or no account has room or is well; `retry-after` says when to try again, where that helps",
            "this API key may make 60 requests in a minute and has made 60",
            json!({"scope": "key", "limit": 60, "used": 60, "reserved": 0, "resets_in_seconds": 12}),
        ),
        (
            502,
            "upstream_unreachable",
            "The last account that was asked could not be reached, or broke off before it answered; 504 where it did not begin \
             in time",
            "no connection to the provider could be made",
            json!({}),
        ),
        (
            503,
            "accounts_unavailable",
            "No account can be used, or limits cannot be relied on at the moment",
            "no upstream account for this model can be used at the moment",
            json!({}),
        ),
    ]
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn described(dialect: Dialect, refusal: &Refusal) -> (String, RefOr<Response>) {
    let (status, code, description, message, facts) = refusal;
    let none = Map::new();
    let facts = facts.as_object().unwrap_or(&none);
    let request_id = "01a22f2a-5113-7718-b2fe-264239aa075c";
    let failure = Failure { status: *status, code, message, request_id, facts };
    let body: Value = serde_json::from_slice(&dialect.error_body(&failure)).unwrap_or_default();
    let content = ContentBuilder::new().schema(Some(Value::schema())).example(Some(body)).build();
    let mut response = ResponseBuilder::new().description(*description).content("application/json", content);
    if matches!(status, 429 | 503) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let after = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds to wait, where waiting helps"));
        response = response.header("retry-after", after.build());
    }
    let id =
        HeaderBuilder::new().schema(Some(text())).description(Some("To find the request by in the admin"));
    (dialect.status(*status).to_string(), response.header("x-request-id", id.build()).build().into())
}

macro_rules! in_dialects {
    ($($(#[$doc:meta])* $name:ident: $dialect:expr),+ $(,)?) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    refusals().iter().map(|refusal| described($dialect, refusal)).collect()
                }
            }
        )+
    };
}

in_dialects! {
    /// As Anthropic's clients read them.
    InAnthropics: Dialect::Anthropic,
    /// As OpenAI's do.
    InOpenais: Dialect::OpenaiChat,
    /// As Google's do.
    InGeminis: Dialect::Gemini,
}

/// Why what costs nothing may be refused.
pub(super) struct Looking;

/// Why counting may be.
pub(super) struct Counting;

fn plain<const N: usize>(all: [(u16, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    let refused = |description| ResponseBuilder::new().description(description).build().into();
    all.into_iter().map(|(status, description)| (status.to_string(), refused(description))).collect()
}

impl IntoResponses for Looking {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        plain([
            (401, "No key, or one that is wrong, disabled or expired"),
            (403, "The key may not be used from there or for that"),
        ])
    }
}

impl IntoResponses for Counting {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = plain([
            (400, "The body is not JSON, or lacks what counting needs"),
            (404, "The model has no price, or no account that the key may use serves it"),
            (413, "The body is larger than is accepted"),
            (503, "No account can be asked at the moment"),
        ]);
        all.extend(Looking::responses());
        all
    }
}
