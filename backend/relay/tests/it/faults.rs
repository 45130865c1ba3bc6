//! What goes wrong at the provider: told truthfully, counted, and never ended cleanly.

use crate::app::{self, App, Key, MODEL, hello, scripted, tokens};
use causeway_simulator::{RawFault, SimulatorConfig, Tokens};
use serde_json::Value;
use std::time::Duration;

/// What of a body arrived before it broke off.
pub(crate) async fn read_broken(mut response: reqwest::Response) -> (String, bool) {
    let mut all = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => all.extend_from_slice(&chunk),
            Ok(None) => return (String::from_utf8_lossy(&all).into_owned(), true),
            Err(_) => return (String::from_utf8_lossy(&all).into_owned(), false),
        }
    }
}

#[tokio::test]
async fn error_statuses_pass_with_their_headers_and_cost_nothing() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let scripts = [
            ("status=400", 400),
            ("status=429,retry_after=7", 429),
            ("status=500", 500),
            ("status=529", 529),
        ];
        for (i, (script, status)) in scripts.into_iter().enumerate() {
            let response = app.post(&key, &scripted(i % 2 == 0, script)).await;
            assert_eq!(response.status(), status);
            if status == 429 {
                assert_eq!(response.headers()["retry-after"], "7");
            }
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["type"], "error", "the provider's own words: {body}");
            let row = app.rows(i + 1).await.remove(0);
            assert_eq!(
                (row.status, row.outcome.as_str(), row.charged_nanos),
                (status as i16, "upstream_error", 0)
            );
            if status != 400 {
                app.recover().await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_breaks_off_before_answering_is_a_502_that_nobody_is_charged_for() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let response = app.post(&key, &scripted(true, "cut=reset")).await;
        assert_eq!(response.status(), 502);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["causeway"]["code"], "upstream_unreachable");
        let row = app.row().await;
        assert_eq!((row.outcome.as_str(), row.status, row.charged_nanos), ("upstream_error", 502, 0));
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_costs_nothing_and_leaves_no_row() {
    app::run(async |app| {
        app.disable_account(app.account).await;
        app.add_account("http://127.0.0.1:1", "sk-sim-x").await;
        let key = app.key(Default::default()).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 502);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(app.rows_now().await, 0);
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

async fn a_broken_stream(app: &App, key: &Key, script: &str) -> String {
    let response = app.post(key, &scripted(true, script)).await;
    assert_eq!(response.status(), 200, "{script}");
    let (text, clean) = read_broken(response).await;
    assert!(!clean, "{script}: a broken stream must not end cleanly");
    assert!(text.contains("event: error"), "{script}: {text}");
    text
}

#[tokio::test]
async fn a_stream_that_is_cut_ends_with_an_error_event_and_a_broken_connection() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        for (i, script) in ["cut=reset@5", "cut=close@5", "cut=end@5", "omit=stop"].into_iter().enumerate() {
            app.sim.ledger().clear();
            a_broken_stream(&app, &key, script).await;
            app.recover().await;
            let row = app.rows(i + 1).await.remove(0);
            assert_eq!((row.outcome.as_str(), row.status), ("upstream_cut", 200), "{script}");
            let (truth, counted) = (app.truth().await, tokens(&row));
            assert_eq!(counted.all_input(), truth.billed.all_input(), "{script}");
            assert!(
                counted.output >= truth.sent.output,
                "{script}: counted {counted:?}, sent {:?}",
                truth.sent
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_without_its_usage_is_counted_conservatively_and_marked() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let response = app.post(&key, &scripted(true, "omit=usage")).await;
        assert_eq!(response.status(), 200);
        let _ = read_broken(response).await;
        let row = app.row().await;
        assert!(row.estimated, "{row:?}");
        assert!(tokens(&row).output > 0);
    })
    .await;
}

#[tokio::test]
async fn silence_in_the_middle_ends_after_the_idle_time_and_before_the_head_after_the_first() {
    let args = causeway_relay::RelayArgs {
        upstream_idle_timeout: 1,
        upstream_first_byte_timeout: 1,
        ..app::defaults()
    };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        a_broken_stream(&app, &key, "pause=10000@4").await;
        assert_eq!(app.row().await.outcome, "upstream_cut");
        app.recover().await;
        let response = app.post(&key, &scripted(true, "delay=10000")).await;
        assert_eq!(response.status(), 504);
        let row = app.rows(2).await.remove(0);
        assert_eq!((row.status, row.charged_nanos), (504, 0));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_is_billed_what_the_provider_bills() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let mut response = app.post(&key, &scripted(true, "events=30,interval=20")).await;
        let _first = response.chunk().await.unwrap().unwrap();
        drop(response);
        let row = app.row().await;
        let truth = app.truth().await;
        assert_eq!((row.outcome.as_str(), row.estimated), ("client_left", false));
        assert_eq!(tokens(&row), truth.billed);
        assert_eq!(row.charged_nanos, app.cost(MODEL, &truth.billed).0);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_billed_too() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let (body, url) = (scripted(false, "delay=3000"), format!("{}/v1/messages", app.url));
        let call =
            app.http.post(url).header("x-api-key", &key.secret).json(&body).timeout(Duration::from_secs(1));
        assert!(call.send().await.is_err());
        let (row, truth) = (app.row().await, app.truth().await);
        assert_eq!(row.outcome, "client_left");
        assert_eq!(tokens(&row), truth.billed);
    })
    .await;
}

#[tokio::test]
async fn leaving_before_an_answer_has_begun_never_costs_less_than_the_provider_may_bill() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.set_drain(100).await;
        for (i, stream) in [false, true].into_iter().enumerate() {
            let mut body = scripted(stream, "delay=4000,in=40,out=900");
            body["max_tokens"] = serde_json::json!(1000);
            let asked = tokio::time::timeout(Duration::from_secs(1), app.post(&key, &body)).await;
            assert!(asked.is_err(), "it should have taken longer");
            let row = app.rows(i + 1).await.remove(0);
            assert_eq!((row.outcome.as_str(), row.estimated), ("client_left", true));
            let counted = tokens(&row);
            // As much input as its bytes can be, at the dearest; an answer in one piece is made before it is sent.
            assert!(counted.cache_write_1h + counted.cache_write_5m + counted.input >= 40, "{counted:?}");
            assert_eq!(counted.output, if stream { 0 } else { 1000 });
            let whole = Tokens { input: 40, output: if stream { 0 } else { 900 }, ..Tokens::default() };
            assert!(row.charged_nanos >= app.cost(MODEL, &whole).0);
            assert_eq!(row.charged_nanos, row.cost_nanos);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_without_end_costs_what_was_seen_and_the_provider_is_cut_off() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.set_drain(300).await;
        let mut response = app.post(&key, &scripted(true, "events=2000,interval=50")).await;
        let _first = response.chunk().await.unwrap().unwrap();
        drop(response);
        let row = app.row().await;
        assert_eq!((row.outcome.as_str(), row.estimated), ("client_left", true));
        let truth = app.truth().await;
        assert_eq!(tokens(&row).all_input(), truth.billed.all_input());
        assert!(tokens(&row).output > 0);
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn faults_below_http_never_hang_a_client_or_lose_a_row() {
    let raw = [
        RawFault::HalfClose { after: 3 },
        RawFault::CloseDelimited { after: 3 },
        RawFault::HtmlError { status: 503 },
        RawFault::ExtraBytes,
        RawFault::Truncated,
        RawFault::NotHttp,
        RawFault::EarlyAnswer,
    ];
    app::run(async move |app| {
        app.disable_account(app.account).await;
        for fault in raw {
            let shown = format!("{fault:?}");
            let front = app.sim.raw(fault).unwrap();
            let account = app.add_account(&front.url(), "sk-sim-raw").await;
            let key = app.key(Default::default()).await;
            let before = app.rows_now().await;
            let answer = tokio::time::timeout(Duration::from_secs(20), async {
                let response = app.post(&key, &hello(true)).await;
                let status = response.status();
                (status, read_broken(response).await)
            });
            let (status, (text, clean)) = answer.await.unwrap_or_else(|_| panic!("{shown} hangs"));
            if clean && status == 200 {
                assert!(text.contains("message_stop") || text.contains("\"usage\""), "{shown}: {text}");
            }
            app.rows(before + 1).await;
            app.disable_account(account).await;
        }
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_the_provider_closed_while_idle_is_not_the_clients_problem() {
    app::run(async |app| {
        app.disable_account(app.account).await;
        let front = app.sim.raw(RawFault::StaleKeepAlive).unwrap();
        app.add_account(&front.url(), "sk-sim-raw").await;
        let key = app.key(Default::default()).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(
            app.post(&key, &hello(false)).await.status(),
            200,
            "it is asked again on a new connection"
        );
    })
    .await;
}

#[tokio::test]
async fn an_error_without_a_body_and_one_with_a_zero_byte_in_it_are_counted_as_what_they_are() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.sim.queue(causeway_simulator::Rule::once("status=503,message=\\u0000".parse().unwrap()));
        assert_eq!(app.post(&key, &hello(false)).await.status(), 503);
        let row = app.row().await;
        assert_eq!((row.outcome.as_str(), row.status, row.charged_nanos), ("upstream_error", 503, 0));
        app.recover().await;
        let refused = app.post(&key, &scripted(false, "status=401")).await;
        assert_eq!(refused.status(), 429, "the credential that was refused is not the caller's");
    })
    .await;
}
