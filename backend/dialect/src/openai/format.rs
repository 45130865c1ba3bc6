//! Fields that both of OpenAI's dialects have, in one with a wrapping and in the other without.

use std::borrow::Cow;

use crate::neutral::fields::{needed, object, word};
use crate::neutral::{Amount, Choice, Effort, Format, Text, Thinking, Tier, Unsupported};
use crate::scan::Value;

/// `tool_choice`. `wrapping` is the member in which Chat has the function's name.
pub(crate) fn choice<'a>(value: &Value<'a>, wrapping: Option<&str>) -> Result<Choice<'a>, Unsupported> {
    if let Some(word) = value.str() {
        return Ok(match &*word {
            "required" => Choice::Any,
            "none" => Choice::None,
            _ => Choice::Auto,
        });
    }
    let mut members = object("tool_choice", value)?;
    match &*members.str("type").unwrap_or_default() {
        "function" | "custom" => {
            if let Some(inner) = wrapping.and_then(|name| members.get(name)) {
                members = object("tool_choice.function", inner)?;
            }
            Ok(Choice::Named(word("tool_choice.name", needed(&members, "name", "tool_choice.name")?)?))
        }
        kind => {
            let reason = "a function, `auto`, `required` and `none` are carried";
            Err(Unsupported::new(format!("tool_choice.type: {kind}"), reason))
        }
    }
}

/// `response_format` or `text.format`. `wrapping` is the member in which Chat has the schema.
pub(crate) fn read<'a>(
    field: &'static str,
    value: &Value<'a>,
    wrapping: Option<&str>,
) -> Result<Option<Format<'a>>, Unsupported> {
    let mut members = object(field, value)?;
    match &*members.str("type").unwrap_or_default() {
        "text" => Ok(None),
        "json_object" => Ok(Some(Format::Json)),
        "json_schema" => {
            if let Some(wrapping) = wrapping {
                members = object(field, needed(&members, wrapping, field)?)?;
            }
            let schema = members.get("schema").map_or(r#"{"type":"object"}"#, Value::raw);
            Ok(Some(Format::Schema {
                name: members.get("name").and_then(Text::of),
                description: members.get("description").and_then(Text::of),
                schema: Cow::Borrowed(schema),
                strict: members.get("strict").and_then(Value::bool),
            }))
        }
        kind => {
            Err(Unsupported::new(format!("{field}.type: {kind}"), "text, JSON and JSON schemas are carried"))
        }
    }
}

/// A level of reasoning.
pub(crate) const fn thinking(effort: Effort, shown: bool) -> Thinking {
    Thinking { amount: Amount::Level(effort), shown }
}

/// The level that is asked for. A budget of nothing asks for none: not every model knows the level `none`, and it is
/// left to those who say it.
pub(crate) fn level(thinking: Option<Thinking>) -> Option<Effort> {
    thinking.filter(|thinking| thinking.amount != Amount::Budget(0))?.level()
}

/// The level as OpenAI has it.
pub(crate) const fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Max => Effort::XHigh.name(),
        other => other.name(),
    }
}

/// `service_tier`.
pub(crate) fn tier(name: &str) -> Option<Tier> {
    match name {
        "auto" => Some(Tier::Auto),
        "default" => Some(Tier::Standard),
        "priority" => Some(Tier::Priority),
        "flex" => Some(Tier::Flex),
        _ => None,
    }
}

/// The tier as OpenAI names it.
pub(crate) const fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Auto => "\"auto\"",
        Tier::Standard => "\"default\"",
        Tier::Priority => "\"priority\"",
        Tier::Flex => "\"flex\"",
    }
}
