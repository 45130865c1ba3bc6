//! What is made of the ledger's rows.

use super::*;
use crate::{
    attempts::{self, Attempts},
    ledger::{self, Outcome, UsageEvent},
    testing, upkeep,
};
use causeway_domain::{KeyId, OrgId};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn answers_are_counted_and_timed_at_the_account_that_gave_them() {
    testing::with_store(async |store, _| {
        upkeep::make_partitions(&store.jobs).await.unwrap();
        let (org, key) = (OrgId(Uuid::now_v7()), KeyId(Uuid::now_v7()));
        let (account, other) = (AccountId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let now = Utc::now();
        let at = now - TimeDelta::minutes(20);
        let event = |n: u32| UsageEvent {
            first_byte_ms: Some(n),
            duration_ms: 10 * n,
            ..testing::event(org, key, account, at + TimeDelta::milliseconds(n.into()))
        };
        let mut events: Vec<_> = (1..=90).map(event).collect();
        // Its first minute was spent at another account.
        let moved = UsageEvent { first_byte_ms: Some(60_100), duration_ms: 61_000, ..event(91) };
        let cut = UsageEvent { outcome: Outcome::UpstreamCut, duration_ms: 900_000, ..event(92) };
        let whole = UsageEvent { stream: false, first_byte_ms: Some(5000), duration_ms: 950, ..event(93) };
        let elsewhere = UsageEvent { account: other, ..event(94) };
        let way = Attempts {
            request: moved.request,
            org,
            key,
            user: None,
            model: "m".to_owned(),
            status: 0,
            code: "ok".to_owned(),
            message: String::new(),
            steps: json!([{"account": other, "what": "silent", "tried": true, "after_ms": 1},
                {"account": account, "what": "ok", "tried": true, "after_ms": 60_000}]),
        };
        attempts::save(&store.jobs, &[way]).await.unwrap();
        events.extend([moved, cut, whole, elsewhere]);
        ledger::write(&store.jobs, &events).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let since = at - TimeDelta::minutes(15);
        let found = answered(&mut tx, &[account, other], since).await.unwrap();
        assert_eq!(found, BTreeMap::from([(account, 92), (other, 1)]));
        let fast = speed(&mut tx, account, now - TimeDelta::hours(1), now).await.unwrap();
        // Of 1 to 90 and 100, and of ten times 1 to 90, 950 and 1000.
        assert_eq!(fast.answers, 92);
        assert_eq!(fast.first, Some(Times { p50: 46, p95: 87, p99: 100 }));
        assert_eq!(fast.total, Some(Times { p50: 460, p95: 880, p99: 1000 }));
        drop(tx);
        let mut tx = TenantTx::begin(&store.app, OrgId(Uuid::now_v7()), None).await.unwrap();
        assert_eq!(speed(&mut tx, account, now - TimeDelta::hours(1), now).await.unwrap(), Speed::default());
        assert!(answered(&mut tx, &[account], since).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn of_many_answers_some_of_every_part_of_the_time_are_read() {
    testing::with_store(async |store, _| {
        upkeep::make_partitions(&store.jobs).await.unwrap();
        let (org, key, account) = (OrgId(Uuid::now_v7()), KeyId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let now = Utc::now();
        let event = |ago: i64, n: i64| UsageEvent {
            duration_ms: u32::try_from(ago).unwrap(),
            ..testing::event(org, key, account, now - TimeDelta::minutes(ago) + TimeDelta::milliseconds(n))
        };
        // Two busy moments, half an hour apart.
        let events: Vec<_> = (0..300).map(|n| event(40, n)).chain((0..150).map(|n| event(10, n))).collect();
        ledger::write(&store.jobs, &events).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let fast = speed(&mut tx, account, now - TimeDelta::hours(1), now).await.unwrap();
        assert_eq!(fast.answers, 2 * OF_EACH);
        assert_eq!(fast.total, Some(Times { p50: 10, p95: 40, p99: 40 }));
    })
    .await;
}
