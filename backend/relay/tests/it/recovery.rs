//! What happens when Redis may have lost something while requests run.

use crate::app::{self, hello, scripted};
use causeway_domain::Limits;
use causeway_store::hold;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

fn budget(usd: &str) -> Limits {
    serde_json::from_value(json!({"usd": {"total": usd}})).unwrap()
}

#[tokio::test]
async fn what_runs_stays_reserved_when_a_shard_is_closed_and_nobody_is_turned_away() {
    app::run(async |app| {
        // One request can cost up to about $0.0054.
        let key = app.key(budget("0.012")).await;
        let (other, url) = app.second_instance().await;
        let stream = app.post_to(&url, &key, &scripted(true, "events=60,interval=100")).await;
        assert_eq!(stream.status(), 200);
        let reserved = app.standing(&key).await.reserved_nanos;
        assert!(reserved > 4_000_000, "{reserved}");
        let shard = app.org.shard();
        let before = hold::look(&app.store.cache, shard, 0).await.unwrap();
        app.lose_redis().await;
        let closed = hold::close(&app.store.cache, shard, before.epoch).await.unwrap();
        assert!(closed.epoch > before.epoch && !closed.open);
        // They wait until every instance has registered what it holds; then one fits beside the stream.
        let body = hello(false);
        let answers = join_all((0..6).map(|_| app.post(&key, &body))).await;
        let served = answers.iter().filter(|a| a.status() == 200).count();
        assert!(answers.iter().all(|a| [200, 402].contains(&a.status().as_u16())));
        assert!(served >= 1, "nothing was served");
        stream.bytes().await.unwrap();
        for answer in answers {
            answer.bytes().await.unwrap();
        }
        let rows = app.rows(served + 1).await;
        let spent: i64 = rows.iter().map(|r| r.charged_nanos).sum();
        assert!(spent <= 12_000_000, "{spent}");
        assert_eq!(app.open_holds().await, 0);
        assert_eq!(app.sums(&key).await, (spent, spent));
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos, standing.open), (spent, 0, 0));
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_starts_while_a_shard_is_closed_opens_it() {
    app::run(async |app| {
        let key = app.key(budget("1")).await;
        let shard = app.org.shard();
        let before = hold::look(&app.store.cache, shard, 0).await.unwrap();
        hold::close(&app.store.cache, shard, before.epoch).await.unwrap();
        let (other, url) = app.second_instance().await;
        // Every instance that lives has to join first, and one of another test's that has just died lives as long as its lease.
        let mut answer = app.post_to(&url, &key, &hello(false)).await;
        for _ in 0..5 {
            if answer.status() == 503 {
                answer = app.post_to(&url, &key, &hello(false)).await;
            }
        }
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}
