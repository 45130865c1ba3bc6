//! An answer as one JSON body.

use std::fmt::Write as _;

use crate::{
    answer::{Answer, BlockKind, SIGNATURE, TOOL_INPUT, filler, word},
    ledger::Tokens,
};

/// The whole answer as one JSON body.
pub(crate) fn body(answer: &Answer) -> String {
    let mut out = String::with_capacity(900 + answer.text_bytes.unwrap_or_default());
    let Answer { message_id, model, .. } = answer;
    let _ = write!(
        out,
        r#"{{"id":"{message_id}","type":"message","role":"assistant","model":{model},"content":["#
    );
    for (index, block) in answer.blocks.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match &block.kind {
            BlockKind::Thinking => {
                let _ = write!(
                    out,
                    r#"{{"type":"thinking","thinking":"{}","signature":"{SIGNATURE}"}}"#,
                    word(answer.flavour, 0)
                );
            }
            BlockKind::Text => {
                out.push_str(r#"{"type":"text","text":""#);
                match answer.text_bytes {
                    Some(bytes) => out.extend(filler(0..bytes)),
                    None if answer.json => out.push_str(&escaped(TOOL_INPUT)),
                    None => (0..6).for_each(|n| out.push_str(word(answer.flavour, n))),
                }
                out.push_str(r#""}"#);
            }
            BlockKind::Tool { id, name } => {
                let name = serde_json::Value::from(name.as_str());
                let _ =
                    write!(out, r#"{{"type":"tool_use","id":"{id}","name":{name},"input":{TOOL_INPUT}}}"#);
            }
        }
    }
    let _ = write!(out, r#"],"stop_reason":"{}","stop_sequence":null,"usage":"#, answer.stop_reason);
    usage(&mut out, answer.tokens, &answer.tier);
    out.push('}');
    out
}

/// As it stands between quotes.
pub(super) fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The usage object with every bucket, as `message_start` and a JSON answer carry it.
pub(crate) fn usage(out: &mut String, tokens: Tokens, tier: &str) {
    let Tokens { input, output, cache_read, cache_write_5m, cache_write_1h } = tokens;
    let written = cache_write_5m + cache_write_1h;
    let _ = write!(
        out,
        r#"{{"input_tokens":{input},"cache_creation_input_tokens":{written},"cache_read_input_tokens":{cache_read},"cache_creation":{{"ephemeral_5m_input_tokens":{cache_write_5m},"ephemeral_1h_input_tokens":{cache_write_1h}}},"output_tokens":{output},"service_tier":"{tier}"}}"#
    );
}
