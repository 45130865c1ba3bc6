//! Authentication, validation, models, counting, and the control routes.

use causeway_simulator::{Rule, Script, SimulatorConfig};

use super::*;

async fn refusal(request: reqwest::RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let error: Value = response.json().await.unwrap();
    let text = |field: &str| error["error"][field].as_str().unwrap().to_owned();
    (status, text("type"), text("message"))
}

#[tokio::test]
async fn keys_are_checked_in_either_header() {
    let config = SimulatorConfig { keys: vec!["sk-sim-a".into()], ..SimulatorConfig::default() };
    let simulator = Simulator::start(config).await.unwrap();
    let client = reqwest::Client::new();
    let ask = |name: &str, value: &str| {
        client
            .post(format!("{}/v1/messages", simulator.url()))
            .header(name, value)
            .header("anthropic-version", "2023-06-01")
            .json(&body(false, "x"))
    };
    assert_eq!(ask("x-api-key", "sk-sim-a").send().await.unwrap().status(), 200);
    assert_eq!(ask("authorization", "Bearer sk-sim-a").send().await.unwrap().status(), 200);
    assert_eq!(refusal(ask("x-api-key", "sk-sim-b")).await.1, "authentication_error");
    assert_eq!(refusal(ask("x-other", "sk-sim-a")).await.0, 401);
}

#[tokio::test]
async fn wrong_requests_are_refused_in_the_providers_shape() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    let (status, kind, message) =
        refusal(post(&client, &simulator.url(), &json!({"model": "m", "messages": []}))).await;
    assert_eq!(
        (status, kind.as_str(), message.as_str()),
        (400, "invalid_request_error", "max_tokens: Field required")
    );
    let request = client.post(format!("{}/v1/messages", simulator.url())).header("x-api-key", KEY);
    assert_eq!(refusal(request.body("{}")).await.2, "anthropic-version: header is required");
    let unknown = client.get(format!("{}/v2/nothing", simulator.url()));
    assert_eq!(refusal(unknown).await.0, 404);
    let (status, _, message) = refusal(ask(&simulator.url(), false, "speed=9")).await;
    assert_eq!((status, message.contains("speed=9")), (400, true));
    assert_eq!(simulator.ledger().len(), 4);
    assert_eq!(simulator.ledger().billed(), causeway_simulator::Tokens::default());
}

#[tokio::test]
async fn models_are_listed_and_counting_answers() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        let request = client.get(format!("{}{path}", simulator.url())).header("x-api-key", KEY);
        request.header("anthropic-version", "2023-06-01").send().await.unwrap().json::<Value>().await.unwrap()
    };
    let list = get("/v1/models?limit=3").await;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["has_more"]), (3, &Value::Bool(true)));
    let id = list["last_id"].as_str().unwrap();
    assert_eq!(get(&format!("/v1/models/{id}")).await["type"], "model");
    assert_eq!(get("/v1/models/nothing").await["error"]["type"], "not_found_error");
    assert_eq!(get("/compat/v1/models").await["first_id"], list["first_id"]);

    let count = client.post(format!("{}/v1/messages/count_tokens", simulator.url())).header("x-api-key", KEY);
    let count = count.header("anthropic-version", "2023-06-01").json(&body(false, "x")).send().await.unwrap();
    assert!(count.json::<Value>().await.unwrap()["input_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn rules_can_be_queued_from_rust_and_over_http() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    let status = async || ask(&simulator.url(), false, "").send().await.unwrap().status().as_u16();
    simulator.next("status=529").unwrap();
    assert_eq!((status().await, status().await), (529, 200));

    simulator.queue(Rule::on_key(KEY, Script::parse("status=429").unwrap()));
    assert_eq!((status().await, status().await), (429, 429));
    let control = format!("{}/_sim/script", simulator.url());
    client.delete(&control).send().await.unwrap();
    assert_eq!(status().await, 200);

    let rule = json!({"model": "claude-sonnet-5", "times": 1, "script": "status=503"});
    assert_eq!(client.post(&control).json(&rule).send().await.unwrap().status(), 204);
    assert_eq!((status().await, status().await), (503, 200));
    let wrong = client.post(&control).json(&json!({"script": "speed=9"})).send().await.unwrap();
    assert_eq!(wrong.status(), 422);
}

#[tokio::test]
async fn the_ledger_can_be_read_filtered_and_cleared_over_http() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    for tag in ["a", "b", "b"] {
        let request = ask(&simulator.url(), false, "").header("x-sim-tag", tag);
        request.send().await.unwrap().bytes().await.unwrap();
    }
    let url = format!("{}/_sim/ledger", simulator.url());
    let page: Value = client.get(format!("{url}?tag=b&limit=5")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&page["total"], page["entries"].as_array().unwrap().len()), (&3.into(), 2));
    let id = page["entries"][1]["request_id"].as_str().unwrap();
    let one: Value = client.get(format!("{url}?request_id={id}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(one["billed"], page["entries"][1]["billed"]);
    assert_eq!(client.delete(&url).send().await.unwrap().status(), 204);
    assert!(simulator.ledger().is_empty());
}

#[tokio::test]
async fn raw_addresses_can_be_opened_over_http() {
    let simulator = start().await;
    let control = format!("{}/_sim/raw", simulator.url());
    for (fault, broken) in [(json!({"half_close": {"after": 3}}), true), (json!("extra_bytes"), false)] {
        let opened = reqwest::Client::new().post(&control).json(&fault).send().await.unwrap();
        let url = opened.json::<Value>().await.unwrap()["url"].as_str().unwrap().to_owned();
        let response = ask(&url, true, "").send().await.unwrap();
        assert_eq!(response.bytes().await.is_err(), broken, "{fault}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn stopping_closes_the_address() {
    let simulator = start().await;
    let url = simulator.url();
    let response = ask(&url, true, "events=50,interval=100").send().await.unwrap();
    simulator.stop().await;
    assert!(response.bytes().await.is_err());
    assert!(ask(&url, false, "").send().await.is_err());
}
