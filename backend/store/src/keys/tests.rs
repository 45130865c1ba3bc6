//! Keys over their life: found, rotated, deleted, restored, purged, used for the first time.

use super::*;
use crate::{AppDb, Store, ceilings, first_use, organisations, principal, testing, users};
use causeway_domain::{Ceilings, OrgId, address::Network, service::ApiDialect};
use chrono::Duration;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// An organisation with one person, who is nobody's member yet.
async fn world(store: &Store) -> (OrgId, UserId) {
    let (org, user) = (OrgId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    let mut tx = TenantTx::begin(&store.app, org, Some(user)).await.unwrap();
    organisations::insert(&mut tx, "Test", chrono_tz::UTC).await.unwrap();
    let email = format!("{user}@example.com");
    let person =
        users::NewUser { id: user, email: &email, name: "Ada", password_hash: "x", is_operator: false };
    users::insert(&mut tx, &person).await.unwrap();
    tx.commit().await.unwrap();
    (org, user)
}

async fn begin(app: &AppDb, org: OrgId) -> TenantTx {
    TenantTx::begin(app, org, None).await.unwrap()
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

async fn issue(
    store: &Store,
    (org, user): (OrgId, UserId),
    secret: &str,
    rules: impl FnOnce(&mut Key),
) -> KeyId {
    let mut key = Key::new(KeyId(Uuid::now_v7()), "test", "cw_test");
    key.owner = Some(Owner { id: user, name: String::new(), role: None });
    rules(&mut key);
    let mut tx = begin(&store.app, org).await;
    let new = NewKey { key: &key, hash: hash(secret), created_by: user, batch: None };
    insert(&mut tx, &new).await.unwrap();
    let _ = tx.commit().await.unwrap();
    key.id
}

async fn known(store: &Store, secret: &str) -> Option<principal::Principal> {
    principal::by_hash(&store.relay, &hash(secret)).await.unwrap()
}

#[tokio::test]
async fn everything_that_is_written_of_a_key_is_read_again_and_found_by() {
    testing::with_store(|store, _| async move {
        let place = world(&store).await;
        let networks = |text: &str| vec![text.parse::<Network>().unwrap()];
        let id = issue(&store, place, "one", |key| {
            key.device = "laptop".to_owned();
            key.tags = vec!["research".to_owned(), "zürich".to_owned()];
            key.expiry.days_after_first_use = Some(7);
            key.addresses = AddressRules { allow: networks("10.0.0.0/8"), deny: networks("10.0.0.66") };
            key.services.dialects = vec![ApiDialect::Anthropic];
        })
        .await;
        issue(&store, place, "two", |key| key.enabled = false).await;
        let mut tx = begin(&store.app, place.0).await;
        let read = get(&mut tx, id, None, false).await.unwrap();
        assert_eq!((read.device.as_str(), read.tags.len()), ("laptop", 2));
        assert!(!read.addresses.permits("10.0.0.66".parse().unwrap()));
        assert_eq!((read.expiry.days_after_first_use, read.services.dialects.len()), (Some(7), 1));
        for (filter, found) in [
            (Filter::default(), 2),
            (Filter { tag: Some("zürich".to_owned()), ..Filter::default() }, 1),
            (Filter { tag: Some("z%".to_owned()), ..Filter::default() }, 0),
            (Filter { text: Some("LAP".to_owned()), ..Filter::default() }, 1),
            (Filter { text: Some("%".to_owned()), ..Filter::default() }, 0),
            (Filter { owner: Some(place.1), ..Filter::default() }, 2),
            (Filter { state: Some(State::Active), ..Filter::default() }, 1),
            (Filter { state: Some(State::Disabled), ..Filter::default() }, 1),
            (Filter { state: Some(State::Deleted), ..Filter::default() }, 0),
        ] {
            assert_eq!(list(&mut tx, &filter, None, 10).await.unwrap().len(), found, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn ceilings_tighten_the_keys_of_members_and_of_nobody_else() {
    testing::with_store(|store, _| async move {
        let place = world(&store).await;
        let limits = |json: &str| serde_json::from_str::<Limits>(json).unwrap();
        issue(&store, place, "own", |key| key.limits = limits(r#"{"concurrency":9,"usd":{"day":"50"}}"#))
            .await;
        issue(&store, place, "team", |key| key.owner = None).await;
        let mut tx = begin(&store.app, place.0).await;
        crate::memberships::insert(&mut tx, place.1, Role::Member).await.unwrap();
        let set = Ceilings { limits: limits(r#"{"usd":{"day":"5","month":"90"}}"#), ..Ceilings::default() };
        ceilings::set(&mut tx, &set).await.unwrap();
        assert_eq!(ceilings::get(&mut tx, true).await.unwrap(), set);
        assert_eq!(ceilings::keys_of(&mut tx, place.1).await.unwrap(), 1);
        assert!(tx.commit().await.unwrap().is_some());
        let tightened = limits(r#"{"concurrency":9,"usd":{"day":"5","month":"90"}}"#);
        assert_eq!(known(&store, "own").await.unwrap().limits, tightened);
        assert!(known(&store, "team").await.unwrap().limits.is_empty());
        let mut tx = begin(&store.app, place.0).await;
        crate::people::set_role(&mut tx, place.1, Role::Admin).await.unwrap();
        assert!(tx.commit().await.unwrap().is_some(), "the relay must hear of it");
        assert_eq!(known(&store, "own").await.unwrap().limits.usd.month, None);
    })
    .await;
}

#[tokio::test]
async fn of_two_secrets_the_old_one_has_an_end_and_a_third_takes_its_place() {
    testing::with_store(|store, _| async move {
        let place = world(&store).await;
        let id = issue(&store, place, "one", |_| ()).await;
        let until = Utc::now() + Duration::hours(1);
        let mut tx = begin(&store.app, place.0).await;
        rotate(&mut tx, id, hash("two"), "cw_two", Some(until)).await.unwrap();
        let key = get(&mut tx, id, None, false).await.unwrap();
        assert!(key.overlaps(Utc::now()) && key.previous.unwrap().prefix == "cw_test");
        let _ = tx.commit().await.unwrap();
        assert!(known(&store, "one").await.unwrap().secret_until.is_some());
        assert_eq!(known(&store, "two").await.unwrap().secret_until, None);
        let mut tx = begin(&store.app, place.0).await;
        end_overlap(&mut tx, id).await.unwrap();
        let _ = tx.commit().await.unwrap();
        assert!(known(&store, "one").await.unwrap().secret_until.unwrap() <= Utc::now());
        let mut tx = begin(&store.app, place.0).await;
        rotate(&mut tx, id, hash("three"), "cw_three", None).await.unwrap();
        let _ = tx.commit().await.unwrap();
        assert!(known(&store, "one").await.is_none() && known(&store, "two").await.is_none());
        assert_eq!(known(&store, "three").await.unwrap().key, id);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_key_comes_back_as_it_was_until_it_is_purged() {
    testing::with_store(|store, _| async move {
        let place = world(&store).await;
        let id = issue(&store, place, "one", |key| key.tags = vec!["kept".to_owned()]).await;
        let mut tx = begin(&store.app, place.0).await;
        delete(&mut tx, id).await.unwrap();
        assert!(matches!(get(&mut tx, id, None, false).await, Err(StoreError::NotFound)));
        let _ = tx.commit().await.unwrap();
        assert!(known(&store, "one").await.unwrap().deleted);
        let mut tx = begin(&store.app, place.0).await;
        assert_eq!(get_deleted(&mut tx, id, None).await.unwrap().tags, ["kept"]);
        restore(&mut tx, id).await.unwrap();
        let _ = tx.commit().await.unwrap();
        assert!(!known(&store, "one").await.unwrap().deleted);

        let mut tx = begin(&store.app, place.0).await;
        testing::change(&mut tx, "update api_keys set deleted_at = now() - interval '31 days'").await;
        let _ = tx.commit().await.unwrap();
        assert_eq!(purge(&store.jobs, 32).await.unwrap(), 0);
        assert_eq!(purge(&store.jobs, 30).await.unwrap(), 1);
        assert_eq!(purge(&store.jobs, 30).await.unwrap(), 0);
        assert!(known(&store, "one").await.is_none());
        let mut tx = begin(&store.app, place.0).await;
        assert!(matches!(get_deleted(&mut tx, id, None).await, Err(StoreError::NotFound)));
        let written = crate::audit::list(&mut tx, &crate::audit::Filter::default(), 10).await.unwrap();
        assert_eq!((written[0].action.as_str(), written[0].actor_kind.as_str()), ("key.purge", "job"));
    })
    .await;
}

#[tokio::test]
async fn of_twenty_first_uses_at_once_all_learn_of_the_same_moment() {
    testing::with_store(|store, _| async move {
        let place = world(&store).await;
        let id = issue(&store, place, "one", |key| key.expiry.days_after_first_use = Some(1)).await;
        let uses = (0..20).map(|_| first_use::note(&store.jobs, id));
        let moments: HashSet<_> =
            futures_util::future::join_all(uses).await.into_iter().map(|at| at.unwrap().unwrap()).collect();
        assert_eq!(moments.len(), 1);
        assert_eq!(known(&store, "one").await.unwrap().expiry.first_used_at, moments.into_iter().next());
        assert_eq!(first_use::note(&store.jobs, KeyId(Uuid::now_v7())).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_role_of_the_jobs_cannot_give_a_living_key_another_secret() {
    testing::with_store(|store, _| async move {
        let place = world(&store).await;
        issue(&store, place, "one", |_| ()).await;
        for statement in [
            "update api_keys set hash = sha256('x')",
            "update api_keys set previous_hash = sha256('x'), previous_until = now() + interval '1 day'",
            "update api_keys set enabled = false",
            "update api_keys set org_id = gen_random_uuid()",
        ] {
            let refused = sqlx::query(statement).execute(&store.jobs.0).await.unwrap_err().to_string();
            assert!(refused.contains("purged") || refused.contains("permission denied"), "{refused}");
        }
    })
    .await;
}
