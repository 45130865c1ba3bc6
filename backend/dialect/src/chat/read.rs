//! A Chat Completions request, read as a conversation.

pub(crate) mod messages;

use std::borrow::Cow;

use crate::Dialect;
use crate::neutral::fields::{
    body as members_of, count, flag, leave, list, needed, object, refuse, text, unless_one, word,
};
use crate::neutral::{Conversation, Effort, Extra, Tool, Unsupported};
use crate::openai::format;
use crate::scan::{Members, Value};

const NOT_CARRIED: &str = "no other dialect has it";
const OLDER: &str = "send `tools` and `tool_choice`, which say the same";

/// Reads a request body.
pub(crate) fn request(body: &[u8]) -> Result<Conversation<'_>, Unsupported> {
    let members = members_of(body)?;
    let mut read = Conversation::new(Dialect::OpenaiChat, body.len());
    read.model = word("model", needed(&members, "model", "model")?)?;
    for (name, value) in members.iter() {
        match name {
            "model" => {}
            "messages" => messages::read(&mut read, value)?,
            // The older name counts where the newer one is not there.
            "max_completion_tokens" => read.max_output = Some(count("max_completion_tokens", value)?),
            "max_tokens" if members.get("max_completion_tokens").is_some() => {}
            "max_tokens" => read.max_output = Some(count("max_tokens", value)?),
            "stream" => read.stream = flag("stream", value)?,
            "stream_options" => {
                let options = object("stream_options", value)?;
                read.include_usage = options.get("include_usage").and_then(Value::bool).unwrap_or(false);
            }
            "temperature" => read.sampling.temperature = unless_one("temperature", value)?,
            "top_p" => read.sampling.top_p = unless_one("top_p", value)?,
            "top_k" => read.sampling.top_k = Some(value.raw()),
            "stop" => stop(&mut read, value)?,
            "tools" => tools(&mut read, value)?,
            "tool_choice" => read.choice = Some(format::choice(value, Some("function"))?),
            "parallel_tool_calls" => read.parallel = Some(flag("parallel_tool_calls", value)?),
            "response_format" => read.format = format::read("response_format", value, Some("json_schema"))?,
            "reasoning_effort" => {
                let effort = Effort::named(&word("reasoning_effort", value)?);
                read.thinking = effort.map(|effort| format::thinking(effort, true));
            }
            "service_tier" => {
                read.tier = format::tier(&word("service_tier", value)?);
                if read.tier.is_none() {
                    read.dropped.note("service_tier");
                }
            }
            "user" => read.user = Some(text("user", value)?),
            "n" if value.u64() == Some(1) => {}
            "n" => return Err(Unsupported::new("n", "one answer is carried at a time: send 1, or nothing")),
            "logprobs" | "top_logprobs" | "audio" | "web_search_options" => {
                refuse(name.to_owned(), value, NOT_CARRIED)?;
            }
            "modalities" => modalities(value)?,
            "functions" | "function_call" => refuse(name.to_owned(), value, OLDER)?,
            "store" | "prediction" => leave(&mut read.dropped, known(name), value),
            other => match shared(other) {
                Some(meaning) => read.extra.push(Extra { meaning, field: meaning, value: value.raw() }),
                None => read.dropped.note_unknown(other),
            },
        }
    }
    Ok(read)
}

/// Fields that some dialects have and others lack. Both of OpenAI's dialects name them so.
pub(crate) fn shared(name: &str) -> Option<&'static str> {
    const SHARED: [&str; 8] = [
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "metadata",
        "verbosity",
        "prompt_cache_key",
        "safety_identifier",
    ];
    SHARED.into_iter().find(|known| *known == name)
}

fn known(name: &str) -> &'static str {
    if name == "store" { "store" } else { "prediction" }
}

fn stop<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    read.stop = if value.raw().starts_with('"') {
        vec![text("stop", value)?]
    } else {
        list("stop", value)?.iter().map(|stop| text("stop", stop)).collect::<Result<_, _>>()?
    };
    Ok(())
}

fn modalities(value: &Value<'_>) -> Result<(), Unsupported> {
    let text_only = list("modalities", value)?.iter().all(|kind| kind.str().as_deref() == Some("text"));
    if text_only { Ok(()) } else { Err(Unsupported::new("modalities", "only text is carried")) }
}

fn tools<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    for tool in list("tools", value)? {
        let members = object("tools[]", &tool)?;
        let kind = members.str("type").unwrap_or(Cow::Borrowed("function"));
        if kind != "function" {
            return Err(Unsupported::new(format!("tools[].type: {kind}"), "only functions are carried"));
        }
        let function = object("tools[].function", needed(&members, "function", "tools[].function")?)?;
        read.tools.push(function_of(&function)?);
    }
    Ok(())
}

/// A function's definition, which Responses has without the wrapping.
pub(crate) fn function_of<'a>(members: &Members<'a>) -> Result<Tool<'a>, Unsupported> {
    Ok(Tool {
        name: word("tools[].name", needed(members, "name", "tools[].name")?)?,
        description: members.get("description").and_then(crate::neutral::Text::of),
        schema: members.get("parameters").map(|schema| Cow::Borrowed(schema.raw())),
        strict: members.get("strict").and_then(Value::bool),
        cache: None,
    })
}
