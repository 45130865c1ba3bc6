//! A level of thinking behind a model's name: `model(high)`, `model(8192)`. The form is CLIProxyAPI's, whose clients know it.
//!
//! | suffix | asks for |
//! |---|---|
//! | `none`, `0` | no thinking |
//! | `minimal`, `low`, `medium`, `high`, `xhigh`, `max` | as much, in the words of [`Effort`](crate::neutral::Effort), in any case |
//! | `auto` | as much as the model thinks right |
//! | a number up to 1,000,000 | so many tokens |
//!
//! It takes the place of whatever the body says. What a model does not know is written as the nearest that it does: a level
//! as tokens and back by the table of `neutral::levels`.

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::json::Json;
use crate::neutral::{Amount, Effort, Thinking, model::manners};
use crate::openai::format;
use crate::scan::{self, ScanError};
use crate::splice::with_members;
use crate::{Dialect, gemini};

/// No model thinks for longer.
const MOST: u64 = 1_000_000;

/// Claude takes no smaller budget.
const LEAST_BUDGET: u64 = 1_024;

/// What stands behind a model's name and is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSuffix;

impl fmt::Display for BadSuffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "what stands in parentheses behind a model's name must be none, minimal, low, medium, high, xhigh, max, auto, \
             or a number of tokens up to 1000000, as in model(high)",
        )
    }
}

impl std::error::Error for BadSuffix {}

/// A model's name without its suffix, and how much is to be thought; `None` where there is no suffix.
pub fn split(name: &str) -> Result<Option<(&str, Amount)>, BadSuffix> {
    let Some((model, rest)) = name.split_once('(') else {
        return if name.contains(')') { Err(BadSuffix) } else { Ok(None) };
    };
    let word = rest.strip_suffix(')').ok_or(BadSuffix)?;
    if model.is_empty() || model.ends_with(char::is_whitespace) {
        return Err(BadSuffix);
    }
    let amount = match Effort::named(word) {
        Some(effort) => Amount::Level(effort),
        None if word.eq_ignore_ascii_case("auto") => Amount::Own,
        None if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) => {
            match word.parse().ok().filter(|tokens| *tokens <= MOST) {
                Some(0) => Amount::Level(Effort::None),
                Some(tokens) => Amount::Budget(tokens),
                None => return Err(BadSuffix),
            }
        }
        None => return Err(BadSuffix),
    };
    Ok(Some((model, amount)))
}

/// A request body that asks for so much thinking, of this model, with `max_output` tokens at most. Everything else keeps its
/// bytes; but Claude thinks at no temperature of the caller's.
pub fn apply(
    dialect: Dialect,
    body: Bytes,
    amount: Amount,
    (model, max_output): (&str, Option<u64>),
) -> Result<Bytes, ScanError> {
    let thinking = Thinking { amount, shown: false };
    match dialect {
        Dialect::Anthropic => anthropic(body, thinking, model, max_output),
        Dialect::OpenaiChat => {
            member(body, "reasoning_effort", level(thinking).map(|effort| format!("\"{effort}\"")))
        }
        Dialect::OpenaiResponses => {
            let reasoning = inner(&body, "reasoning")?;
            let reasoning =
                member(reasoning, "effort", level(thinking).map(|effort| format!("\"{effort}\"")))?;
            member(body, "reasoning", text(&reasoning))
        }
        Dialect::Gemini => gemini(body, thinking, model),
    }
}

/// In OpenAI's words; `None` leaves it to the model.
fn level(thinking: Thinking) -> Option<&'static str> {
    format::level(Some(thinking)).map(format::effort)
}

fn anthropic(
    body: Bytes,
    thinking: Thinking,
    model: &str,
    max_output: Option<u64>,
) -> Result<Bytes, ScanError> {
    let adaptive = manners(model).adaptive;
    let most = max_output.unwrap_or(u64::MAX) / 5 * 4;
    let off = thinking.is_off() || (!adaptive && most < LEAST_BUDGET);
    let effort = thinking.level().filter(|_| adaptive && !off).map(|effort| {
        let name = match effort {
            Effort::None | Effort::Minimal | Effort::Low => Effort::Low,
            Effort::XHigh => Effort::Max,
            other => other,
        };
        format!("\"{}\"", name.name())
    });
    let config = member(inner(&body, "output_config")?, "effort", effort)?;
    let body = member(body, "output_config", text(&config))?;
    if off {
        return member(body, "thinking", None);
    }
    let before = inner(&body, "thinking")?;
    let (kind, budget) = match thinking.budget() {
        _ if adaptive => ("\"adaptive\"", None),
        budget => ("\"enabled\"", Some(budget.unwrap_or(12_288).clamp(LEAST_BUDGET, most).to_string())),
    };
    let now = member(member(before, "type", Some(kind.to_owned()))?, "budget_tokens", budget)?;
    let body = member(body, "thinking", text(&now))?;
    with_members(body, [], &["temperature".to_owned(), "top_k".to_owned()])
}

fn gemini(body: Bytes, thinking: Thinking, model: &str) -> Result<Bytes, ScanError> {
    let outer = spelled(&body, ["generationConfig", "generation_config"])?;
    let config = inner(&body, outer)?;
    let name = spelled(&config, ["thinkingConfig", "thinking_config"])?;
    let before = inner(&config, name)?;
    let shows = ["includeThoughts", "include_thoughts"];
    let shown = scan::lenient(&before, &shows).is_ok_and(|fields| {
        shows.iter().any(|name| fields.get(name).is_some_and(|value| value.raw() == "true"))
    });
    let mut written = BytesMut::new();
    let mut json = Json::new(&mut written);
    json.open();
    gemini::write::thinking_config(&mut json, Thinking { shown, ..thinking }, model);
    json.close();
    // Written with its name, as a member.
    let now = inner(&written.freeze(), "thinkingConfig")?;
    let config = member(config, name, text(&now))?;
    member(body, outer, text(&config))
}

/// The spelling of a field that a body has; the usual one where it has none.
fn spelled(body: &[u8], names: [&'static str; 2]) -> Result<&'static str, ScanError> {
    let [usual, other] = names;
    let has_other = scan::lenient(body, &[other])?.get(other).is_some();
    Ok(if has_other { other } else { usual })
}

/// The object in a field; an empty one where there is none.
fn inner(body: &Bytes, name: &'static str) -> Result<Bytes, ScanError> {
    let found = scan::lenient(body, &[name])?.get(name).map(|value| value.range());
    let object = found.map(|range| body.slice(range)).filter(|value| value.starts_with(b"{"));
    Ok(object.unwrap_or_else(|| Bytes::from_static(b"{}")))
}

/// The same object with a member that has this value, or without it.
fn member(object: Bytes, name: &'static str, value: Option<String>) -> Result<Bytes, ScanError> {
    match value {
        Some(value) => with_members(object, [(name, value)], &[]),
        None => with_members(object, [], &[name.to_owned()]),
    }
}

/// An object as the value of a member; an empty one is none.
fn text(object: &Bytes) -> Option<String> {
    let text = String::from_utf8_lossy(object);
    let empty = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '{' || c == '}').is_empty();
    (!empty).then(|| text.into_owned())
}

#[cfg(test)]
mod tests;
