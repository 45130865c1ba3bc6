//! Inputs that are large in one way: what is read of them grows as they do, and no faster. The watchdog and the bounds of
//! memory are the ones of every other input.

use causeway_dialect::Dialect;
use causeway_dialect::framing::Framing;

use super::corpus::Kind;
use super::run::{Target, is_long};

/// About how many pieces there are. In a long run what took the square of it would take minutes.
fn many() -> usize {
    if is_long() { 40_000 } else { 1_000 }
}

/// A name, who sends or tells it, and the input itself.
pub(crate) struct Large {
    pub(crate) what: &'static str,
    kind: Kind,
    dialect: Dialect,
    framing: Framing,
    pub(crate) bytes: Vec<u8>,
}

impl Large {
    /// Whether this is an input for that target.
    pub(crate) fn is_for(&self, target: &Target) -> bool {
        (self.kind, self.dialect, self.framing) == (target.kind, target.dialect, target.framing)
    }
}

fn request(what: &'static str, dialect: Dialect, body: String) -> Large {
    Large { what, kind: Kind::Request, dialect, framing: Framing::Body, bytes: body.into_bytes() }
}

fn stream(what: &'static str, dialect: Dialect, events: impl Iterator<Item = String>) -> Large {
    let events: String = events.map(|data| format!("data: {data}\n\n")).collect();
    Large { what, kind: Kind::Stream, dialect, framing: Framing::Events, bytes: events.into_bytes() }
}

fn repeated(piece: impl Fn(usize) -> String) -> String {
    (0..many()).map(piece).collect::<Vec<_>>().join(",")
}

pub(crate) fn requests() -> Vec<Large> {
    use Dialect::{Anthropic, Gemini, OpenaiChat, OpenaiResponses};
    let part = |_| r#"{"type":"text","text":"a"}"#.to_owned();
    let result = |n| format!(r#"{{"type":"tool_result","tool_use_id":"t{n}","content":"a"}}"#);
    let call = |n| format!(r#"{{"type":"tool_use","id":"t{n}","name":"n {n}","input":{{}}}}"#);
    // In the other order, so that each is looked for furthest away.
    let back = |n: usize| many() - 1 - n;
    vec![
        request(
            "many texts",
            OpenaiChat,
            format!(
                r#"{{"model":"m","messages":[{{"role":"system","content":[{0}]}},{{"role":"user","content":[{0}]}},{{"role":"assistant","content":[{0}]}},{{"role":"tool","tool_call_id":"x","content":[{0}]}}]}}"#,
                repeated(part)
            ),
        ),
        request(
            "many odd names and results",
            Anthropic,
            format!(
                r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"assistant","content":[{}]}},{{"role":"user","content":[{}]}}]}}"#,
                repeated(call),
                repeated(|n| result(back(n)))
            ),
        ),
        request(
            "many tools",
            OpenaiResponses,
            format!(
                r#"{{"model":"m","input":"x","tools":[{}]}}"#,
                repeated(|n| format!(
                    r##"{{"type":"custom","name":"n {n}"}},{{"type":"function","name":"f {n}","parameters":{{"$ref":"#"}}}}"##
                ))
            ),
        ),
        request(
            "many allowed names",
            Gemini,
            format!(
                r#"{{"contents":[],"tools":[{{"functionDeclarations":[{}]}}],"toolConfig":{{"functionCallingConfig":{{"mode":"ANY","allowedFunctionNames":[{}]}}}}}}"#,
                repeated(|n| format!(r#"{{"name":"f{n}"}}"#)),
                repeated(|n| format!(r#""f{}""#, back(n)))
            ),
        ),
        request(
            "many calls without ids",
            Gemini,
            format!(
                r#"{{"contents":[{{"role":"model","parts":[{}]}},{{"role":"user","parts":[{}]}}]}}"#,
                repeated(|n| format!(r#"{{"functionCall":{{"name":"f{n}"}}}}"#)),
                repeated(|n| format!(
                    r#"{{"functionResponse":{{"name":"f{}"}}}},{{"functionResponse":{{"name":"other"}}}}"#,
                    back(n)
                ))
            ),
        ),
        request(
            "many references",
            OpenaiChat,
            format!(
                r##"{{"model":"m","messages":[{{"role":"user","content":"x"}}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{{"type":"object","$defs":{{"a":{{"description":"{}"}}}},"properties":{{{}}},"allOf":[{{"required":[{2}]}},{{"required":[{2}]}}]}}}}}}]}}"##,
                "x".repeat(many()),
                repeated(|n| format!(r##""p{n}":{{"$ref":"#/$defs/a"}}"##)),
                repeated(|n| format!(r#""p{n}""#))
            ),
        ),
        request(
            "many fields",
            Anthropic,
            format!("{{\"model\":\"m\",{}}}", repeated(|n| format!("\"f{n}\":1"))),
        ),
    ]
}

pub(crate) fn streams() -> Vec<Large> {
    use Dialect::{Anthropic, Gemini, OpenaiChat, OpenaiResponses};
    let pieces = 0..many() / 4;
    let chat = |delta: String| format!(r#"{{"id":"c","choices":[{{"index":0,"delta":{delta}}}]}}"#);
    vec![
        stream(
            "many blocks",
            Anthropic,
            pieces.clone().flat_map(|n| {
                [
                    format!(r#"{{"type":"content_block_start","index":{n},"content_block":{{"type":"redacted_thinking","data":"{n}"}}}}"#),
                    format!(r#"{{"type":"content_block_delta","index":{},"delta":{{"type":"text_delta","text":"x"}}}}"#, many()),
                ]
            }),
        ),
        stream(
            "many calls at once",
            OpenaiChat,
            pieces.clone().flat_map(|n| {
                let begun = format!(r#"{{"tool_calls":[{{"index":{n},"id":"i{n}","function":{{"name":"f","arguments":""}}}}]}}"#);
                let more = format!(r#"{{"tool_calls":[{{"index":{},"function":{{"arguments":"1"}}}}]}}"#, n / 2);
                [chat(begun), chat(more)]
            }),
        ),
        stream(
            "many items that never open",
            OpenaiResponses,
            pieces.clone().flat_map(|n| {
                [
                    format!(r#"{{"type":"response.output_item.added","output_index":{n},"item":{{"type":"message"}}}}"#),
                    format!(r#"{{"type":"response.output_text.delta","output_index":{},"delta":"x"}}"#, n / 2),
                ]
            }),
        ),
        stream(
            "a long name of the answer",
            Gemini,
            pieces.map(|n| {
                let id = if n == 0 { "i".repeat(many()) } else { String::new() };
                format!(r#"{{"responseId":"{id}","candidates":[{{"content":{{"parts":[{{"text":"x"}}]}}}}]}}"#)
            }),
        ),
    ]
}
