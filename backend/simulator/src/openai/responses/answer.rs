//! A Responses answer: the object that goes whole into JSON and into the events that open and end a stream, and its items.

use serde_json::{Map, Value, json};

use crate::{
    answer::{Answer, BlockKind},
    ledger::Tokens,
    openai::chat::{call_id, tier},
};

/// What encrypted thinking begins with, here as at the provider.
pub(super) const SEAL: &str = "gAAAAAB";

/// What of the request decides how the answer looks.
pub(super) struct Shown {
    /// Fields that the answer repeats.
    echo: Map<String, Value>,
    sealed: bool,
    created: i64,
}

impl Shown {
    pub(super) fn of(body: &Value) -> Self {
        let or = |name: &str, default: Value| match &body[name] {
            Value::Null => default,
            given => given.clone(),
        };
        let echo = [
            ("background", json!(false)),
            ("instructions", Value::Null),
            ("max_output_tokens", Value::Null),
            ("max_tool_calls", Value::Null),
            ("metadata", json!({})),
            ("parallel_tool_calls", json!(true)),
            ("previous_response_id", Value::Null),
            ("prompt_cache_key", Value::Null),
            ("safety_identifier", Value::Null),
            ("store", json!(true)),
            ("temperature", json!(1.0)),
            ("text", json!({"format": {"type": "text"}, "verbosity": "medium"})),
            ("tool_choice", json!("auto")),
            ("tools", json!([])),
            ("top_logprobs", json!(0)),
            ("top_p", json!(1.0)),
            ("truncation", json!("disabled")),
            ("user", Value::Null),
        ];
        let mut echo: Map<_, _> =
            echo.into_iter().map(|(name, default)| (name.to_owned(), or(name, default))).collect();
        let reasoning = &body["reasoning"];
        let reasoning = json!({"effort": reasoning["effort"], "summary": reasoning["summary"]});
        echo.insert("reasoning".to_owned(), reasoning);
        let sealed = body["include"]
            .as_array()
            .is_some_and(|list| list.iter().any(|one| one == "reasoning.encrypted_content"));
        Self { echo, sealed, created: chrono::Utc::now().timestamp() }
    }

    /// The object before anything is in it.
    pub(super) fn empty(&self, answer: &Answer) -> Value {
        let mut object = self.echo.clone();
        let own = json!({
            "id": answer.message_id, "object": "response", "created_at": self.created, "status": "in_progress",
            "completed_at": null, "error": null, "incomplete_details": null, "model": answer.model(),
            "output": [], "service_tier": tier(answer), "usage": null,
        });
        object.extend(own.as_object().cloned().unwrap_or_default());
        Value::Object(object)
    }

    /// The object in the end.
    pub(super) fn whole(&self, answer: &Answer) -> Value {
        let mut object = self.empty(answer);
        let cut = answer.stop_reason == "max_tokens";
        object["status"] = if cut { "incomplete" } else { "completed" }.into();
        if cut {
            object["incomplete_details"] = json!({"reason": "max_output_tokens"});
        } else {
            object["completed_at"] = chrono::Utc::now().timestamp().into();
        }
        object["output"] = (0..answer.blocks.len()).map(|at| self.item(answer, at)).collect();
        object["usage"] = usage(answer.tokens, answer.reasoning);
        object
    }

    /// A block as the item that it is when complete.
    pub(super) fn item(&self, answer: &Answer, at: usize) -> Value {
        let mut item = self.begun(answer, at);
        match &answer.blocks[at].kind {
            BlockKind::Thinking => {
                item["summary"] = json!([{"type": "summary_text", "text": answer.said(at)}]);
            }
            BlockKind::Text => {
                item["content"] = json!([part(&answer.said(at))]);
                item["status"] = "completed".into();
            }
            BlockKind::Tool { .. } => {
                item["arguments"] = answer.said(at).into();
                item["status"] = "completed".into();
            }
        }
        item
    }

    /// The same when it begins.
    pub(super) fn begun(&self, answer: &Answer, at: usize) -> Value {
        let id = item_id(answer, at);
        match &answer.blocks[at].kind {
            BlockKind::Thinking => {
                let mut item = json!({"id": id, "type": "reasoning", "summary": []});
                if self.sealed {
                    item["encrypted_content"] = format!("{SEAL}{:016x}_sim==", answer.flavour).into();
                }
                item
            }
            BlockKind::Text => {
                json!({"id": id, "type": "message", "status": "in_progress", "role": "assistant", "content": []})
            }
            BlockKind::Tool { id: call, name } => json!({
                "id": id, "type": "function_call", "status": "in_progress", "call_id": call_id(call),
                "name": name, "arguments": "",
            }),
        }
    }
}

/// A part of a message.
pub(super) fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

pub(super) fn item_id(answer: &Answer, at: usize) -> String {
    let begin = match answer.blocks[at].kind {
        BlockKind::Thinking => "rs",
        BlockKind::Text => "msg",
        BlockKind::Tool { .. } => "fc",
    };
    format!("{}{at:02x}", answer.message_id.replacen("resp", begin, 1))
}

/// Cached input is part of the input, and thinking part of the output.
pub(super) fn usage(tokens: Tokens, reasoning: u64) -> Value {
    let (input, output) = (tokens.all_input(), tokens.output);
    json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": tokens.cache_read},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": input + output,
    })
}
