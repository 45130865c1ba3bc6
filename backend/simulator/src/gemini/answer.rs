//! A Gemini answer as one JSON body, and the parts that a stream says too.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, BlockKind},
    ledger::Tokens,
};

/// A thought's signature: base64, of nothing that anybody else could have made.
pub(super) const SIGNATURE: &str = "c2ltOnRob3VnaHQtc2lnbmF0dXJl";

/// A call is never told in pieces here.
pub(super) fn whole_calls(answer: &mut Answer) {
    for block in &mut answer.blocks {
        if matches!(block.kind, BlockKind::Tool { .. }) {
            block.deltas = 1;
        }
    }
}

pub(super) fn body(answer: &Answer) -> Value {
    let parts: Vec<_> = (0..answer.blocks.len()).map(|at| part(answer, at, &answer.said(at))).collect();
    let mut body = chunk(answer, &parts);
    let last = parts.len() - 1;
    if thinks(answer) && first_call(answer).is_none() {
        body["candidates"][0]["content"]["parts"][last]["thoughtSignature"] = SIGNATURE.into();
    }
    body["candidates"][0]["finishReason"] = finish_reason(answer).into();
    body["usageMetadata"] = usage(answer, answer.tokens, answer.reasoning);
    body
}

/// What every answer and every piece of one has.
pub(super) fn chunk(answer: &Answer, parts: &[Value]) -> Value {
    json!({
        "candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}],
        "modelVersion": answer.model(),
        "responseId": answer.message_id,
    })
}

/// A block, or a piece of it.
pub(super) fn part(answer: &Answer, at: usize, said: &str) -> Value {
    match &answer.blocks[at].kind {
        BlockKind::Thinking => json!({"text": said, "thought": true}),
        BlockKind::Text => json!({"text": said}),
        BlockKind::Tool { id, name } => {
            let args: Value = serde_json::from_str(said).unwrap_or_default();
            let mut part = json!({"functionCall": {"name": name, "args": args}});
            if newer(answer) {
                part["functionCall"]["id"] = id.replace("toolu_", "").into();
            }
            if first_call(answer) == Some(at) && (newer(answer) || thinks(answer)) {
                part["thoughtSignature"] = SIGNATURE.into();
            }
            part
        }
    }
}

/// Models that give calls ids, and sign them whether thoughts are shown or not.
fn newer(answer: &Answer) -> bool {
    answer.model().starts_with("gemini-3")
}

pub(super) fn thinks(answer: &Answer) -> bool {
    answer.blocks.iter().any(|block| block.kind == BlockKind::Thinking)
}

pub(super) fn first_call(answer: &Answer) -> Option<usize> {
    answer.blocks.iter().position(|block| matches!(block.kind, BlockKind::Tool { .. }))
}

pub(super) fn finish_reason(answer: &Answer) -> &'static str {
    if answer.stop_reason == "max_tokens" { "MAX_TOKENS" } else { "STOP" }
}

/// Cached input is part of the prompt; thoughts are beside the candidates, and counts of nothing are absent.
pub(super) fn usage(answer: &Answer, tokens: Tokens, reasoning: u64) -> Value {
    let (prompt, reasoning) = (tokens.all_input(), reasoning.min(tokens.output));
    let mut usage = json!({
        "promptTokenCount": prompt,
        "totalTokenCount": prompt + tokens.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    });
    for (name, count) in [
        ("candidatesTokenCount", tokens.output - reasoning),
        ("thoughtsTokenCount", reasoning),
        ("cachedContentTokenCount", tokens.cache_read),
    ] {
        if count > 0 {
            usage[name] = count.into();
        }
    }
    if tokens.cache_read > 0 {
        usage["cacheTokensDetails"] = json!([{"modality": "TEXT", "tokenCount": tokens.cache_read}]);
    }
    if answer.tier != "standard" {
        usage["serviceTier"] = answer.tier.as_str().into();
    }
    usage
}
