//! Functions offered and the choice among them.

use super::schema::{json_schema, schema};
use crate::check::{Checked, Node, rule};

/// Tools that the provider runs itself. Not looked into.
const HOSTED: [&str; 11] = [
    "codeExecution",
    "computerUse",
    "enterpriseWebSearch",
    "fileSearch",
    "googleMaps",
    "googleSearch",
    "googleSearchRetrieval",
    "mcpServers",
    "parallelAiSearch",
    "retrieval",
    "urlContext",
];

/// The names of all functions offered, in order.
pub(super) fn offered<'a>(body: &Node<'a>) -> Checked<Vec<&'a str>> {
    let mut names = Vec::new();
    let Some(tools) = body.field("tools") else { return Ok(names) };
    for tool in tools.list()? {
        tool.known(&[&HOSTED[..], &["functionDeclarations"]].concat())?;
        let Some(functions) = tool.field("functionDeclarations") else { continue };
        for function in functions.list()? {
            let name = declaration(&function)?;
            if names.contains(&name) {
                return rule(&function.at, format!("Duplicate function declaration found: {name}"));
            }
            names.push(name);
        }
    }
    Ok(names)
}

fn declaration<'a>(function: &Node<'a>) -> Checked<&'a str> {
    function.known(&[
        "name",
        "description",
        "parameters",
        "parametersJsonSchema",
        "response",
        "responseJsonSchema",
        "behavior",
    ])?;
    let named = function.need("name")?;
    let name = named.text()?;
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if !begins || !name.bytes().all(plain) || name.len() > 64 {
        let message = format!(
            "* GenerateContentRequest.{}: Invalid function name. Must start with a letter or an underscore. Must be \
             alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:) or dashes (-), with a maximum length \
             of 64.\n",
            named.at
        );
        return rule(&named.at, message);
    }
    function.texts(&["description"])?;
    function.maybe("parameters", |node| schema(node))?;
    function.maybe("parametersJsonSchema", |node| json_schema(node))?;
    if function.field("parameters").is_some() && function.field("parametersJsonSchema").is_some() {
        return rule(&function.at, "Only one of parameters and parameters_json_schema can be set.");
    }
    Ok(name)
}

pub(super) fn config(body: &Node<'_>, offered: &[&str]) -> Checked {
    let Some(config) = body.field("toolConfig") else { return Ok(()) };
    config.known(&["functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"])?;
    let Some(calling) = config.field("functionCallingConfig") else { return Ok(()) };
    calling.known(&["mode", "allowedFunctionNames", "streamFunctionCallArguments"])?;
    let mode = calling
        .maybe("mode", |node| node.one_of(&["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"]))?;
    if mode == Some("ANY") && offered.is_empty() {
        return rule(&calling.at, "Function calling config is set without function_declarations.");
    }
    let Some(allowed) = calling.field("allowedFunctionNames") else { return Ok(()) };
    let allowed = allowed.list()?;
    if !allowed.is_empty() && !matches!(mode, Some("ANY" | "VALIDATED")) {
        return rule(
            &calling.at,
            "Allowed function names should be set only when function calling mode is ANY.",
        );
    }
    for name in &allowed {
        if !offered.contains(&name.text()?) {
            return rule(
                &name.at,
                "allowed_function_names should be a subset of the names of function_declarations.",
            );
        }
    }
    Ok(())
}
