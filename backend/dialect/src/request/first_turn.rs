//! The first turn of a conversation, by which it is told from others where the client names none: every later request
//! repeats it. Marks of the prompt cache are left out, because clients move them from turn to turn.

use serde_json::value::RawValue;
use std::borrow::Cow;

const MARK: &str = "\"cache_control\"";

/// The role in which people speak, in every dialect.
const USER: &str = "user";

#[derive(serde::Deserialize)]
struct Turn<'a> {
    #[serde(borrow)]
    role: Option<Cow<'a, str>>,
}

/// Its text, of the value that has the turns: everything up to the first that a person says, since what stands before it
/// is the same for all that the same program says. None where there is none.
pub(super) fn of(turns: &[u8]) -> Option<String> {
    let Some(inner) = turns.strip_prefix(b"[") else {
        // OpenAI's Responses take the only turn as a string.
        let text = turns.starts_with(b"\"").then(|| std::str::from_utf8(turns).ok());
        return text.flatten().map(str::to_owned);
    };
    let (mut first, mut rest) = (String::new(), inner);
    while let Some((turn, after)) = next(rest) {
        rest = after;
        first.push_str(&unmarked(turn.get()));
        let said = serde_json::from_str::<Turn<'_>>(turn.get()).ok().and_then(|turn| turn.role);
        if said.as_deref() == Some(USER) {
            break;
        }
    }
    (!first.is_empty()).then_some(first)
}

/// The first turn of what is left of a list, and what follows it. Later ones are not looked at: there may be megabytes.
fn next(rest: &[u8]) -> Option<(&RawValue, &[u8])> {
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let mut turns = serde_json::Deserializer::from_slice(rest).into_iter();
    let turn = turns.next()?.ok()?;
    Some((turn, rest.get(turns.byte_offset()..)?))
}

/// Without the marks. What is left need not be JSON, only the same for the same turn.
fn unmarked(turn: &str) -> Cow<'_, str> {
    if !turn.contains(MARK) {
        return Cow::Borrowed(turn);
    }
    let mut kept = String::with_capacity(turn.len());
    let mut rest = turn;
    while let Some(at) = rest.find(MARK) {
        // A mark is a flat object: it ends with the next brace.
        let Some(end) = rest[at..].find('}') else { break };
        kept.push_str(rest[..at].trim_end_matches([',', ' ', '\n', '\t', '\r']));
        rest = rest[at + end + 1..].trim_start_matches([' ', '\n', '\t', '\r']);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use crate::{
        Dialect,
        request::{Endpoint, Path, Request},
    };

    fn of(dialect: Dialect, body: &str) -> Option<String> {
        let body = format!(r#"{{"model":"m","max_tokens":1,{body}}}"#);
        let path = Path { model: Some("m"), stream: false };
        let request = Request::parse(dialect, Endpoint::Generate, path, body.as_bytes()).unwrap();
        request.first_turn(body.as_bytes())
    }

    fn first(body: &str) -> Option<String> {
        of(Dialect::Anthropic, body)
    }

    #[test]
    fn later_requests_of_a_conversation_have_the_same_first_turn() {
        let one = r#""messages":[{"role":"user","content":"Hello"}]"#;
        let two = r#""stream":true,"messages": [ {"role":"user","content":"Hello"} , {"role":"assistant","content":"Hi"}]"#;
        assert_eq!(first(one), first(two));
        assert!(first(one).is_some_and(|turn| turn.contains("Hello")));
    }

    #[test]
    fn what_a_program_says_before_every_conversation_does_not_tell_them_apart() {
        let body = |said: &str| {
            format!(
                r#""messages":[{{"role":"system","content":"Be brief"}},{{"role":"user","content":"{said}"}},{{"role":"assistant","content":"x"}}]"#
            )
        };
        assert!(
            first(&body("Hello")).is_some_and(|turn| turn.contains("Hello") && !turn.contains("assistant"))
        );
        assert_ne!(first(&body("Hello")), first(&body("Good evening")));
        let input = r#""input":"Hello""#;
        assert_eq!(of(Dialect::OpenaiResponses, input).as_deref(), Some(r#""Hello""#));
    }

    #[test]
    fn marks_of_the_prompt_cache_do_not_count() {
        let marked = r#""messages":[{"role":"user","content":[{"type":"text","text":"Hello","cache_control":{"type":"ephemeral"}}]}]"#;
        let plain = r#""messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}]"#;
        assert_eq!(first(marked), first(plain));
    }

    #[test]
    fn where_there_is_no_turn_there_is_no_name() {
        for body in [r#""x":1"#, r#""messages":[]"#, r#""messages":7"#, r#""messages":null"#] {
            assert_eq!(first(body), None, "{body}");
        }
    }
}
