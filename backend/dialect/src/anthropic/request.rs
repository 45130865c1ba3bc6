//! What is read of a Messages request.
//!
//! The session id and the flags come from the one pass: it shows every member whose value is a string, at any depth,
//! with escapes resolved, so that `"type":"\u0066ile"` does not slip past a strict budget.

mod seen;

use crate::anthropic::estimate::ALLOWANCE;
use crate::anthropic::session;
use crate::estimate;
use crate::request::{self, Endpoint, Request, RequestError, flag, given, text};
use crate::scan::{self, Fields, Value};

use seen::Seen;

const WANTED: [&str; 11] = [
    "model",
    "messages",
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

pub(crate) fn parse(endpoint: Endpoint, body: &[u8]) -> Result<Request, RequestError> {
    let mut seen = Seen::default();
    let fields = scan::object_with(body, &WANTED, |key, value| seen.member(key, value))?;
    let (model, model_range) = request::model(&fields)?;
    let max_tokens = max_tokens(&fields, endpoint)?;
    let asks_for = |name| given(&fields, name).is_some_and(|value| !value.is_blank());
    let references_content = seen.references || asks_for("container") || asks_for("mcp_servers");
    let content = seen.content(body.len(), asks_for("tools"));
    Ok(Request {
        model,
        model_ranges: vec![model_range],
        object: fields.object(),
        turns: request::turns(&fields, "messages"),
        max_tokens: Some(max_tokens),
        outputs: 1,
        stream: flag(&fields, "stream")?,
        usage_edit: None,
        session: given(&fields, "metadata").and_then(|value| session::id(value.raw())),
        service_tier: text(&fields, "service_tier")?,
        fast: given(&fields, "speed").is_some_and(|value| value.str().as_deref() == Some("fast")),
        inference_geo: text(&fields, "inference_geo")?,
        cache_write: seen.cache_write,
        references_content,
        owned: seen.owned || given(&fields, "container").is_some_and(|value| names_container(&value)),
        searches_web: seen.searches_web,
        unaccountable: None,
        input_bound: (!references_content).then(|| estimate::input_token_bound(&content, &ALLOWANCE)),
        input_estimate: estimate::input_tokens(&content, &ALLOWANCE),
    })
}

/// Whether a container is one that exists already, and not one to be made.
fn names_container(value: &Value<'_>) -> bool {
    value.str().is_some_and(|id| !id.is_empty())
        || scan::lenient(value.raw().as_bytes(), &["id"])
            .is_ok_and(|fields| given(&fields, "id").is_some_and(|id| !id.is_blank()))
}

fn max_tokens<const N: usize>(fields: &Fields<'_, N>, endpoint: Endpoint) -> Result<u64, RequestError> {
    const FIELD: &str = "max_tokens";
    if !endpoint.generates() {
        return Ok(0);
    }
    match fields.get(FIELD) {
        Some(value) => request::output(FIELD, &value),
        None => Err(request::missing_output(FIELD)),
    }
}

#[cfg(test)]
mod tests;
