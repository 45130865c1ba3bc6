//! Well-behaved answers, and what the ledger says of them.

use causeway_simulator::{Outcome, SimulatorConfig, Tokens};
use sha2::{Digest, Sha256};

use super::*;

fn usage(value: &Value) -> Tokens {
    let figure = |value: &Value| value.as_u64().unwrap();
    Tokens {
        input: figure(&value["input_tokens"]),
        output: figure(&value["output_tokens"]),
        cache_read: figure(&value["cache_read_input_tokens"]),
        cache_write_5m: figure(&value["cache_creation"]["ephemeral_5m_input_tokens"]),
        cache_write_1h: figure(&value["cache_creation"]["ephemeral_1h_input_tokens"]),
    }
}

#[tokio::test]
async fn a_json_answer_is_in_the_ledger_to_the_byte() {
    let simulator = start().await;
    let sent = body(false, "tag-a");
    let response = post(&reqwest::Client::new(), &simulator.url(), &sent).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let request_id = response.headers()["request-id"].to_str().unwrap().to_owned();
    assert!(response.headers().contains_key("anthropic-ratelimit-requests-remaining"));
    let bytes = response.bytes().await.unwrap();
    let answer: Value = serde_json::from_slice(&bytes).unwrap();

    let entry = simulator.ledger().by_request_id(&request_id).unwrap();
    assert_eq!(entry.outcome, Outcome::Completed);
    assert_eq!(answer["id"], entry.message_id.as_deref().unwrap());
    assert_eq!(usage(&answer["usage"]), entry.billed);
    assert_eq!(entry.sent, entry.billed);
    let sent = serde_json::to_vec(&sent).unwrap();
    assert_eq!(
        (entry.body_bytes, entry.body_sha256),
        (sent.len() as u64, hex::encode(Sha256::digest(&sent)))
    );
    assert_eq!(
        (entry.answer_bytes, entry.answer_sha256),
        (bytes.len() as u64, hex::encode(Sha256::digest(&bytes)))
    );
    assert!(entry.billed.all_input() <= entry.body_bytes && entry.billed.output <= 400);
    assert_eq!((entry.key.as_deref(), entry.tag.as_deref()), (Some(KEY), Some("tag-a")));
    assert_eq!(simulator.ledger().tagged("tag-a").len(), 1);
}

#[tokio::test]
async fn an_answer_meets_its_limit_only_where_a_script_says_so() {
    let (simulator, client) = (start().await, reqwest::Client::new());
    let answer = async |script: &str| {
        let mut sent = body(false, script);
        sent["max_tokens"] = json!(2);
        let answer: Value =
            post(&client, &simulator.url(), &sent).send().await.unwrap().json().await.unwrap();
        (answer["stop_reason"].as_str().unwrap().to_owned(), answer["usage"]["output_tokens"].as_u64())
    };
    // Of as many, some would meet a limit of two by chance.
    for _ in 0..40 {
        assert_eq!(answer("").await, ("end_turn".to_owned(), Some(1)));
    }
    assert_eq!(answer("sim:out=9").await, ("max_tokens".to_owned(), Some(2)));
}

#[tokio::test]
async fn a_stream_tells_in_the_end_what_is_billed() {
    let simulator = start().await;
    let text = ask(&simulator.url(), true, "tag=s,shape=full,events=20,usage_every=5,repeat_usage=true")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let events = events(&text);
    let entry = settled(&simulator).await;
    assert_eq!(entry.outcome, Outcome::Completed);
    assert_eq!(entry.events, events.len() as u64);
    assert_eq!(entry.answer_sha256, hex::encode(Sha256::digest(text.as_bytes())));
    assert_eq!(usage(&events[0]["message"]["usage"]).all_input(), entry.billed.all_input());
    let last = events.iter().rfind(|event| event["type"] == "message_delta").unwrap();
    assert_eq!(last["usage"]["output_tokens"], entry.billed.output);
    assert_eq!(last["usage"]["input_tokens"], entry.billed.input);
    assert_eq!(entry.sent, entry.billed);
    assert_eq!(events.iter().filter(|event| event["type"] == "content_block_start").count(), 4);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_figures_and_the_same_text_gives_other_ones() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let simulator = start().await;
        let mut figures = Vec::new();
        for _ in 0..4 {
            let answer =
                ask(&simulator.url(), false, "").send().await.unwrap().json::<Value>().await.unwrap();
            figures.push(usage(&answer["usage"]));
        }
        runs.push(figures);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0][0], runs[0][1]);
}

#[tokio::test]
async fn events_are_paced_and_the_ledger_can_be_read_in_between() {
    let simulator = start().await;
    let began = std::time::Instant::now();
    let mut response = ask(&simulator.url(), true, "events=10,interval=30").send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    let midway = simulator.ledger().last().unwrap();
    assert_eq!(midway.outcome, Outcome::Open);
    assert!(midway.sent.input > 0 && midway.billed.output > 0);
    while response.chunk().await.unwrap().is_some() {}
    assert!(began.elapsed() >= Duration::from_millis(295), "{:?}", began.elapsed());
    assert_eq!(settled(&simulator).await.outcome, Outcome::Completed);
}

#[tokio::test]
async fn a_caller_that_leaves_is_billed_for_what_was_generated() {
    let simulator = start().await;
    let mut response =
        ask(&simulator.url(), true, "events=40,interval=20,in=50,out=400").send().await.unwrap();
    for _ in 0..8 {
        response.chunk().await.unwrap().unwrap();
    }
    drop(response);
    let entry = settled(&simulator).await;
    assert_eq!(entry.outcome, Outcome::CutByClient);
    assert_eq!(entry.billed.input, 50);
    assert!(entry.billed.output >= 10 && entry.billed.output < 400, "{:?}", entry.billed);
    assert!(entry.sent.output <= entry.billed.output);
}

#[tokio::test]
async fn a_caller_that_leaves_before_the_head_is_billed_for_its_prompt() {
    let simulator = start().await;
    let asked = ask(&simulator.url(), false, "delay=60000").timeout(Duration::from_millis(200)).send().await;
    assert!(asked.unwrap_err().is_timeout());
    let entry = settled(&simulator).await;
    assert_eq!((entry.outcome, entry.status), (Outcome::CutByClient, None));
    assert!(entry.billed.all_input() > 0 && entry.billed.output == 0);
    assert_eq!(entry.sent, Tokens::default());
}

#[tokio::test]
async fn what_must_not_cross_a_relay_is_named() {
    let simulator = start().await;
    let request =
        ask(&simulator.url(), false, "").header("cookie", "a=b").header("x-forwarded-key", "cw_live_secret");
    request.send().await.unwrap();
    let leaks: Vec<_> = simulator.ledger().leaks().into_iter().map(|(_, leak)| leak).collect();
    assert_eq!(leaks, ["cookie", "credential in x-forwarded-key"]);
    assert_eq!(simulator.ledger().last().unwrap().header("anthropic-version"), Some("2023-06-01"));
}

#[tokio::test]
async fn a_ledger_of_figures_keeps_no_headers_and_no_hashes() {
    let config =
        SimulatorConfig { detail: causeway_simulator::LedgerDetail::Figures, ..SimulatorConfig::default() };
    let simulator = Simulator::start(config).await.unwrap();
    ask(&simulator.url(), false, "").send().await.unwrap().bytes().await.unwrap();
    let entry = settled(&simulator).await;
    assert!(entry.headers.is_empty() && entry.body_sha256.is_empty() && entry.answer_sha256.is_empty());
    assert!(entry.billed.output > 0 && entry.answer_bytes > 0);
}
