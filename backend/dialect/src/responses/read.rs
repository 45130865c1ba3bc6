//! A Responses request, read as a conversation.
//!
//! Tools that take free text in a grammar of their own (`custom`) become functions of one string; the grammar goes into
//! the description, and the answer's writer unwraps the string again.

pub(crate) mod items;

use std::borrow::Cow;

use crate::Dialect;
use crate::chat::read::{function_of, shared};
use crate::json::escaped;
use crate::neutral::fields::{
    body as members_of, count, flag, leave, list, needed, object, refuse, text, unless_one, word,
};
use crate::neutral::{
    Amount, Conversation, Effort, Extra, Namespaced, Part, Text, Thinking, Tool, Unsupported,
};
use crate::openai::format;
use crate::scan::{Members, Value};

pub(super) const ELSEWHERE: &str = "what it names is at OpenAI, and the request goes to another provider";

/// The one argument of a function that stands for free text.
pub(crate) const FREE_TEXT: &str = "input";

/// Reads a request body.
pub(crate) fn request(body: &[u8]) -> Result<Conversation<'_>, Unsupported> {
    let members = members_of(body)?;
    let mut read = Conversation::new(Dialect::OpenaiResponses, body.len());
    read.model = word("model", needed(&members, "model", "model")?)?;
    if let Some(instructions) = members.get("instructions") {
        read.system.push(Part::text(text("instructions", instructions)?));
    }
    for (name, value) in members.iter() {
        match name {
            "model" | "instructions" => {}
            "input" => items::read(&mut read, value)?,
            "max_output_tokens" => read.max_output = Some(count("max_output_tokens", value)?),
            "stream" => read.stream = flag("stream", value)?,
            "temperature" => read.sampling.temperature = unless_one("temperature", value)?,
            "top_p" => read.sampling.top_p = unless_one("top_p", value)?,
            "tools" => tools(&mut read, value)?,
            "tool_choice" => read.choice = Some(format::choice(value, None)?),
            "parallel_tool_calls" => read.parallel = Some(flag("parallel_tool_calls", value)?),
            "text" => text_options(&mut read, value)?,
            "reasoning" => read.thinking = reasoning(&object("reasoning", value)?),
            "service_tier" => {
                read.tier = format::tier(&word("service_tier", value)?);
                if read.tier.is_none() {
                    read.dropped.note("service_tier");
                }
            }
            "user" => read.user = Some(text("user", value)?),
            "previous_response_id" | "conversation" | "prompt" => {
                refuse(name.to_owned(), value, ELSEWHERE)?;
            }
            "background" => refuse("background", value, "the answer is given while the request waits")?,
            "top_logprobs" if value.u64() != Some(0) => {
                refuse("top_logprobs", value, "no other dialect has it")?;
            }
            // What is asked for to be included comes as far as there is such a thing.
            "include" | "stream_options" | "prompt_cache_retention" | "top_logprobs" => {}
            "store" => leave(&mut read.dropped, "store", value),
            "truncation" if value.str().as_deref() == Some("disabled") => {}
            other => match shared(other) {
                Some(meaning) => read.extra.push(Extra { meaning, field: meaning, value: value.raw() }),
                None => read.dropped.note_unknown(other),
            },
        }
    }
    echo(&mut read, &members);
    Ok(read)
}

/// Fields that the answer repeats, with what they are where the request does not say.
fn echo<'a>(read: &mut Conversation<'a>, members: &Members<'a>) {
    const ECHOED: [(&str, &str); 12] = [
        ("instructions", "null"),
        ("max_output_tokens", "null"),
        ("metadata", "{}"),
        ("parallel_tool_calls", "true"),
        ("previous_response_id", "null"),
        ("reasoning", r#"{"effort":null,"summary":null}"#),
        ("temperature", "1.0"),
        ("text", r#"{"format":{"type":"text"}}"#),
        ("tool_choice", "\"auto\""),
        ("tools", "[]"),
        ("top_p", "1.0"),
        ("truncation", "\"disabled\""),
    ];
    let value = |name, default| members.get(name).map_or(default, Value::raw);
    read.echo = ECHOED.into_iter().map(|(name, default)| (name, value(name, default))).collect();
}

fn text_options<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("text", value)?;
    if let Some(value) = members.get("format") {
        read.format = format::read("text.format", value, None)?;
    }
    if let Some(value) = members.get("verbosity") {
        read.extra.push(Extra { meaning: "verbosity", field: "text.verbosity", value: value.raw() });
    }
    Ok(())
}

fn reasoning(members: &Members<'_>) -> Option<Thinking> {
    let effort = members.str("effort").and_then(|effort| Effort::named(&effort));
    let shown = members.either("summary", "generate_summary").is_some();
    let amount = effort.map_or(Amount::Own, Amount::Level);
    (effort.is_some() || shown).then_some(Thinking { amount, shown })
}

fn tools<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    for tool in list("tools", value)? {
        let members = object("tools[]", &tool)?;
        let kind = members.str("type").unwrap_or(Cow::Borrowed("function"));
        match &*kind {
            "function" | "custom" => one(read, &kind, &members, None)?,
            // Codex has those for its sub-agents and for the tools of each server that it is connected to.
            "namespace" => {
                let name = word("tools[].name", needed(&members, "name", "tools[].name")?)?;
                for tool in list("tools[].tools", needed(&members, "tools", "tools[].tools")?)? {
                    let members = object("tools[].tools[]", &tool)?;
                    let kind = members.str("type").unwrap_or(Cow::Borrowed("function"));
                    if !matches!(&*kind, "function" | "custom") {
                        let reason = "a namespace has functions and tools that take free text";
                        return Err(Unsupported::new(format!("tools[].tools[].type: {kind}"), reason));
                    }
                    one(read, &kind, &members, Some(&name))?;
                }
            }
            // Codex adds it to every request, wanted or not.
            "web_search" | "web_search_preview" => read.dropped.note("tools[].type: web_search"),
            kind => {
                let reason = "only OpenAI runs or trains tools of this type";
                return Err(Unsupported::new(format!("tools[].type: {kind}"), reason));
            }
        }
    }
    Ok(())
}

/// A tool that the client runs, by itself or in a namespace.
fn one<'a>(
    read: &mut Conversation<'a>,
    kind: &str,
    members: &Members<'a>,
    namespace: Option<&str>,
) -> Result<(), Unsupported> {
    let mut tool = if kind == "custom" { free_text(members)? } else { function_of(members)? };
    if let Some(namespace) = namespace {
        let both = Namespaced::new(namespace, &tool.name);
        tool.name = Cow::Owned(both.joined.clone());
        read.namespaced.push(both);
    }
    if kind == "custom" {
        read.free_text.push(tool.name.clone().into_owned());
    }
    read.tools.push(tool);
    Ok(())
}

fn free_text<'a>(members: &Members<'a>) -> Result<Tool<'a>, Unsupported> {
    let mut description = members.get("description").and_then(Text::of).unwrap_or_default();
    let grammar = members.get("format").and_then(Members::of).and_then(|format| {
        let definition = format.get("definition").and_then(Text::of)?;
        Some((format.str("syntax").unwrap_or_default(), definition))
    });
    if let Some((syntax, definition)) = grammar {
        let (about, syntax, rules) = (description.raw(), escaped(&syntax), definition.raw());
        let told = format!("{about}\\n\\nThe input follows this grammar ({syntax}):\\n{rules}");
        description = Text::escaped(told);
    }
    let schema = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;
    Ok(Tool {
        name: word("tools[].name", needed(members, "name", "tools[].name")?)?,
        description: (!description.is_empty()).then_some(description),
        schema: Some(Cow::Borrowed(schema)),
        strict: None,
        cache: None,
    })
}
