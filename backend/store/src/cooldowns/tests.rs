//! Cooldowns in Postgres and Redis, as several instances use them.

use super::*;
use crate::testing;
use chrono::TimeDelta;
use uuid::Uuid;

fn cooldown(org: OrgId, account: AccountId, failed_at: DateTime<Utc>, level: i16) -> Cooldown {
    let length = TimeDelta::seconds(10 << level);
    Cooldown {
        org,
        account,
        scope: String::new(),
        cause: "overloaded".to_owned(),
        detail: "busy".to_owned(),
        level,
        failed_at,
        until: failed_at + length,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap()
}

#[tokio::test]
async fn the_later_failure_stays_whichever_is_written_last_and_an_older_success_does_not_end_it() {
    testing::with_store(async |store, _| {
        let (org, account) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let (early, late) = (now(), now() + TimeDelta::seconds(5));
        save(&store.jobs, &[cooldown(org, account, late, 2)]).await.unwrap();
        save(&store.jobs, &[cooldown(org, account, early, 0)]).await.unwrap();
        assert_eq!(all(&store.jobs).await.unwrap(), [cooldown(org, account, late, 2)]);
        end(&store.jobs, org, account, "", early).await.unwrap();
        assert_eq!(all(&store.jobs).await.unwrap().len(), 1);
        end(&store.jobs, org, account, "", late).await.unwrap();
        assert_eq!(all(&store.jobs).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_and_ends_cooldowns_of_the_own_organisation_only() {
    testing::with_store(async |store, _| {
        let (org, other) = (OrgId(Uuid::now_v7()), OrgId(Uuid::now_v7()));
        let account = AccountId(Uuid::now_v7());
        save(&store.jobs, &[cooldown(org, account, now(), 0)]).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, other, None).await.unwrap();
        assert_eq!(of_account(&mut tx, account).await.unwrap(), []);
        assert_eq!(reset(&mut tx, account).await.unwrap(), 0);
        tx.commit().await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        assert_eq!(of_account(&mut tx, account).await.unwrap().len(), 1);
        assert_eq!(reset(&mut tx, account).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(all(&store.jobs).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn one_holder_at_a_time_tries_and_only_it_gives_the_probe_back() {
    testing::with_store(async |store, _| {
        let (org, account, cache) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()), &store.cache);
        let minute = Duration::from_secs(60);
        assert!(take_probe(cache, org, account, "", "a", minute).await.unwrap());
        assert!(!take_probe(cache, org, account, "", "b", minute).await.unwrap());
        assert!(take_probe(cache, org, account, "model:x", "b", minute).await.unwrap());
        give_probe_back(cache, org, account, "", "b").await.unwrap();
        assert!(!take_probe(cache, org, account, "", "b", minute).await.unwrap());
        give_probe_back(cache, org, account, "", "a").await.unwrap();
        assert!(take_probe(cache, org, account, "", "b", minute).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn every_announcement_raises_the_version() {
    testing::with_store(async |store, _| {
        let cache = &store.cache;
        announce(cache, &[]).await.unwrap();
        let before = version(cache).await.unwrap().unwrap();
        announce(cache, &[(OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()), Some(Utc::now()))])
            .await
            .unwrap();
        assert!(version(cache).await.unwrap().unwrap() > before);
    })
    .await;
}
