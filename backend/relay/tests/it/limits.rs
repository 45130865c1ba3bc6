//! Limits: never exceeded, said clearly, and given back.

use crate::app::{self, hello, scripted};
use causeway_domain::{Limits, Nanos};
use chrono::Timelike;
use futures_util::future::join_all;
use serde_json::{Value, json};

fn limits(json: Value) -> Limits {
    serde_json::from_value(json).unwrap()
}

async fn facts(response: reqwest::Response) -> Value {
    response.json::<Value>().await.unwrap()["error"].take()
}

#[tokio::test]
async fn requests_per_minute_hold_in_a_burst() {
    app::run(async |app| {
        let key = app.key(limits(json!({"requests_per_minute": 5}))).await;
        let body = hello(false);
        let answers = join_all((0..30).map(|_| app.post(&key, &body))).await;
        assert_eq!(answers.iter().filter(|a| a.status() == 200).count(), 5);
        let refused = answers.into_iter().find(|a| a.status() != 200).unwrap();
        assert_eq!(refused.status(), 429);
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&wait), "{wait}");
        let error = facts(refused).await;
        assert_eq!(
            (error["type"].as_str(), error["causeway"]["code"].as_str()),
            (Some("rate_limit_error"), Some("requests_per_minute"))
        );
        assert_eq!(app.sim.ledger().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn concurrency_holds_and_a_client_that_asks_again_at_once_is_not_refused() {
    app::run(async |app| {
        let key = app.key(limits(json!({"concurrency": 1}))).await;
        let slow = scripted(true, "events=20,interval=25");
        let running = app.post(&key, &slow).await;
        let refused = app.post(&key, &hello(false)).await;
        assert_eq!(
            (refused.status().as_u16(), facts(refused).await["causeway"]["code"].as_str()),
            (429, Some("concurrency"))
        );
        running.bytes().await.unwrap();
        for _ in 0..20 {
            let next = app.post(&key, &hello(false)).await;
            assert_eq!(next.status(), 200);
            next.bytes().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_budget_is_never_overspent_over_two_instances() {
    app::run(async |app| {
        let (other, url) = app.second_instance().await;
        // One request can cost up to about $0.0054 (its bytes at the dearest input, 1,000 tokens out).
        let key = app.key(limits(json!({"usd": {"total": "0.05"}}))).await;
        let body = hello(false);
        let mut refused = 0;
        for _ in 0..8 {
            let answers =
                join_all((0..20).map(|i| app.post_to(if i % 2 == 0 { &app.url } else { &url }, &key, &body)))
                    .await;
            refused += answers.iter().filter(|a| a.status() == 402).count();
            assert!(answers.iter().all(|a| [200, 402].contains(&a.status().as_u16())));
        }
        assert!(refused > 0);
        let rows = app.rows(app.sim.ledger().len()).await;
        let spent: i64 = rows.iter().map(|r| r.charged_nanos).sum();
        assert!(spent <= 50_000_000, "{}", Nanos(spent));
        let truth = app.sim.ledger().entries().iter().map(|e| app.cost(app::MODEL, &e.billed).0).sum::<i64>();
        assert_eq!(spent, truth, "the sum is the provider's, to the nano-dollar");
        assert!(spent >= 40_000_000, "most of it can be used: {}", Nanos(spent));
        let error = facts(app.post(&key, &scripted(false, "in=1")).await).await;
        if error["causeway"]["code"] == "budget_usd" {
            assert_eq!(
                (error["type"].as_str(), error["causeway"]["window"].as_str()),
                (Some("billing_error"), Some("total"))
            );
            assert_eq!(error["causeway"]["limit"], "0.05");
            assert!(error["message"].as_str().unwrap().contains("max_tokens"));
        }
        other.close(std::time::Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_daily_budget_says_when_it_begins_again() {
    app::run(async |app| {
        // One request can cost up to about $0.0054, and this one does cost $0.0045.
        let key = app.key(limits(json!({"usd": {"day": "0.007"}}))).await;
        app.post(&key, &scripted(false, "out=900")).await.bytes().await.unwrap();
        app.row().await;
        let refused = app.post(&key, &hello(false)).await;
        assert_eq!(refused.status(), 402);
        assert!(refused.headers().contains_key("retry-after"));
        let error = facts(refused).await;
        assert_eq!(error["causeway"]["window"], "day");
        assert!(error["causeway"]["resets_in_seconds"].as_u64().is_some_and(|s| s <= 86_400));
        assert_eq!(app.sim.ledger().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_no_window_has_room_for_is_not_told_to_come_back() {
    app::run(async |app| {
        let day = |unit: &str, limit: Value| limits(json!({unit: {"day": limit}}));
        for (key, said) in [
            (app.key(day("usd", json!("0.001"))).await, "whole daily budget of this API key is $0.001"),
            (app.key(day("tokens", json!(500))).await, "whole daily token budget of this API key is 500"),
            (app.key(limits(json!({"tokens_per_minute": 500}))).await, "may use 500 in a minute"),
        ] {
            let refused = app.post(&key, &hello(false)).await;
            assert!([402, 429].contains(&refused.status().as_u16()));
            assert!(!refused.headers().contains_key("retry-after"), "{said}");
            assert_eq!(refused.headers()["x-should-retry"], "false", "{said}");
            let error = facts(refused).await;
            assert!(error["causeway"].get("resets_in_seconds").is_none(), "{error}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(said) && message.contains("max_tokens"), "{message}");
        }
        assert_eq!(app.sim.ledger().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_calendar_moves_the_windows_that_run() {
    app::run(async |app| {
        // No day ends while this runs: in its last minute a window is left as it is.
        let mut tx = app.tx().await;
        let mut org = causeway_store::organisations::get(&mut tx, true).await.unwrap();
        org.calendar.day_start_minute = u16::try_from((chrono::Utc::now().hour() + 12) % 24 * 60).unwrap();
        causeway_store::organisations::update(&mut tx, &org).await.unwrap();
        app.commit(tx).await;
        let key = app.key(limits(json!({"usd": {"day": "5"}, "requests": {"week": 100}}))).await;
        let ends = async || {
            let answer = app.post(&key, &hello(false)).await;
            assert_eq!(answer.status(), 200);
            let told = answer.headers()["x-causeway-limits"].to_str().unwrap().to_owned();
            answer.bytes().await.unwrap();
            told.split(", ")
                .map(|fact| fact.rsplit_once("reset=").unwrap().1.parse::<i64>().unwrap())
                .collect::<Vec<_>>()
        };
        let before = ends().await;
        let mut tx = app.tx().await;
        let mut org = causeway_store::organisations::get(&mut tx, true).await.unwrap();
        // A quarter of an hour off whatever time it is.
        org.calendar.time_zone = chrono_tz::Asia::Kathmandu;
        org.calendar.week_start = chrono::Weekday::Thu;
        causeway_store::organisations::update(&mut tx, &org).await.unwrap();
        let now = chrono::Utc::now();
        let expected: Vec<i64> =
            [causeway_domain::window::WindowKind::Day, causeway_domain::window::WindowKind::Week]
                .map(|kind| org.calendar.ends(kind, now).unwrap().end / 1000)
                .into();
        app.commit(tx).await;
        let after = ends().await;
        assert_ne!(before, after);
        assert_eq!(after, expected);
        // What was spent before counts in the window that it lies in by the new calendar.
        let rows = app.rows(2).await;
        let stand = app.standing(&key).await;
        let spent: i64 = rows.iter().map(|r| r.charged_nanos).sum();
        assert_eq!(stand.nanos, spent);
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_is_set_later_knows_what_was_spent_before() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        for _ in 0..3 {
            app.post(&key, &hello(false)).await.bytes().await.unwrap();
        }
        let spent: i64 = app.rows(3).await.iter().map(|r| r.charged_nanos).sum();
        let cap = Nanos(spent + 1);
        app.change_key(&key, |k| k.limits = limits(json!({"usd": {"day": cap, "month": cap}}))).await;
        let refused = app.post(&key, &hello(false)).await;
        assert_eq!(refused.status(), 402);
        assert_eq!(facts(refused).await["causeway"]["used"], json!(Nanos(spent)));
    })
    .await;
}

#[tokio::test]
async fn tokens_per_minute_count_what_was_really_used() {
    app::run(async |app| {
        let key = app.key(limits(json!({"tokens_per_minute": 3_000}))).await;
        let first = app.post(&key, &scripted(false, "in=10,out=20")).await;
        assert_eq!(first.status(), 200);
        first.bytes().await.unwrap();
        app.row().await;
        // 30 of 3,000 were used; a request that could need 2,000 more fits once the first is settled.
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        let mut greedy = hello(false);
        greedy["max_tokens"] = json!(5_000);
        let refused = app.post(&key, &greedy).await;
        assert_eq!(
            (refused.status().as_u16(), facts(refused).await["causeway"]["code"].as_str()),
            (429, Some("tokens_per_minute"))
        );
    })
    .await;
}
