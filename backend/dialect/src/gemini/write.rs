//! A conversation, written as a Gemini request. The model and whether it streams go into the path.

mod contents;

use crate::Dialect;
use crate::json::Json;
use crate::neutral::draft::Draft;
use crate::neutral::{
    Amount, Choice, Conversation, Effort, Field, Format, Target, Thinking, Unsupported, Written, schema,
};

/// No more stop sequences are taken.
const MOST_STOPS: usize = 5;

/// The largest budget that all models take which take one.
const MOST_BUDGET: u64 = 24_576;

/// Shared fields, with their names here.
const EXTRAS: [(&str, &str); 3] =
    [("seed", "seed"), ("presence_penalty", "presencePenalty"), ("frequency_penalty", "frequencyPenalty")];

/// Writes a request body.
pub(crate) fn request(conversation: &Conversation<'_>, target: &Target<'_>) -> Result<Written, Unsupported> {
    let mut draft = Draft::new(conversation, target, Dialect::Gemini);
    if conversation.stop.len() > MOST_STOPS {
        return Err(draft.refuse(Field::Stop, "the upstream takes five at most"));
    }
    let calls = !conversation.tools.is_empty() && conversation.choice != Some(Choice::None);
    if conversation.format.is_some() && calls && is_older(target.model) {
        return Err(draft.refuse(Field::Format, "the model takes no format where it may call tools"));
    }
    draft.json().open();
    // Without any turn the instructions are the question.
    if !conversation.system.is_empty() && !conversation.turns.is_empty() {
        draft.json().key("systemInstruction").open().key("parts").list();
        contents::parts(&mut draft, conversation.system.iter());
        draft.json().end().close();
    }
    contents::write(&mut draft);
    tools(&mut draft);
    generation_config(&mut draft);
    if conversation.parallel == Some(false) && !conversation.tools.is_empty() {
        draft.drop(Field::Parallel);
    }
    if conversation.user.is_some() {
        draft.drop(Field::User);
    }
    if conversation.tier.is_some() {
        draft.drop(Field::Tier);
    }
    draft.drop_extras_but(&EXTRAS.map(|(meaning, _)| meaning));
    draft.json().close();
    Ok(draft.finish())
}

fn tools(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    if conversation.tools.is_empty() {
        return;
    }
    draft.json().key("tools").list().open().key("functionDeclarations").list();
    for tool in &conversation.tools {
        let name = draft.name(&tool.name).into_owned();
        let schema = tool.schema.as_deref();
        let schema = schema.and_then(|schema| schema::for_gemini(schema, &mut draft.repeats));
        let mut json = draft.json();
        json.open().member("name", &name);
        if let Some(description) = &tool.description {
            json.key("description").text(description);
        }
        if let Some(schema) = schema {
            json.key("parameters").raw(&schema);
        }
        json.close();
    }
    draft.json().end().close().end();
    let (mode, only) = match &conversation.choice {
        None => return,
        Some(Choice::Auto) => ("AUTO", None),
        Some(Choice::Any) => ("ANY", None),
        Some(Choice::None) => ("NONE", None),
        Some(Choice::Named(name)) => ("ANY", Some(draft.name(name).into_owned())),
    };
    let mut json = draft.json();
    json.key("toolConfig").open().key("functionCallingConfig").open().member("mode", mode);
    if let Some(name) = only {
        json.key("allowedFunctionNames").list().string(&name).end();
    }
    json.close().close();
}

fn generation_config(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    draft.json().key("generationConfig").open();
    draft.optional("temperature", conversation.sampling.temperature);
    draft.optional("topP", conversation.sampling.top_p);
    draft.optional("topK", conversation.sampling.top_k);
    draft.optional("maxOutputTokens", conversation.max_output.map(|most| most.to_string()).as_deref());
    for (meaning, name) in EXTRAS {
        draft.optional(name, draft.extra(meaning).map(|extra| extra.value));
    }
    if !conversation.stop.is_empty() {
        let mut json = draft.json();
        json.key("stopSequences").list();
        for stop in &conversation.stop {
            json.text(stop);
        }
        json.end();
    }
    let model = draft.target.model;
    let schema = match &conversation.format {
        Some(Format::Schema { schema, .. }) => schema::for_gemini(schema, &mut draft.repeats),
        Some(Format::Json) | None => None,
    };
    let mut json = draft.json();
    if conversation.format.is_some() {
        json.member("responseMimeType", "application/json");
    }
    if let Some(schema) = schema {
        json.key("responseSchema").raw(&schema);
    }
    if let Some(thinking) = conversation.thinking {
        thinking_config(&mut json, thinking, model);
    }
    json.close();
}

/// Models up to 2.5 take a budget, later ones a level.
pub(crate) fn thinking_config(json: &mut Json<'_>, thinking: Thinking, model: &str) {
    json.key("thinkingConfig").open();
    if thinking.shown && !thinking.is_off() {
        json.key("includeThoughts").value(true);
    }
    let older = is_older(model);
    if older && thinking.amount == Amount::Own {
        json.key("thinkingBudget").value(-1);
    } else if older {
        let budget = thinking.budget().unwrap_or(MOST_BUDGET).min(MOST_BUDGET);
        // The large models cannot do without.
        let least = if model.contains("pro") { 128 } else { 0 };
        json.key("thinkingBudget").value(budget.max(least));
    } else if let Some(level) = thinking.level() {
        let large = model.contains("pro");
        let name = match level {
            Effort::None | Effort::Minimal if large => "low",
            Effort::None | Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium if large => "high",
            Effort::Medium => "medium",
            Effort::High | Effort::XHigh | Effort::Max => "high",
        };
        json.member("thinkingLevel", name);
    }
    json.close();
}

/// Whether a model is of the generations before signatures had to be sent back.
fn is_older(model: &str) -> bool {
    ["gemini-1", "gemini-2"].iter().any(|prefix| model.starts_with(prefix))
}
