//! Chat Completions: the answers, what they say of usage, and what is refused.

use causeway_simulator::{Outcome, Script, SimulatorConfig, Tokens};

use super::*;

fn request(stream: bool) -> Value {
    let mut body = json!({
        "model": "gpt-5.5", "max_completion_tokens": 400,
        "messages": [{"role": "user", "content": "How does water find its way? ".repeat(8)}],
    });
    if stream {
        body["stream"] = true.into();
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

fn weather() -> Value {
    json!([{"type": "function", "function": {"name": "get_weather", "description": "Weather.", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    }}}])
}

async fn answer(simulator: &Simulator, body: &Value) -> reqwest::Response {
    let address = format!("{}/v1/chat/completions", simulator.url());
    reqwest::Client::new().post(address).bearer_auth(KEY).json(body).send().await.unwrap()
}

async fn whole(simulator: &Simulator, script: &str) -> Value {
    simulator.next(script).unwrap();
    let answer = answer(simulator, &request(false)).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Every chunk but the last, which is `[DONE]`.
async fn chunks(simulator: &Simulator, script: &str) -> Vec<Value> {
    simulator.next(script).unwrap();
    let text = answer(simulator, &request(true)).await.text().await.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    events(&text)
}

fn usage(value: &Value) -> Tokens {
    let cached = value["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap();
    let prompt = value["prompt_tokens"].as_u64().unwrap();
    let output = value["completion_tokens"].as_u64().unwrap();
    assert_eq!(value["total_tokens"], prompt + output);
    Tokens { input: prompt - cached, output, cache_read: cached, ..Tokens::default() }
}

#[tokio::test]
async fn a_text_comes_whole_and_its_usage_is_the_ledgers() {
    let simulator = start().await;
    let response = answer(&simulator, &request(false)).await;
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert!(!answer["choices"][0]["message"]["content"].as_str().unwrap().is_empty());
    let entry = simulator.ledger().by_request_id(&id).unwrap();
    assert_eq!((usage(&answer["usage"]), entry.sent), (entry.billed, entry.billed));
    assert_eq!((entry.model.as_deref(), entry.max_tokens), (Some("gpt-5.5"), Some(400)));
    assert_eq!(answer["id"], entry.message_id.as_deref().unwrap());
}

#[tokio::test]
async fn cached_input_is_part_of_the_prompt_and_written_caches_are_plain_input() {
    let simulator = start().await;
    let answer =
        whole(&simulator, "shape=thinking,in=100,cache_read=40,cache_5m=7,out=50,reasoning=20").await;
    assert_eq!(answer["usage"]["prompt_tokens"], 147);
    assert_eq!(answer["usage"]["completion_tokens"], 50);
    assert_eq!(answer["usage"]["completion_tokens_details"]["reasoning_tokens"], 20);
    let expected = Tokens { input: 107, output: 50, cache_read: 40, ..Tokens::default() };
    assert_eq!(settled(&simulator).await.billed, expected);
}

#[tokio::test]
async fn a_stream_says_the_same_in_pieces_and_its_usage_in_the_end() {
    let simulator = start().await;
    let chunks = chunks(&simulator, "shape=full,events=40").await;
    let entry = settled(&simulator).await;
    assert_eq!(entry.outcome, Outcome::Completed);
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!((usage(&last["usage"]), entry.sent), (entry.billed, entry.billed));
    assert_eq!(last["choices"], json!([]));
    assert!(
        others.iter().all(|chunk| chunk["usage"].is_null() && chunk["object"] == "chat.completion.chunk")
    );
    assert_eq!(others.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");

    let joined = |pointer: &str| -> String {
        others.iter().filter_map(|chunk| chunk.pointer(pointer)?.as_str()).collect()
    };
    assert!(!joined("/choices/0/delta/reasoning_content").is_empty());
    assert!(!joined("/choices/0/delta/content").is_empty());
    for index in [0, 1] {
        let calls: Vec<_> = others
            .iter()
            .map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0])
            .filter(|call| call["index"] == index)
            .collect();
        assert!(calls[0]["id"].as_str().unwrap().starts_with("call_"));
        let arguments: String =
            calls.iter().map(|call| call["function"]["arguments"].as_str().unwrap()).collect();
        assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap()["city"], "Zürich");
    }
}

#[tokio::test]
async fn a_stream_that_was_not_asked_for_usage_tells_none_and_is_billed_all_the_same() {
    let simulator = start().await;
    let mut body = request(true);
    body.as_object_mut().unwrap().remove("stream_options");
    let text = answer(&simulator, &body).await.text().await.unwrap();
    assert!(events(&text).iter().all(|chunk| chunk.get("usage").is_none()));
    let entry = settled(&simulator).await;
    assert_eq!(entry.sent, Tokens::default());
    assert!(entry.billed.output > 0);
}

#[tokio::test]
async fn two_parallel_calls_come_whole_and_their_results_are_taken() {
    let simulator = start().await;
    let mut body = request(false);
    body["tools"] = weather();
    simulator.next("shape=full").unwrap();
    let said: Value = answer(&simulator, &body).await.json().await.unwrap();
    let mut message = said["choices"][0]["message"].clone();
    let calls = message["tool_calls"].as_array().unwrap().clone();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1]["function"]["name"], "get_weather");

    message.as_object_mut().unwrap().remove("annotations");
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(message);
    let result = |n: usize| json!({"role": "tool", "tool_call_id": calls[n]["id"], "content": "rain"});
    messages.extend([result(1), result(0)]);
    assert_eq!(answer(&simulator, &body).await.status(), 200);
    body["messages"].as_array_mut().unwrap().pop();
    let refused: Value = answer(&simulator, &body).await.json().await.unwrap();
    assert!(
        refused["error"]["message"].as_str().unwrap().contains("did not have response messages"),
        "{refused}"
    );
}

#[tokio::test]
async fn faults_are_told_in_this_dialect() {
    let simulator = start().await;
    for (script, status, kind, code) in [
        ("status=429,retry_after=3", 429, "requests", json!("rate_limit_exceeded")),
        ("status=429,error=insufficient_quota", 429, "insufficient_quota", json!("insufficient_quota")),
        ("status=500", 500, "server_error", json!("server_error")),
        ("status=503", 503, "service_unavailable_error", json!("server_is_overloaded")),
        (
            "status=400,error=context_length_exceeded",
            400,
            "invalid_request_error",
            json!("context_length_exceeded"),
        ),
    ] {
        simulator.next(script).unwrap();
        let answer = answer(&simulator, &request(true)).await;
        assert_eq!(answer.status(), status);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!((&answer["error"]["type"], &answer["error"]["code"]), (&kind.into(), &code), "{script}");
    }
    simulator.next("error_event=overloaded_error@3").unwrap();
    let text = answer(&simulator, &request(true)).await.text().await.unwrap();
    assert_eq!(events(&text)[3]["error"]["code"], "server_is_overloaded");
    assert!(!text.contains("[DONE]"));
    simulator.next("cut=reset@4").unwrap();
    assert!(answer(&simulator, &request(true)).await.bytes().await.is_err());
    simulator.next("omit=both").unwrap();
    let text = answer(&simulator, &request(true)).await.text().await.unwrap();
    assert!(!text.contains("[DONE]") && events(&text).iter().all(|chunk| chunk["usage"].is_null()));
    assert_eq!(simulator.ledger().last().unwrap().outcome, Outcome::CutByFault);
}

#[tokio::test]
async fn what_the_schema_does_not_have_is_refused_by_name() {
    let simulator = start().await;
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asking = |content: Value| json!([{"role": "user", "content": content}]);
    for (field, value, param, code) in [
        ("top_k", json!(5), "top_k", json!("unknown_parameter")),
        ("system", json!("be kind"), "system", json!("unknown_parameter")),
        ("max_tokens", json!(5), "max_tokens", Value::Null),
        ("temperature", json!(3), "temperature", json!("invalid_value")),
        ("user", json!("u".repeat(65)), "user", json!("invalid_value")),
        ("tool_choice", json!("auto"), "tool_choice", Value::Null),
        (
            "tools",
            json!([{"name": "f", "input_schema": {}}]),
            "tools[0].type",
            json!("missing_required_parameter"),
        ),
        ("messages", json!([]), "messages", Value::Null),
        ("messages", json!([{"role": "model", "content": "x"}]), "messages[0].role", json!("invalid_value")),
        (
            "messages",
            asking(json!([{"type": "image"}])),
            "messages[0].content[0].type",
            json!("invalid_value"),
        ),
        (
            "messages",
            asking(json!([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}])),
            "messages[0].content[0].cache_control",
            json!("unknown_parameter"),
        ),
        (
            "messages",
            json!([{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "c", "content": "y"}]),
            "messages[1].role",
            Value::Null,
        ),
        (
            "messages",
            json!([{"role": "assistant", "tool_calls": [call]}, {"role": "user", "content": "y"}]),
            "messages[0]",
            Value::Null,
        ),
    ] {
        let mut body = request(false);
        body[field] = value;
        let refused = answer(&simulator, &body).await;
        assert_eq!(refused.status(), 400, "{field} {body}");
        let refused: Value = refused.json().await.unwrap();
        assert_eq!(
            (&refused["error"]["param"], &refused["error"]["code"]),
            (&param.into(), &code),
            "{refused}"
        );
    }
    assert_eq!(simulator.ledger().billed(), Tokens::default());
}

#[tokio::test]
async fn a_lenient_server_takes_what_it_does_not_know() {
    let config = SimulatorConfig { strict: false, ..SimulatorConfig::default() };
    let simulator = Simulator::start(config).await.unwrap();
    let mut body = request(false);
    body["enable_thinking"] = true.into();
    assert_eq!(answer(&simulator, &body).await.status(), 200);
    body["temperature"] = 9.into();
    assert_eq!(answer(&simulator, &body).await.status(), 400);
}

#[tokio::test]
async fn scripts_come_with_the_model_or_the_end_user_and_keys_in_either_header() {
    let simulator = start().await;
    let mut body = request(false);
    body["model"] = "gpt-5.5+sim:status=529".into();
    assert_eq!(answer(&simulator, &body).await.status(), 529);
    body["model"] = "gpt-5.5".into();
    body["user"] = "sim:tag=u,out=9".into();
    let told: Value = answer(&simulator, &body).await.json().await.unwrap();
    assert_eq!(told["usage"]["completion_tokens"], 9);
    assert_eq!(simulator.ledger().tagged("u").len(), 1);
    simulator.queue(causeway_simulator::Rule {
        path: Some("/chat/completions".into()),
        script: Script::parse("status=503").unwrap(),
        ..Default::default()
    });
    assert_eq!(answer(&simulator, &body).await.status(), 503);
    simulator.clear_rules();

    let client = reqwest::Client::new();
    let at = |path: &str| client.post(format!("{}{path}", simulator.url())).json(&body);
    let azure = at("/openai/v1/chat/completions").header("api-key", KEY);
    assert_eq!(azure.send().await.unwrap().status(), 200);
    let wrong = at("/chat/completions").bearer_auth("sk-other").send().await.unwrap();
    assert_eq!(wrong.json::<Value>().await.unwrap()["error"]["code"], "invalid_api_key");
    let models = client.get(format!("{}/v1/models", simulator.url())).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(models.json::<Value>().await.unwrap()["data"][0]["owned_by"], "system");
}
