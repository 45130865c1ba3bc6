//! One streamed request through the relay, shown as it arrives, with what it cost according to the ledger.

use super::{api::Api, env::DemoEnv};
use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{io::Write, time::Duration};
use url::Url;

const MODEL: &str = "claude-sonnet-5";

pub(super) async fn run(local: &Url, env: &DemoEnv) -> Result<()> {
    println!("One request through the relay ({MODEL}, streamed):\n");
    let body = json!({
        "model": MODEL, "max_tokens": 256, "stream": true,
        "messages": [{"role": "user", "content": "What is a causeway?"}]
    });
    let answer = reqwest::Client::new()
        .post(local.join("api/v1/messages")?)
        .header("x-api-key", env.key())
        .header("anthropic-version", "2023-06-01")
        .json(&body)
        .send()
        .await
        .context("asking the relay")?;
    let status = answer.status();
    if !status.is_success() {
        anyhow::bail!("the relay answered with {status}: {}", answer.text().await.unwrap_or_default());
    }
    let id =
        answer.headers().get("x-request-id").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut stream = answer.bytes_stream();
    let mut unread = Vec::new();
    print!("  ");
    while let Some(bytes) = stream.next().await {
        unread.extend_from_slice(&bytes.context("reading the answer")?);
        while let Some(end) = unread.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            if let Some(text) = text_of(&line) {
                print!("{text}");
                std::io::stdout().flush()?;
            }
        }
    }
    println!("\n");
    bill(local, env, &id).await
}

/// The ledger is written in batches, a moment after the stream has ended.
async fn bill(local: &Url, env: &DemoEnv, id: &str) -> Result<()> {
    let mut api = Api::new(local);
    ensure!(api.sign_in(&env.email(), &env.password()).await?, "the demo's owner cannot sign in");
    for _ in 0..50 {
        if let Some(row) = api.request_row(id).await? {
            let t = row.tokens;
            println!(
                "  {} tokens in, {} out, {} read from cache, {} written to it: ${} (request {id})\n",
                t.input,
                t.output,
                t.cache_read,
                t.cache_write_5m + t.cache_write_1h,
                row.cost_usd
            );
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("request {id} is not in the ledger after 10 s")
}

/// The text in one line of an event stream, if there is any.
fn text_of(line: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(line.strip_prefix(b"data:")?).ok()?;
    Some(event.get("delta")?.get("text")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_shown() {
        let line = br#"data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}"#;
        assert_eq!(text_of(line).as_deref(), Some("Hi"));
        assert_eq!(text_of(b"event: content_block_delta\n"), None);
        assert_eq!(text_of(br#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#), None);
    }
}
