//! What waits in Redis is counted, and the oldest of it found.

use super::*;
use crate::{
    boots, dead_letters,
    ledger::{self, UsageEvent},
    testing,
};
use uuid::Uuid;

#[test]
fn a_request_is_late_from_its_end_and_not_from_its_beginning() {
    let id = "019a00000000700080000000000000aa";
    assert_eq!(
        ended_ms(id, r#"{"status":200,"duration_ms":600000,"cost":"1.00"}"#),
        Some(0x019a_0000_0000 + 600_000)
    );
    assert_eq!(ended_ms(id, "not ours"), Some(0x019a_0000_0000));
    assert_eq!(ended_ms("-", "{}"), None);
}

#[tokio::test]
async fn settled_requests_are_counted_until_they_are_confirmed() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let key = format!("{}settled", shard_prefix(org.shard()));
        let before = of_org(&store.cache, org).await.unwrap();
        let now_ms = Utc::now().timestamp_millis();
        // One that took ten minutes and has just ended, and one that ended a minute and a half ago.
        let ended = now_ms - 90_000;
        let of = |ms: i64| {
            RequestId(Uuid::from_u128(
                (u128::from(ms.unsigned_abs()) << 80) | u128::from(rand::random::<u64>()),
            ))
        };
        let events = [
            (of(now_ms - 600_000), r#"{"duration_ms":600000}"#),
            (of(ended - 500), r#"{"duration_ms":500}"#),
        ];
        let mut connection = store.cache.connection.clone();
        for (id, figures) in &events {
            let () = connection.hset(&key, id.0.simple().to_string(), *figures).await.unwrap();
        }
        let ids = events.map(|(id, _)| id);
        let now = of_org(&store.cache, org).await.unwrap();
        let all = of_all(&store.cache).await.unwrap();
        crate::hold::confirm(&store.cache, org.shard(), &ids).await.unwrap();
        // Other tests may use the same shard meanwhile.
        assert!(now.count >= before.count + 2 && all.count >= now.count, "{now:?} {all:?}");
        assert!(now.oldest_ms.is_some_and(|oldest| oldest <= ended) && all.oldest_ms <= now.oldest_ms);
        assert!(
            (90..200).contains(&Unwritten { count: 1, oldest_ms: Some(ended) }.oldest_seconds(Utc::now()))
        );
    })
    .await;
}

#[tokio::test]
async fn an_instance_counts_while_it_is_heard_of() {
    testing::with_store(|store, _| async move {
        let boot = Uuid::now_v7().simple().to_string();
        boots::beat(&store.cache, &boot).await.unwrap();
        assert!(boots::alive(&store.cache).await.unwrap().contains(&boot));
        assert!(!boots::dead(&store.cache).await.unwrap().contains(&boot));
        boots::end(&store.cache, &boot).await.unwrap();
        assert!(boots::dead(&store.cache).await.unwrap().contains(&boot));
        boots::bury(&store.cache, &boot).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_organisation_sees_its_own_dead_letters_and_no_others() {
    testing::with_store(|store, _| async move {
        let event = |org| testing::event(org, Uuid::now_v7().into(), Uuid::now_v7().into(), Utc::now());
        let (mine, theirs) = (OrgId(Uuid::now_v7()), OrgId(Uuid::now_v7()));
        let letters = [event(mine), event(theirs)];
        for letter in &letters {
            ledger::bury(&store.jobs, letter, "value out of range").await.unwrap();
        }
        let mut tx = TenantTx::begin(&store.app, mine, None).await.unwrap();
        let listed = dead_letters::list(&mut tx, None, 10).await.unwrap();
        assert_eq!((listed.len(), listed[0].request), (1, letters[0].request));
        let read: UsageEvent = serde_json::from_value(listed[0].event.clone()).unwrap();
        assert_eq!(read.charged, letters[0].charged);
        assert_eq!(dead_letters::count(&mut tx).await.unwrap(), 1);
        assert_eq!(dead_letters::count_all(&store.jobs).await.unwrap(), 2);
    })
    .await;
}
