//! A conversation without its sealed reasoning, which only the account that made it can open: another one refuses it.
//!
//! Only those items go. Everything else keeps its bytes. A sealed compaction stays: without it there would be no
//! conversation.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::scan;
use crate::splice::Edits;

/// The body without reasoning items; `None` when it has none.
pub(crate) fn without(body: &[u8]) -> Option<Bytes> {
    let fields = scan::lenient(body, &["input"]).ok()?;
    let input = fields.get("input")?;
    let listed: Vec<&RawValue> = serde_json::from_str(input.raw()).ok()?;
    let kept: Vec<&str> = listed.iter().map(|item| item.get()).filter(|item| !is_reasoning(item)).collect();
    if kept.len() == listed.len() {
        return None;
    }
    let mut edits = Edits::new();
    edits.replace(input.range(), format!("[{}]", kept.join(",")));
    edits.apply(Bytes::copy_from_slice(body)).ok()
}

fn is_reasoning(item: &str) -> bool {
    let fields = scan::lenient(item.as_bytes(), &["type"]).ok();
    fields.and_then(|fields| Some(fields.get("type")?.str()? == "reasoning")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_goes_and_every_other_byte_stays() {
        let body = br#"{ "store":false,"input":[ {"role":"user", "content":"hi \u00e9"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"c2Vh"}, {"type":"function_call","arguments":"{}"} ] , "model":"m"}"#;
        let rest = without(body).unwrap();
        assert_eq!(
            std::str::from_utf8(&rest).unwrap(),
            r#"{ "store":false,"input":[{"role":"user", "content":"hi \u00e9"},{"type":"function_call","arguments":"{}"}] , "model":"m"}"#
        );
        assert_eq!(without(&rest), None, "there is none left");
    }

    #[test]
    fn a_body_without_a_list_or_without_reasoning_is_left_alone() {
        for body in ["{}", r#"{"input":"reasoning"}"#, r#"{"input":[7,{"type":"compaction"}]}"#, "["] {
            assert_eq!(without(body.as_bytes()), None, "{body}");
        }
    }
}
