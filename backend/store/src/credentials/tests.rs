//! Rotation against whatever else happens to an account at the same time.

use super::*;
use crate::{
    Store, TenantTx, accounts,
    accounts::{NewAccount, SignedIn},
    organisations, principal, testing, users,
};
use causeway_domain::{Limits, UserId, timeouts::Timeouts};
use chrono::TimeDelta;
use std::time::Duration;
use uuid::Uuid;

struct World {
    store: Store,
    org: OrgId,
    account: AccountId,
}

impl World {
    async fn new(store: Store) -> Self {
        let world = Self { store, org: OrgId(Uuid::now_v7()), account: AccountId(Uuid::now_v7()) };
        let user = UserId(Uuid::now_v7());
        let mut tx = world.tx().await;
        organisations::insert(&mut tx, "Test", chrono_tz::UTC).await.unwrap();
        let person = users::NewUser {
            id: user,
            email: "a@example.com",
            name: "A",
            password_hash: "x",
            is_operator: false,
        };
        users::insert(&mut tx, &person).await.unwrap();
        let signed_in =
            SignedIn { expires_at: Some(Utc::now() - TimeDelta::seconds(1)), ..SignedIn::by("oauth") };
        let account = NewAccount {
            id: world.account,
            name: "Old name",
            provider: Provider::ANTHROPIC,
            base_url: "https://api.anthropic.com",
            credential: b"first",
            credential_hint: "",
            signed_in: &signed_in,
            owner: None,
            contributed_by: None,
            enabled: true,
            priority: 100,
            limits: &Limits::default(),
            timeouts: Timeouts::NONE,
            dedicated: false,
            proxy: Default::default(),
            created_by: user,
        };
        accounts::insert(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
        world
    }

    async fn tx(&self) -> TenantTx {
        TenantTx::begin(&self.store.app, self.org, None).await.unwrap()
    }

    fn at(&self, version: i64) -> At {
        At { org: self.org, account: self.account, version }
    }

    async fn held(&self) -> Held {
        held(&self.store.jobs, self.org, self.account).await.unwrap().unwrap()
    }

    async fn rotate(&self, version: i64, credential: &[u8]) -> bool {
        let later = Utc::now() + TimeDelta::hours(1);
        rotate(&self.store.jobs, self.at(version), credential, Some(later)).await.unwrap().is_some()
    }

    /// An edit of the name, with a pause between reading and writing.
    async fn rename(&self, name: &str, pause: Duration) {
        let mut tx = self.tx().await;
        let mut row = accounts::get(&mut tx, self.account, true).await.unwrap();
        tokio::time::sleep(pause).await;
        row.name = name.to_owned();
        accounts::update(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn name(&self) -> String {
        accounts::get(&mut self.tx().await, self.account, false).await.unwrap().name
    }
}

#[tokio::test]
async fn an_edit_of_the_name_and_a_rotation_at_once_lose_neither_whichever_comes_first() {
    testing::with_store(async |store, _| {
        let world = World::new(store).await;
        let (short, long) = (Duration::from_millis(50), Duration::from_millis(300));
        // The person has read the account when the rotation comes.
        let (_, rotated) = tokio::join!(world.rename("Second", long), async {
            tokio::time::sleep(short).await;
            world.rotate(1, b"second").await
        });
        let held = world.held().await;
        assert!(rotated);
        assert_eq!((held.credential.as_slice(), held.version), (&b"second"[..], 2));
        assert_eq!(world.name().await, "Second");
        // The rotation is first, and the person reads what it has left.
        assert!(world.rotate(2, b"third").await);
        world.rename("Third", Duration::ZERO).await;
        let held = world.held().await;
        assert_eq!((held.credential.as_slice(), held.version), (&b"third"[..], 3));
        assert!(held.expires_at.unwrap() > Utc::now());
        assert_eq!(world.name().await, "Third");
    })
    .await;
}

#[tokio::test]
async fn of_many_rotations_of_one_version_one_is_kept_and_every_instance_hears_of_it() {
    testing::with_store(async |store, _| {
        let world = World::new(store).await;
        let before = principal::tenancy(&world.store.relay, world.org).await.unwrap().unwrap();
        let (a, b, c) = tokio::join!(world.rotate(1, b"a"), world.rotate(1, b"b"), world.rotate(1, b"c"));
        assert_eq!([a, b, c].iter().filter(|kept| **kept).count(), 1);
        let after = principal::tenancy(&world.store.relay, world.org).await.unwrap().unwrap();
        assert_eq!(after.policy_version, before.policy_version + 1);
        assert_eq!(after.accounts[0].credential_version, 2);
        assert!(!world.rotate(1, b"late").await);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_enters_ends_a_refresh_that_was_under_way_and_all_that_was_noted_against_it() {
    testing::with_store(async |store, _| {
        let world = World::new(store).await;
        let until = Utc::now() + TimeDelta::seconds(30);
        let told = postpone(&world.store.jobs, world.at(1), "issuer is away", until, true).await.unwrap();
        assert!(told.is_some());
        let held = world.held().await;
        assert_eq!((held.failures, held.reason.as_deref()), (1, Some("issuer is away")));
        assert!(due(&world.store.jobs, Utc::now(), 10).await.unwrap().is_empty());
        let mut tx = world.tx().await;
        let mut row = accounts::get(&mut tx, world.account, true).await.unwrap();
        row.credential = b"entered".to_vec();
        accounts::update(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!world.rotate(1, b"late").await);
        assert!(bury(&world.store.jobs, world.at(1), "late").await.unwrap().is_none());
        assert!(postpone(&world.store.jobs, world.at(1), "late", until, true).await.unwrap().is_none());
        let held = world.held().await;
        assert_eq!((held.credential.as_slice(), held.version), (&b"entered"[..], 2));
        assert_eq!((held.failures, held.reason, held.after, held.dead), (0, None, None, false));
    })
    .await;
}

#[tokio::test]
async fn a_dead_grant_is_told_once_and_leaves_the_relays_choice_and_the_jobs() {
    testing::with_store(async |store, _| {
        let world = World::new(store).await;
        assert_eq!(due(&world.store.jobs, Utc::now(), 10).await.unwrap().len(), 1);
        assert!(bury(&world.store.jobs, world.at(1), "revoked\u{0}").await.unwrap().is_some());
        assert!(bury(&world.store.jobs, world.at(1), "revoked").await.unwrap().is_none());
        let held = world.held().await;
        assert_eq!((held.dead, held.reason.as_deref()), (true, Some("revoked")));
        assert!(due(&world.store.jobs, Utc::now(), 10).await.unwrap().is_empty());
        let tenancy = principal::tenancy(&world.store.relay, world.org).await.unwrap().unwrap();
        assert!(tenancy.accounts.is_empty());
        let filter = audit::Filter::default();
        let lines = audit::list(&mut world.tx().await, &filter, 10).await.unwrap();
        let line = lines.iter().find(|line| line.action == "account.credential_dead").unwrap();
        assert_eq!(line.actor_kind, "job");
    })
    .await;
}

#[tokio::test]
async fn what_a_person_switched_off_is_not_due() {
    testing::with_store(async |store, _| {
        let world = World::new(store).await;
        let mut tx = world.tx().await;
        let mut row = accounts::get(&mut tx, world.account, true).await.unwrap();
        row.enabled = false;
        accounts::update(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        assert!(due(&world.store.jobs, Utc::now(), 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_lease_has_one_holder_and_ends_with_its_time() {
    testing::with_store(async |store, _| {
        let (org, account, cache) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()), &store.cache);
        let short = Duration::from_millis(200);
        assert!(lease::take(cache, org, account, "a", short).await.unwrap());
        assert!(lease::take(cache, org, account, "a", short).await.unwrap());
        assert!(!lease::take(cache, org, account, "b", short).await.unwrap());
        lease::give_up(cache, org, account, "b").await.unwrap();
        assert!(!lease::take(cache, org, account, "b", short).await.unwrap());
        tokio::time::sleep(short * 2).await;
        assert!(lease::take(cache, org, account, "b", short).await.unwrap());
    })
    .await;
}
