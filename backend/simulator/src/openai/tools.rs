//! Tools and the choice among them. The two dialects say the same with the fields at different depths.

use serde_json::Value;

use super::schema::name;
use crate::{
    answer::Form,
    check::{Checked, Node, rule},
    wish::Asked,
};

/// Where a function's fields are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// `{"type": "function", "function": {"name": …}}`
    Nested,
    /// `{"type": "function", "name": …}`
    Flat,
}

/// Tools that the provider runs itself, whose fields are not looked at.
const HOSTED: [&str; 13] = [
    "web_search",
    "web_search_preview",
    "web_search_2025_08_26",
    "file_search",
    "computer",
    "computer_use_preview",
    "mcp",
    "code_interpreter",
    "image_generation",
    "local_shell",
    "shell",
    "apply_patch",
    "tool_search",
];

/// The names of all functions and custom tools offered, in order.
pub(super) fn offered<'a>(body: &Node<'a>, depth: Depth) -> Checked<Vec<&'a str>> {
    let Some(tools) = body.field("tools") else { return Ok(Vec::new()) };
    let tools = tools.list()?;
    if tools.is_empty() && depth == Depth::Nested {
        return rule(
            "tools",
            "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        );
    }
    let mut names = Vec::new();
    for tool in &tools {
        names.extend(one(tool, depth)?);
    }
    Ok(names)
}

fn one<'a>(tool: &Node<'a>, depth: Depth) -> Checked<Option<&'a str>> {
    let kind = tool.need("type")?;
    if depth == Depth::Flat && HOSTED.contains(&kind.text()?) {
        return Ok(None);
    }
    let kind = match depth {
        Depth::Nested => kind.one_of(&["function", "custom"])?,
        Depth::Flat => kind.one_of(&["function", "custom", "namespace"])?,
    };
    let inner = match depth {
        Depth::Nested => {
            tool.known(&["type", kind])?;
            tool.need(kind)?
        }
        Depth::Flat => tool.clone(),
    };
    let own: &[&str] = match kind {
        "function" => &["name", "description", "parameters", "strict", "defer_loading", "output_schema"],
        "custom" => &["name", "description", "format", "defer_loading"],
        _ => return Ok(None),
    };
    let known: Vec<&str> = own.iter().copied().chain((depth == Depth::Flat).then_some("type")).collect();
    inner.known(&known)?;
    let named = inner.need("name")?;
    name(&named)?;
    inner.texts(&["description"])?;
    let strict = inner.maybe("strict", |node| node.boolean())?.unwrap_or(false);
    if let Some(schema) = inner.field("parameters") {
        parameters(&schema, &format!("function '{}'", named.text()?), strict)?;
    }
    named.text().map(Some)
}

/// A schema of a function's arguments: an object, whose arrays say what is in them.
pub(super) fn parameters(schema: &Node<'_>, what: &str, strict: bool) -> Checked {
    schema.object()?;
    if schema.value["type"] != "object" {
        let got = schema.value["type"].as_str().unwrap_or("None");
        return rule(
            &schema.at,
            format!(
                "Invalid schema for {what}: schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{got}\"'."
            ),
        );
    }
    within(schema, what, strict, "()")
}

fn within(schema: &Node<'_>, what: &str, strict: bool, context: &str) -> Checked {
    // A schema may be `true`, and a property may have any name: only what is a schema is looked into.
    if !schema.value.is_object() {
        return Ok(());
    }
    let wrong =
        |why: &str| rule(&schema.at, format!("Invalid schema for {what}: In context={context}, {why}"));
    if schema.value["type"] == "array"
        && schema.field("items").is_none()
        && schema.field("prefixItems").is_none()
    {
        return wrong("array schema missing items.");
    }
    let properties = schema.field("properties");
    if strict && (schema.value["type"] == "object" || properties.is_some()) {
        if schema.value["additionalProperties"] != false {
            return wrong("'additionalProperties' is required to be supplied and to be false.");
        }
        let required = schema.value["required"].as_array();
        let all = |name: &str| required.is_some_and(|list| list.iter().any(|one| one == name));
        if let Some(properties) = &properties
            && let Some((name, _)) = properties.members()?.find(|(name, _)| !all(name))
        {
            return wrong(&format!(
                "'required' is required to be supplied and to be an array including every key in properties. \
                 Missing '{name}'."
            ));
        }
    }
    if let Some(properties) = properties {
        for (name, node) in properties.members()? {
            within(&node, what, strict, &format!("('properties', '{name}')"))?;
        }
    }
    if let Some(items) = schema.field("items") {
        within(&items, what, strict, "('items')")?;
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        for node in schema.field(name).map(|node| node.list()).transpose()?.unwrap_or_default() {
            within(&node, what, strict, &format!("('{name}')"))?;
        }
    }
    Ok(())
}

/// The choice, and that it is among the tools.
pub(super) fn choice(body: &Node<'_>, offered: &[&str], depth: Depth) -> Checked {
    let any =
        body.field("tools").is_some_and(|tools| tools.value.as_array().is_some_and(|list| !list.is_empty()));
    if depth == Depth::Nested && !any {
        for field in ["tool_choice", "parallel_tool_calls"] {
            if body.field(field).is_some_and(|node| node.value != "none") {
                return rule(field, format!("'{field}' is only allowed when 'tools' are specified."));
            }
        }
    }
    let Some(choice) = body.field("tool_choice") else { return Ok(()) };
    if choice.value.is_string() {
        let word = choice.one_of(&["none", "auto", "required"])?;
        if word == "required" && !any {
            return rule(&choice.at, "Tool choice 'required' must be specified with 'tools' parameter.");
        }
        return Ok(());
    }
    choice.object()?;
    let kind = choice.need("type")?;
    match (kind.text()?, depth) {
        (kind @ ("function" | "custom"), _) => named(&choice, kind, offered, depth),
        ("allowed_tools", Depth::Nested) => {
            choice.known(&["type", "allowed_tools"])?;
            allowed(&choice.need("allowed_tools")?, offered, depth)
        }
        ("allowed_tools", Depth::Flat) => {
            choice.known(&["type", "mode", "tools"])?;
            allowed(&choice, offered, depth)
        }
        (hosted, Depth::Flat) if HOSTED.contains(&hosted) => Ok(()),
        _ => kind.one_of(&["function", "allowed_tools", "custom"]).map(|_| ()),
    }
}

/// What the answer must be, by a choice and a format that are right.
pub(super) fn insisted(body: &Node<'_>, format: &Value, offered: &[&str], depth: Depth) -> Asked {
    let choice = &body.value["tool_choice"];
    let inner = if depth == Depth::Nested { &choice["function"] } else { choice };
    let named = inner["name"].as_str();
    let form = match format["type"].as_str() {
        _ if choice == "required" || named.is_some() => Form::Call,
        Some("json_object" | "json_schema") => Form::Json,
        _ => Form::Free,
    };
    let tool = named.or_else(|| offered.first().copied()).map(str::to_owned);
    Asked { tool, form, ..Asked::default() }
}

fn named(choice: &Node<'_>, kind: &str, offered: &[&str], depth: Depth) -> Checked {
    let inner = match depth {
        Depth::Nested => {
            choice.known(&["type", kind])?;
            let inner = choice.need(kind)?;
            inner.known(&["name"])?;
            inner
        }
        Depth::Flat => {
            choice.known(&["type", "name"])?;
            choice.clone()
        }
    };
    let name = inner.need("name")?.text()?;
    if offered.contains(&name) {
        return Ok(());
    }
    rule(&choice.at, format!("Tool choice '{name}' not found in 'tools' parameter."))
}

fn allowed(node: &Node<'_>, offered: &[&str], depth: Depth) -> Checked {
    node.need("mode")?.one_of(&["auto", "required"])?;
    for tool in node.need("tools")?.list()? {
        if tool.need("type")?.text()? == "function" {
            named(&tool, "function", offered, depth)?;
        }
    }
    Ok(())
}
