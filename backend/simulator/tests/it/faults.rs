//! Every scripted fault, as a caller sees it and as the ledger tells it.

use std::io::Read as _;

use causeway_simulator::{Outcome, Tokens};

use super::*;

async fn text(simulator: &Simulator, script: &str) -> String {
    let response = ask(&simulator.url(), true, script).send().await.unwrap();
    assert_eq!(response.status(), 200);
    String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned()
}

/// Read a stream that breaks: what came, and whether it broke.
async fn broken(simulator: &Simulator, script: &str) -> (String, bool) {
    let mut response = ask(&simulator.url(), true, script).send().await.unwrap();
    let mut got = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.extend_from_slice(&chunk),
            Ok(None) => return (String::from_utf8(got).unwrap(), false),
            Err(_) => return (String::from_utf8(got).unwrap(), true),
        }
    }
}

#[tokio::test]
async fn refusals_have_their_status_headers_and_shape() {
    let simulator = start().await;
    let script = "status=429,retry_after=7,header=anthropic-ratelimit-unified-5h-status:rejected";
    let response = ask(&simulator.url(), true, script).send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["anthropic-ratelimit-unified-5h-status"], "rejected");
    assert!(response.headers().contains_key("request-id"));
    let error: Value = response.json().await.unwrap();
    assert_eq!((&error["type"], &error["error"]["type"]), (&"error".into(), &"rate_limit_error".into()));
    let entry = settled(&simulator).await;
    assert_eq!((entry.status, entry.billed), (Some(429), Tokens::default()));

    for (status, kind) in [(529, "overloaded_error"), (500, "api_error"), (402, "billing_error")] {
        let response = ask(&simulator.url(), false, &format!("status={status}")).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["type"], kind);
    }
    let page = ask(&simulator.url(), false, "status=403,html").send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=UTF-8");
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_connection_cut_before_the_head_bills_nothing() {
    for how in ["reset", "close"] {
        let simulator = start().await;
        assert!(ask(&simulator.url(), true, &format!("cut={how}")).send().await.is_err());
        let entry = settled(&simulator).await;
        assert_eq!(
            (entry.outcome, entry.status, entry.billed),
            (Outcome::CutByFault, None, Tokens::default())
        );
    }
}

#[tokio::test]
async fn a_stream_cut_midway_arrives_up_to_the_cut_and_breaks() {
    for how in ["reset", "close"] {
        let simulator = start().await;
        let (got, broke) = broken(&simulator, &format!("cut={how}@6,out=300")).await;
        assert!(broke, "{how}");
        assert_eq!(events(&got).len(), 6, "{how}");
        let entry = settled(&simulator).await;
        assert_eq!((entry.outcome, entry.events), (Outcome::CutByFault, 6));
        assert!(entry.billed.output >= entry.sent.output && entry.billed.output < 300);
    }
}

#[tokio::test]
async fn a_reset_is_a_reset_and_no_orderly_close() {
    let simulator = start().await;
    let error = ask(&simulator.url(), true, "cut=reset@3").send().await.unwrap().bytes().await.unwrap_err();
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
}

#[tokio::test]
async fn a_stream_may_end_cleanly_and_too_early() {
    for (script, last) in [
        ("cut=end@5", "content_block_delta"),
        ("omit=stop", "message_delta"),
        ("omit=both", "content_block_stop"),
    ] {
        let simulator = start().await;
        let (got, broke) = broken(&simulator, script).await;
        assert!(!broke, "{script}");
        assert_eq!(events(&got).last().unwrap()["type"], last, "{script}");
        assert_eq!(settled(&simulator).await.outcome, Outcome::CutByFault);
    }
}

#[tokio::test]
async fn what_was_never_told_is_billed_all_the_same() {
    let simulator = start().await;
    text(&simulator, "omit=usage,out=300").await;
    let entry = settled(&simulator).await;
    assert_eq!(entry.billed.output, 300);
    assert!(entry.sent.output < 300);
}

#[tokio::test]
async fn input_owned_up_to_late_is_told_late() {
    let simulator = start().await;
    let got = text(&simulator, "in=100,late_in=40").await;
    let events = events(&got);
    assert_eq!(events[0]["message"]["usage"]["input_tokens"], 60);
    let last = events.iter().rfind(|event| event["type"] == "message_delta").unwrap();
    assert_eq!(last["usage"]["input_tokens"], 100);
    assert_eq!(settled(&simulator).await.billed.input, 100);
}

#[tokio::test]
async fn an_error_event_can_open_a_stream_or_come_midway() {
    let simulator = start().await;
    let first = events(&text(&simulator, "error_event=overloaded_error").await);
    assert_eq!((first.len(), &first[0]["error"]["type"]), (1, &"overloaded_error".into()));
    let midway = events(&text(&simulator, "error_event=api_error@5").await);
    assert_eq!((midway.len(), &midway[5]["type"]), (6, &"error".into()));
    let [first, midway] = &simulator.ledger().entries()[..] else { panic!("two requests were made") };
    assert_eq!(first.billed, Tokens::default());
    assert!(midway.billed.output > 0);
}

#[tokio::test]
async fn silence_in_mid_stream_is_as_long_as_told() {
    let simulator = start().await;
    let began = std::time::Instant::now();
    assert_eq!(events(&text(&simulator, "pause=250@4").await).last().unwrap()["type"], "message_stop");
    assert!(began.elapsed() >= Duration::from_millis(245));
}

#[tokio::test]
async fn wire_forms_differ_and_the_events_are_the_same() {
    // Queued instead of sent along: figures stay within the body's length, so it must not differ.
    let played = async |script: &str| {
        let simulator = start().await;
        simulator.next(&format!("shape=full,{script}")).unwrap();
        let got = events(&text(&simulator, "").await);
        got.into_iter().filter(Value::is_object).collect::<Vec<_>>()
    };
    let plain = played("").await;
    for script in ["crlf", "piece=5", "per_packet=24", "crlf,piece=1", "garbage=3", "interval=1"] {
        assert_eq!(plain, played(script).await, "{script}");
    }
}

#[tokio::test]
async fn gzip_comes_unasked_and_flushed_event_by_event() {
    let simulator = start().await;
    let mut response = ask(&simulator.url(), true, "gzip,events=5,interval=20").send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut packed = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        packed.extend_from_slice(&chunk);
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    assert_eq!(events(&text).last().unwrap()["type"], "message_stop");
    assert_eq!(settled(&simulator).await.answer_bytes, packed.len() as u64);
}

#[tokio::test]
async fn a_character_may_be_cut_in_two() {
    let simulator = start().await;
    let bytes = ask(&simulator.url(), true, "bad_utf8=4").send().await.unwrap().bytes().await.unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    assert_eq!(settled(&simulator).await.outcome, Outcome::Completed);
}

#[tokio::test]
async fn bodies_of_five_megabytes_come_whole_in_both_forms() {
    let simulator = start().await;
    for stream in [false, true] {
        let got =
            ask(&simulator.url(), stream, "text_bytes=5000000").send().await.unwrap().bytes().await.unwrap();
        assert!(got.len() > 5_000_000 && got.len() < 5_010_000, "{}", got.len());
    }
    assert!(simulator.ledger().entries().iter().all(|entry| entry.outcome == Outcome::Completed));
}

#[tokio::test]
async fn a_json_answer_cut_midway_breaks() {
    let simulator = start().await;
    let response = ask(&simulator.url(), false, "cut=reset@1").send().await.unwrap();
    assert!(response.bytes().await.is_err());
    assert_eq!(settled(&simulator).await.outcome, Outcome::CutByFault);
}
