//! A conversation, written as a Responses request. Nothing is stored at the upstream: what it reasons comes back
//! encrypted, and is asked for where there is reasoning at all.

mod items;

use std::borrow::Cow;

use super::read::FREE_TEXT;
use crate::Dialect;
use crate::json::escaped;
use crate::neutral::draft::Draft;
use crate::neutral::turns::{holds, joined};
use crate::neutral::{
    Choice, Conversation, Field, Format, Part, Role, Target, Text, Unsupported, Written, ids, schema,
};
use crate::openai::format;
use crate::scan::Members;

/// Shared fields that are written as they came.
const EXTRAS: [&str; 3] = ["metadata", "prompt_cache_key", "safety_identifier"];

/// Writes a request body.
pub(crate) fn request(conversation: &Conversation<'_>, target: &Target<'_>) -> Result<Written, Unsupported> {
    let mut draft = Draft::new(conversation, target, Dialect::OpenaiResponses);
    if !conversation.stop.is_empty() {
        return Err(draft.refuse(Field::Stop, "the upstream has no stop sequences"));
    }
    draft.json().open().member("model", target.model);
    // Without any turn the instructions are the question.
    if !conversation.system.is_empty() && !conversation.turns.is_empty() {
        draft.json().key("instructions").pieces(&[&joined(&conversation.system, "\\n\\n")]);
    }
    items::input(&mut draft);
    draft.json().key("store").value(false);
    if draft.streams() {
        draft.json().key("stream").value(true);
    }
    if let Some(most) = conversation.max_output {
        // It takes no less.
        draft.optional("max_output_tokens", Some(&most.max(16).to_string()));
    }
    draft.optional("temperature", conversation.sampling.temperature);
    draft.optional("top_p", conversation.sampling.top_p);
    if conversation.sampling.top_k.is_some() {
        draft.drop(Field::TopK);
    }
    reasoning(&mut draft);
    tools(&mut draft);
    text(&mut draft)?;
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
    draft.drop_extras_but(&[&EXTRAS[..], &["verbosity"]].concat());
    draft.json().close();
    Ok(draft.finish())
}

/// `reasoning`, and that it be handed out: asked of a model that does not reason, that would be refused.
fn reasoning(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    let own = |part: &Part<'_>| match part {
        Part::Thinking { signature: Some(opaque), .. } | Part::Redacted(opaque) => {
            opaque.from == Dialect::OpenaiResponses
        }
        _ => false,
    };
    let wanted = conversation.thinking;
    let level = format::level(wanted);
    let shown = wanted.is_some_and(|thinking| thinking.shown && !thinking.is_off());
    if (level.is_some() || shown) && draft.takes("reasoning") {
        let mut json = draft.json();
        json.key("reasoning").open();
        if let Some(level) = level {
            json.member("effort", format::effort(level));
        }
        if shown {
            json.member("summary", "auto");
        }
        json.close();
    }
    if wanted.is_some_and(|thinking| !thinking.is_off()) || holds(conversation, own) {
        draft.optional("include", Some(r#"["reasoning.encrypted_content"]"#));
    }
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
        json.open().member("type", "function").member("name", &name);
        if let Some(description) = &tool.description {
            json.key("description").text(description);
        }
        let schema = tool.schema.as_deref().unwrap_or(schema::EMPTY);
        json.key("parameters").raw(&schema::for_object(schema, true));
        // It is strict unless told otherwise, and then refuses most schemas.
        json.key("strict").value(tool.strict.unwrap_or(false)).close();
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
            json.key("tool_choice").open().member("type", "function").member("name", &name).close();
        }
    }
    let parallel = conversation.parallel.map(|parallel| parallel.to_string());
    draft.optional("parallel_tool_calls", parallel.as_deref());
}

/// `text`: the format and the verbosity.
fn text(draft: &mut Draft<'_>) -> Result<(), Unsupported> {
    let verbosity = draft.extra("verbosity");
    let format = draft.conversation.format.as_ref();
    if verbosity.is_none() && format.is_none() {
        return Ok(());
    }
    if let Some(Format::Schema { schema, .. }) = format
        && !schema::is_object(schema)
    {
        return Err(draft.refuse(Field::Format, "the schema must be one of an object"));
    }
    let mut json = draft.json();
    json.key("text").open();
    match format {
        None => {}
        Some(Format::Json) => {
            json.key("format").raw(r#"{"type":"json_object"}"#);
        }
        Some(Format::Schema { name, description, schema, strict }) => {
            json.key("format").open().member("type", "json_schema");
            json.key("name").text(name.as_ref().unwrap_or(&Text::plain("answer")));
            if let Some(description) = description {
                json.key("description").text(description);
            }
            json.key("schema").raw(schema).key("strict").value(strict.unwrap_or(false)).close();
        }
    }
    if let Some(verbosity) = verbosity {
        json.key("verbosity").raw(verbosity.value);
    }
    json.close();
    Ok(())
}

/// The role as Responses names it.
const fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::System => "developer",
    }
}

/// The free text in the arguments that stand for it, escaped. Arguments of another form are it themselves.
pub(super) fn free_text(object: &str) -> Cow<'_, str> {
    let inner = Members::read(object).and_then(|members| members.get(FREE_TEXT).and_then(Text::of));
    match inner {
        Some(text) => Cow::Owned(text.raw().to_owned()),
        None => escaped(object),
    }
}
