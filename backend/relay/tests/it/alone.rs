//! What shows only with a Redis of one's own: its restarts, lost answers, and every command it is given.

use crate::{
    app::{self, hello, scripted},
    redis::Server,
};
use causeway_domain::{AccountId, Limits, Nanos};
use causeway_store::{accounts, hold, hold::ScopeId};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

fn limits(json: Value) -> Limits {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn requests_that_wait_for_a_redis_that_restarts_are_each_counted_once() {
    app::run_alone(Server::start().await, async |app, mut redis| {
        let key = app.key(limits(json!({"concurrency": 50, "usd": {"total": "50"}}))).await;
        app.post(&key, &hello(false)).await.bytes().await.unwrap();
        redis.kill();
        let slow = scripted(true, "events=30,interval=200");
        let asking = join_all((0..12).map(|_| app.post(&key, &slow)));
        let restarting = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            redis.restart().await;
        };
        let (answers, ()) = tokio::join!(asking, restarting);
        let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status() == 200);
        let running = i64::try_from(served.len()).unwrap();
        assert!(running > 0);
        for answer in refused {
            // On a machine that is slow enough; but none is refused for what was asked before.
            let text = answer.text().await.unwrap();
            assert!(text.contains("limits cannot be checked"), "{text}");
        }
        let standing = app.standing(&key).await;
        assert_eq!(standing.open, running, "what runs is counted");
        for answer in served {
            answer.bytes().await.unwrap();
        }
        let spent: i64 =
            app.rows(1 + usize::try_from(running).unwrap()).await.iter().map(|r| r.charged_nanos).sum();
        assert_eq!(app.open_holds().await, 0);
        assert_eq!(app.sums(&key).await, (spent, spent));
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        let standing = app.standing(&key).await;
        assert!(standing.nanos >= spent && standing.open <= 1, "{standing:?}");
    })
    .await;
}

#[tokio::test]
async fn clients_that_leave_as_they_are_told_their_place_leave_none_in_line() {
    app::run_alone(Server::start().await, async |app, redis| {
        let key =
            app.key(limits(json!({"concurrency": 1, "queue": {"length": 9, "wait_seconds": 20}}))).await;
        let running = app.post(&key, &scripted(true, "events=100,interval=100")).await;
        for i in 0..60 {
            let patience = Duration::from_micros(150 * i);
            let _ = tokio::time::timeout(patience, app.post(&key, &hello(false))).await;
        }
        // Sooner than those are forgotten who do not ask again.
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(redis.in_line(app.org, ScopeId::Key(key.id)).await, 0);
        drop(running);
    })
    .await;
}

#[tokio::test]
async fn a_request_waits_for_one_call_of_redis() {
    app::run_alone(Server::start().await, async |app, redis| {
        let all = json!({"concurrency": 5, "requests_per_minute": 99, "usd": {"day": "5", "total": "9"}});
        let key = app.key(limits(all)).await;
        for _ in 0..2 {
            app.post(&key, &hello(true)).await.bytes().await.unwrap();
        }
        app.rows(2).await;
        let ears = redis.listen().await;
        let answer = app.post(&key, &hello(true)).await;
        let id = answer.headers()["x-request-id"].to_str().unwrap().replace('-', "");
        answer.bytes().await.unwrap();
        app.rows(3).await;
        let heard = ears.heard().await;
        // What a script does within Redis is no call that anybody waits for.
        let called = |line: &&String| !line.contains(" lua] ");
        let heard: Vec<_> = heard.iter().filter(called).collect();
        let org = app.org.0.simple().to_string();
        let of_org: Vec<_> = heard.iter().filter(|line| line.contains(&org)).collect();
        assert!(of_org.len() == 1 && of_org[0].contains("EVALSHA"), "only the reservation: {of_org:#?}");
        let scripts = heard.iter().filter(|line| line.contains("EVALSHA") && line.contains(&id)).count();
        assert_eq!(scripts, 2, "reserved, and settled afterwards: {heard:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_move_whose_answer_is_lost_leaves_no_account_with_a_wrong_total() {
    app::run_alone(Server::start().await, async |app, redis| {
        app.disable_account(app.account).await;
        let mut both: Vec<AccountId> = Vec::new();
        for name in ["sk-sim-a", "sk-sim-b"] {
            let id = app.add_account(&app.sim.url(), name).await;
            let mut tx = app.tx().await;
            let mut row = accounts::get(&mut tx, id, true).await.unwrap();
            row.limits = limits(json!({"usd": {"total": "50"}}));
            accounts::update(&mut tx, &row).await.unwrap();
            app.commit(tx).await;
            both.push(id);
        }
        let key = app.key(Limits::default()).await;
        app.script("sk-sim-a", 1, "cut=reset,delay=500");
        // Both are known to Redis.
        let asking = async { app.post(&key, &hello(true)).await.bytes().await.unwrap() };
        asking.await;
        app.rows(1).await;
        app.reset(both[0]).await;
        app.script("sk-sim-a", 1, "cut=reset,delay=500");
        let pausing = async {
            tokio::time::sleep(Duration::from_millis(250)).await;
            redis.pause(true);
            tokio::time::sleep(Duration::from_millis(3500)).await;
            redis.pause(false);
        };
        let body = hello(true);
        let (answer, ()) = tokio::join!(app.post(&key, &body), pausing);
        assert_ne!(answer.status(), 200, "it could not move");
        app.rows(2).await;
        assert_eq!(app.open_holds().await, 0);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        for account in both {
            let standing =
                hold::standing(&app.store.cache, app.org, ScopeId::Account(account)).await.unwrap();
            let total = app.account_total(account).await;
            assert!(!standing.loaded || standing.nanos == total, "{standing:?}, {}", Nanos(total));
            assert_eq!((standing.open, standing.reserved_nanos), (0, 0));
        }
    })
    .await;
}
