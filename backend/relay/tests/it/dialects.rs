//! Clients of every dialect at one account that speaks Anthropic's: they are answered in their own, and billed to the token.

use crate::app::{self, App, Key, MODEL, tokens};
use causeway_domain::Limits;
use serde_json::{Value, json};
use std::sync::Arc;

/// A call in a client's dialect: the path, and the body that asks for a short answer.
struct Client {
    dialect: &'static str,
    whole: String,
    stream: String,
    body: fn(&str, bool) -> Value,
}

fn clients() -> [Client; 3] {
    let gemini = |method: &str| format!("/gemini/v1beta/models/{MODEL}:{method}");
    [
        Client {
            dialect: "openai_chat",
            whole: "/openai/v1/chat/completions".to_owned(),
            stream: "/openai/v1/chat/completions".to_owned(),
            body: |said, stream| {
                json!({"model": MODEL, "max_completion_tokens": 300, "stream": stream,
                       "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": said}]})
            },
        },
        Client {
            dialect: "openai_responses",
            whole: "/openai/responses".to_owned(),
            stream: "/openai/responses".to_owned(),
            body: |said, stream| {
                json!({"model": MODEL, "max_output_tokens": 300, "stream": stream, "store": false,
                       "instructions": "Be brief", "input": said})
            },
        },
        Client {
            dialect: "gemini",
            whole: gemini("generateContent"),
            stream: format!("{}?alt=sse", gemini("streamGenerateContent")),
            body: |said, _| {
                json!({"contents": [{"role": "user", "parts": [{"text": said}]}],
                       "generationConfig": {"maxOutputTokens": 300}})
            },
        },
    ]
}

async fn call(app: &Arc<App>, key: &Key, path: &str, body: &Value) -> (u16, String, String) {
    let sent = app.http.post(format!("{}{path}", app.url)).bearer_auth(&key.secret).json(body);
    let response = sent.send().await.unwrap();
    let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

/// Calls, and holds the row against the provider's truth. Returns the answer.
async fn exact(app: &Arc<App>, key: &Key, client: &Client, stream: bool, script: &str) -> String {
    app.sim.ledger().clear();
    app.script("sk-sim-test", 1, script);
    let before = app.rows_now().await;
    let path = if stream { &client.stream } else { &client.whole };
    let (status, kind, text) = call(app, key, path, &(client.body)("Hello", stream)).await;
    assert_eq!(status, 200, "{}: {text}", client.dialect);
    let expected = if stream { "text/event-stream" } else { "application/json" };
    assert!(kind.starts_with(expected), "{}: {kind}", client.dialect);
    let (row, truth) = (app.rows(before + 1).await.remove(0), app.truth().await);
    assert_eq!(truth.path.split('?').next(), Some("/v1/messages"), "{}", client.dialect);
    assert_eq!(tokens(&row), truth.billed, "{} {script}: {text}", client.dialect);
    assert_eq!(row.charged_nanos, app.cost(MODEL, &truth.billed).0, "{} {script}", client.dialect);
    assert!(row.charged_nanos > 0 && !row.estimated);
    assert_eq!((row.dialect.as_str(), row.outcome.as_str()), (client.dialect, "completed"));
    text
}

fn events(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn every_client_is_answered_in_its_own_dialect_and_billed_to_the_token() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let [chat, responses, gemini] = clients();
        for script in ["shape=text", "shape=thinking", "in=20,out=17,cache_read=9,cache_5m=3"] {
            let one: Value = serde_json::from_str(&exact(&app, &key, &chat, false, script).await).unwrap();
            assert_eq!(one["object"], "chat.completion");
            assert!(one["choices"][0]["message"]["content"].as_str().is_some_and(|t| !t.is_empty()), "{one}");
            assert_eq!((&one["model"], &one["choices"][0]["finish_reason"]), (&json!(MODEL), &json!("stop")));

            let one: Value =
                serde_json::from_str(&exact(&app, &key, &responses, false, script).await).unwrap();
            assert_eq!((&one["object"], &one["status"]), (&json!("response"), &json!("completed")), "{one}");

            let one: Value = serde_json::from_str(&exact(&app, &key, &gemini, false, script).await).unwrap();
            assert_eq!(one["candidates"][0]["finishReason"], "STOP", "{one}");
            assert!(one["usageMetadata"]["promptTokenCount"].as_u64().is_some_and(|n| n > 0));
        }
    })
    .await;
}

#[tokio::test]
async fn every_client_gets_its_own_events_with_one_end() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let [chat, responses, gemini] = clients();
        for script in ["shape=text", "shape=thinking", "shape=text,piece=3,crlf", "shape=text,ping_every=2"] {
            let text = exact(&app, &key, &chat, true, script).await;
            assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
            let all = events(&text);
            assert!(all.iter().all(|e| e["object"] == "chat.completion.chunk"));
            let ends = all.iter().filter(|e| e["choices"][0]["finish_reason"].is_string()).count();
            assert_eq!(ends, 1, "{text}");
            assert!(all.iter().all(|e| e.get("usage").is_none_or(Value::is_null)), "nobody asked for usage");

            let all = events(&exact(&app, &key, &responses, true, script).await);
            let kinds: Vec<&str> = all.iter().filter_map(|e| e["type"].as_str()).collect();
            assert_eq!(
                (kinds.first(), kinds.last()),
                (Some(&"response.created"), Some(&"response.completed"))
            );
            let numbers: Vec<u64> = all.iter().filter_map(|e| e["sequence_number"].as_u64()).collect();
            assert_eq!(numbers, (0..all.len() as u64).collect::<Vec<_>>());

            let all = events(&exact(&app, &key, &gemini, true, script).await);
            assert_eq!(all.iter().filter(|e| e["candidates"][0]["finishReason"].is_string()).count(), 1);
            assert!(all.last().unwrap()["usageMetadata"]["candidatesTokenCount"].as_u64().is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn a_gemini_client_that_wants_no_events_gets_an_array() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let body = (clients()[2].body)("Hello", true);
        let path = format!("/v1beta/models/{MODEL}:streamGenerateContent");
        let (status, kind, text) = call(&app, &key, &path, &body).await;
        assert_eq!((status, kind.as_str()), (200, "application/json"), "{text}");
        let all: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert!(all.len() > 1 && all.last().unwrap()["candidates"][0]["finishReason"] == "STOP", "{text}");
        assert_eq!(tokens(&app.row().await), app.truth().await.billed);
    })
    .await;
}

#[tokio::test]
async fn two_calls_at_once_come_back_as_two_calls_with_their_ids_and_arguments() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let [chat, ..] = clients();
        let mut body = (chat.body)("What is the weather?", false);
        body["tools"] = json!([{"type": "function", "function": {"name": "weather", "description": "Tells it",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]);
        app.script("sk-sim-test", 2, "shape=full");
        let (status, _, text) = call(&app, &key, &chat.whole, &body).await;
        assert_eq!(status, 200, "{text}");
        let one: Value = serde_json::from_str(&text).unwrap();
        let message = &one["choices"][0]["message"];
        let calls = message["tool_calls"].as_array().unwrap().clone();
        assert_eq!((calls.len(), &one["choices"][0]["finish_reason"]), (2, &json!("tool_calls")), "{one}");
        for call in &calls {
            assert!(serde_json::from_str::<Value>(call["function"]["arguments"].as_str().unwrap()).is_ok());
        }
        assert_ne!(calls[0]["id"], calls[1]["id"]);
        // The results go back under those ids, and the provider takes them.
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(message.clone());
        for call in &calls {
            messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "sunny"}));
        }
        let (status, _, text) = call(&app, &key, &chat.whole, &body).await;
        assert_eq!(status, 200, "{text}");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused_by_its_name_and_nothing_is_reserved() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let [chat, responses, gemini] = clients();
        let cases = [
            (&chat.whole, (chat.body)("a", false), "n", json!(2), "n"),
            (
                &responses.whole,
                (responses.body)("a", false),
                "previous_response_id",
                json!("resp_1"),
                "previous_response_id",
            ),
            (
                &gemini.whole,
                (gemini.body)("a", false),
                "cachedContent",
                json!("cachedContents/1"),
                "cachedContent",
            ),
        ];
        for (path, mut body, field, value, named) in cases {
            body[field] = value;
            let (status, _, text) = call(&app, &key, path, &body).await;
            assert_eq!(status, 400, "{text}");
            assert!(text.contains(named), "{text}");
        }
        assert_eq!((app.rows_now().await, app.open_holds().await), (0, 0));
        assert!(app.sim.ledger().entries().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_the_answer_comes_out_well_without_is_left_behind_and_named() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let [chat, ..] = clients();
        let mut body = (chat.body)("a", false);
        body["seed"] = json!(7);
        let url = format!("{}{}", app.url, chat.whole);
        let answer = app.http.post(url).bearer_auth(&key.secret).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-causeway-dropped"], "seed");
    })
    .await;
}

#[tokio::test]
async fn refusals_and_faults_are_told_in_the_dialect_of_the_client() {
    app::run(async |app| {
        let key = app.key(Limits { requests_per_minute: Some(1), ..Limits::default() }).await;
        let [chat, responses, gemini] = clients();
        for (client, kind) in
            [(&chat, "/error/message"), (&responses, "/error/message"), (&gemini, "/error/status")]
        {
            let url = format!("{}{}", app.url, client.whole);
            let body = (client.body)("a", false);
            let refused = app.http.post(&url).bearer_auth("cw_nobody").json(&body).send().await.unwrap();
            assert_eq!(refused.status(), 401, "{}", client.dialect);
            let told: Value = refused.json().await.unwrap();
            assert!(told.pointer(kind).is_some_and(Value::is_string), "{told}");
            assert_eq!(told.get("type"), None, "{told}");
        }
        // One goes through, the next is over the limit.
        assert_eq!(call(&app, &key, &chat.whole, &(chat.body)("a", false)).await.0, 200);
        let (status, _, text) = call(&app, &key, &gemini.whole, &(gemini.body)("a", false)).await;
        assert_eq!(status, 429, "{text}");
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["error"]["status"], "RESOURCE_EXHAUSTED");

        let key = app.key(Default::default()).await;
        app.script("sk-sim-test", 1, "status=400,message=that is no prompt");
        let (status, _, text) = call(&app, &key, &gemini.whole, &(gemini.body)("a", false)).await;
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &told["error"]["status"]), (400, &json!("INVALID_ARGUMENT")), "{text}");
        assert!(text.contains("that is no prompt"));
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_the_clients_own_error_and_never_properly() {
    for client in clients() {
        app::run(async move |app| {
            let key = app.key(Default::default()).await;
            app.script("sk-sim-test", 1, "cut=reset@6");
            let url = format!("{}{}", app.url, client.stream);
            let body = (client.body)("a", true);
            let mut answer = app.http.post(url).bearer_auth(&key.secret).json(&body).send().await.unwrap();
            let mut text = String::new();
            let cut = loop {
                match answer.chunk().await {
                    Ok(Some(bytes)) => text.push_str(&String::from_utf8_lossy(&bytes)),
                    Ok(None) => break false,
                    Err(_) => break true,
                }
            };
            assert!(cut, "{}: {text}", client.dialect);
            let last = events(&text).pop().unwrap();
            let told = last.get("error").is_some() || last["type"] == "response.failed";
            assert!(told, "{}: {last}", client.dialect);
            assert!(!text.contains("[DONE]") && !text.contains("response.completed"), "{text}");
            let row = app.row().await;
            assert!(row.outcome == "upstream_cut" && row.charged_nanos > 0, "{row:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_list_of_models_has_the_shape_of_the_dialect() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let get = async |path: &str| -> Value {
            let url = format!("{}{path}", app.url);
            let answer = app.http.get(url).bearer_auth(&key.secret).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.json().await.unwrap()
        };
        let openai = get("/openai/v1/models").await;
        assert_eq!(
            (&openai["object"], &openai["data"][0]["owned_by"]),
            (&json!("list"), &json!("anthropic"))
        );
        assert_eq!(get(&format!("/openai/models/{MODEL}")).await["id"], MODEL);
        let gemini = get("/gemini/v1beta/models").await;
        assert!(gemini["models"][0]["name"].as_str().is_some_and(|n| n.starts_with("models/")), "{gemini}");
        assert!(get("/api/v1/models").await["data"][0]["display_name"].is_string());
    })
    .await;
}

#[tokio::test]
async fn tokens_are_estimated_where_the_account_counts_in_another_dialect() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "How long is this?"}]}]});
        let url = format!("{}/gemini/v1beta/models/{MODEL}:countTokens", app.url);
        let answer =
            app.http.post(url).header("x-goog-api-key", &key.secret).json(&body).send().await.unwrap();
        assert_eq!(answer.headers()["x-causeway-estimated"], "true");
        assert!(answer.json::<Value>().await.unwrap()["totalTokens"].as_u64().is_some_and(|n| n > 0));
        assert_eq!(app.rows_now().await, 0);
    })
    .await;
}
