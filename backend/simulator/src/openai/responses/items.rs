//! The input of a Responses request: messages, calls, outputs, reasoning, and every output with its call.

use crate::{
    check::{Checked, Node, rule},
    openai::schema::{base64, image, name},
};

/// Items of tools that the provider runs, and others that only it can have made. Not looked into.
const FOREIGN: [&str; 23] = [
    "agent_message",
    "apply_patch_call",
    "apply_patch_call_output",
    "code_interpreter_call",
    "compaction",
    "compaction_trigger",
    "computer_call",
    "computer_call_output",
    "file_search_call",
    "image_generation_call",
    "item_reference",
    "local_shell_call",
    "local_shell_call_output",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "shell_call",
    "shell_call_output",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
    "ghost_snapshot",
];

const STATUSES: [&str; 3] = ["in_progress", "completed", "incomplete"];

/// `continued`: what is answered here may have been asked in an earlier response.
pub(super) fn check(input: &Node<'_>, continued: bool) -> Checked {
    if input.value.is_string() {
        return Ok(());
    }
    let items = input.list()?;
    if items.is_empty() {
        return rule(
            "input",
            "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        );
    }
    items.iter().try_for_each(one)?;
    paired(&items, continued)
}

fn one(item: &Node<'_>) -> Checked {
    let kind = match item.field("type") {
        Some(kind) => kind.text()?,
        None if item.field("role").is_some() => "message",
        None => return item.need("type").map(|_| ()),
    };
    item.maybe("status", |node| node.one_of(&STATUSES))?;
    match kind {
        "message" => message(item),
        "function_call" => {
            item.known(&["type", "id", "call_id", "name", "arguments", "status", "namespace"])?;
            identified(item, "fc")?;
            item.need("call_id")?.short(64)?;
            name(&item.need("name")?)?;
            item.need("arguments")?.text().map(|_| ())
        }
        "custom_tool_call" => {
            item.known(&["type", "id", "call_id", "name", "input", "status", "namespace"])?;
            identified(item, "ctc")?;
            item.need("call_id")?.short(64)?;
            item.need("name")?.text()?;
            item.need("input")?.text().map(|_| ())
        }
        "function_call_output" | "custom_tool_call_output" => {
            item.known(&["type", "id", "call_id", "output", "status"])?;
            item.need("call_id")?.short(64)?;
            let output = item.need("output")?;
            if output.value.is_string() {
                return Ok(());
            }
            parts(&output, &["input_text", "input_image", "input_file"])
        }
        "reasoning" => reasoning(item),
        foreign if FOREIGN.contains(&foreign) => Ok(()),
        _ => item
            .need("type")?
            .one_of(&[
                "message",
                "reasoning",
                "function_call",
                "function_call_output",
                "custom_tool_call",
                "custom_tool_call_output",
                "item_reference",
            ])
            .map(|_| ()),
    }
}

fn message(item: &Node<'_>) -> Checked {
    item.known(&["type", "role", "content", "id", "status", "phase"])?;
    let role = item.need("role")?.one_of(&["assistant", "system", "developer", "user"])?;
    item.maybe("phase", |node| node.one_of(&["commentary", "final_answer"]))?;
    let content = item.need("content")?;
    if content.value.is_string() {
        return Ok(());
    }
    match role {
        "assistant" => {
            identified(item, "msg")?;
            parts(&content, &["output_text", "refusal"])
        }
        _ => parts(&content, &["input_text", "input_image", "input_file", "input_audio"]),
    }
}

/// Items that the provider made have ids of their kind.
fn identified(item: &Node<'_>, begin: &str) -> Checked {
    let Some(id) = item.field("id") else { return Ok(()) };
    let text = id.text()?;
    if text.starts_with(begin) {
        return Ok(());
    }
    rule(&id.at, format!("Invalid '{}': '{text}'. Expected an ID that begins with '{begin}'.", id.at))
}

fn parts(list: &Node<'_>, kinds: &[&'static str]) -> Checked {
    for part in &list.list()? {
        match part.need("type")?.one_of(kinds)? {
            "input_text" => {
                part.known(&["type", "text"])?;
                part.need("text")?.text()?;
            }
            "output_text" => {
                part.known(&["type", "text", "annotations", "logprobs"])?;
                part.need("text")?.text()?;
                part.maybe("annotations", |node| node.list().map(|_| ()))?;
            }
            "refusal" => {
                part.known(&["type", "refusal"])?;
                part.need("refusal")?.text()?;
            }
            "input_image" => {
                part.known(&["type", "image_url", "file_id", "detail"])?;
                part.maybe("detail", |node| node.one_of(&["auto", "low", "high", "original"]))?;
                match part.field("image_url") {
                    Some(url) => image(&url)?,
                    None => part.need("file_id").map(|_| ())?,
                }
            }
            "input_file" => {
                part.known(&["type", "file_data", "file_id", "file_url", "filename", "detail"])?;
                part.texts(&["file_data", "file_id", "file_url", "filename"])?;
            }
            _ => {
                part.known(&["type", "input_audio"])?;
                let audio = part.need("input_audio")?;
                audio.known(&["data", "format"])?;
                let data = audio.need("data")?;
                if !base64(data.text()?) {
                    return rule(&data.at, format!("Invalid '{}': expected base64.", data.at));
                }
            }
        }
    }
    Ok(())
}

fn reasoning(item: &Node<'_>) -> Checked {
    item.known(&["type", "id", "summary", "content", "encrypted_content", "status"])?;
    identified(item, "rs")?;
    for part in item.need("summary")?.list()? {
        part.known(&["type", "text"])?;
        part.need("type")?.one_of(&["summary_text"])?;
        part.need("text")?.text()?;
    }
    let Some(sealed) = item.field("encrypted_content") else { return Ok(()) };
    if sealed.text()?.starts_with(super::answer::SEAL) {
        return Ok(());
    }
    rule(
        &sealed.at,
        "The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
    )
}

/// Outputs come behind their calls, and calls have outputs, whatever is in between.
fn paired(items: &[Node<'_>], continued: bool) -> Checked {
    let ids = |item: &Node<'_>, kind: &str| -> Option<String> {
        let own = item.value["type"].as_str()?.strip_prefix(kind)?;
        own.is_empty().then(|| item.value["call_id"].as_str().map(str::to_owned))?
    };
    for kind in ["function_call", "custom_tool_call"] {
        let mut open: Vec<String> = Vec::new();
        for item in items {
            if let Some(id) = ids(item, kind) {
                open.push(id);
            } else if let Some(id) = ids(item, &format!("{kind}_output")) {
                match open.iter().position(|one| *one == id) {
                    Some(at) => drop(open.remove(at)),
                    None if continued => {}
                    None => {
                        return rule(
                            "input",
                            format!("No tool call found for function call output with call_id {id}."),
                        );
                    }
                }
            }
        }
        if let Some(id) = open.first() {
            return rule("input", format!("No tool output found for function call {id}."));
        }
    }
    Ok(())
}
