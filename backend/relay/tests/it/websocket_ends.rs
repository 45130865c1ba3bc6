//! Answers that do not come to their end, and connections that end before them.

use crate::{
    app::{self, MODEL, tokens},
    websocket::{Client, GPT, UPGRADE, create, go_on, kinds, upgrade},
};
use causeway_domain::{Limits, provider::Provider};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_client_that_leaves_in_mid_answer_is_billed_for_what_the_provider_bills() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        for (n, polite) in [true, false].into_iter().enumerate() {
            app.sim.ledger().clear();
            app.script("sk-sim-test", 1, "events=30,interval=30");
            let mut client = Client::open(&app.url, &key, &[]).await;
            client.say(&create(MODEL, "Slowly")).await;
            // What waits in line is not asked for any more.
            client.say(&create(MODEL, "And then")).await;
            while client.event().await["type"] != "response.output_text.delta" {}
            if polite {
                client.ws.close(None).await.unwrap();
            }
            drop(client);
            let row = app.rows(n + 1).await.remove(0);
            assert_eq!(row.outcome, "client_left");
            assert_eq!(tokens(&row), app.truth().await.billed, "it was read to its end");
        }
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_before_an_answer_begins_leaves_its_row() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.script("sk-sim-test", 1, "delay=1500");
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.say(&create(MODEL, "Hello")).await;
        let until = Instant::now() + Duration::from_secs(10);
        while app.sim.ledger().is_empty() {
            assert!(Instant::now() < until, "it was not asked");
            sleep(Duration::from_millis(20)).await;
        }
        drop(client);
        let row = app.row().await;
        assert_eq!((row.outcome.as_str(), tokens(&row)), ("client_left", app.truth().await.billed));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_failed_and_the_connection_goes_on() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        let mut before = client.ask(&create(MODEL, "Hello")).await;
        for (n, script) in ["cut=reset@6", "cut=end@6", "error_event=api_error@6"].into_iter().enumerate() {
            app.script("sk-sim-test", 1, script);
            client.say(&go_on(MODEL, &before, "And?")).await;
            let events = client.answer().await;
            assert_eq!(kinds(&events).last(), Some(&"response.failed"), "{script}: {events:?}");
            let row = app.rows(n * 2 + 2).await.remove(0);
            assert!(row.outcome == "upstream_cut" || row.outcome == "upstream_error", "{script}: {row:?}");
            app.recover().await;
            // What came before it is not lost.
            before = client.ask(&go_on(MODEL, &before, "Once more")).await;
            app.rows(n * 2 + 3).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_provider_refuses_is_told_in_its_words_and_what_fails_before_content_moves_on() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        app.script("sk-sim-openai", 1, "status=400,message=that is no prompt");
        let (status, _, event) = client.refused(&create(GPT, "Hello")).await;
        assert_eq!((status, &event["error"]["message"]), (400, &json!("that is no prompt")));
        app.script("sk-sim-openai", 1, "status=429,retry_after=7");
        let (status, _, event) = client.refused(&create(GPT, "Hello")).await;
        assert_eq!(status, 429, "{event}");
        assert!(event["headers"]["retry-after"].as_str().unwrap().parse::<u64>().is_ok(), "{event}");
        // The credential that is refused is the account's, and not the client's.
        let account = app.cooldowns(1).await.remove(0).account;
        app.reset(account).await;
        app.script("sk-sim-openai", 1, "status=401");
        assert_ne!(client.refused(&create(GPT, "Hello")).await.0, 401);
        app.cooldowns(1).await;
        app.reset(account).await;
        client.ask(&create(GPT, "Hello")).await;
        app.add_bearer(Provider::OPENAI, &app.sim.url(), "sk-sim-second").await;
        app.script("sk-sim-openai", 1, "error_event=server_is_overloaded@1");
        app.script("sk-sim-second", 1, "shape=text");
        let before = app.sim.ledger().len();
        client.ask(&create(GPT, "Hello")).await;
        let asked = app.sim.ledger().len() - before;
        assert!((1..=2).contains(&asked), "{asked}");
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_stops_lets_answers_end_and_sends_clients_to_another() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let (relay, url) = app.second_instance().await;
        let (mut busy, mut idle) = (Client::open(&url, &key, &[]).await, Client::open(&url, &key, &[]).await);
        app.script("sk-sim-test", 1, "events=20,interval=50");
        busy.say(&create(MODEL, "Slowly")).await;
        busy.event().await;
        busy.say(&create(MODEL, "This has to be asked again")).await;
        relay.retire_sockets();
        assert_eq!(idle.closed().await, (1012, "this instance is being restarted; connect again".to_owned()));
        assert_eq!(busy.answer().await.pop().unwrap()["type"], "response.completed");
        assert_eq!(busy.closed().await.0, 1012);
        relay.sockets_ended().await;
        let row = app.row().await;
        assert_eq!((row.outcome.as_str(), tokens(&row)), ("completed", app.truth().await.billed));
        // Nobody gets in any more.
        let refused = upgrade(&app, &url, &key.secret, &UPGRADE).await;
        assert_eq!(refused.status(), 503);
        relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_cannot_wait_cuts_answers_and_they_are_settled() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let (relay, url) = app.second_instance().await;
        let mut client = Client::open(&url, &key, &[]).await;
        app.script("sk-sim-test", 1, "events=100000,interval=50");
        client.say(&create(MODEL, "Endlessly")).await;
        client.event().await;
        relay.retire_sockets();
        relay.cut_sockets();
        let code = loop {
            // Events that were on their way come first.
            match client.ws.next().await.unwrap().unwrap() {
                Message::Close(Some(frame)) => break u16::from(frame.code),
                other => assert!(other.is_text(), "{other:?}"),
            }
        };
        assert_eq!(code, 1012);
        drop(client);
        relay.sockets_ended().await;
        relay.close(Duration::from_secs(10)).await;
        let row = app.row().await;
        assert_eq!(row.outcome, "client_left");
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}
