//! Requests that go through a proxy: what each kind carries, which way counts, and what happens when one fails: the proxy
//! is set aside, and its accounts are not at fault.

use crate::app::{self, App, Key, certificate, defaults, hello, scripted};
use causeway_accounts::{AddressPolicy, SecretPlace};
use causeway_domain::{
    AccountId, PoolId, ProxyId,
    pool::{Member, Strategy},
    proxy::{Choice, Scheme},
};
use causeway_relay::RelayArgs;
use causeway_simulator::{ProxyFault, ProxyKind, SecureProxy, SimulatorConfig, TestProxy};
use causeway_store::{
    accounts,
    cooldowns::{self, of_proxy},
    health, organisations, pools,
    proxies::{self, Proxy},
};
use chrono::Utc;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{future::Future, sync::Arc, time::Duration};
use uuid::Uuid;

const LOGIN: (&str, &str) = ("ada", "s3cret");

/// Adds a proxy, as the admin does.
pub(crate) async fn add(
    app: &App,
    scheme: Scheme,
    (host, port): (&str, u16),
    login: Option<(&str, &str)>,
) -> ProxyId {
    let (id, now) = (ProxyId(Uuid::now_v7()), Utc::now());
    let origin = proxies::origin(scheme, host, port);
    let sealed = login.map(|(_, password)| {
        app.sealing.seal_secret(&SecretPlace::proxy(app.org, id, &origin), password.as_bytes()).unwrap()
    });
    let proxy = Proxy {
        id,
        name: id.to_string(),
        scheme,
        host: host.to_owned(),
        port,
        username: login.map(|(user, _)| user.to_owned()),
        password: sealed,
        enabled: true,
        last_test: None,
        last_success_at: None,
        created_at: now,
        updated_at: now,
    };
    let mut tx = app.tx().await;
    proxies::insert(&mut tx, &proxy).await.unwrap();
    app.commit(tx).await;
    id
}

/// Says which way an account's requests take.
pub(crate) async fn choose(app: &App, account: AccountId, choice: Choice) {
    let mut tx = app.tx().await;
    let mut row = accounts::get(&mut tx, account, true).await.unwrap();
    row.proxy = choice;
    accounts::update(&mut tx, &row).await.unwrap();
    app.commit(tx).await;
}

/// A test proxy of either kind, as the organisation knows it.
async fn known(app: &App, kind: ProxyKind, login: Option<(&str, &str)>) -> (TestProxy, ProxyId) {
    let proxy = TestProxy::start(kind, login).await.unwrap();
    let scheme = match kind {
        ProxyKind::Http => Scheme::Http,
        ProxyKind::Socks5 => Scheme::Socks5,
    };
    let id = add(app, scheme, ("127.0.0.1", proxy.addr().port()), login).await;
    (proxy, id)
}

fn secure() -> SimulatorConfig {
    SimulatorConfig { tls: true, ..SimulatorConfig::default() }
}

/// Rests that are over while a test waits.
fn quick() -> RelayArgs {
    let cooldowns = ["proxy_unavailable=4..4", "challenge=60..60"];
    RelayArgs {
        cooldowns: cooldowns.iter().map(|c| c.parse().unwrap()).collect(),
        upstream_connect_timeout: 1,
        ..defaults()
    }
}

fn sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// An answer's status and body, and what the log tells of its way.
async fn told(app: &App, key: &Key) -> (u16, Value, Option<u64>) {
    let response = app.post(key, &hello(false)).await;
    let status = response.status().as_u16();
    let wait = response.headers().get("retry-after").map(|v| v.to_str().unwrap().parse().unwrap());
    (status, response.json().await.unwrap(), wait)
}

#[tokio::test]
async fn every_kind_of_proxy_carries_a_stream_byte_for_byte_and_keeps_its_connection() {
    let https = SecureProxy::start(Some(LOGIN)).await.unwrap();
    let addresses = AddressPolicy::new(vec![], true).with_authorities(vec![certificate(https.ca_pem())]);
    app::run_on(defaults(), secure(), addresses, async move |app| {
        let key = app.key(Default::default()).await;
        app.disable_account(app.account).await;
        let (http, http_id) = known(&app, ProxyKind::Http, Some(LOGIN)).await;
        let (socks, socks_id) = known(&app, ProxyKind::Socks5, Some(LOGIN)).await;
        let (open, open_id) = known(&app, ProxyKind::Socks5, None).await;
        let https_id = add(&app, Scheme::Https, ("localhost", https.port()), Some(LOGIN)).await;
        let url = app.sim.tls_url().unwrap();
        let mut rows = 0;
        for (proxy, id) in [(&http, http_id), (&socks, socks_id), (&open, open_id), (https.inner(), https_id)]
        {
            let account = app.add_account(&url, &format!("sk-sim-{id}")).await;
            choose(&app, account, Choice::Through(id)).await;
            for turn in 1..=2 {
                let stream = app.post(&key, &scripted(true, "events=200,text_bytes=3000")).await;
                assert_eq!(stream.status(), 200);
                let bytes = stream.bytes().await.unwrap();
                rows += 1;
                assert!(app.sim.ledger().settled(rows, Duration::from_secs(10)).await);
                let truth = app.sim.ledger().entries().pop().unwrap();
                assert_eq!(truth.answer_sha256, sha(&bytes), "{:?}", proxy.url());
                let tunnels = proxy.tunnels();
                assert_eq!(tunnels.len(), 1, "{turn}: {tunnels:?}");
                assert_eq!(format!("https://{}", tunnels[0].target), url, "the proxy is told the name");
                assert!(tunnels[0].down > bytes.len() as u64);
            }
            assert_eq!(proxy.strangers(), 0);
            app.disable_account(account).await;
        }
        assert!(cooldowns::all(&app.store.jobs).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_names_of_providers_are_looked_up_by_the_proxy() {
    let addresses = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], false);
    app::run_on(defaults(), SimulatorConfig::default(), addresses, async |app| {
        let key = app.key(Default::default()).await;
        app.disable_account(app.account).await;
        for kind in [ProxyKind::Http, ProxyKind::Socks5] {
            let (proxy, id) = known(&app, kind, None).await;
            proxy.name("upstream.test", app.sim.addr());
            let account = app.add_account("http://upstream.test", &format!("sk-sim-{id}")).await;
            choose(&app, account, Choice::Through(id)).await;
            assert_eq!(app.post(&key, &hello(false)).await.status(), 200, "{kind:?}");
            assert_eq!(proxy.tunnels()[0].target, "upstream.test:80");
            app.disable_account(account).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_set_aside_for_everybody_spares_its_accounts_and_comes_back() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let (proxy, id) = known(&app, ProxyKind::Http, None).await;
        choose(&app, app.account, Choice::Through(id)).await;
        let (other, other_url) = app.second_instance_with(quick()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-b").await;
        proxy.fault(Some(ProxyFault::Reset));
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(response.status(), 200);
        let steps = app.attempts(&response).await.steps;
        assert_eq!(
            (&steps[0]["account"], &steps[0]["what"]),
            (&json!(app.account), &json!("proxy_unavailable"))
        );
        assert!(steps[0]["message"].as_str().unwrap().contains("proxy"), "{steps}");
        assert_eq!((&steps[1]["account"], &steps[1]["what"]), (&json!(second), &json!("ok")));
        let [rest] = &app.cooldowns(1).await[..] else { panic!() };
        let expected = (of_proxy(id), "proxy", "proxy_unavailable");
        assert_eq!((rest.account, rest.scope.as_str(), rest.cause.as_str()), expected);

        // Nobody asks it meanwhile, at whichever instance.
        let asked = proxy.connections();
        tokio::time::sleep(Duration::from_millis(500)).await;
        for url in [&app.url, &other_url] {
            let response = app.post_to(url, &key, &hello(false)).await;
            assert_eq!(response.status(), 200);
            let steps = app.attempts(&response).await.steps;
            assert_eq!((&steps[0]["what"], &steps[0]["tried"]), (&json!("proxy_unavailable"), &json!(false)));
        }
        assert_eq!(proxy.connections(), asked);

        // With no other way left the caller is told, and when to come back.
        app.disable_account(second).await;
        let (status, body, wait) = told(&app, &key).await;
        assert_eq!(status, 503, "{body}");
        assert!(body.to_string().contains("proxy_unavailable"), "{body}");
        assert!(wait.is_some_and(|seconds| seconds <= 4), "{wait:?}");

        // Of the account nothing is known, least of all a failure.
        let mut tx = app.tx().await;
        let known = health::of_accounts(&mut tx, &[app.account]).await.unwrap();
        assert!(known.iter().all(|(_, news)| news.last_error.is_none()), "{known:?}");
        drop(tx);

        proxy.fault(None);
        tokio::time::sleep(Duration::from_millis(4_100)).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        app.cooldowns(0).await;
        // Noted by a task of its own.
        let mut came_back = false;
        for _ in 0..100 {
            let mut tx = app.tx().await;
            came_back = proxies::get(&mut tx, id, false).await.unwrap().last_success_at.is_some();
            drop(tx);
            if came_back {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(came_back);
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn the_state_of_a_proxy_survives_a_restart_and_a_person_can_end_it() {
    let slow = RelayArgs { cooldowns: vec!["proxy_unavailable=600".parse().unwrap()], ..quick() };
    app::run_with(slow.clone(), SimulatorConfig::default(), async move |app| {
        let key = app.key(Default::default()).await;
        let (proxy, id) = known(&app, ProxyKind::Socks5, None).await;
        choose(&app, app.account, Choice::Through(id)).await;
        proxy.fault(Some(ProxyFault::Reset));
        assert_eq!(told(&app, &key).await.0, 503);
        app.cooldowns(1).await;
        proxy.fault(None);
        // An instance that has seen none of it.
        let (fresh, url) = app.second_instance_with(slow).await;
        assert_eq!(app.post_to(&url, &key, &hello(false)).await.status(), 503);
        app.reset(of_proxy(id)).await;
        for url in [&app.url, &url] {
            assert_eq!(app.post_to(url, &key, &hello(false)).await.status(), 200);
        }
        fresh.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_and_a_proxy_that_hangs_or_babbles_are_the_proxys_and_a_refused_tunnel_is_not() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        app.disable_account(app.account).await;
        for kind in [ProxyKind::Http, ProxyKind::Socks5] {
            let cases = [
                (None, "does not accept", true),
                (Some(ProxyFault::Hang), "did not answer", true),
                (Some(ProxyFault::Garbage), "no proxy of this kind", true),
                (Some(ProxyFault::Forbidden), "does not connect to the provider", false),
                (Some(ProxyFault::Unreachable), "does not connect to the provider", false),
            ];
            for (fault, words, proxys) in cases {
                let what = format!("{kind:?} {fault:?}");
                let wants = if fault.is_none() { Some(LOGIN) } else { None };
                let proxy = TestProxy::start(kind, wants).await.unwrap();
                proxy.fault(fault);
                let scheme = if kind == ProxyKind::Http { Scheme::Http } else { Scheme::Socks5 };
                let login = wants.map(|(user, _)| (user, "wrong"));
                let id = add(&app, scheme, ("127.0.0.1", proxy.addr().port()), login).await;
                let account = app.add_account(&app.sim.url(), &format!("sk-sim-{id}")).await;
                choose(&app, account, Choice::Through(id)).await;
                let response = app.post(&key, &hello(false)).await;
                assert_eq!(response.status(), 503, "{what}");
                let attempts = app.attempts(&response).await;
                assert_eq!(attempts.code, "proxy_unavailable", "{what}");
                let said = attempts.steps[0]["message"].as_str().unwrap().to_owned();
                assert!(said.contains(words) && !said.contains("wrong"), "{what}: {said}");
                let [rest] = &app.cooldowns(1).await[..] else { panic!("{what}") };
                let (whose, scope) = if proxys {
                    (of_proxy(id), "proxy".to_owned())
                } else {
                    (account, cooldowns::way(Some(id)))
                };
                assert_eq!((rest.account, &rest.scope), (whose, &scope), "{what}");
                assert_eq!(proxy.strangers(), u64::from(fault.is_none()), "{what}");
                app.disable_account(account).await;
                app.reset(whose).await;
            }
        }
        assert_eq!(app.open_holds().await, 0);
        assert_eq!(app.sim.ledger().entries().len(), 0, "no provider was asked");
    })
    .await;
}

#[tokio::test]
async fn a_way_that_leads_nowhere_for_one_account_leaves_the_proxy_to_others_and_the_account_its_other_ways()
{
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let (proxy, id) = known(&app, ProxyKind::Http, None).await;
        // Behind the proxy nobody listens at the address of the first; the second is there.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let lost = app.add_account(&format!("http://{taken}"), "sk-sim-lost").await;
        app.disable_account(app.account).await;
        choose(&app, lost, Choice::Through(id)).await;
        assert_eq!(told(&app, &key).await.0, 503);
        let there = app.add_account(&app.sim.url(), "sk-sim-there").await;
        choose(&app, there, Choice::Through(id)).await;
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(response.status(), 200);
        let steps = app.attempts(&response).await.steps;
        assert_eq!((&steps[0]["account"], &steps[0]["tried"]), (&json!(lost), &json!(false)));
        assert_eq!(app.asked("sk-sim-there"), 1);
        assert_eq!(proxy.tunnels().len(), 1);
        // What rests is that way: on another one the account is asked at once.
        choose(&app, lost, Choice::Direct).await;
        let response = app.post(&key, &hello(false)).await;
        let steps = app.attempts(&response).await.steps;
        assert_eq!((&steps[0]["what"], &steps[0]["tried"]), (&json!("unreachable"), &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn an_account_says_its_way_itself_or_its_pool_does_or_the_organisation() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let (own, own_id) = known(&app, ProxyKind::Http, None).await;
        let (pool, pool_id) = known(&app, ProxyKind::Socks5, None).await;
        let (default, default_id) = known(&app, ProxyKind::Http, None).await;
        let used = async |name: &str| {
            let before = [&own, &pool, &default].map(TestProxy::connections);
            let response = app.post(&key, &hello(false)).await;
            assert_eq!(response.status(), 200, "{name}");
            response.bytes().await.unwrap();
            let after = [&own, &pool, &default].map(TestProxy::connections);
            let new: Vec<_> = before.iter().zip(after).map(|(b, a)| a > *b).collect();
            [new[0], new[1], new[2]]
        };
        assert_eq!(used("straight").await, [false; 3]);
        let mut tx = app.tx().await;
        let mut org = organisations::get(&mut tx, true).await.unwrap();
        org.default_proxy = Some(default_id);
        organisations::update(&mut tx, &org).await.unwrap();
        app.commit(tx).await;
        assert_eq!(used("the organisation's").await, [false, false, true]);
        let now = Utc::now();
        let mut tx = app.tx().await;
        let row = pools::Pool {
            id: PoolId(Uuid::now_v7()),
            name: "p".to_owned(),
            strategy: Strategy::RoundRobin,
            sticky_seconds: None,
            active: None,
            proxy: Choice::Through(pool_id),
            members: vec![Member { account: app.account, weight: 1, priority: 0 }],
            keys: 0,
            created_at: now,
            updated_at: now,
        };
        pools::insert(&mut tx, &row).await.unwrap();
        app.commit(tx).await;
        assert_eq!(used("the pool's").await, [false, true, false]);
        choose(&app, app.account, Choice::Through(own_id)).await;
        assert_eq!(used("its own").await, [true, false, false]);
        choose(&app, app.account, Choice::Direct).await;
        assert_eq!(used("straight after all").await, [false; 3]);
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_is_switched_off_lets_nothing_by_and_nothing_goes_straight_instead() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let (proxy, id) = known(&app, ProxyKind::Http, None).await;
        choose(&app, app.account, Choice::Through(id)).await;
        let switch = async |on: bool| {
            let mut tx = app.tx().await;
            let mut row = proxies::get(&mut tx, id, true).await.unwrap();
            row.enabled = on;
            proxies::update(&mut tx, &row).await.unwrap();
            app.commit(tx).await;
        };
        switch(false).await;
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(response.status(), 503);
        assert!(response.headers().get("retry-after").is_none(), "only a person helps");
        let steps = app.attempts(&response).await.steps;
        assert_eq!(steps[0]["what"], "proxy_disabled");
        assert!(steps[0]["message"].as_str().unwrap().contains("switched off"), "{steps}");
        assert_eq!((proxy.connections(), app.sim.ledger().entries().len()), (0, 0));
        switch(true).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        assert_eq!(proxy.tunnels().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_refuses_the_place_cools_the_proxy_for_itself_and_not_the_account() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = app.key(Default::default()).await;
        let (proxy, id) = known(&app, ProxyKind::Http, None).await;
        choose(&app, app.account, Choice::Through(id)).await;
        app.script("sk-sim-test", 1, "status=403,html");
        let (status, body, _) = told(&app, &key).await;
        assert!(status >= 429, "{status} {body}");
        let [rest] = &app.cooldowns(1).await[..] else { panic!() };
        let expected = (of_proxy(id), "proxy:anthropic", "challenge");
        assert_eq!((rest.account, rest.scope.as_str(), rest.cause.as_str()), expected);
        // On another way it is asked at once.
        let asked = app.asked("sk-sim-test");
        choose(&app, app.account, Choice::Direct).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        assert_eq!(app.asked("sk-sim-test"), asked + 1);
        assert_eq!(proxy.tunnels().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_proxy_at_a_private_address_is_not_connected_to_unless_the_operator_allows_it() {
    let only = AddressPolicy::new(vec!["127.0.0.2/32".parse().unwrap()], false);
    app::run_on(quick(), SimulatorConfig::default(), only, async |app| {
        let key = app.key(Default::default()).await;
        app.disable_account(app.account).await;
        let (proxy, id) = known(&app, ProxyKind::Http, None).await;
        let account = app.add_account("https://provider.example", "sk-sim-x").await;
        choose(&app, account, Choice::Through(id)).await;
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(response.status(), 503);
        let steps = app.attempts(&response).await.steps;
        assert!(steps[0]["message"].as_str().unwrap().contains("private or reserved"), "{steps}");
        assert_eq!(proxy.connections(), 0);
    })
    .await;
}

/// Runs a test while many requests come at once.
async fn at_once<T: Future<Output = u16> + Send + 'static>(n: usize, ask: impl Fn() -> T) -> Vec<u16> {
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..n {
        set.spawn(ask());
    }
    let mut all = Vec::new();
    while let Some(one) = set.join_next().await {
        all.push(one.unwrap());
    }
    all
}

#[tokio::test]
async fn of_many_requests_at_once_one_tries_a_proxy_whose_time_is_over() {
    app::run_with(quick(), SimulatorConfig::default(), async |app| {
        let key = Arc::new(app.key(Default::default()).await);
        let (proxy, id) = known(&app, ProxyKind::Http, None).await;
        choose(&app, app.account, Choice::Through(id)).await;
        app.add_account(&app.sim.url(), "sk-sim-b").await;
        proxy.fault(Some(ProxyFault::Hang));
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        app.cooldowns(1).await;
        let asked = proxy.connections();
        tokio::time::sleep(Duration::from_millis(4_100)).await;
        let statuses = at_once(12, || {
            let (app, key) = (app.clone(), key.clone());
            async move { app.post(&key, &hello(false)).await.status().as_u16() }
        })
        .await;
        assert_eq!(statuses, [200; 12]);
        assert_eq!(proxy.connections(), asked + 1);
    })
    .await;
}
