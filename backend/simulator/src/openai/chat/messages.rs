//! The conversation of a Chat request: roles, parts, and every tool result with its call.

use crate::{
    check::{Checked, Node, rule},
    openai::schema::{base64, image, name},
};

pub(super) fn check(messages: &Node<'_>) -> Checked {
    let list = messages.list()?;
    if list.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty \
                       array instead.";
        return rule("messages", message);
    }
    list.iter().try_for_each(one)?;
    paired(&list)
}

fn one(message: &Node<'_>) -> Checked {
    let roles = ["system", "developer", "user", "assistant", "tool", "function"];
    let role = message.need("role")?.one_of(&roles)?;
    message.maybe("name", |node| node.text().map(|_| ()))?;
    match role {
        "system" | "developer" => {
            message.known(&["role", "content", "name"])?;
            content(&message.need("content")?, &["text"])
        }
        "user" => {
            message.known(&["role", "content", "name"])?;
            content(&message.need("content")?, &["text", "image_url", "input_audio", "file"])
        }
        "assistant" => assistant(message),
        "tool" => {
            message.known(&["role", "content", "tool_call_id"])?;
            message.need("tool_call_id")?.text()?;
            content(&message.need("content")?, &["text"])
        }
        _ => {
            message.known(&["role", "content", "name"])?;
            message.need("name")?.text().map(|_| ())
        }
    }
}

fn assistant(message: &Node<'_>) -> Checked {
    message.known(&[
        "role",
        "content",
        "name",
        "refusal",
        "audio",
        "function_call",
        "tool_calls",
        // Not the provider's: servers that show their thinking in this field take it back in it.
        "reasoning_content",
    ])?;
    message.texts(&["refusal", "reasoning_content"])?;
    let calls = message.field("tool_calls");
    match message.field("content") {
        Some(node) => content(&node, &["text", "refusal"])?,
        None if calls.is_some()
            || ["function_call", "refusal", "audio"].iter().any(|f| message.field(f).is_some()) => {}
        None => {
            let at = format!("{}.content", message.at);
            return rule(&at, format!("Invalid value for '{at}': expected a string, got null."));
        }
    }
    let Some(calls) = calls else { return Ok(()) };
    let calls = calls.list()?;
    if calls.is_empty() {
        let at = format!("{}.tool_calls", message.at);
        return rule(
            &at,
            format!(
                "Invalid '{at}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            ),
        );
    }
    calls.iter().try_for_each(call)
}

fn call(call: &Node<'_>) -> Checked {
    let kind = call.need("type")?.one_of(&["function", "custom"])?;
    call.known(&["id", "type", kind])?;
    call.need("id")?.text()?;
    let inner = call.need(kind)?;
    let given = if kind == "function" { "arguments" } else { "input" };
    inner.known(&["name", given])?;
    name(&inner.need("name")?)?;
    inner.need(given)?.text().map(|_| ())
}

/// A string, or parts of these kinds.
fn content(node: &Node<'_>, kinds: &[&'static str]) -> Checked {
    if node.value.is_string() {
        return Ok(());
    }
    let parts = node.list()?;
    if parts.is_empty() {
        return rule(
            &node.at,
            format!(
                "Invalid '{}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
                node.at
            ),
        );
    }
    for part in &parts {
        let kind = part.need("type")?.one_of(kinds)?;
        part.known(&["type", kind])?;
        let inner = part.need(kind)?;
        match kind {
            "image_url" => {
                inner.known(&["url", "detail"])?;
                image(&inner.need("url")?)?;
                inner.maybe("detail", |node| node.one_of(&["auto", "low", "high", "original"]))?;
            }
            "input_audio" => {
                inner.known(&["data", "format"])?;
                inner.need("format")?.one_of(&["wav", "mp3"])?;
                let data = inner.need("data")?;
                if !base64(data.text()?) {
                    return rule(&data.at, format!("Invalid '{}': expected base64.", data.at));
                }
            }
            "file" => {
                inner.known(&["file_data", "file_id", "filename"])?;
                inner.texts(&["file_data", "file_id", "filename"])?;
                if inner.field("file_data").is_none() && inner.field("file_id").is_none() {
                    return inner.need("file_id").map(|_| ());
                }
            }
            _ => inner.text().map(|_| ())?,
        }
    }
    Ok(())
}

/// Calls are answered by the messages right behind them, all of them and nothing else.
fn paired(list: &[Node<'_>]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    let mut answering = false;
    let mut caller = String::new();
    for message in list {
        if message.value["role"] == "tool" {
            let id = message.value["tool_call_id"].as_str().unwrap_or_default();
            match open.iter().position(|one| *one == id) {
                Some(at) => drop(open.remove(at)),
                None if answering => {
                    return rule(
                        &format!("{}.tool_call_id", message.at),
                        format!(
                            "Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message."
                        ),
                    );
                }
                None => {
                    return rule(
                        &format!("{}.role", message.at),
                        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message \
                         with 'tool_calls'.",
                    );
                }
            }
            continue;
        }
        unanswered(&open, &caller)?;
        let calls = message.value["tool_calls"].as_array();
        open = calls.into_iter().flatten().filter_map(|call| call["id"].as_str()).collect();
        answering = calls.is_some();
        caller.clone_from(&message.at);
        let mut ids = open.clone();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return rule(
                &format!("{caller}.tool_calls"),
                format!("Duplicate value for 'tool_call_id' of '{}' found.", twice[0]),
            );
        }
    }
    unanswered(&open, &caller)
}

fn unanswered(open: &[&str], caller: &str) -> Checked {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each \
         'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    rule(caller, message)
}
