//! Faults below HTTP, as a real client meets them.

use causeway_simulator::{Outcome, RawFault};

use super::*;

async fn read(url: &str, stream: bool) -> (Vec<u8>, bool) {
    let mut response = ask(url, stream, "").send().await.unwrap();
    let mut got = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.extend_from_slice(&chunk),
            Ok(None) => return (got, false),
            Err(_) => return (got, true),
        }
    }
}

#[tokio::test]
async fn a_stale_connection_dies_when_the_second_request_arrives() {
    let simulator = start().await;
    let front = simulator.raw(RawFault::StaleKeepAlive).unwrap();
    let client =
        reqwest::Client::builder().pool_max_idle_per_host(1).retry(reqwest::retry::never()).build().unwrap();
    let first = post(&client, &front.url(), &body(false, "first")).send().await.unwrap();
    first.bytes().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(post(&client, &front.url(), &body(false, "second")).send().await.is_err());
    assert_eq!(settled(&simulator).await.outcome, Outcome::Completed);
}

#[tokio::test]
async fn a_half_closed_or_truncated_answer_breaks() {
    for fault in [RawFault::HalfClose { after: 5 }, RawFault::Truncated] {
        for stream in [false, true] {
            let simulator = start().await;
            let front = simulator.raw(fault).unwrap();
            let (got, broke) = read(&front.url(), stream).await;
            assert!(broke && !got.is_empty(), "{fault:?} {stream}");
            let entry = settled(&simulator).await;
            assert_eq!((entry.outcome, entry.answer_bytes), (Outcome::CutByFault, got.len() as u64));
        }
    }
}

#[tokio::test]
async fn an_answer_that_only_ends_with_its_connection_looks_whole() {
    let simulator = start().await;
    let front = simulator.raw(RawFault::CloseDelimited { after: 6 }).unwrap();
    let (got, broke) = read(&front.url(), true).await;
    assert!(!broke);
    assert!(!String::from_utf8_lossy(&got).contains("message_stop"));
    assert_eq!(settled(&simulator).await.outcome, Outcome::CutByFault);
}

#[tokio::test]
async fn pages_early_refusals_and_noise_are_what_they_say() {
    let simulator = start().await;
    let page = simulator.raw(RawFault::HtmlError { status: 503 }).unwrap();
    let response = ask(&page.url(), true, "").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.text().await.unwrap().contains("Just a moment"));
    let noise = simulator.raw(RawFault::NotHttp).unwrap();
    assert!(ask(&noise.url(), true, "").send().await.is_err());
    let early = simulator.raw(RawFault::EarlyAnswer).unwrap();
    if let Ok(response) = ask(&early.url(), true, "").send().await {
        assert_eq!(response.status(), 413);
    }
    assert_eq!(simulator.ledger().len(), 3);
}

#[tokio::test]
async fn bytes_behind_an_answer_leave_that_answer_whole() {
    let simulator = start().await;
    let front = simulator.raw(RawFault::ExtraBytes).unwrap();
    let answer: Value = ask(&front.url(), false, "").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["id"], settled(&simulator).await.message_id.unwrap());
}

#[tokio::test]
async fn an_endless_stream_ends_when_writing_fails() {
    let simulator = start().await;
    let front = simulator.raw(RawFault::BytesAfterCancel).unwrap();
    let mut response = ask(&front.url(), true, "").send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    drop(response);
    assert_eq!(settled(&simulator).await.outcome, Outcome::CutByClient);
}
