//! The simulator held against its own promises, from outside, over real sockets.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod answers;
mod bedrock;
mod chat;
mod devices;
mod faults;
mod gemini;
mod issuer;
mod oauth;
mod plain;
mod proxies;
mod raw;
mod refreshes;
mod responses;
mod tls;
mod vertex;

use std::time::Duration;

use causeway_simulator::{Entry, Simulator, SimulatorConfig};
use serde_json::{Value, json};

const KEY: &str = "sk-sim-test";
const PATIENCE: Duration = Duration::from_secs(10);

async fn start() -> Simulator {
    Simulator::start(SimulatorConfig::default()).await.unwrap()
}

fn body(stream: bool, user_id: &str) -> Value {
    json!({
        "model": "claude-sonnet-5", "max_tokens": 400, "stream": stream,
        "messages": [{"role": "user", "content": "How does water find its way? ".repeat(8)}],
        "metadata": {"user_id": user_id},
    })
}

/// Ask for an answer whose script travels as a relay would pass it on.
fn ask(url: &str, stream: bool, script: &str) -> reqwest::RequestBuilder {
    post(&reqwest::Client::new(), url, &body(stream, &format!("sim:{script}")))
}

fn post(client: &reqwest::Client, url: &str, body: &Value) -> reqwest::RequestBuilder {
    client
        .post(format!("{url}/v1/messages?beta=true"))
        .header("x-api-key", KEY)
        .header("anthropic-version", "2023-06-01")
        .json(body)
}

/// The `data` of every event that can be read, comments and broken lines left out.
fn events(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str(data).ok())
        .collect()
}

/// The only entry, once it has ended.
async fn settled(simulator: &Simulator) -> Entry {
    assert!(simulator.ledger().settled(1, PATIENCE).await, "{:?}", simulator.ledger().entries());
    assert_eq!(simulator.ledger().len(), 1);
    simulator.ledger().last().unwrap()
}
