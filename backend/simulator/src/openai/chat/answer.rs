//! A Chat answer as one JSON body, and the parts that a stream says too.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, BlockKind},
    ledger::Tokens,
};

pub(super) fn body(answer: &Answer) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
    let mut calls = Vec::new();
    for (at, block) in answer.blocks.iter().enumerate() {
        match &block.kind {
            BlockKind::Thinking => message["reasoning_content"] = answer.said(at).into(),
            BlockKind::Text => message["content"] = answer.said(at).into(),
            BlockKind::Tool { id, name } => {
                let function = json!({"name": name, "arguments": answer.said(at)});
                calls.push(json!({"id": call_id(id), "type": "function", "function": function}));
            }
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!({
        "id": answer.message_id,
        "object": "chat.completion",
        "created": chrono::Utc::now().timestamp(),
        "model": answer.model(),
        "choices": [{
            "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(answer),
        }],
        "usage": usage(answer.tokens, answer.reasoning),
        "service_tier": tier(answer),
        "system_fingerprint": "fp_sim",
    })
}

/// Cached input is part of the prompt, and thinking part of the completion.
pub(super) fn usage(tokens: Tokens, reasoning: u64) -> Value {
    let (prompt, completion) = (tokens.all_input(), tokens.output);
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning.min(completion), "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}

pub(super) fn finish_reason(answer: &Answer) -> &'static str {
    match answer.stop_reason {
        "max_tokens" => "length",
        "tool_use" => "tool_calls",
        _ => "stop",
    }
}

pub(in crate::openai) fn call_id(id: &str) -> String {
    id.replace("toolu_", "call_")
}

pub(in crate::openai) fn tier(answer: &Answer) -> &str {
    match answer.tier.as_str() {
        "standard" => "default",
        tier => tier,
    }
}
