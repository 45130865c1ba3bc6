//! A Gemini request, read as a conversation. Its model and whether it streams stand in the path.

pub(crate) mod parts;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::Dialect;
use crate::neutral::fields::{
    body as members_of, count, leave, list, object, refuse, text, unless_one, word,
};
use crate::neutral::{
    Amount, Choice, Conversation, Effort, Extra, Format, Part, Text, Thinking, Tool, Unsupported, schema,
};
use crate::scan::{Members, Value};

pub(super) const ELSEWHERE: &str = "what it names is at Google, and the request goes to another provider";

/// Reads a request body.
pub(crate) fn request<'a>(
    body: &'a [u8],
    model: &'a str,
    stream: bool,
) -> Result<Conversation<'a>, Unsupported> {
    let members = members_of(body)?;
    let mut read = Conversation::new(Dialect::Gemini, body.len());
    read.model = Cow::Borrowed(model);
    read.stream = stream;
    for (name, value) in members.iter() {
        match name {
            "contents" => parts::contents(&mut read, value)?,
            "systemInstruction" | "system_instruction" => read.system = system(value)?,
            "tools" => tools(&mut read, value)?,
            "toolConfig" | "tool_config" => tool_config(&mut read, value)?,
            "generationConfig" | "generation_config" => generation_config(&mut read, value)?,
            "cachedContent" | "cached_content" => refuse("cachedContent", value, ELSEWHERE)?,
            "safetySettings" | "safety_settings" => leave(&mut read.dropped, "safetySettings", value),
            "model" => {}
            other => read.dropped.note_unknown(other),
        }
    }
    Ok(read)
}

fn system<'a>(value: &Value<'a>) -> Result<Vec<Part<'a>>, Unsupported> {
    if let Some(text) = Text::of(value) {
        return Ok(vec![Part::text(text)]);
    }
    let members = object("systemInstruction", value)?;
    let Some(list_of) = members.get("parts") else { return Ok(Vec::new()) };
    let texts = list("systemInstruction.parts", list_of)?;
    Ok(texts
        .iter()
        .filter_map(|part| Some(Part::text(Members::of(part)?.get("text").and_then(Text::of)?)))
        .collect())
}

fn tools<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    for tool in list("tools", value)? {
        let members = object("tools[]", &tool)?;
        for (name, value) in members.iter() {
            match name {
                "functionDeclarations" | "function_declarations" => {
                    for function in list("tools[].functionDeclarations", value)? {
                        let function = object("tools[].functionDeclarations[]", &function)?;
                        read.tools.push(declaration(&function)?);
                    }
                }
                other => {
                    let reason = "only Google runs tools of this kind";
                    return Err(Unsupported::new(format!("tools[].{other}"), reason));
                }
            }
        }
    }
    Ok(())
}

fn declaration<'a>(members: &Members<'a>) -> Result<Tool<'a>, Unsupported> {
    let name = members
        .get("name")
        .ok_or_else(|| Unsupported::new("tools[].functionDeclarations[].name", "it is required"))?;
    let plain = members.either("parametersJsonSchema", "parameters_json_schema");
    let schema = match (plain, members.get("parameters")) {
        (Some(plain), _) => Some(Cow::Borrowed(plain.raw())),
        (None, Some(own)) => schema::from_gemini(own.raw()).map(Cow::Owned),
        (None, None) => None,
    };
    Ok(Tool {
        name: word("tools[].functionDeclarations[].name", name)?,
        description: members.get("description").and_then(Text::of),
        schema,
        strict: None,
        cache: None,
    })
}

fn tool_config<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("toolConfig", value)?;
    let config = members.either("functionCallingConfig", "function_calling_config");
    let Some(config) = config.and_then(Members::of) else { return Ok(()) };
    let allowed = config.either("allowedFunctionNames", "allowed_function_names");
    let allowed = allowed.map(|names| list("allowedFunctionNames", names)).transpose()?.unwrap_or_default();
    read.choice = match &*config.str("mode").unwrap_or_default() {
        "ANY" | "VALIDATED" if allowed.len() == 1 => {
            Some(Choice::Named(word("allowedFunctionNames", &allowed[0])?))
        }
        "ANY" if allowed.is_empty() => Some(Choice::Any),
        "ANY" => {
            // Which of several must be called cannot be said elsewhere; the others are not offered.
            let names: HashSet<_> = allowed.iter().filter_map(|name| name.str()).collect();
            read.tools.retain(|tool| names.contains(&tool.name));
            Some(Choice::Any)
        }
        "NONE" => Some(Choice::None),
        _ => Some(Choice::Auto),
    };
    Ok(())
}

fn generation_config<'a>(read: &mut Conversation<'a>, value: &Value<'a>) -> Result<(), Unsupported> {
    let members = object("generationConfig", value)?;
    let mut schemas = (None, None);
    let mut json = false;
    for (name, value) in members.iter() {
        match name {
            "temperature" => read.sampling.temperature = unless_one("generationConfig.temperature", value)?,
            "topP" | "top_p" => read.sampling.top_p = unless_one("generationConfig.topP", value)?,
            "topK" | "top_k" => read.sampling.top_k = Some(value.raw().trim_end_matches(".0")),
            "maxOutputTokens" | "max_output_tokens" => {
                read.max_output = Some(count("generationConfig.maxOutputTokens", value)?);
            }
            "stopSequences" | "stop_sequences" => {
                let stops = list("generationConfig.stopSequences", value)?;
                read.stop = stops
                    .iter()
                    .map(|stop| text("generationConfig.stopSequences", stop))
                    .collect::<Result<_, _>>()?;
            }
            "seed" => extra(read, "seed", "generationConfig.seed", value),
            "presencePenalty" | "presence_penalty" => {
                extra(read, "presence_penalty", "generationConfig.presencePenalty", value);
            }
            "frequencyPenalty" | "frequency_penalty" => {
                extra(read, "frequency_penalty", "generationConfig.frequencyPenalty", value);
            }
            "responseMimeType" | "response_mime_type" => {
                json = mime_is_json(&word("generationConfig.responseMimeType", value)?)?;
            }
            "responseSchema" | "response_schema" => schemas.0 = schema::from_gemini(value.raw()),
            "responseJsonSchema" | "response_json_schema" => schemas.1 = Some(value.raw()),
            "thinkingConfig" | "thinking_config" => {
                read.thinking = thinking(&object("generationConfig.thinkingConfig", value)?);
            }
            "candidateCount" | "candidate_count" if value.u64() == Some(1) => {}
            "candidateCount" | "candidate_count" => {
                let reason = "one answer is carried at a time: send 1, or nothing";
                return Err(Unsupported::new("generationConfig.candidateCount", reason));
            }
            "responseLogprobs" | "response_logprobs" | "logprobs" | "speechConfig" | "speech_config" => {
                refuse(format!("generationConfig.{name}"), value, "no other dialect has it")?;
            }
            "responseModalities" | "response_modalities" => modalities(value)?,
            other => read.dropped.note_unknown(&format!("generationConfig.{other}")),
        }
    }
    let schema = schemas.1.map(Cow::Borrowed).or(schemas.0.map(Cow::Owned));
    read.format = match schema {
        Some(schema) => Some(Format::Schema { name: None, description: None, schema, strict: None }),
        None => json.then_some(Format::Json),
    };
    Ok(())
}

fn extra<'a>(read: &mut Conversation<'a>, meaning: &'static str, field: &'static str, value: &Value<'a>) {
    read.extra.push(Extra { meaning, field, value: value.raw() });
}

fn mime_is_json(mime: &str) -> Result<bool, Unsupported> {
    match mime {
        "application/json" => Ok(true),
        "" | "text/plain" => Ok(false),
        _ => {
            let reason = "`application/json` and `text/plain` are carried";
            Err(Unsupported::new("generationConfig.responseMimeType", reason))
        }
    }
}

fn modalities(value: &Value<'_>) -> Result<(), Unsupported> {
    let field = "generationConfig.responseModalities";
    let text_only = list(field, value)?
        .iter()
        .all(|kind| kind.str().is_some_and(|kind| kind.eq_ignore_ascii_case("text")));
    if text_only { Ok(()) } else { Err(Unsupported::new(field, "only text is carried")) }
}

fn thinking(members: &Members<'_>) -> Option<Thinking> {
    let shown = members.either("includeThoughts", "include_thoughts").and_then(Value::bool).unwrap_or(false);
    let level = members.either("thinkingLevel", "thinking_level").and_then(Value::str);
    let budget = members.either("thinkingBudget", "thinking_budget");
    let amount = match (level.and_then(|level| Effort::named(&level)), budget) {
        (Some(effort), _) => Amount::Level(effort),
        // A budget below zero leaves it to the model.
        (None, Some(budget)) => budget.u64().map_or(Amount::Own, Amount::Budget),
        (None, None) => Amount::Own,
    };
    (shown || amount != Amount::Own).then_some(Thinking { amount, shown })
}
