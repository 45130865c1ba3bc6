//! A Responses request against the published schema.

use super::items;
use crate::{
    check::{Checked, Node, rule},
    openai::{
        schema::{self, EFFORTS, common},
        tools::{Depth, choice, insisted, offered},
    },
    wish::Asked,
};

const FIELDS: [&str; 32] = [
    "background",
    "client_metadata",
    "context_management",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "moderation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

const INCLUDABLE: [&str; 8] = [
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
];

pub(super) fn check(body: &Node<'_>) -> Checked<Asked> {
    body.known(&FIELDS)?;
    common(body)?;
    body.texts(&["instructions"])?;
    body.booleans(&["background"])?;
    body.maybe("max_output_tokens", |node| node.integer(16))?;
    body.maybe("max_tool_calls", |node| node.integer(1))?;
    body.maybe("truncation", |node| node.one_of(&["auto", "disabled"]))?;
    body.maybe("stream_options", |node| {
        node.known(&["include_obfuscation"])?;
        node.booleans(&["include_obfuscation"])
    })?;
    body.maybe("include", |node| {
        node.list()?.iter().try_for_each(|item| item.one_of(&INCLUDABLE).map(|_| ()))
    })?;
    body.maybe("text", |node| {
        node.known(&["format", "verbosity"])?;
        node.maybe("verbosity", |node| node.one_of(&["low", "medium", "high"]))?;
        node.maybe("format", |node| schema::format(node, false))
    })?;
    let thinks = body.maybe("reasoning", reasoning)?.unwrap_or(false);
    let offered = offered(body, Depth::Flat)?;
    choice(body, &offered, Depth::Flat)?;
    let continued = previous(body)?;
    match body.field("input") {
        Some(input) => items::check(&input, continued)?,
        None if body.field("prompt").is_some() || continued => {}
        None => return body.need("input").and_then(|node| Err(node.not("a string"))),
    }
    Ok(Asked { thinks, ..insisted(body, &body.value["text"]["format"], &offered, Depth::Flat) })
}

/// Whether a summary of the thinking is wanted; without one none is shown.
fn reasoning(node: &Node<'_>) -> Checked<bool> {
    node.known(&["effort", "summary", "generate_summary", "mode", "context"])?;
    let effort = node.maybe("effort", |node| node.one_of(&EFFORTS))?;
    let mut summary = false;
    for name in ["summary", "generate_summary"] {
        let asked = node.maybe(name, |node| node.one_of(&["auto", "concise", "detailed", "none"]))?;
        summary |= asked.is_some_and(|word| word != "none");
    }
    Ok(summary && effort != Some("none"))
}

/// Whether the conversation began earlier.
fn previous(body: &Node<'_>) -> Checked<bool> {
    let Some(node) = body.field("previous_response_id") else {
        return Ok(body.field("conversation").is_some());
    };
    let id = node.text()?;
    if body.field("conversation").is_some() {
        return rule(&node.at, "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.");
    }
    if id.starts_with("resp_sim_") {
        return Ok(true);
    }
    rule(&node.at, format!("Previous response with id '{id}' not found."))
}
