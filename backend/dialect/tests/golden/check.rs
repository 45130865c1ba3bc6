//! What official clients insist on, checked in every answer that is written.

use causeway_dialect::Dialect;
use serde_json::Value;

/// A response body.
pub(crate) fn answer(dialect: Dialect, body: &str) {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    match dialect {
        Dialect::Anthropic => {
            assert!(body["id"].as_str().unwrap().starts_with("msg_"));
            assert!(body["usage"]["input_tokens"].is_u64() && body["usage"]["output_tokens"].is_u64());
            let calls = body["content"].as_array().unwrap().iter().any(|block| block["type"] == "tool_use");
            assert!(!calls || body["stop_reason"] != "end_turn");
        }
        Dialect::OpenaiChat => {
            let message = &body["choices"][0]["message"];
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                assert!(call["function"]["arguments"].is_string(), "{call}");
            }
            let usage = &body["usage"];
            let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
            assert_eq!(usage["total_tokens"], sum);
        }
        Dialect::OpenaiResponses => response(&body),
        Dialect::Gemini => assert!(body["candidates"][0]["finishReason"].is_string()),
    }
}

fn response(response: &Value) {
    for member in ["id", "created_at", "model", "output", "parallel_tool_calls", "tool_choice", "tools"] {
        assert!(response.get(member).is_some(), "{member}");
    }
    let output = response["output"].as_array().unwrap();
    // Reasoning keeps the name that its provider gave it.
    let ours = output.iter().filter(|item| item["type"] != "reasoning");
    let mut ids: Vec<&str> = ours.map(|item| item["id"].as_str().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

/// A stream that has come to an end, a proper one or an error: one event says so, and nothing comes after it.
pub(crate) fn whole_stream(dialect: Dialect, text: &str, properly: bool) {
    let events = events(text);
    in_order(dialect, &events);
    let last = events.last().unwrap_or_else(|| panic!("there is no event"));
    assert_eq!(end(dialect, last), Some(properly), "{last}");
    let others = &events[..events.len() - 1];
    assert!(others.iter().all(|event| end(dialect, event).is_none()), "{text}");
}

/// The same of Gemini's stream in an array, which stays open where it breaks off.
pub(crate) fn array(text: &str, properly: bool) {
    let whole = if properly { text.to_owned() } else { format!("{text}]") };
    let events: Vec<Value> = serde_json::from_str(&whole).unwrap_or_else(|error| panic!("{error}: {text}"));
    let ends: Vec<Option<bool>> = events.iter().map(|event| end(Dialect::Gemini, event)).collect();
    assert_eq!(ends.last(), Some(&Some(properly)), "{text}");
    assert_eq!(ends.iter().filter(|end| end.is_some()).count(), 1, "{text}");
}

/// Whether an event says that nothing comes after it, and whether that is a proper end.
fn end(dialect: Dialect, event: &Value) -> Option<bool> {
    let failed = match dialect {
        Dialect::Anthropic => event["type"] == "error",
        Dialect::OpenaiResponses => event["type"] == "response.failed",
        Dialect::OpenaiChat | Dialect::Gemini => event.get("error").is_some(),
    };
    let proper = match dialect {
        Dialect::Anthropic => event["type"] == "message_stop",
        Dialect::OpenaiResponses => {
            matches!(event["type"].as_str(), Some("response.completed" | "response.incomplete"))
        }
        Dialect::OpenaiChat => event == "[DONE]",
        Dialect::Gemini => event["candidates"][0]["finishReason"].is_string(),
    };
    (failed || proper).then_some(proper)
}

fn events(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    let mut events = Vec::new();
    for event in text.split_terminator("\n\n") {
        let (name, data) = match event.split_once('\n') {
            Some((name, data)) => (name.strip_prefix("event: "), data),
            None => (None, event),
        };
        let data = data.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event:?} in {text:?}"));
        let data = if data == "[DONE]" {
            Value::String(data.to_owned())
        } else {
            serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
        };
        if let Some(name) = name {
            assert_eq!(data["type"], name);
        }
        events.push(data);
    }
    events
}

fn in_order(dialect: Dialect, events: &[Value]) {
    match dialect {
        Dialect::Anthropic => messages(events),
        Dialect::OpenaiChat => chat(events),
        Dialect::OpenaiResponses => responses(events),
        Dialect::Gemini => {}
    }
}

fn messages(events: &[Value]) {
    let (mut open, mut next) = (None, 0);
    for (at, event) in events.iter().enumerate() {
        let index = event["index"].as_u64();
        match event["type"].as_str().unwrap() {
            "message_start" => assert_eq!(at, 0),
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(next)), "one block at a time, counted without gaps");
                open = index;
                next += 1;
            }
            "content_block_delta" => assert_eq!(open, index),
            "content_block_stop" => assert_eq!(open.take(), index),
            "message_delta" => assert_eq!((open, at), (None, events.len() - 2)),
            "message_stop" | "error" => assert_eq!(at, events.len() - 1),
            "ping" => {}
            other => panic!("{other}"),
        }
    }
}

fn chat(events: &[Value]) {
    let mut calls = 0;
    for (at, event) in events.iter().enumerate() {
        if *event == "[DONE]" || event.get("error").is_some() {
            assert_eq!(at, events.len() - 1);
            continue;
        }
        assert_eq!(event["id"], events[0]["id"]);
        let delta = &event["choices"][0]["delta"];
        assert_eq!(at == 0, delta["role"] == "assistant");
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap();
            if call.get("id").is_some() {
                assert_eq!(index, calls, "calls are counted without gaps");
                calls += 1;
            }
            assert!(index < calls);
        }
    }
}

fn responses(events: &[Value]) {
    let mut added = Vec::new();
    let mut done = Vec::new();
    for (at, event) in events.iter().enumerate() {
        // Where a stream passes untouched nobody has counted when it breaks.
        assert!(event["sequence_number"] == at || event["type"] == "response.failed", "{event}");
        match event["type"].as_str().unwrap() {
            "response.output_item.added" => {
                assert_eq!(event["output_index"], added.len());
                added.push(&event["item"]["id"]);
            }
            "response.output_item.done" => done.push((&event["output_index"], &event["item"])),
            "response.completed" | "response.incomplete" => {
                assert_eq!((at, added.len()), (events.len() - 1, done.len()));
                done.sort_by_key(|(index, _)| index.as_u64());
                let items: Vec<Value> = done.iter().map(|(_, item)| (*item).clone()).collect();
                assert_eq!(event["response"]["output"], Value::Array(items));
                response(&event["response"]);
            }
            "response.failed" => assert_eq!(at, events.len() - 1),
            _ => {
                if let Some(index) = event["output_index"].as_u64() {
                    assert_eq!(&event["item_id"], added[usize::try_from(index).unwrap()]);
                }
            }
        }
    }
}
