//! A conversation, written as a Messages request.
//!
//! What Claude insists on is seen to here: `max_tokens` is always there, nobody speaks twice in a row, results come
//! first in their turn, no text is empty, and thinking neither exceeds what it may nor meets what excludes it. Where the
//! target says so, the prompt is marked for caching behind the instructions and behind the last turn.

mod blocks;

use crate::Dialect;
use crate::neutral::draft::{Draft, JSON_TOOL};
use crate::neutral::{
    Choice, Conversation, Effort, Field, Format, Target, Tier, Unsupported, Written, ids, schema,
};

/// Claude thinks no less.
const LEAST_BUDGET: u64 = 1_024;

/// Writes a request body.
pub(crate) fn request(conversation: &Conversation<'_>, target: &Target<'_>) -> Result<Written, Unsupported> {
    let mut draft = Draft::new(conversation, target, Dialect::Anthropic);
    let max_output = conversation.max_output.unwrap_or(target.max_output).max(1);
    let choice = plan_choice(&mut draft)?;
    let thinking = plan_thinking(&mut draft, max_output, choice.as_ref());
    let mut json = draft.json();
    json.open().member("model", target.model).key("max_tokens").value(max_output);
    if draft.streams() {
        draft.json().key("stream").value(true);
    }
    // Without any turn the instructions are the question.
    if !conversation.system.is_empty() && !conversation.turns.is_empty() {
        draft.json().key("system");
        blocks::list(&mut draft, conversation.system.iter());
        blocks::cache_to_here(&mut draft);
    }
    blocks::messages(&mut draft);
    tools(&mut draft);
    tool_choice(&mut draft, choice.as_ref());
    thinking_fields(&mut draft, thinking);
    sampling(&mut draft, thinking.is_some());
    if !conversation.stop.is_empty() {
        let mut json = draft.json();
        json.key("stop_sequences").list();
        for stop in &conversation.stop {
            json.text(stop);
        }
        json.end();
    }
    if let Some(user) = &conversation.user {
        let user = ids::user(user, draft.dialect);
        draft.json().key("metadata").open().key("user_id").text(&user).close();
    }
    match conversation.tier {
        Some(Tier::Standard) => draft.optional("service_tier", Some("\"standard_only\"")),
        Some(Tier::Flex) => draft.drop(Field::Tier),
        Some(Tier::Auto | Tier::Priority) | None => {}
    }
    draft.drop_extras_but(&[]);
    draft.json().close();
    Ok(draft.finish())
}

/// The choice of tool. A format is a tool too: the only one, or one beside the client's unless those come first.
fn plan_choice<'c>(draft: &mut Draft<'c>) -> Result<Option<Choice<'c>>, Unsupported> {
    let conversation = draft.conversation;
    let asked = conversation.choice.clone();
    if let Some(Format::Schema { schema, .. }) = &conversation.format
        && !schema::is_object(schema)
    {
        return Err(draft.refuse(Field::Format, "the schema must be one of an object"));
    }
    let idle = conversation.tools.is_empty() || asked == Some(Choice::None);
    let first = matches!(asked, Some(Choice::Any | Choice::Named(_))) && !idle;
    if conversation.format.is_none() || first {
        return Ok(if conversation.tools.is_empty() { None } else { asked });
    }
    draft.json_tool = true;
    Ok(Some(if idle { Choice::Named(JSON_TOOL.into()) } else { Choice::Any }))
}

/// How thinking is asked for.
#[derive(Clone, Copy)]
enum Plan {
    Budget(u64),
    /// With its effort, and whether it is to be shown, which later models do not do by themselves.
    Adaptive(Option<Effort>, bool),
}

fn plan_thinking(draft: &mut Draft<'_>, max_output: u64, choice: Option<&Choice<'_>>) -> Option<Plan> {
    let wanted = draft.conversation.thinking.filter(|thinking| !thinking.is_off())?;
    let forced = matches!(choice, Some(Choice::Any | Choice::Named(_)));
    if forced || blocks::calls_without_thinking(draft.conversation) {
        draft.drop(Field::Thinking);
        return None;
    }
    if draft.target.adaptive {
        return Some(Plan::Adaptive(wanted.level(), wanted.shown));
    }
    // What is thought counts as output, so some must be left for the answer.
    let most = max_output / 5 * 4;
    if most < LEAST_BUDGET {
        draft.drop(Field::Thinking);
        return None;
    }
    let budget = wanted.budget().unwrap_or(12_288);
    Some(Plan::Budget(budget.clamp(LEAST_BUDGET, most)))
}

fn thinking_fields(draft: &mut Draft<'_>, plan: Option<Plan>) {
    match plan {
        None => {}
        Some(Plan::Budget(budget)) => {
            let mut json = draft.json();
            json.key("thinking").open().member("type", "enabled").key("budget_tokens").value(budget).close();
        }
        Some(Plan::Adaptive(effort, shown)) => {
            let mut json = draft.json();
            json.key("thinking").open().member("type", "adaptive");
            if shown {
                json.member("display", "summarized");
            }
            json.close();
            if let Some(effort) = effort {
                let name = match effort {
                    Effort::None | Effort::Minimal | Effort::Low => Effort::Low,
                    Effort::XHigh => Effort::Max,
                    other => other,
                };
                json.key("output_config").open().member("effort", name.name()).close();
            }
        }
    }
}

fn sampling(draft: &mut Draft<'_>, thinks: bool) {
    let sampling = draft.conversation.sampling;
    let fields = [
        (Field::Temperature, "temperature", sampling.temperature),
        (Field::TopP, "top_p", sampling.top_p),
        (Field::TopK, "top_k", sampling.top_k),
    ];
    for (field, name, value) in fields {
        let Some(value) = value else { continue };
        let hot = field == Field::Temperature && value.parse().is_ok_and(|value: f64| value > 1.0);
        if thinks || hot || draft.target.without.contains(&name) {
            // One is what it is without the field.
            draft.drop(field);
        } else {
            draft.optional(name, Some(value));
        }
    }
}

fn tools(draft: &mut Draft<'_>) {
    let conversation = draft.conversation;
    if conversation.tools.is_empty() && !draft.json_tool {
        return;
    }
    draft.json().key("tools").list();
    for tool in &conversation.tools {
        let name = draft.name(&tool.name).into_owned();
        let mut json = draft.json();
        json.open().member("name", &name);
        if let Some(description) = &tool.description {
            json.key("description").text(description);
        }
        let schema = tool.schema.as_deref().unwrap_or(schema::EMPTY);
        json.key("input_schema").raw(&schema::for_object(schema, false));
        if let Some(cache) = tool.cache {
            json.key("cache_control").raw(cache);
        }
        json.close();
    }
    if draft.json_tool {
        json_tool(draft);
    }
    draft.json().end();
}

fn json_tool(draft: &mut Draft<'_>) {
    let format = draft.conversation.format.as_ref();
    let mut json = draft.json();
    json.open().member("name", JSON_TOOL);
    match format {
        Some(Format::Schema { description, schema, .. }) => {
            let task = "Gives the answer. Call this once, with the whole answer as its input.";
            match description {
                Some(text) => json.key("description").pieces(&[task, " ", text.raw()]),
                None => json.member("description", task),
            };
            json.key("input_schema").raw(&schema::for_object(schema, false));
        }
        _ => {
            let task =
                "Gives the answer. Call this once, with the JSON object that was asked for as its input.";
            json.member("description", task).key("input_schema").raw(r#"{"type":"object"}"#);
        }
    }
    json.close();
}

fn tool_choice(draft: &mut Draft<'_>, choice: Option<&Choice<'_>>) {
    let alone = draft.json_tool || draft.conversation.parallel == Some(false);
    let none = draft.conversation.tools.is_empty() && !draft.json_tool;
    let kind = match choice {
        _ if none => return,
        None if !alone => return,
        None | Some(Choice::Auto) => "auto",
        Some(Choice::Any) => "any",
        Some(Choice::None) => "none",
        Some(Choice::Named(_)) => "tool",
    };
    let name = match choice {
        Some(Choice::Named(name)) => Some(draft.name(name).into_owned()),
        _ => None,
    };
    let mut json = draft.json();
    json.key("tool_choice").open().member("type", kind);
    if let Some(name) = name {
        json.member("name", &name);
    }
    if alone && kind != "none" {
        json.key("disable_parallel_tool_use").value(true);
    }
    json.close();
}
