//! The events of an answer put together as each dialect's clients do it: to what would have come whole.

use causeway_dialect::Dialect;
use serde_json::{Map, Value, json};

/// What a stream amounts to.
pub(super) fn whole(dialect: Dialect, text: &str) -> Value {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> =
        data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect();
    match dialect {
        Dialect::Anthropic => messages(&events),
        Dialect::OpenaiChat => chat(&events),
        Dialect::OpenaiResponses => responses(&events),
        Dialect::Gemini => gemini(&events),
    }
}

fn add(to: &mut Value, more: &Value) {
    let more = more.as_str().unwrap_or_default();
    *to = json!(format!("{}{more}", to.as_str().unwrap_or_default()));
}

fn messages(events: &[Value]) -> Value {
    let mut message = events[0]["message"].clone();
    let mut blocks: Vec<Value> = Vec::new();
    for event in events {
        match event["type"].as_str().unwrap() {
            "content_block_start" => blocks.push(event["content_block"].clone()),
            "content_block_delta" => {
                let block = blocks.last_mut().unwrap();
                let delta = &event["delta"];
                match delta["type"].as_str().unwrap() {
                    "text_delta" => add(&mut block["text"], &delta["text"]),
                    "thinking_delta" => add(&mut block["thinking"], &delta["thinking"]),
                    "signature_delta" => block["signature"] = delta["signature"].clone(),
                    "input_json_delta" => {
                        let mut so_far =
                            if block["input"].is_string() { block["input"].clone() } else { json!("") };
                        add(&mut so_far, &delta["partial_json"]);
                        block["input"] = so_far;
                    }
                    other => panic!("{other}"),
                }
            }
            "message_delta" => {
                for (name, value) in event["usage"].as_object().unwrap() {
                    message["usage"][name] = value.clone();
                }
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
            }
            _ => {}
        }
    }
    for block in &mut blocks {
        if let Some(input) = block["input"].as_str() {
            block["input"] = serde_json::from_str(input).unwrap();
        }
    }
    message["content"] = Value::Array(blocks);
    message
}

fn chat(events: &[Value]) -> Value {
    let mut message = json!({"role": "assistant", "content": null});
    let (mut calls, mut usage): (Vec<Value>, _) = (Vec::new(), Value::Null);
    for event in events {
        let delta = &event["choices"][0]["delta"];
        for name in ["content", "reasoning_content"] {
            if delta[name].is_string() {
                add(&mut message[name], &delta[name]);
            }
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let at = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            if at == calls.len() {
                let name = &call["function"]["name"];
                calls.push(json!({"id": call["id"], "type": "function", "function": {"name": name, "arguments": ""}}));
            }
            add(&mut calls[at]["function"]["arguments"], &call["function"]["arguments"]);
        }
        if event["usage"].is_object() {
            usage = event["usage"].clone();
        }
    }
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    json!({"choices": [{"index": 0, "message": message}], "usage": usage})
}

fn responses(events: &[Value]) -> Value {
    let response = events.last().unwrap()["response"].clone();
    let deltas: String = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta")
        .map(|event| event["delta"].as_str().unwrap())
        .collect();
    let said: String = response["output"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|item| item["content"].as_array().into_iter().flatten())
        .filter_map(|part| part["text"].as_str())
        .collect();
    assert_eq!(deltas, said, "what came in pieces is what came at the end");
    response
}

fn gemini(events: &[Value]) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    for part in events
        .iter()
        .flat_map(|event| event["candidates"][0]["content"]["parts"].as_array().into_iter().flatten())
    {
        let empty =
            part.as_object().is_some_and(|part: &Map<String, Value>| part.len() == 1) && part["text"] == "";
        if !empty {
            parts.push(part.clone());
        }
    }
    let usage = events.last().unwrap()["usageMetadata"].clone();
    json!({"candidates": [{"content": {"parts": parts}}], "usageMetadata": usage})
}
