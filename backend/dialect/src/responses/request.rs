//! What is read of a Responses request.

use crate::estimate;
use crate::openai::estimate::ALLOWANCE;
use crate::openai::seen::Seen;
use crate::openai::{session, tools};
use crate::request::{self, CacheWrite, Endpoint, Request, RequestError, flag, given, text};
use crate::scan::{self, Fields};

const WANTED: [&str; 12] = [
    "model",
    "input",
    "max_output_tokens",
    "stream",
    "service_tier",
    "prompt_cache_key",
    "metadata",
    "tools",
    "previous_response_id",
    "conversation",
    "prompt",
    "background",
];

pub(crate) fn parse(endpoint: Endpoint, body: &[u8]) -> Result<Request, RequestError> {
    let mut seen = Seen::default();
    let fields = scan::object_with(body, &WANTED, |key, value| seen.member(key, value))?;
    let (model, model_range) = request::model(&fields)?;
    let asks_for = |name| given(&fields, name).is_some_and(|value| !value.is_blank());
    if let Some(tools) = given(&fields, "tools") {
        tools::judge(&tools, &mut seen);
    }
    // Kept by the account that made it: what it holds is input, and no other account has it.
    let kept = ["previous_response_id", "conversation", "prompt"].into_iter().any(asks_for);
    let content = seen.content(body.len(), asks_for("tools"));
    let references_content = seen.references || kept;
    Ok(Request {
        model,
        model_ranges: vec![model_range],
        object: fields.object(),
        turns: request::turns(&fields, "input"),
        max_tokens: max_tokens(&fields, endpoint)?,
        outputs: 1,
        stream: flag(&fields, "stream")?,
        usage_edit: None,
        session: session::id(
            given(&fields, "prompt_cache_key").as_ref(),
            given(&fields, "metadata").as_ref(),
        ),
        service_tier: text(&fields, "service_tier")?,
        fast: false,
        inference_geo: None,
        cache_write: CacheWrite::None,
        references_content,
        owned: seen.owned || kept,
        searches_web: seen.searches_web,
        // The answer to a request in the background is that it was taken, and says nothing of what it will use.
        unaccountable: match flag(&fields, "background")? {
            true => Some("background"),
            false => seen.fees.then_some("tools"),
        },
        input_bound: (!references_content).then(|| estimate::input_token_bound(&content, &ALLOWANCE)),
        input_estimate: estimate::input_tokens(&content, &ALLOWANCE),
    })
}

fn max_tokens<const N: usize>(
    fields: &Fields<'_, N>,
    endpoint: Endpoint,
) -> Result<Option<u64>, RequestError> {
    const FIELD: &str = "max_output_tokens";
    if !endpoint.generates() {
        return Ok(Some(0));
    }
    given(fields, FIELD).map(|value| request::output(FIELD, &value)).transpose()
}

#[cfg(test)]
mod tests;
