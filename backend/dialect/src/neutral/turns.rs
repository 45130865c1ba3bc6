//! Turns put in order: results that know their function, and one side after the other.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Conversation, Part, Role, Turn};

/// Writes into each result the name of the function that was called, which Gemini repeats there.
pub(crate) fn name_results(turns: &mut [Turn<'_>]) {
    let mut names = HashMap::new();
    for part in turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        match part {
            Part::ToolUse(call) => {
                names.insert(call.id.clone(), call.name.clone());
            }
            Part::ToolResult(result) if result.name.is_none() => {
                result.name = names.get(&result.id).cloned();
            }
            _ => {}
        }
    }
}

/// A part in its place.
#[derive(Clone, Copy)]
pub(crate) enum Said<'c> {
    /// By whoever's turn it is.
    Here(&'c Part<'c>),
    /// By the application, in the user's turn.
    Instruction(&'c Part<'c>),
}

/// The turns with neighbours of one side as one, the application's as the user's, and results before everything else
/// the user says: what Anthropic and Gemini insist on. Without any turn the instructions are the question.
pub(crate) fn merged<'c>(conversation: &'c Conversation<'c>) -> Vec<(Role, Vec<Said<'c>>)> {
    let mut merged: Vec<(Role, Vec<Said<'c>>)> = Vec::new();
    for turn in &conversation.turns {
        let role = if turn.role == Role::Assistant { Role::Assistant } else { Role::User };
        let said = turn.parts.iter().map(|part| match turn.role {
            Role::System => Said::Instruction(part),
            _ => Said::Here(part),
        });
        match merged.last_mut() {
            Some((last, parts)) if *last == role => parts.extend(said),
            _ => merged.push((role, said.collect())),
        }
    }
    for (role, parts) in &mut merged {
        if *role == Role::User {
            parts.sort_by_key(|said| !matches!(said, Said::Here(Part::ToolResult(_))));
        }
    }
    if merged.is_empty() {
        merged.push((Role::User, conversation.system.iter().map(Said::Here).collect()));
    }
    merged
}

/// Whether some part, of a turn or of a result in it, is like that.
pub(crate) fn holds(conversation: &Conversation<'_>, like: fn(&Part<'_>) -> bool) -> bool {
    conversation.turns.iter().flat_map(|turn| &turn.parts).any(|part| match part {
        Part::ToolResult(result) => result.parts.iter().any(like),
        part => like(part),
    })
}

/// The instructions of a system turn as the user's text.
pub(crate) const INSTRUCTION: (&str, &str) = ("<system>\\n", "\\n</system>");

/// All texts of these parts in one, each on a line of its own.
pub(crate) fn joined<'c>(parts: &'c [Part<'c>], between: &str) -> Cow<'c, str> {
    let mut texts = parts.iter().filter_map(|part| match part {
        Part::Text { text, .. } | Part::Refusal(text) => Some(text.raw()),
        _ => None,
    });
    let mut all = Cow::Borrowed(texts.next().unwrap_or_default());
    for text in texts {
        let all = all.to_mut();
        all.push_str(between);
        all.push_str(text);
    }
    all
}
