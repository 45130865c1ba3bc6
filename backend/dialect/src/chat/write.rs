//! A conversation, written as a Chat Completions request.

pub(crate) mod messages;

use crate::Dialect;
use crate::neutral::draft::Draft;
use crate::neutral::{
    Choice, Conversation, Field, Format, Media, Part, Target, Text, Unsupported, Written, ids, schema, turns,
};
use crate::openai::format;

/// No more stop sequences are taken.
const MOST_STOPS: usize = 4;

/// Shared fields that are written as they came.
const EXTRAS: [&str; 8] = [
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "metadata",
    "verbosity",
    "prompt_cache_key",
    "safety_identifier",
];

/// Writes a request body.
pub(crate) fn request(conversation: &Conversation<'_>, target: &Target<'_>) -> Result<Written, Unsupported> {
    let mut draft = Draft::new(conversation, target, Dialect::OpenaiChat);
    if conversation.stop.len() > MOST_STOPS {
        return Err(draft.refuse(Field::Stop, "the upstream takes four at most"));
    }
    if turns::holds(conversation, |part| matches!(part, Part::File { media: Media::Url(_), .. })) {
        return Err(draft.refuse(Field::FileUrl, "the upstream takes documents only in the request itself"));
    }
    draft.json().open().member("model", target.model);
    messages::write(&mut draft);
    if draft.streams() {
        let mut json = draft.json();
        json.key("stream").value(true);
        json.key("stream_options").open().key("include_usage").value(true).close();
    }
    if let Some(most) = conversation.max_output {
        let name = if target.compatible { "max_tokens" } else { "max_completion_tokens" };
        draft.optional(name, Some(&most.to_string()));
    }
    draft.optional("temperature", conversation.sampling.temperature);
    draft.optional("top_p", conversation.sampling.top_p);
    if conversation.sampling.top_k.is_some() {
        draft.drop(Field::TopK);
    }
    stop(&mut draft);
    if let Some(level) = format::level(conversation.thinking) {
        draft.optional("reasoning_effort", Some(&format!("\"{}\"", format::effort(level))));
    }
    tools(&mut draft);
    response_format(&mut draft)?;
    draft.optional("service_tier", conversation.tier.map(format::tier_name));
    if let Some(user) = &conversation.user
        && draft.takes("user")
    {
        let user = ids::user(user, draft.dialect);
        draft.json().key("user").text(&user);
    }
    for name in EXTRAS {
        draft.optional(name, draft.extra(name).map(|extra| extra.value));
    }
    draft.drop_extras_but(&EXTRAS);
    draft.json().close();
    Ok(draft.finish())
}

fn stop(draft: &mut Draft<'_>) {
    if draft.conversation.stop.is_empty() || !draft.takes("stop") {
        return;
    }
    let conversation = draft.conversation;
    let mut json = draft.json();
    json.key("stop").list();
    for stop in &conversation.stop {
        json.text(stop);
    }
    json.end();
}

fn tools(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    if conversation.tools.is_empty() {
        return;
    }
    draft.json().key("tools").list();
    for tool in &conversation.tools {
        let name = draft.name(&tool.name).into_owned();
        let mut json = draft.json();
        json.open().member("type", "function").key("function").open().member("name", &name);
        if let Some(description) = &tool.description {
            json.key("description").text(description);
        }
        let schema = tool.schema.as_deref().unwrap_or(schema::EMPTY);
        json.key("parameters").raw(&schema::for_object(schema, true));
        if let Some(strict) = tool.strict {
            json.key("strict").value(strict);
        }
        json.close().close();
    }
    draft.json().end();
    match &conversation.choice {
        None => {}
        Some(Choice::Auto) => draft.optional("tool_choice", Some("\"auto\"")),
        Some(Choice::Any) => draft.optional("tool_choice", Some("\"required\"")),
        Some(Choice::None) => draft.optional("tool_choice", Some("\"none\"")),
        Some(Choice::Named(name)) => {
            let name = draft.name(name).into_owned();
            let mut json = draft.json();
            json.key("tool_choice").open().member("type", "function");
            json.key("function").open().member("name", &name).close().close();
        }
    }
    let parallel = conversation.parallel.map(|parallel| parallel.to_string());
    draft.optional("parallel_tool_calls", parallel.as_deref());
}

fn response_format(draft: &mut Draft<'_>) -> Result<(), Unsupported> {
    match &draft.conversation.format {
        None => {}
        Some(Format::Json) => {
            draft.optional("response_format", Some(r#"{"type":"json_object"}"#));
        }
        Some(Format::Schema { schema, .. }) if !schema::is_object(schema) => {
            return Err(draft.refuse(Field::Format, "the schema must be one of an object"));
        }
        Some(Format::Schema { name, description, schema, strict }) => {
            let mut json = draft.json();
            json.key("response_format").open().member("type", "json_schema").key("json_schema").open();
            json.key("name").text(name.as_ref().unwrap_or(&Text::plain("answer")));
            if let Some(description) = description {
                json.key("description").text(description);
            }
            json.key("schema").raw(schema);
            if let Some(strict) = strict {
                json.key("strict").value(strict);
            }
            json.close().close();
        }
    }
    Ok(())
}
