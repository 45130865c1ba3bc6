//! What both dialects check alike: bounds, metadata, response formats, images.

use super::tools::parameters;
use crate::check::{Checked, Node, rule};

pub(super) const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
pub(super) const TIERS: [&str; 5] = ["auto", "default", "flex", "scale", "priority"];

/// Fields with the same meaning in both.
pub(super) fn common(body: &Node<'_>) -> Checked {
    let model = body.need("model")?;
    if model.text()?.is_empty() {
        return rule("model", "you must provide a model parameter");
    }
    body.booleans(&["stream", "store", "parallel_tool_calls"])?;
    body.maybe("temperature", |node| node.number(0.0, 2.0))?;
    body.maybe("top_p", |node| node.number(0.0, 1.0))?;
    body.maybe("top_logprobs", |node| node.number(0.0, 20.0))?;
    body.maybe("service_tier", |node| node.one_of(&TIERS))?;
    // Longer ids of end users are to be hashed by whoever has them.
    for name in ["user", "safety_identifier", "prompt_cache_key"] {
        body.maybe(name, |node| node.short(64))?;
    }
    body.maybe("prompt_cache_retention", |node| node.one_of(&["in-memory", "in_memory", "24h"]))?;
    body.maybe("metadata", metadata)?;
    if body.field("stream_options").is_some() && body.field("stream").is_none_or(|node| node.value != true) {
        return rule(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        );
    }
    Ok(())
}

fn metadata(node: &Node<'_>) -> Checked {
    if node.object()?.len() > 16 {
        return rule(&node.at, format!("Invalid '{}': too many properties. Expected at most 16.", node.at));
    }
    for (name, value) in node.members()? {
        if name.chars().count() > 64 {
            return rule(&node.at, format!("Invalid property name in '{}': '{name}' is too long.", node.at));
        }
        value.short(512)?;
    }
    Ok(())
}

/// `{"type": "json_schema", …}`: where the fields of the schema are differs.
pub(super) fn format(node: &Node<'_>, nested: bool) -> Checked {
    match node.need("type")?.one_of(&["text", "json_object", "json_schema"])? {
        "json_schema" => {
            let schema = if nested {
                node.known(&["type", "json_schema"])?;
                node.need("json_schema")?
            } else {
                node.clone()
            };
            schema.known(match nested {
                true => &["name", "description", "schema", "strict"][..],
                false => &["type", "name", "description", "schema", "strict"][..],
            })?;
            name(&schema.need("name")?)?;
            let strict = schema.maybe("strict", |node| node.boolean())?.unwrap_or(false);
            let what = format!("response_format '{}'", schema.need("name")?.text()?);
            match schema.field("schema") {
                Some(node) => parameters(&node, &what, strict),
                None if nested => Ok(()),
                None => schema.need("schema").map(|_| ()),
            }
        }
        _ => node.known(&["type"]),
    }
}

/// Names of tools and of formats.
pub(super) fn name(node: &Node<'_>) -> Checked {
    let text = node.text()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain && (1..=64).contains(&text.len()) {
        return Ok(());
    }
    let message = if plain {
        format!("Invalid '{}': expected a string with 1 to 64 characters.", node.at)
    } else {
        format!(
            "Invalid '{}': string does not match pattern. Expected a string that matches the pattern \
             '^[a-zA-Z0-9_-]+$'.",
            node.at
        )
    };
    rule(&node.at, message)
}

/// An address of an image: elsewhere, or the image itself.
pub(super) fn image(node: &Node<'_>) -> Checked {
    let url = node.text()?;
    let inline = url.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
    match inline {
        Some((_, data)) if base64(data) => Ok(()),
        None if url.starts_with("https://") || url.starts_with("http://") => Ok(()),
        _ => rule(
            &node.at,
            format!(
                "Invalid '{}'. Expected a valid URL or a base64-encoded data URL with an image MIME type.",
                node.at
            ),
        ),
    }
}

pub(super) fn base64(data: &str) -> bool {
    use ::base64::{Engine, engine::general_purpose::STANDARD};
    !data.is_empty() && STANDARD.decode(data).is_ok()
}

/// A list of strings, or one, for stop sequences.
pub(super) fn stops(node: &Node<'_>) -> Checked {
    if node.value.is_string() {
        return Ok(());
    }
    let items = node.list()?;
    if items.is_empty() || items.len() > 4 {
        return rule(&node.at, format!("Invalid '{}': expected an array of 1 to 4 strings.", node.at));
    }
    items.iter().try_for_each(|item| item.text().map(|_| ()))
}
