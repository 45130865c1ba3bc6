//! Which way counts for an account, and who names a proxy.

use super::*;
use crate::{
    Store,
    accounts::{self, NewAccount, SignedIn},
    organisations, pools, testing, users as people,
};
use causeway_domain::{
    Limits, UserId,
    pool::{Member, Strategy},
    provider::Provider,
    proxy::Choice,
    timeouts::Timeouts,
};

async fn begin(store: &Store) -> (TenantTx, UserId) {
    let (org, user) = (OrgId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    let mut tx = TenantTx::begin(&store.app, org, Some(user)).await.unwrap();
    organisations::insert(&mut tx, "Test", chrono_tz::UTC).await.unwrap();
    let email = format!("{user}@example.com");
    let person =
        people::NewUser { id: user, email: &email, name: "A", password_hash: "x", is_operator: false };
    people::insert(&mut tx, &person).await.unwrap();
    (tx, user)
}

async fn proxy(tx: &mut TenantTx, name: &str) -> ProxyId {
    let now = Utc::now();
    let proxy = Proxy {
        id: ProxyId(Uuid::now_v7()),
        name: name.to_owned(),
        scheme: Scheme::Socks5,
        host: "proxy.example".to_owned(),
        port: 1080,
        username: Some("ada".to_owned()),
        password: Some(b"sealed".to_vec()),
        enabled: true,
        last_test: None,
        last_success_at: None,
        created_at: now,
        updated_at: now,
    };
    insert(tx, &proxy).await.unwrap();
    proxy.id
}

async fn account(tx: &mut TenantTx, user: UserId, base_url: &str, proxy: Choice) -> AccountId {
    let id = AccountId(Uuid::now_v7());
    let new = NewAccount {
        id,
        name: "a",
        provider: Provider::ANTHROPIC,
        base_url,
        credential: b"sealed",
        credential_hint: "",
        signed_in: &SignedIn::by("api_key"),
        owner: None,
        contributed_by: None,
        enabled: true,
        priority: 100,
        limits: &Limits::default(),
        timeouts: Timeouts::NONE,
        dedicated: false,
        proxy,
        created_by: user,
    };
    accounts::insert(tx, &new).await.unwrap();
    id
}

async fn pool(tx: &mut TenantTx, name: &str, proxy: Choice, account: AccountId) {
    let now = Utc::now();
    let pool = pools::Pool {
        id: PoolId(Uuid::now_v7()),
        name: name.to_owned(),
        strategy: Strategy::RoundRobin,
        sticky_seconds: None,
        active: None,
        proxy,
        members: vec![Member { account, weight: 1, priority: 0 }],
        keys: 0,
        created_at: now,
        updated_at: now,
    };
    pools::insert(tx, &pool).await.unwrap();
}

#[tokio::test]
async fn an_account_is_heard_first_then_its_oldest_pool_that_says_something_then_the_organisation() {
    testing::with_store(async |store, _| {
        let (mut tx, user) = begin(&store).await;
        let (own, of_pool, default) =
            (proxy(&mut tx, "own").await, proxy(&mut tx, "pool").await, proxy(&mut tx, "default").await);
        let https = "https://api.anthropic.com";
        let named = account(&mut tx, user, https, Choice::Through(own)).await;
        let straight = account(&mut tx, user, https, Choice::Direct).await;
        let silent = account(&mut tx, user, https, Choice::Inherit).await;
        let pooled = account(&mut tx, user, https, Choice::Inherit).await;
        let exempt = account(&mut tx, user, https, Choice::Inherit).await;
        pool(&mut tx, "silent", Choice::Inherit, pooled).await;
        pool(&mut tx, "older", Choice::Through(of_pool), pooled).await;
        pool(&mut tx, "newer", Choice::Direct, pooled).await;
        pool(&mut tx, "straight", Choice::Direct, exempt).await;
        pool(&mut tx, "of the named", Choice::Through(of_pool), named).await;
        assert_eq!(ways_within(&mut tx).await.unwrap(), HashMap::from([(named, own), (pooled, of_pool)]));
        let mut org = organisations::get(&mut tx, true).await.unwrap();
        org.default_proxy = Some(default);
        organisations::update(&mut tx, &org).await.unwrap();
        let ways = HashMap::from([(named, own), (pooled, of_pool), (silent, default)]);
        assert_eq!(ways_within(&mut tx).await.unwrap(), ways);
        assert_eq!(way_of(&mut tx, silent).await.unwrap().unwrap().id, default);
        assert_eq!(way_of(&mut tx, straight).await.unwrap(), None);
        let named_by = users(&mut tx).await.unwrap();
        assert!(named_by[&default].default && named_by[&default].accounts.is_empty());
        assert_eq!(named_by[&own].accounts, [(named, "a".to_owned())]);
        assert_eq!(named_by[&of_pool].pools.len(), 2);
        let org = tx.org();
        let _ = tx.commit().await.unwrap();
        // The same for the relay and for whoever refreshes.
        assert_eq!(super::ways(&store.relay, org).await.unwrap(), ways);
        assert_eq!(way(&store.jobs, org, pooled).await.unwrap().unwrap().id, of_pool);
        assert_eq!(way(&store.jobs, org, straight).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_a_proxy_could_read_is_known_and_a_removed_one_has_no_password_and_frees_its_name() {
    testing::with_store(async |store, _| {
        let (mut tx, user) = begin(&store).await;
        let id = proxy(&mut tx, "one").await;
        let plain = account(&mut tx, user, "http://10.0.0.1", Choice::Through(id)).await;
        account(&mut tx, user, "https://10.0.0.1", Choice::Through(id)).await;
        account(&mut tx, user, "http://10.0.0.2", Choice::Inherit).await;
        let read = readers(&mut tx).await.unwrap();
        assert_eq!(read.keys().copied().collect::<Vec<_>>(), [plain]);
        delete(&mut tx, id).await.unwrap();
        assert!(matches!(get(&mut tx, id, true).await, Err(StoreError::NotFound)));
        assert!(matches!(delete(&mut tx, id).await, Err(StoreError::NotFound)));
        let again = proxy(&mut tx, "one").await;
        let rows = list(&mut tx, None, 10).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [again]);
        assert!(!exists(&mut tx, id).await.unwrap() && exists(&mut tx, again).await.unwrap());
        let left = sqlx::query_scalar::<_, Option<Vec<u8>>>("select password from proxies where id = $1")
            .bind(id.0)
            .fetch_one(tx.conn())
            .await
            .unwrap();
        assert_eq!(left, None);
        let org = tx.org();
        let _ = tx.commit().await.unwrap();
        came_back(&store.jobs, org, again).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, Some(user)).await.unwrap();
        assert!(get(&mut tx, again, false).await.unwrap().last_success_at.is_some());
    })
    .await;
}
