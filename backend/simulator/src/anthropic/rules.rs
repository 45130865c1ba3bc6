//! What the provider refuses of a request whose fields are all there: blocks that are none, calls without results, thinking
//! with what excludes it. Fields that are not known here pass, because betas bring new ones all the time.
//!
//! Left out where the ledger keeps figures only: a benchmark's far end cannot afford to read prompts of megabytes.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::error::problem;
use crate::{
    Shared,
    check::{Checked, Node, Wrong, rule},
    config::LedgerDetail,
    script::Refusal,
};

/// Blocks that either side may send. Those of the provider's own tools are not looked into.
const BLOCKS: [&str; 8] = [
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "search_result",
];

const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

pub(super) fn check(shared: &Shared, body: &[u8]) -> Result<(), Refusal> {
    if !shared.config.strict || shared.config.detail == LedgerDetail::Figures {
        return Ok(());
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    request(&Node::root(&body, true)).map_err(|wrong| problem(400, "invalid_request_error", told(&wrong)))
}

fn request(body: &Node<'_>) -> Checked {
    let messages = body.need("messages")?.list()?;
    messages.iter().try_for_each(|message| content(message, "content"))?;
    if body.field("system").is_some() {
        content(body, "system")?;
    }
    paired(&messages)?;
    tools(body)?;
    thinking(body)?;
    body.maybe("temperature", |node| node.number(0.0, 1.0))?;
    body.maybe("top_p", |node| node.number(0.0, 1.0))?;
    body.maybe("metadata", |node| node.maybe("user_id", |id| id.short(256)))?;
    Ok(())
}

fn content(of: &Node<'_>, name: &str) -> Checked {
    let content = of.need(name)?;
    if content.value.is_string() {
        return Ok(());
    }
    content.list()?.iter().try_for_each(block)
}

fn block(block: &Node<'_>) -> Checked {
    let kind = block.need("type")?.text()?;
    match kind {
        "text" if block.need("text")?.text()?.is_empty() => {
            rule(&block.at, "text content blocks must be non-empty")
        }
        "image" => {
            let source = block.need("source")?;
            if source.value["type"] == "base64" {
                source.need("media_type")?.one_of(&IMAGES)?;
                if STANDARD.decode(source.need("data")?.text()?).is_err() {
                    return rule(&source.at, "invalid base64 data");
                }
            }
            Ok(())
        }
        "tool_use" => {
            plain(&block.need("id")?, usize::MAX)?;
            plain(&block.need("name")?, 128)?;
            block.need("input")?.object().map(|_| ())
        }
        "tool_result" => {
            block.need("tool_use_id")?.text()?;
            if block.field("content").is_some() { content(block, "content") } else { Ok(()) }
        }
        "thinking" => {
            block.need("signature")?.text()?;
            block.need("thinking")?.text().map(|_| ())
        }
        "redacted_thinking" => block.need("data")?.text().map(|_| ()),
        known if BLOCKS.contains(&known) => Ok(()),
        // The provider's own: searches, code, files.
        own if own.ends_with("_tool_use") || own.ends_with("_tool_result") || own == "container_upload" => {
            Ok(())
        }
        _ => block.need("type")?.one_of(&BLOCKS).map(|_| ()),
    }
}

fn plain(name: &Node<'_>, longest: usize) -> Checked {
    let text = name.text()?;
    let legal = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if legal && !text.is_empty() && text.len() <= longest {
        return Ok(());
    }
    rule(&name.at, "String should match pattern '^[a-zA-Z0-9_-]+$'")
}

/// Calls are answered at the beginning of the message right behind them, all of them.
fn paired(messages: &[Node<'_>]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        let blocks = message.value["content"].as_array().map_or(&[][..], Vec::as_slice);
        let results = blocks.iter().filter(|block| block["type"] == "tool_result");
        for result in results {
            let id = result["tool_use_id"].as_str().unwrap_or_default();
            match open.iter().position(|one| *one == id) {
                Some(at) => drop(open.remove(at)),
                None => {
                    return rule(
                        &message.at,
                        format!(
                            "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a \
                             corresponding `tool_use` block in the previous message."
                        ),
                    );
                }
            }
        }
        if !open.is_empty() {
            return rule(
                &message.at,
                format!(
                    "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block \
                     must have a corresponding `tool_result` block in the next message.",
                    open.join(", ")
                ),
            );
        }
        let mut others = blocks.iter().skip_while(|block| block["type"] == "tool_result");
        if others.any(|block| block["type"] == "tool_result") {
            return rule(&message.at, "`tool_result` blocks must come first in their message.");
        }
        let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
        open = calls.filter_map(|call| call["id"].as_str()).collect();
    }
    Ok(())
}

fn tools(body: &Node<'_>) -> Checked {
    let tools = body.field("tools").map(|node| node.list()).transpose()?.unwrap_or_default();
    let mut names = Vec::new();
    for tool in &tools {
        let name = tool.need("name")?;
        names.push(name.text()?);
        // Tools with a type of their own have no schema.
        if tool.field("type").is_none_or(|kind| kind.value == "custom") {
            plain(&name, 128)?;
            tool.need("input_schema")?.object()?;
        }
    }
    let Some(choice) = body.field("tool_choice") else { return Ok(()) };
    let kind = choice.need("type")?.one_of(&["auto", "any", "tool", "none"])?;
    if tools.is_empty() && kind != "none" {
        return rule(&choice.at, "tool_choice may only be specified while providing tools.");
    }
    if kind == "tool" && !names.contains(&choice.need("name")?.text()?) {
        return rule(&choice.at, "Tool not found in provided tools.");
    }
    Ok(())
}

fn thinking(body: &Node<'_>) -> Checked {
    let Some(thinking) = body.field("thinking") else { return Ok(()) };
    let kind = thinking.need("type")?.one_of(&["enabled", "adaptive", "between_tools", "disabled"])?;
    if kind == "enabled" {
        let budget = thinking.need("budget_tokens")?.integer(1024)?;
        if body.value["max_tokens"].as_u64().is_some_and(|most| most <= budget) {
            return rule("max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`.");
        }
    }
    if kind == "disabled" {
        return Ok(());
    }
    if matches!(body.value["tool_choice"]["type"].as_str(), Some("any" | "tool")) {
        return rule(&thinking.at, "Thinking may not be enabled when tool_choice forces tool use.");
    }
    match body.value["temperature"].as_f64() {
        Some(warmth) if (warmth - 1.0).abs() > f64::EPSILON => {
            rule("temperature", "`temperature` may only be set to 1 when thinking is enabled.")
        }
        _ => Ok(()),
    }
}

/// In the provider's words.
fn told(wrong: &Wrong) -> String {
    let dotted = |at: &str| at.replace('[', ".").replace(']', "");
    match wrong {
        Wrong::Unknown { at, name } => format!("{}.{name}: Extra inputs are not permitted", dotted(at)),
        Wrong::Missing { at } => format!("{}: Field required", dotted(at)),
        Wrong::Type { at, want, .. } => format!("{}: Input should be {want}", dotted(at)),
        Wrong::Value { at, allowed, .. } => {
            format!("{}: Input should be '{}'", dotted(at), allowed.join("', '"))
        }
        Wrong::Bound { at, message } | Wrong::Rule { at, message } => format!("{}: {message}", dotted(at)),
    }
}
