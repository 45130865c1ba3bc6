//! Never a request without its row, never two, whatever dies.

use crate::app::{self, App, hello, scripted, tokens};
use causeway_domain::Limits;
use causeway_simulator::SimulatorConfig;
use causeway_store::{
    boots,
    dead_letters::{self, DeadLetter},
    testing,
};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn totals_and_rollups_are_the_sum_of_the_rows() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "50"}})).unwrap()).await;
        let (plain, stream) = (hello(false), hello(true));
        let answers =
            join_all((0..40).map(|i| app.post(&key, if i % 2 == 0 { &plain } else { &stream }))).await;
        for answer in answers {
            answer.bytes().await.unwrap();
        }
        let rows = app.rows(40).await;
        let spent: i64 = rows.iter().map(|r| r.charged_nanos).sum();
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos, standing.open), (spent, 0, 0));
        let (total, rolled) = app.sums(&key).await;
        assert_eq!((total, rolled), (spent, spent));
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_instance_left_is_swept_once() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.set_drain(100).await;
        let (other, url) = app.second_instance().await;
        let mut streams = Vec::new();
        for _ in 0..5 {
            let mut stream = app.post_to(&url, &key, &scripted(true, "events=400,interval=100")).await;
            stream.chunk().await.unwrap();
            streams.push(stream);
        }
        // As if it had been killed: it is not heard of any more, and what it does later comes too late.
        boots::end(&app.store.cache, other.boot()).await.unwrap();
        // At least: this Redis is shared with other tests, some of which may have left something behind.
        assert!(app.relay.sweep(Duration::ZERO).await.unwrap() >= 5);
        let rows = app.rows(5).await;
        for row in &rows {
            assert!(row.outcome == "interrupted" && row.estimated, "{row:?}");
            // In whichever bucket: before the first checkpoint nothing is told, and the dearest counts.
            let counts = tokens(row);
            let read = counts.input + counts.cache_read + counts.cache_write_5m + counts.cache_write_1h;
            assert!(read > 0, "{row:?}");
        }
        app.relay.sweep(Duration::ZERO).await.unwrap();
        assert_eq!(app.rows_now().await, 5);
        // It was only asleep: its own figures replace the sweeper's, and no row is doubled.
        drop(streams);
        other.close(Duration::from_secs(15)).await;
        let rows = app.rows(5).await;
        let (total, rolled) = app.sums(&key).await;
        let spent: i64 = rows.iter().map(|r| r.charged_nanos).sum();
        assert_eq!((total, rolled), (spent, spent), "totals follow the rows that were replaced");
    })
    .await;
}

#[tokio::test]
async fn what_runs_on_after_it_was_swept_is_counted_again() {
    app::run(async |app| {
        let key = app
            .key(serde_json::from_value(json!({"concurrency": 10, "usd": {"total": "50"}})).unwrap())
            .await;
        app.set_drain(100).await;
        let (other, url) = app.second_instance().await;
        let mut streams = Vec::new();
        for _ in 0..3 {
            let mut stream = app.post_to(&url, &key, &scripted(true, "events=100,interval=100")).await;
            stream.chunk().await.unwrap();
            streams.push(stream);
        }
        // As if it had been stopped for longer than its lease.
        boots::end(&app.store.cache, other.boot()).await.unwrap();
        assert!(app.relay.sweep(Duration::ZERO).await.unwrap() >= 3);
        app.rows(3).await;
        let mut open = 0;
        for _ in 0..100 {
            open = app.standing(&key).await.open;
            if open == 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert_eq!(open, 3, "they run, whoever wrote their rows");
        assert!(app.standing(&key).await.reserved_nanos > 0);
        drop(streams);
        other.close(Duration::from_secs(15)).await;
        assert_eq!(app.open_holds().await, 0);
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        let spent: i64 = app.rows(4).await.iter().map(|r| r.charged_nanos).sum();
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos, standing.open), (spent, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn requests_are_refused_before_their_rows_would_be_lost_and_every_one_that_was_served_has_its_own() {
    let args = causeway_relay::RelayArgs { ledger_capacity: 100, ..app::defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Limits::default()).await;
        let away = testing::stall(&app.store).await;
        let body = hello(false);
        for _ in 0..10 {
            for answer in join_all((0..10).map(|_| app.post(&key, &body))).await {
                assert_eq!(answer.status(), 200);
                answer.bytes().await.unwrap();
            }
        }
        for _ in 0..3 {
            let refused = app.post(&key, &body).await;
            assert_eq!(refused.status(), 503);
            assert!(refused.headers().contains_key("retry-after"));
            let text = refused.text().await.unwrap();
            assert!(text.contains("usage cannot be recorded"), "{text}");
        }
        assert_eq!(app.sim.ledger().len(), 100, "what is refused reaches no provider");
        drop(away);
        app.rows(100).await;
        assert_eq!(app.open_holds().await, 0);
        assert_eq!(app.post(&key, &body).await.status(), 200);
        let spent: i64 = app.rows(101).await.iter().map(|r| r.charged_nanos).sum();
        assert_eq!(app.sums(&key).await, (spent, spent));
    })
    .await;
}

#[tokio::test]
async fn a_request_that_redis_lost_keeps_its_row_and_its_budget() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "1"}})).unwrap()).await;
        let stream = app.post(&key, &scripted(true, "events=20,interval=25")).await;
        app.lose_redis().await;
        stream.bytes().await.unwrap();
        let (row, truth) = (app.row().await, app.truth().await);
        assert_eq!(tokens(&row), truth.billed);
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        let spent: i64 = app.rows(2).await.iter().map(|r| r.charged_nanos).sum();
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos), (spent, 0));
    })
    .await;
}

#[tokio::test]
async fn closing_waits_for_what_is_on_its_way() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let (other, url) = app.second_instance().await;
        app.post_to(&url, &key, &hello(false)).await.bytes().await.unwrap();
        other.close(Duration::from_secs(10)).await;
        assert_eq!(app.rows_now().await, 1);
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn clients_that_leave_while_limits_are_checked_leave_nothing_reserved() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "50"}})).unwrap()).await;
        for i in 0..60 {
            let patience = Duration::from_micros(100 * i);
            let _ = tokio::time::timeout(patience, app.post(&key, &scripted(false, "delay=50"))).await;
        }
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        assert_eq!(app.open_holds().await, 0);
        let standing = app.standing(&key).await;
        assert_eq!((standing.reserved_nanos, standing.open), (0, 0));
        let reached = app.sim.ledger().len();
        app.rows(reached).await;
    })
    .await;
}

#[tokio::test]
async fn a_row_that_postgres_refuses_is_put_aside_alone_and_written_once_nothing_stands_in_its_way() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "50"}})).unwrap()).await;
        let refuse = "alter table usage add constraint refuses check (not stream)";
        testing::as_owner(&app.store, refuse).await;
        let (plain, stream) = (hello(false), hello(true));
        for answer in join_all([&plain, &stream, &plain].map(|body| app.post(&key, body))).await {
            answer.bytes().await.unwrap();
        }
        let written: i64 = app.rows(2).await.iter().map(|r| r.charged_nanos).sum();
        let letter = dead_letter(&app).await;
        assert!(letter.error.contains("refuses"), "{}", letter.error);
        assert_eq!(app.sums(&key).await, (written, written), "it counts in no sum");
        let standing = app.standing(&key).await;
        assert_eq!((standing.reserved_nanos, standing.open), (0, 0));
        assert_eq!(app.open_holds().await, 0);

        let refused = dead_letters::write(&app.store, &letter).await.unwrap_err();
        assert!(refused.is_bad_data(), "{refused}");
        testing::as_owner(&app.store, "alter table usage drop constraint refuses").await;
        for _ in 0..2 {
            dead_letters::write(&app.store, &letter).await.unwrap();
        }
        assert_eq!(app.post(&key, &plain).await.status(), 200);
        let rows = app.rows(4).await;
        assert!(rows.iter().any(|row| row.request_id == letter.request.0 && row.stream));
        let spent: i64 = rows.iter().map(|r| r.charged_nanos).sum();
        assert_eq!(app.sums(&key).await, (spent, spent));
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos), (spent, 0), "Redis counts it once");
    })
    .await;
}

/// The organisation's only one.
async fn dead_letter(app: &App) -> DeadLetter {
    for _ in 0..200 {
        let mut letters = dead_letters::list(&mut app.tx().await, None, 10).await.unwrap();
        if let Some(letter) = letters.pop() {
            assert_eq!(letters, []);
            return letter;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was put aside");
}
