//! What is read of a Chat Completions request, and of its neighbours that have the same body in the main: legacy
//! completions, embeddings, pictures.

use serde_json::value::RawValue;

use crate::chat::stream_options::UsageEdit;
use crate::estimate;
use crate::openai::estimate::ALLOWANCE;
use crate::openai::seen::Seen;
use crate::openai::session;
use crate::openai::tools::{self, Tool};
use crate::request::{self, CacheWrite, Endpoint, Request, RequestError, count, flag, given, text};
use crate::scan::{self, Fields, Value};

const WANTED: [&str; 19] = [
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "stream_options",
    "n",
    "best_of",
    "service_tier",
    "prompt_cache_key",
    "metadata",
    "tools",
    "web_search_options",
    "search_parameters",
    "plugins",
    "modalities",
    "audio",
    "prompt",
    "partial_images",
];

pub(crate) fn parse(endpoint: Endpoint, body: &[u8]) -> Result<Request, RequestError> {
    let mut seen = Seen::default();
    let fields = scan::object_with(body, &WANTED, |key, value| seen.member(key, value))?;
    let (model, model_range) = request::model(&fields)?;
    let asks_for = |name| given(&fields, name).is_some_and(|value| !value.is_blank());
    if let Some(tools) = given(&fields, "tools") {
        tools::judge(&tools, &mut seen);
    }
    let searches = ["web_search_options", "search_parameters", "plugins"];
    if searches.into_iter().any(|name| given(&fields, name).is_some()) || model_searches(&model) {
        seen.tool(Tool::Search);
    }
    let stream = flag(&fields, "stream")?;
    let tells_usage = matches!(endpoint, Endpoint::Generate | Endpoint::Complete);
    let content = seen.content(body.len(), asks_for("tools"));
    let references_content = seen.references;
    Ok(Request {
        model,
        model_ranges: vec![model_range],
        object: fields.object(),
        turns: request::turns(&fields, "messages"),
        max_tokens: max_tokens(&fields, endpoint)?,
        outputs: outputs(&fields, endpoint)?,
        stream,
        usage_edit: if stream && tells_usage { UsageEdit::of(&fields)? } else { None },
        session: session::id(
            given(&fields, "prompt_cache_key").as_ref(),
            given(&fields, "metadata").as_ref(),
        ),
        service_tier: text(&fields, "service_tier")?,
        fast: false,
        inference_geo: None,
        cache_write: CacheWrite::None,
        references_content,
        owned: seen.owned,
        searches_web: seen.searches_web,
        unaccountable: unaccountable(&fields, &seen),
        input_bound: (!references_content).then(|| estimate::input_token_bound(&content, &ALLOWANCE)),
        input_estimate: estimate::input_tokens(&content, &ALLOWANCE),
    })
}

/// Models that search whatever the request says.
pub(crate) fn model_searches(model: &str) -> bool {
    model.contains("-search-") || model.ends_with(":online")
}

/// The older and the newer name of one limit. Providers refuse both at once, or take one: the larger is safe.
fn max_tokens<const N: usize>(
    fields: &Fields<'_, N>,
    endpoint: Endpoint,
) -> Result<Option<u64>, RequestError> {
    if !endpoint.generates() {
        return Ok(Some(0));
    }
    let mut most = None;
    for field in ["max_tokens", "max_completion_tokens"] {
        if let Some(value) = given(fields, field) {
            most = most.max(Some(request::output(field, &value)?));
        }
    }
    Ok(most)
}

/// Answers made: `n`, which legacy completions make for each of several prompts, and of more that are not shown.
fn outputs<const N: usize>(fields: &Fields<'_, N>, endpoint: Endpoint) -> Result<u64, RequestError> {
    if !endpoint.generates() {
        return Ok(1);
    }
    let shown = count(fields, "n")?;
    if endpoint != Endpoint::Complete {
        return Ok(shown);
    }
    let prompts = given(fields, "prompt").map_or(1, |prompt| prompts(&prompt));
    Ok(shown.max(count(fields, "best_of")?).saturating_mul(prompts))
}

/// One text, one list of tokens, or several of either.
fn prompts(prompt: &Value<'_>) -> u64 {
    let list = serde_json::from_str::<Vec<&RawValue>>(prompt.raw()).unwrap_or_default();
    let several = list.first().is_some_and(|first| first.get().starts_with(['"', '[']));
    if several { list.len() as u64 } else { 1 }
}

/// Sound is billed at rates of its own, which the counts do not keep apart.
fn unaccountable<const N: usize>(fields: &Fields<'_, N>, seen: &Seen) -> Option<&'static str> {
    if seen.fees {
        return Some("tools");
    }
    let sound = given(fields, "modalities").is_some_and(|list| list.raw().contains("\"audio\""));
    if sound {
        return Some("modalities");
    }
    given(fields, "audio").map(|_| "audio")
}

#[cfg(test)]
mod tests;
