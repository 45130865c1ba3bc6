//! A Messages request, read as a conversation.
//!
//! Blocks of the provider's own tools (searches, code) that stand in an older turn are left out: what came of them is
//! in the text. Tools of that kind are refused, because the answer would have to come from them.

mod blocks;

use std::borrow::Cow;

use crate::Dialect;
use crate::neutral::fields::{
    body as members_of, count, flag, leave, list, needed, object, refuse, text, unless_one, word,
};
use crate::neutral::{
    Amount, Choice, Conversation, Effort, Format, Part, Role, Text, Thinking, Tier, Tool, Turn, Unsupported,
    turns,
};
use crate::scan::{Members, Value};

const ELSEWHERE: &str = "what it names is at Anthropic, and the request goes to another provider";

/// Reads a request body.
pub(crate) fn request(body: &[u8]) -> Result<Conversation<'_>, Unsupported> {
    let members = members_of(body)?;
    let mut read = Conversation::new(Dialect::Anthropic, body.len());
    read.model = word("model", needed(&members, "model", "model")?)?;
    for (name, value) in members.iter() {
        match name {
            "model" => {}
            "messages" => messages(&mut read, value)?,
            "system" => read.system = blocks::parts("system", value, &mut read.dropped)?,
            "max_tokens" => read.max_output = Some(count("max_tokens", value)?),
            "stream" => read.stream = flag("stream", value)?,
            "temperature" => read.sampling.temperature = unless_one("temperature", value)?,
            "top_p" => read.sampling.top_p = unless_one("top_p", value)?,
            "top_k" => read.sampling.top_k = Some(value.raw()),
            "stop_sequences" => {
                let stops = list("stop_sequences", value)?;
                read.stop =
                    stops.iter().map(|stop| text("stop_sequences", stop)).collect::<Result<_, _>>()?;
            }
            "tools" => tools(&mut read, value)?,
            "tool_choice" => choice(&mut read, value)?,
            "thinking" => thinking(&mut read, value)?,
            "output_config" => output_config(&mut read, value)?,
            "output_format" => format(&mut read, value)?,
            "metadata" => read.user = object("metadata", value)?.get("user_id").and_then(Text::of),
            "service_tier" => read.tier = tier(&word("service_tier", value)?),
            "container" | "mcp_servers" => refuse(name.to_owned(), value, ELSEWHERE)?,
            // Hints and versions: an answer without them is the same answer.
            "cache_control" | "anthropic_version" | "anthropic_beta" | "betas" => {}
            "context_management" => leave(&mut read.dropped, "context_management", value),
            other => read.dropped.note_unknown(other),
        }
    }
    Ok(read)
}

fn messages<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    for message in list("messages", value)? {
        let members = object("messages[]", &message)?;
        let role = match &*word("messages[].role", needed(&members, "role", "messages[].role")?)? {
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => Role::User,
        };
        let content = needed(&members, "content", "messages[].content")?;
        let parts = blocks::parts("messages[].content", content, &mut read.dropped)?;
        read.turns.push(Turn { role, parts });
    }
    turns::name_results(&mut read.turns);
    Ok(())
}

fn tools<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    for tool in list("tools", value)? {
        let members = object("tools[]", &tool)?;
        let kind = members.str("type").unwrap_or(Cow::Borrowed("custom"));
        if kind != "custom" {
            let reason = "only Anthropic runs or trains tools of this type";
            return Err(Unsupported::new(format!("tools[].type: {kind}"), reason));
        }
        read.tools.push(Tool {
            name: word("tools[].name", needed(&members, "name", "tools[].name")?)?,
            description: members.get("description").and_then(Text::of),
            schema: members.get("input_schema").map(|schema| Cow::Borrowed(schema.raw())),
            strict: members.get("strict").and_then(Value::bool),
            cache: members.get("cache_control").map(Value::raw),
        });
    }
    Ok(())
}

fn choice<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("tool_choice", value)?;
    read.choice = match &*word("tool_choice.type", needed(&members, "type", "tool_choice.type")?)? {
        "any" => Some(Choice::Any),
        "none" => Some(Choice::None),
        "tool" => {
            Some(Choice::Named(word("tool_choice.name", needed(&members, "name", "tool_choice.name")?)?))
        }
        _ => Some(Choice::Auto),
    };
    let disabled = members.get("disable_parallel_tool_use").and_then(Value::bool);
    read.parallel = disabled.map(|disabled| !disabled);
    Ok(())
}

fn thinking<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("thinking", value)?;
    let shown = members.str("display").is_none_or(|display| display != "omitted");
    let known = read.thinking;
    let amount = match &*members.str("type").unwrap_or_default() {
        "enabled" => {
            let budget = needed(&members, "budget_tokens", "thinking.budget_tokens")?;
            Amount::Budget(count("thinking.budget_tokens", budget)?)
        }
        // The effort may have been read before.
        "adaptive" => known.map_or(Amount::Own, |known| known.amount),
        _ => Amount::Budget(0),
    };
    read.thinking = Some(Thinking { amount, shown });
    Ok(())
}

/// `effort` says how much where `thinking` leaves it open, and nothing where thinking is off.
fn output_config<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("output_config", value)?;
    if let Some(effort) = members.str("effort").and_then(|effort| Effort::named(&effort)) {
        match &mut read.thinking {
            None => read.thinking = Some(Thinking { amount: Amount::Level(effort), shown: false }),
            Some(thinking) if thinking.amount == Amount::Own => thinking.amount = Amount::Level(effort),
            Some(_) => {}
        }
    }
    match members.get("format") {
        Some(value) => format(read, value),
        None => Ok(()),
    }
}

fn format<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("output_config.format", value)?;
    let schema = needed(&members, "schema", "output_config.format.schema")?;
    let schema = Cow::Borrowed(schema.raw());
    read.format = Some(Format::Schema { name: None, description: None, schema, strict: Some(true) });
    Ok(())
}

fn tier(name: &str) -> Option<Tier> {
    match name {
        "standard_only" => Some(Tier::Standard),
        "auto" => Some(Tier::Auto),
        _ => None,
    }
}

/// The parts of a whole answer's `content`.
pub(super) fn answer_parts<'a>(content: &Value<'a>) -> Option<Vec<Part<'a>>> {
    blocks::parts("content", content, &mut Default::default()).ok()
}

/// What a block of an answer is, with what it says already.
pub(super) fn block<'a>(members: &Members<'a>) -> Option<Part<'a>> {
    blocks::part(members, &mut Default::default()).ok().flatten()
}
