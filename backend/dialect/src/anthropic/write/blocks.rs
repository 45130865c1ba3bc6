//! Turns and their blocks, as Messages has them.

use crate::Dialect;
use crate::neutral::draft::Draft;
use crate::neutral::turns::{INSTRUCTION, Said, merged};
use crate::neutral::{Conversation, Media, Part, Role, Text, ToolResult, ToolUse};

/// `messages`.
pub(super) fn messages(draft: &mut Draft<'_>) {
    let turns = merged(draft.conversation);
    let last = turns.len() - 1;
    draft.json().key("messages").list();
    for (at, (role, parts)) in turns.iter().enumerate() {
        let name = if *role == Role::Assistant { "assistant" } else { "user" };
        let before = draft.out.len();
        draft.json().open().member("role", name).key("content").list();
        let empty = draft.out.len();
        for (place, said) in parts.iter().enumerate() {
            // An answer that is begun for Claude must not end in white space.
            let prefilled = at == last && *role == Role::Assistant && place == parts.len() - 1;
            match said {
                Said::Here(Part::Text { text, .. }) if prefilled => {
                    words(draft, &[trimmed(text.raw())], None);
                }
                Said::Here(part) => block(draft, part),
                Said::Instruction(Part::Text { text, cache }) => {
                    words(draft, &[INSTRUCTION.0, text.raw(), INSTRUCTION.1], *cache);
                }
                Said::Instruction(part) => block(draft, part),
            }
        }
        if draft.out.len() == empty {
            draft.out.truncate(before);
        } else {
            draft.json().end();
            if at == last && *role == Role::User {
                cache_to_here(draft);
            }
            draft.json().close();
        }
    }
    draft.json().end();
}

/// Marks the last block of the list that was just written for caching, unless the client sets its own marks.
pub(super) fn cache_to_here(draft: &mut Draft<'_>) {
    if draft.target.cache && draft.conversation.dialect != Dialect::Anthropic && draft.out.ends_with(b"}]") {
        let end = draft.out.len() - 2;
        draft.out.truncate(end);
        draft.json().key("cache_control").open().member("type", "ephemeral").close().close().end();
    }
}

/// A list of blocks.
pub(super) fn list<'p>(draft: &mut Draft<'_>, parts: impl Iterator<Item = &'p Part<'p>>) {
    draft.json().list();
    for part in parts {
        block(draft, part);
    }
    draft.json().end();
}

/// Whether calls wait for Claude that were made without thinking: then it must not think now.
pub(super) fn calls_without_thinking(conversation: &Conversation<'_>) -> bool {
    let turns = merged(conversation);
    let [.., (Role::Assistant, asked), (Role::User, answered)] = &turns[..] else { return false };
    let results = answered.iter().any(|said| matches!(said, Said::Here(Part::ToolResult(_))));
    let own = |said: &Said<'_>| match said {
        Said::Here(Part::Thinking { signature: Some(opaque), .. } | Part::Redacted(opaque)) => {
            opaque.from == Dialect::Anthropic
        }
        _ => false,
    };
    results && !asked.iter().any(own)
}

fn block(draft: &mut Draft<'_>, part: &Part<'_>) {
    match part {
        Part::Text { text, cache } => words(draft, &[text.raw()], *cache),
        Part::Refusal(text) => words(draft, &[text.raw()], None),
        Part::Image { media, cache, .. } => source(draft, "image", media, None, *cache),
        Part::File { media, name, cache } => source(draft, "document", media, name.as_ref(), *cache),
        Part::ToolUse(call) => tool_use(draft, call),
        Part::ToolResult(result) => tool_result(draft, result),
        Part::Thinking { text, signature: Some(opaque) } if opaque.from == Dialect::Anthropic => {
            // What was signed goes back, and not what a client made of it.
            let (proof, signed) = opaque.text();
            let mut json = draft.json();
            json.open().member("type", "thinking");
            json.key("thinking").pieces(&[signed.unwrap_or(text.raw())]).member("signature", proof).close();
        }
        Part::Redacted(opaque) if opaque.from == Dialect::Anthropic => {
            draft.json().open().member("type", "redacted_thinking").member("data", &opaque.payload).close();
        }
        // Another provider's thinking means nothing to Claude.
        Part::Thinking { .. } | Part::Redacted(_) => {}
    }
}

/// A text block, unless it is empty, which Claude refuses.
fn words(draft: &mut Draft<'_>, pieces: &[&str], cache: Option<&str>) {
    if pieces.iter().all(|piece| piece.is_empty()) {
        return;
    }
    let mut json = draft.json();
    json.open().member("type", "text").key("text").pieces(pieces);
    if let Some(cache) = cache {
        json.key("cache_control").raw(cache);
    }
    json.close();
}

fn source(
    draft: &mut Draft<'_>,
    kind: &str,
    media: &Media<'_>,
    title: Option<&Text<'_>>,
    cache: Option<&str>,
) {
    let mut json = draft.json();
    json.open().member("type", kind).key("source").open();
    match media {
        Media::Base64 { mime, data } => {
            json.member("type", "base64").member("media_type", mime).key("data").text(data);
        }
        Media::Url(url) => {
            json.member("type", "url").key("url").text(url);
        }
    }
    json.close();
    if let Some(title) = title {
        json.key("title").text(title);
    }
    if let Some(cache) = cache {
        json.key("cache_control").raw(cache);
    }
    json.close();
}

fn tool_use(draft: &mut Draft<'_>, call: &ToolUse<'_>) {
    let (id, name) = (draft.id(&call.id), draft.name(&call.name));
    let mut json = draft.json();
    json.open().member("type", "tool_use").member("id", &id).member("name", &name);
    json.key("input").raw(&call.input.object()).close();
}

fn tool_result(draft: &mut Draft<'_>, result: &ToolResult<'_>) {
    let id = draft.id(&result.id);
    let mut json = draft.json();
    json.open().member("type", "tool_result").member("tool_use_id", &id);
    match &result.parts[..] {
        [] => {}
        [Part::Text { text, cache: None }] => {
            json.key("content").text(text);
        }
        parts => {
            json.key("content");
            list(draft, parts.iter());
        }
    }
    let mut json = draft.json();
    if result.error {
        json.key("is_error").value(true);
    }
    json.close();
}

/// Escaped text without the white space at its end.
fn trimmed(mut raw: &str) -> &str {
    loop {
        let shorter = raw.trim_end();
        let space = ["\\n", "\\r", "\\t"].into_iter().find_map(|escape| {
            let rest = shorter.strip_suffix(escape)?;
            // An even number of backslashes before it is text, and the letter is one.
            let slashes = rest.len() - rest.trim_end_matches('\\').len();
            slashes.is_multiple_of(2).then_some(rest)
        });
        match space {
            Some(rest) => raw = rest,
            None => return shorter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::trimmed;

    #[test]
    fn white_space_goes_in_whatever_form_and_letters_stay() {
        assert_eq!(trimmed(r"{ \n\t \r"), "{");
        assert_eq!(trimmed(r"C:\\n"), r"C:\\n");
        assert_eq!(trimmed(r"C:\\\n"), r"C:\\");
        assert_eq!(trimmed(""), "");
    }
}
