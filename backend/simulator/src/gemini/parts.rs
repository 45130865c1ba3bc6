//! The conversation of a Gemini request: roles, parts, and every function response with its call.

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use super::answer::SIGNATURE;
use crate::check::{Checked, Node, rule};

/// What a part may be, one of these at a time.
const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "functionCall",
    "functionResponse",
    "fileData",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// What may be said about it.
const ABOUT: [&str; 5] = ["thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata"];

/// What stands for a signature where there is none, by the provider's own leave.
const STAND_INS: [&str; 2] = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

pub(super) fn check(contents: &Node<'_>, model: &str) -> Checked {
    // A single content may stand for the list.
    let list = match contents.value.is_object() {
        true => vec![contents.clone()],
        false => contents.list()?,
    };
    if list.is_empty() {
        return rule("contents", "* GenerateContentRequest.contents: contents is not specified\n");
    }
    for content in &list {
        content.known(&["role", "parts"])?;
        if let Some(role) = content.field("role")
            && !["user", "model", "function"].contains(&role.text()?)
        {
            return rule(&role.at, "Please use a valid role: user, model.");
        }
        parts(content)?;
    }
    if let [only] = &list[..]
        && only.value["role"] == "model"
    {
        let message =
            "Please ensure that single turn requests end with a user role or the role field is empty.";
        return rule("contents", message);
    }
    turns(&list)?;
    if model.starts_with("gemini-3") { signed(&list) } else { Ok(()) }
}

/// What is said to the model beforehand: text, whatever the role.
pub(super) fn instruction(content: &Node<'_>) -> Checked {
    content.known(&["role", "parts"])?;
    for part in content.need("parts")?.list()? {
        part.need("text")?.text()?;
    }
    parts(content)
}

fn parts(content: &Node<'_>) -> Checked {
    let list = content.need("parts")?;
    let parts = match list.value.is_object() {
        true => vec![list.clone()],
        false => list.list()?,
    };
    if parts.is_empty() {
        return rule(
            &list.at,
            format!("* GenerateContentRequest.{}: contents.parts must not be empty.\n", list.at),
        );
    }
    let model = content.value["role"] == "model";
    parts.iter().try_for_each(|one| part(one, model))
}

fn part(part: &Node<'_>, model: bool) -> Checked {
    part.known(&[&DATA[..], &ABOUT[..]].concat())?;
    let data: Vec<_> = DATA.iter().filter_map(|name| Some((*name, part.field(name)?))).collect();
    part.booleans(&["thought"])?;
    part.maybe("thoughtSignature", |node| signature(node))?;
    let (kind, node) = match &data[..] {
        [one] => one,
        [] => return unset(part),
        [_, (second, _), ..] => {
            return rule(
                &part.at,
                format!(
                    "Invalid value at '{}' (oneof), oneof field 'data' is already set. Cannot set '{second}'",
                    part.at
                ),
            );
        }
    };
    match *kind {
        "text" if node.text()?.is_empty() && part.field("thoughtSignature").is_none() => unset(part),
        "inlineData" => {
            node.known(&["mimeType", "data", "displayName"])?;
            node.need("mimeType")?.text()?;
            bytes(&node.need("data")?)
        }
        "fileData" => {
            node.known(&["mimeType", "fileUri", "displayName"])?;
            node.need("fileUri")?.text().map(|_| ())
        }
        "functionCall" if !model => rule(&part.at, "Function call parts are only allowed in model turns."),
        "functionCall" => {
            node.known(&["id", "name", "args", "partialArgs", "willContinue"])?;
            node.texts(&["id"])?;
            node.need("name")?.text()?;
            node.maybe("args", |node| node.object().map(|_| ())).map(|_| ())
        }
        "functionResponse" if model => {
            rule(&part.at, "Function response parts are only allowed in user turns.")
        }
        "functionResponse" => {
            node.known(&["id", "name", "response", "willContinue", "scheduling", "parts"])?;
            node.texts(&["id"])?;
            if node.need("name")?.text()?.is_empty() {
                let at = format!("{}.name", node.at);
                return rule(&at, format!("* GenerateContentRequest.{at}: Name cannot be empty.\n"));
            }
            node.need("response")?.object().map(|_| ())
        }
        _ => Ok(()),
    }
}

fn unset(part: &Node<'_>) -> Checked {
    let message = format!(
        "* GenerateContentRequest.{}.data: required oneof field 'data' must have one initialized field\n",
        part.at
    );
    rule(&part.at, message)
}

/// Bytes in either alphabet, padded or not.
fn bytes(node: &Node<'_>) -> Checked {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text = node.text()?;
    let reads = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).is_ok();
    if reads(&base64::alphabet::STANDARD) || reads(&base64::alphabet::URL_SAFE) {
        return Ok(());
    }
    let begin: String = text.chars().take(24).collect();
    rule(
        &node.at,
        format!("Invalid value at '{}' (TYPE_BYTES), Base64 decoding failed for \"{begin}\"", node.at),
    )
}

fn signature(node: &Node<'_>) -> Checked {
    bytes(node)?;
    let text = node.text()?;
    if text == SIGNATURE || STAND_INS.contains(&text) {
        return Ok(());
    }
    rule(&node.at, "Corrupted thought signature.")
}

/// Functions called are answered by the content right behind, all of them and nothing else.
fn turns(list: &[Node<'_>]) -> Checked {
    let mut open: Vec<&Value> = Vec::new();
    let mut after_user = false;
    for content in list {
        let responses = of(content, "functionResponse");
        if open.is_empty() && !responses.is_empty() {
            let message =
                "Please ensure that function response turn comes immediately after a function call turn.";
            return rule(&content.at, message);
        }
        if open.len() != responses.len() {
            let message = "Please ensure that the number of function response parts is equal to the number of function \
                           call parts of the function call turn.";
            return rule(&content.at, message);
        }
        for response in responses {
            // By id where there is one, or else by name.
            let own = |call: &&Value| match response["id"].as_str() {
                Some(id) if call["id"].is_string() => call["id"] == id,
                _ => call["name"] == response["name"],
            };
            match open.iter().position(own) {
                Some(at) if open[at]["name"] == response["name"] => drop(open.remove(at)),
                _ => {
                    let name = response["name"].as_str().unwrap_or_default();
                    return rule(
                        &content.at,
                        format!("Function response '{name}' does not match any function call."),
                    );
                }
            }
        }
        open = of(content, "functionCall");
        if !open.is_empty() && !after_user {
            let message = "Please ensure that function call turn comes immediately after a user turn or after a \
                           function response turn.";
            return rule(&content.at, message);
        }
        after_user = content.value["role"] != "model";
    }
    if open.is_empty() {
        return Ok(());
    }
    rule("contents", "Please ensure that function call turn is followed by a function response turn.")
}

fn of<'a>(content: &Node<'a>, kind: &str) -> Vec<&'a Value> {
    let parts = content.value["parts"].as_array();
    parts.into_iter().flatten().filter_map(|part| part.get(kind)).collect()
}

/// In the turn that is going on, the first call of every step carries the thought that led to it.
fn signed(list: &[Node<'_>]) -> Checked {
    let asks =
        |content: &Node<'_>| content.value["role"] != "model" && of(content, "functionResponse").is_empty();
    let begin = list.iter().rposition(asks).map_or(0, |at| at + 1);
    for content in &list[begin..] {
        let parts = content.value["parts"].as_array();
        let first = parts.into_iter().flatten().find(|part| part.get("functionCall").is_some());
        if let Some(part) = first.filter(|part| part["thoughtSignature"].is_null()) {
            let name = part["functionCall"]["name"].as_str().unwrap_or_default();
            let message = format!(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to \
                 work correctly, and missing thought_signature may lead to degraded model performance. Additional \
                 data, function call `default_api:{name}`."
            );
            return rule(&content.at, message);
        }
    }
    Ok(())
}
