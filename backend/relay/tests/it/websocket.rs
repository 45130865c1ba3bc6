//! Responses over a WebSocket: what is asked and answered, and that each answer is a request like any other.

use crate::app::{self, App, Key, MODEL, tokens};
use causeway_accounts::{AuthHeader, Credential};
use causeway_domain::{AccountId, Limits, TokenCounts, price::ServiceTier, provider::Provider};
use causeway_simulator::Tokens;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// A model of OpenAI's.
pub(crate) const GPT: &str = "gpt-5.2";

/// Longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client with a connection.
pub(crate) struct Client {
    pub(crate) ws: WebSocketStream<TcpStream>,
}

impl Client {
    /// Connects, with headers of its own.
    pub(crate) async fn open(url: &str, key: &Key, headers: &[(&'static str, &str)]) -> Self {
        Self::open_at(url, "/openai/v1/responses", key, headers).await
    }

    pub(crate) async fn open_at(url: &str, path: &str, key: &Key, headers: &[(&'static str, &str)]) -> Self {
        let place = url.strip_prefix("http://").unwrap();
        let mut request = format!("ws://{place}{path}").into_client_request().unwrap();
        let bearer = format!("Bearer {}", key.secret);
        for (name, value) in [("authorization", bearer.as_str())].iter().chain(headers) {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(place).await.unwrap();
        let (ws, response) = client_async(request, stream).await.unwrap();
        assert!(response.headers().contains_key("x-request-id"));
        Self { ws }
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.ws.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.ws.next()).await.unwrap().unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Every event up to the one that ends an answer.
    pub(crate) async fn answer(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let event = self.event().await;
            let over = ["response.completed", "response.incomplete", "response.failed", "error"]
                .contains(&event["type"].as_str().unwrap());
            all.push(event);
            if over {
                return all;
            }
        }
    }

    /// Asks, and returns the response as it was when it was whole.
    pub(crate) async fn ask(&mut self, message: &Value) -> Value {
        self.say(message).await;
        let mut last = self.answer().await.pop().unwrap();
        assert_eq!(last["type"], "response.completed", "{last}");
        last["response"].take()
    }

    /// Asks, and is refused: with this status and code.
    pub(crate) async fn refused(&mut self, message: &Value) -> (u16, String, Value) {
        self.say(message).await;
        self.refusal().await
    }

    /// The next event, which is a refusal.
    pub(crate) async fn refusal(&mut self) -> (u16, String, Value) {
        let event = self.event().await;
        assert_eq!(event["type"], "error", "{event}");
        let status = event["status"].as_u64().unwrap() as u16;
        (status, event["error"]["code"].as_str().unwrap_or_default().to_owned(), event)
    }

    /// How the other side ends it.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match timeout(PATIENCE, self.ws.next()).await.unwrap() {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The headers of an upgrade.
pub(crate) const UPGRADE: [(&str, &str); 4] = [
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// Asks for a WebSocket, and gets an answer instead.
pub(crate) async fn upgrade(
    app: &App,
    url: &str,
    secret: &str,
    headers: &[(&str, &str)],
) -> reqwest::Response {
    let mut request = app.http.get(format!("{url}/openai/v1/responses")).bearer_auth(secret);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// A first message.
pub(crate) fn create(model: &str, said: &str) -> Value {
    json!({"type": "response.create", "model": model, "store": false, "max_output_tokens": 300,
           "instructions": "Be brief", "input": [{"type": "message", "role": "user", "content": said}]})
}

/// One that goes on from an answer.
pub(crate) fn go_on(model: &str, from: &Value, said: &str) -> Value {
    let mut message = create(model, said);
    message["previous_response_id"] = from["id"].clone();
    message
}

pub(crate) fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

impl App {
    /// Another account at a provider that is asked with a bearer token.
    pub(crate) async fn add_bearer(&self, provider: Provider, base: &str, api_key: &str) -> AccountId {
        let credential = Credential::api_key(AuthHeader::Bearer, api_key).unwrap();
        self.add_at(provider, base, &credential).await
    }

    /// Only one account, at OpenAI, and a key for it.
    pub(crate) async fn at_openai(&self, limits: Limits) -> Key {
        self.disable_account(self.account).await;
        self.add_bearer(Provider::OPENAI, &self.sim.url(), "sk-sim-openai").await;
        self.key(limits).await
    }

    /// What so many tokens cost at a provider.
    pub(crate) fn cost_at(&self, provider: Provider, model: &str, t: &Tokens) -> i64 {
        let counts = TokenCounts {
            input: t.input,
            output: t.output,
            cache_read: t.cache_read,
            cache_write_5m: t.cache_write_5m,
            cache_write_1h: t.cache_write_1h,
            reasoning: 0,
        };
        let table = self.prices.table();
        table.find(provider, model).unwrap().first.cost(&counts, ServiceTier::Standard).0
    }
}

#[tokio::test]
async fn each_event_is_one_message_and_they_are_those_of_the_same_request_over_http() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        for script in ["shape=full", "shape=text,piece=3,crlf", "shape=tools,ping_every=2"] {
            app.script("sk-sim-openai", 2, script);
            let mut client = Client::open(&app.url, &key, &[]).await;
            client.say(&create(GPT, "Hello")).await;
            let events = client.answer().await;
            let mut body = create(GPT, "Hello");
            body.as_object_mut().unwrap().remove("type");
            body["stream"] = true.into();
            let post = app.http.post(format!("{}/openai/v1/responses", app.url)).bearer_auth(&key.secret);
            let text = post.json(&body).send().await.unwrap().text().await.unwrap();
            let data = text.lines().filter_map(|line| line.trim_end().strip_prefix("data: "));
            let over_http: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
            assert_eq!(kinds(&events), kinds(&over_http), "{script}");
            assert_eq!(kinds(&events).first(), Some(&"response.created"));
            let numbers: Vec<u64> = events.iter().filter_map(|e| e["sequence_number"].as_u64()).collect();
            assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
        }
    })
    .await;
}

#[tokio::test]
async fn every_address_of_responses_is_one_of_a_web_socket_too() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        for path in
            ["/openai/v1/responses", "/openai/responses", "/v1/responses", "/responses", "/api/v1/responses"]
        {
            let mut client = Client::open_at(&app.url, path, &key, &[]).await;
            client.ask(&create(GPT, path)).await;
        }
        app.rows(5).await;
    })
    .await;
}

/// Two turns and one more by `response.append` at the only account there is, exact to the token. `path` as the simulator's
/// router has it, below what the dialect's own addresses begin with.
async fn three_turns(app: &Arc<App>, key: &Key, provider: Provider, model: &str, path: &str) {
    app.sim.ledger().clear();
    let before = app.rows_now().await;
    let headers = [("user-agent", "codex_exec/0.169.0 (Linux)"), ("originator", "codex_exec")];
    let mut client = Client::open(&app.url, key, &headers).await;
    let first = client.ask(&create(model, "Tell me of ships.")).await;
    assert_eq!((&first["object"], &first["model"]), (&json!("response"), &json!(model)), "{provider}");
    let second = client.ask(&go_on(model, &first, "And of harbours?")).await;
    assert_ne!(first["id"], second["id"]);
    let more =
        json!({"type": "response.append", "input": [{"type": "message", "role": "user", "content": "And?"}]});
    client.ask(&more).await;
    let (rows, truth) = (app.rows(before + 3).await, app.sim.ledger().entries());
    let served: Vec<&str> = truth.iter().map(|entry| entry.path.split('?').next().unwrap()).collect();
    assert_eq!(served, [path; 3], "{provider}");
    for pair in truth.windows(2) {
        assert!(pair[0].body_bytes < pair[1].body_bytes, "{provider}: it gets all of the conversation");
    }
    for entry in &truth {
        let id = Some(entry.request_id.as_str());
        let row = rows.iter().find(|row| row.upstream_request_id.as_deref() == id).unwrap();
        assert_eq!(tokens(row), entry.billed, "{provider}");
        assert_eq!(row.charged_nanos, app.cost_at(provider, model, &entry.billed), "{provider}");
        assert!(row.charged_nanos > 0 && !row.estimated && row.stream, "{provider}");
        assert_eq!((row.dialect.as_str(), row.outcome.as_str()), ("openai_responses", "completed"));
        assert_eq!((row.client.as_str(), row.client_id.as_str()), ("codex_exec/0.169.0", "codex"));
    }
}

#[tokio::test]
async fn an_account_of_any_dialect_answers_and_a_conversation_goes_on_with_what_is_new() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        three_turns(&app, &key, Provider::ANTHROPIC, MODEL, "/v1/messages").await;
        app.disable_account(app.account).await;
        let url = app.sim.url();
        let gemini = Credential::api_key(AuthHeader::XGoogApiKey, "sk-sim-gemini").unwrap();
        let model = "gemini-2.5-flash";
        let account = app.add_at(Provider::GEMINI, &url, &gemini).await;
        let path = format!("/v1beta/models/{model}:streamGenerateContent");
        three_turns(&app, &key, Provider::GEMINI, model, &path).await;
        app.disable_account(account).await;
        let account = app.add_bearer(Provider::QWEN, &url, "sk-sim-qwen").await;
        three_turns(&app, &key, Provider::QWEN, "qwen3.8-max", "/chat/completions").await;
        app.disable_account(account).await;
        app.add_bearer(Provider::OPENAI, &url, "sk-sim-openai").await;
        three_turns(&app, &key, Provider::OPENAI, GPT, "/responses").await;
        assert_eq!(app.verify().await.differences, []);
    })
    .await;
}

#[tokio::test]
async fn a_call_of_a_tool_and_its_result_go_on_over_the_connection() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        let mut first = create(MODEL, "What is the weather?");
        first["tools"] = json!([{"type": "function", "name": "weather", "description": "Tells it", "strict": false,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
        app.script("sk-sim-test", 1, "shape=tools");
        let answer = client.ask(&first).await;
        let call = answer["output"].as_array().unwrap().iter().find(|item| item["type"] == "function_call");
        let id = call.unwrap()["call_id"].clone();
        let mut next = first.clone();
        next["previous_response_id"] = answer["id"].clone();
        next["input"] = json!([{"type": "function_call_output", "call_id": id, "output": "sunny"}]);
        // The simulator refuses a result whose call it has not seen.
        client.ask(&next).await;
        assert_eq!(app.rows(2).await.iter().filter(|row| row.outcome == "completed").count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_only_prepared_costs_nothing_until_it_is_gone_on_from() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        let mut prepared = create(GPT, "Who are you?");
        prepared["generate"] = false.into();
        let prepared = client.ask(&prepared).await;
        assert_eq!((&prepared["output"], &prepared["usage"]["total_tokens"]), (&json!([]), &json!(0)));
        assert_eq!((app.rows_now().await, app.sim.ledger().len()), (0, 0));
        let mut next = go_on(GPT, &prepared, "x");
        next["input"] = json!([]);
        client.ask(&next).await;
        assert_eq!(tokens(&app.row().await), app.truth().await.billed);
    })
    .await;
}

#[tokio::test]
async fn what_is_said_while_an_answer_is_under_way_is_answered_after_it_and_in_order() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        app.script("sk-sim-openai", 1, "events=10,interval=30");
        let mut client = Client::open(&app.url, &key, &[]).await;
        // More than wait in line: the rest waits in the connection.
        for n in 0..9 {
            let mut message = create(GPT, "Hello");
            message["safety_identifier"] = json!(format!("number-{n}"));
            client.say(&message).await;
        }
        for _ in 0..9 {
            let events = client.answer().await;
            assert_eq!(kinds(&events).iter().filter(|kind| **kind == "response.created").count(), 1);
            assert_eq!(kinds(&events).last(), Some(&"response.completed"));
        }
        let entries = app.sim.ledger().entries();
        let tags: Vec<_> = entries.iter().map(|entry| entry.tag.clone().unwrap_or_default()).collect();
        assert_eq!(tags, (0..9).map(|n| format!("number-{n}")).collect::<Vec<_>>());
        assert_eq!(app.sim.ledger().most_open(|_| true), 1);
        app.rows(9).await;
    })
    .await;
}

#[tokio::test]
async fn two_connections_of_a_key_know_nothing_of_each_other_and_neither_do_keys() {
    app::run(async |app| {
        let (key, other) = (app.at_openai(Limits::default()).await, app.key(Limits::default()).await);
        let mut one = Client::open(&app.url, &key, &[]).await;
        let first = one.ask(&create(GPT, "A secret.")).await;
        for key in [&key, &other] {
            let mut client = Client::open(&app.url, key, &[]).await;
            let (status, code, told) = client.refused(&go_on(GPT, &first, "Which?")).await;
            assert_eq!((status, code.as_str()), (400, "previous_response_not_found"), "{told}");
            assert_eq!(told["error"]["param"], "previous_response_id");
            let append = json!({"type": "response.append", "input": "Which?"});
            assert_eq!(client.refused(&append).await.1, "previous_response_not_found");
        }
        // Where the answer is kept by the provider, its id stays with the account that has it.
        let mut two = Client::open(&app.url, &key, &[]).await;
        let mut kept = go_on(GPT, &first, "Which?");
        kept["store"] = true.into();
        two.ask(&kept).await;
        one.ask(&go_on(GPT, &first, "That one.")).await;
        app.rows(3).await;
    })
    .await;
}
