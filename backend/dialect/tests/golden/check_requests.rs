//! What providers insist on, checked in every request that is written.

use causeway_dialect::Dialect;
use serde_json::Value;

/// A request body.
pub(crate) fn request(dialect: Dialect, body: &str) {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    match dialect {
        Dialect::Anthropic => {
            assert!(body["max_tokens"].as_u64().is_some_and(|most| most > 0));
            let messages = body["messages"].as_array().unwrap();
            assert!(!messages.is_empty());
            for pair in messages.windows(2) {
                assert_ne!(pair[0]["role"], pair[1]["role"], "nobody speaks twice in a row");
            }
            for message in messages {
                results_come_first(message);
            }
            if let Some(budget) = body["thinking"]["budget_tokens"].as_u64() {
                assert!((1024..body["max_tokens"].as_u64().unwrap()).contains(&budget));
                assert!(body.get("temperature").is_none());
                assert!(!matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool")));
            }
            for tool in body["tools"].as_array().into_iter().flatten() {
                named_well(&tool["name"], 128);
                assert_eq!(tool["input_schema"]["type"], "object");
            }
        }
        Dialect::OpenaiChat => {
            for tool in body["tools"].as_array().into_iter().flatten() {
                named_well(&tool["function"]["name"], 64);
                assert!(tool["function"]["parameters"]["properties"].is_object());
            }
            calls_have_results(&body);
        }
        Dialect::OpenaiResponses => {
            assert_eq!(body["store"], false);
            for tool in body["tools"].as_array().into_iter().flatten() {
                named_well(&tool["name"], 64);
                assert!(tool["strict"].is_boolean());
            }
        }
        Dialect::Gemini => {
            for pair in body["contents"].as_array().unwrap().windows(2) {
                assert_ne!(pair[0]["role"], pair[1]["role"], "nobody speaks twice in a row");
            }
            let text = body.to_string();
            for refused in ["$ref", "$schema", "additionalProperties", "\"const\""] {
                assert!(!text.contains(refused), "{refused}");
            }
        }
    }
}

fn named_well(name: &Value, longest: usize) {
    let name = name.as_str().unwrap();
    let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    assert!(legal && (1..=longest).contains(&name.len()), "{name}");
}

fn results_come_first(message: &Value) {
    let is_result = |block: &Value| block["type"] == "tool_result";
    let blocks = message["content"].as_array().unwrap();
    assert!(blocks.is_sorted_by_key(|block| !is_result(block)), "{message}");
    for block in blocks {
        assert_ne!(block["text"], "", "no text is empty");
        if let Some(id) = block.get("id").or_else(|| block.get("tool_use_id")) {
            named_well(id, 64);
        }
    }
}

/// Every call is followed by its results, before anybody speaks.
fn calls_have_results(body: &Value) {
    let mut waiting: Vec<&Value> = Vec::new();
    for message in body["messages"].as_array().unwrap() {
        if message["role"] == "tool" {
            let place = waiting.iter().position(|id| **id == message["tool_call_id"]);
            waiting.remove(place.unwrap_or_else(|| panic!("no call for {message}")));
        } else {
            assert!(waiting.is_empty(), "{waiting:?} wait for their results");
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            assert!(call["id"].as_str().unwrap().len() <= 40);
            waiting.push(&call["id"]);
        }
    }
}
