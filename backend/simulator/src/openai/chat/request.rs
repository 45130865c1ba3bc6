//! A Chat request against the published schema.

use super::messages;
use crate::{
    check::{Checked, Node, Wrong, rule},
    openai::{
        schema::{self, EFFORTS, common},
        tools::{Depth, choice, insisted, offered},
    },
    wish::Asked,
};

const FIELDS: [&str; 36] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
    "moderation",
];

pub(super) fn check(body: &Node<'_>) -> Checked<Asked> {
    body.known(&FIELDS)?;
    common(body)?;
    bounds(body)?;
    let offered = offered(body, Depth::Nested)?;
    choice(body, &offered, Depth::Nested)?;
    body.maybe("response_format", |node| schema::format(node, true))?;
    messages::check(&body.need("messages")?)?;
    let effort = body.maybe("reasoning_effort", |node| node.one_of(&EFFORTS))?;
    Ok(Asked {
        thinks: effort.is_some_and(|effort| effort != "none"),
        ..insisted(body, &body.value["response_format"], &offered, Depth::Nested)
    })
}

fn bounds(body: &Node<'_>) -> Checked {
    for name in ["frequency_penalty", "presence_penalty"] {
        body.maybe(name, |node| node.number(-2.0, 2.0))?;
    }
    for name in ["max_tokens", "max_completion_tokens"] {
        body.maybe(name, |node| node.integer(1))?;
    }
    body.maybe("seed", |node| node.integer(i64::MIN))?;
    body.booleans(&["logprobs"])?;
    body.maybe("verbosity", |node| node.one_of(&["low", "medium", "high"]))?;
    body.maybe("stop", schema::stops)?;
    body.maybe("stream_options", |node| {
        node.known(&["include_usage", "include_obfuscation"])?;
        node.booleans(&["include_usage", "include_obfuscation"])
    })?;
    if body.maybe("n", |node| node.integer(1))?.is_some_and(|n| n > 1) {
        return rule("n", "The simulator gives one choice only.");
    }
    let Some(most) = body.field("max_tokens") else { return Ok(()) };
    if body.field("max_completion_tokens").is_some() {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return rule("max_tokens", message);
    }
    let model = body.need("model")?.text()?;
    if ["gpt-5", "o1", "o3", "o4"].iter().any(|begin| model.starts_with(begin)) {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                       'max_completion_tokens' instead.";
        return Err(Wrong::Bound { at: most.at, message: message.to_owned() });
    }
    Ok(())
}
