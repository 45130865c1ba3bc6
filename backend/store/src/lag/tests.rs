//! What waits in Redis is counted, and the oldest of it found.

use super::*;
use crate::{
    boots, dead_letters,
    ledger::{self, UsageEvent},
    testing,
};
use uuid::Uuid;

#[tokio::test]
async fn settled_requests_are_counted_until_they_are_confirmed() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let key = format!("{}settled", shard_prefix(org.shard()));
        let before = of_org(&store.cache, org).await.unwrap();
        let ms = Utc::now().timestamp_millis() - 90_000;
        let ids: Vec<RequestId> = [0, 5_000]
            .map(|later| {
                RequestId(Uuid::from_u128(
                    (u128::from((ms + later).unsigned_abs()) << 80) | rand::random::<u64>() as u128,
                ))
            })
            .into();
        let mut connection = store.cache.connection.clone();
        for id in &ids {
            let () = connection.hset(&key, id.0.simple().to_string(), "{}").await.unwrap();
        }
        let now = of_org(&store.cache, org).await.unwrap();
        let all = of_all(&store.cache).await.unwrap();
        crate::hold::confirm(&store.cache, org.shard(), &ids).await.unwrap();
        // Other tests may use the same shard meanwhile.
        assert!(now.count >= before.count + 2 && all.count >= now.count, "{now:?} {all:?}");
        assert!(now.oldest_ms.is_some_and(|oldest| oldest <= ms) && all.oldest_ms <= now.oldest_ms);
        assert!((90..200).contains(&Unwritten { count: 1, oldest_ms: Some(ms) }.oldest_seconds(Utc::now())));
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
