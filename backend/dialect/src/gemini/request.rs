//! What is read of a Gemini request. Model and method stand in the path; the body may name the model again.

mod seen;

use std::ops::Range;

use serde_json::value::RawValue;

use crate::estimate;
use crate::gemini::estimate::ALLOWANCE;
use crate::request::{
    self, CacheWrite, Endpoint, Path, Request, RequestError, count, given, inner, invalid, text,
};
use crate::scan::{self, Fields, Value};

use seen::Seen;

const WANTED: [&str; 12] = [
    "model",
    "contents",
    "generationConfig",
    "generation_config",
    "cachedContent",
    "cached_content",
    "serviceTier",
    "service_tier",
    "tools",
    "requests",
    "generateContentRequest",
    "generate_content_request",
];

pub(crate) fn parse(endpoint: Endpoint, path: Path<'_>, body: &[u8]) -> Result<Request, RequestError> {
    let mut seen = Seen::default();
    let fields = scan::object_with(body, &WANTED, |key, value| seen.member(key, value))?;
    let model = request::named(path.model)?;
    if let Some(tools) = given(&fields, "tools") {
        seen.tools(tools.raw());
    }
    let counted = spelled(&fields, "generateContentRequest", "generate_content_request")?;
    if let Some(cached) = spelled(&fields, "cachedContent", "cached_content")? {
        seen.cached(!cached.is_blank());
    }
    let config = spelled(&fields, "generationConfig", "generation_config")?;
    let config = config.map(|value| Config::read(&value, endpoint)).transpose()?.unwrap_or_default();
    let mut model_ranges = Vec::new();
    if let Some(value) = given(&fields, "model") {
        same_model(&value, 0, &model, &mut model_ranges)?;
    }
    if let Some(value) = counted {
        let inside = inner("generateContentRequest", &value, &["model"])?;
        if let Some(name) = given(&inside, "model") {
            same_model(&name, value.range().start, &model, &mut model_ranges)?;
        }
    }
    if let Some(list) = given(&fields, "requests") {
        batch(&list, &model, &mut model_ranges)?;
    }
    let tier = match spelled(&fields, "serviceTier", "service_tier")? {
        Some(_) => text(&fields, "serviceTier")?.or(text(&fields, "service_tier")?),
        None => config.service_tier,
    };
    let content = seen.content(body.len(), given(&fields, "tools").is_some_and(|tools| !tools.is_blank()));
    let references_content = seen.references;
    Ok(Request {
        model,
        model_ranges,
        object: fields.object(),
        turns: request::turns(&fields, "contents"),
        max_tokens: if endpoint.generates() { config.max_tokens } else { Some(0) },
        outputs: if endpoint.generates() { config.candidates } else { 1 },
        stream: path.stream,
        usage_edit: None,
        session: None,
        service_tier: tier,
        fast: false,
        inference_geo: None,
        cache_write: CacheWrite::None,
        references_content,
        owned: seen.owned,
        searches_web: seen.searches_web,
        unaccountable: seen.fees.then_some("tools"),
        input_bound: (!references_content).then(|| estimate::input_token_bound(&content, &ALLOWANCE)),
        input_estimate: estimate::input_tokens(&content, &ALLOWANCE),
    })
}

/// What `generationConfig` says.
struct Config {
    max_tokens: Option<u64>,
    candidates: u64,
    service_tier: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_tokens: None, candidates: 1, service_tier: None }
    }
}

impl Config {
    fn read(value: &Value<'_>, endpoint: Endpoint) -> Result<Self, RequestError> {
        let names = [
            "maxOutputTokens",
            "max_output_tokens",
            "candidateCount",
            "candidate_count",
            "serviceTier",
            "service_tier",
        ];
        if !endpoint.generates() {
            return Ok(Self::default());
        }
        let fields = inner("generationConfig", value, &names)?;
        let most = spelled(&fields, "maxOutputTokens", "max_output_tokens")?;
        spelled(&fields, "candidateCount", "candidate_count")?;
        spelled(&fields, "serviceTier", "service_tier")?;
        Ok(Self {
            max_tokens: most.map(|value| request::output("maxOutputTokens", &value)).transpose()?,
            candidates: count(&fields, "candidateCount")?.max(count(&fields, "candidate_count")?),
            service_tier: text(&fields, "serviceTier")?.or(text(&fields, "service_tier")?),
        })
    }
}

/// A field in whichever of its two spellings it comes; both at once are refused.
fn spelled<'a, const N: usize>(
    fields: &Fields<'a, N>,
    field: &'static str,
    other: &'static str,
) -> Result<Option<Value<'a>>, RequestError> {
    match (fields.get(field), fields.get(other)) {
        (Some(_), Some(_)) => Err(RequestError::Twice { field, other }),
        (Some(value), None) | (None, Some(value)) => Ok(Some(value).filter(|value| !value.is_null())),
        (None, None) => Ok(None),
    }
}

/// Several requests at once, each with the model of the path.
fn batch(list: &Value<'_>, model: &str, ranges: &mut Vec<Range<usize>>) -> Result<(), RequestError> {
    const ACCEPTS: &str = "a list of objects";
    let requests: Vec<&RawValue> =
        serde_json::from_str(list.raw()).map_err(|_| invalid("requests", ACCEPTS, list))?;
    for request in requests {
        let from = list.range().start + offset(list.raw(), request.get());
        let fields = scan::object(request.get().as_bytes(), &["model"])?;
        if let Some(name) = given(&fields, "model") {
            same_model(&name, from, model, ranges)?;
        }
    }
    Ok(())
}

/// Where `part` begins in `whole`, of which it is a slice.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

/// A model named in the body must be the one of the path: the provider might go by either.
fn same_model(
    value: &Value<'_>,
    from: usize,
    model: &str,
    ranges: &mut Vec<Range<usize>>,
) -> Result<(), RequestError> {
    let name = value.raw().strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or_default();
    let bare = name.strip_prefix("models/").unwrap_or(name);
    if bare != model {
        return Err(invalid("model", "the model of the path", value));
    }
    let end = from + value.range().end - 1;
    ranges.push(end - bare.len()..end);
    Ok(())
}

#[cfg(test)]
mod tests;
