//! Responses: the answers, the order of their events, what they say of usage, and what is refused.

use causeway_simulator::{Outcome, Tokens};

use super::*;

fn request(stream: bool) -> Value {
    json!({
        "model": "gpt-5.5", "max_output_tokens": 400, "stream": stream, "store": false,
        "input": [{"role": "user", "content": [
            {"type": "input_text", "text": "How does water find its way? ".repeat(8)},
        ]}],
    })
}

async fn answer(simulator: &Simulator, body: &Value) -> reqwest::Response {
    let address = format!("{}/v1/responses", simulator.url());
    reqwest::Client::new().post(address).bearer_auth(KEY).json(body).send().await.unwrap()
}

async fn streamed(simulator: &Simulator, script: &str) -> Vec<Value> {
    simulator.next(script).unwrap();
    events(&answer(simulator, &request(true)).await.text().await.unwrap())
}

fn usage(value: &Value) -> Tokens {
    let cached = value["input_tokens_details"]["cached_tokens"].as_u64().unwrap();
    let input = value["input_tokens"].as_u64().unwrap();
    let output = value["output_tokens"].as_u64().unwrap();
    assert_eq!(value["total_tokens"], input + output);
    Tokens { input: input - cached, output, cache_read: cached, ..Tokens::default() }
}

#[tokio::test]
async fn a_text_comes_whole_and_its_usage_is_the_ledgers() {
    let simulator = start().await;
    let told: Value = answer(&simulator, &request(false)).await.json().await.unwrap();
    assert_eq!((&told["object"], &told["status"]), (&"response".into(), &"completed".into()));
    assert_eq!(told["output"][0]["content"][0]["type"], "output_text");
    let entry = settled(&simulator).await;
    assert_eq!((usage(&told["usage"]), entry.sent), (entry.billed, entry.billed));
    assert_eq!(told["id"], entry.message_id.as_deref().unwrap());

    simulator.next("out=400").unwrap();
    let cut: Value = answer(&simulator, &request(false)).await.json().await.unwrap();
    assert_eq!(cut["status"], "incomplete");
    assert_eq!(cut["incomplete_details"]["reason"], "max_output_tokens");
}

#[tokio::test]
async fn events_come_in_the_order_that_clients_expect_and_end_in_the_whole_answer() {
    let simulator = start().await;
    let told = streamed(&simulator, "shape=full,events=8,out=300,reasoning=100").await;
    let names: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let reasoning = [
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
    ];
    let text = [
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
    ];
    let call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ];
    let expected = [
        &["response.created", "response.in_progress"][..],
        &reasoning,
        &text,
        &call,
        &call,
        &["response.completed"],
    ];
    assert_eq!(names, expected.concat());
    assert!((0..).zip(&told).all(|(number, event)| event["sequence_number"] == number));

    let entry = settled(&simulator).await;
    let whole = &told.last().unwrap()["response"];
    assert_eq!((usage(&whole["usage"]), entry.sent), (entry.billed, entry.billed));
    assert_eq!(whole["usage"]["output_tokens_details"]["reasoning_tokens"], 100);
    for (index, item) in whole["output"].as_array().unwrap().iter().enumerate() {
        let done = told
            .iter()
            .find(|event| event["type"] == "response.output_item.done" && event["output_index"] == index);
        assert_eq!(&done.unwrap()["item"], item);
        let joined: String = told
            .iter()
            .filter(|event| event["item_id"] == item["id"])
            .filter_map(|event| event["delta"].as_str())
            .collect();
        let said = [&item["summary"][0]["text"], &item["content"][0]["text"], &item["arguments"]];
        assert!(said.iter().any(|said| **said == joined), "{joined} {item}");
    }
}

#[tokio::test]
async fn two_parallel_calls_and_sealed_thinking_come_back_and_are_taken() {
    let simulator = start().await;
    let mut body = request(false);
    body["tools"] = json!([{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}]);
    body["include"] = json!(["reasoning.encrypted_content"]);
    body["reasoning"] = json!({"effort": "low", "summary": "auto"});
    simulator.next("shape=full").unwrap();
    let told: Value = answer(&simulator, &body).await.json().await.unwrap();
    let items = told["output"].as_array().unwrap();
    let calls: Vec<_> = items.iter().filter(|item| item["type"] == "function_call").collect();
    assert_eq!(calls.len(), 2);
    assert!(items[0]["encrypted_content"].is_string());

    let input = body["input"].as_array_mut().unwrap();
    input.extend(items.clone());
    for call in calls {
        input.push(json!({"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}));
    }
    assert_eq!(answer(&simulator, &body).await.status(), 200);
    body["input"].as_array_mut().unwrap().pop();
    let refused: Value = answer(&simulator, &body).await.json().await.unwrap();
    assert!(refused["error"]["message"].as_str().unwrap().starts_with("No tool output found"), "{refused}");
}

#[tokio::test]
async fn thinking_is_shown_where_a_summary_is_asked_for() {
    let simulator = start().await;
    let mut body = request(false);
    for (reasoning, first) in
        [(json!({"effort": "high"}), "message"), (json!({"effort": "high", "summary": "auto"}), "reasoning")]
    {
        body["reasoning"] = reasoning;
        let told: Value = answer(&simulator, &body).await.json().await.unwrap();
        assert_eq!(told["output"][0]["type"], first);
    }
}

#[tokio::test]
async fn faults_are_told_in_this_dialect() {
    let simulator = start().await;
    simulator.next("status=429,retry_after=3").unwrap();
    let refused = answer(&simulator, &request(true)).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"3".parse().unwrap()));

    let failed = streamed(&simulator, "error_event=overloaded_error@3").await;
    assert_eq!((failed.len(), &failed[3]["type"]), (4, &"response.failed".into()));
    assert_eq!(failed[3]["response"]["error"]["code"], "server_is_overloaded");
    let bare = streamed(&simulator, "error_event=error:rate_limit_exceeded@2").await;
    assert_eq!((&bare[2]["type"], &bare[2]["code"]), (&"error".into(), &"rate_limit_exceeded".into()));

    let untold = streamed(&simulator, "omit=usage").await;
    assert!(untold.last().unwrap()["response"]["usage"].is_null());
    let entry = simulator.ledger().last().unwrap();
    assert_eq!((entry.sent, entry.outcome), (Tokens::default(), Outcome::CutByFault));
    assert!(entry.billed.output > 0);
    let endless = streamed(&simulator, "omit=stop").await;
    assert_eq!(endless.last().unwrap()["type"], "response.output_item.done");
    simulator.next("cut=reset@4").unwrap();
    assert!(answer(&simulator, &request(true)).await.bytes().await.is_err());
}

#[tokio::test]
async fn what_the_schema_does_not_have_is_refused_by_name() {
    let simulator = start().await;
    let said = |role: &str, kind: &str| json!([{"role": role, "content": [{"type": kind, "text": "x"}]}]);
    let output = json!({"type": "function_call_output", "call_id": "c", "output": "x"});
    let call =
        json!({"type": "function_call", "id": "call_1", "call_id": "c", "name": "f", "arguments": "{}"});
    let sealed = json!({"type": "reasoning", "summary": [], "encrypted_content": "EqQBCkgIARAB"});
    for (field, value, param) in [
        ("messages", json!([]), "messages"),
        ("max_tokens", json!(100), "max_tokens"),
        ("max_output_tokens", json!(5), "max_output_tokens"),
        ("stream_options", json!({"include_usage": true}), "stream_options"),
        ("tools", json!([{"type": "function", "function": {"name": "f"}}]), "tools[0].function"),
        ("tools", json!([{"type": "function", "name": "f", "parameters": {}}]), "tools[0].parameters"),
        ("tool_choice", json!({"type": "function", "name": "g"}), "tool_choice"),
        ("response_format", json!({"type": "text"}), "response_format"),
        ("input", said("assistant", "input_text"), "input[0].content[0].type"),
        ("input", said("user", "output_text"), "input[0].content[0].type"),
        ("input", said("tool", "input_text"), "input[0].role"),
        ("input", json!([call, output]), "input[0].id"),
        ("input", json!([output]), "input"),
        ("input", json!([sealed]), "input[0].encrypted_content"),
        ("input", json!([]), "input"),
    ] {
        let mut body = request(false);
        body[field] = value;
        let refused = answer(&simulator, &body).await;
        assert_eq!(refused.status(), 400, "{body}");
        let refused: Value = refused.json().await.unwrap();
        assert_eq!(refused["error"]["param"], param, "{refused}");
    }
    assert_eq!(simulator.ledger().billed(), Tokens::default());
}
