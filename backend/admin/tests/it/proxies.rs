//! Proxies as the API has them: what is kept and never shown, what is refused, who names one, what a test tells.

use crate::world::{self, Answer, World};
use causeway_domain::ProxyId;
use causeway_simulator::{ProxyFault, ProxyKind, Simulator, SimulatorConfig, TestProxy};
use causeway_store::{
    cooldowns::{self, Cooldown, of_proxy},
    proxies,
};
use chrono::{TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "pr0xy-s3cret";

fn body(name: &str) -> Value {
    json!({"name": name, "scheme": "http", "host": "127.0.0.1", "port": 9, "username": "ada", "password": PASSWORD})
}

async fn made(world: &World, token: &str, body: Value) -> Value {
    let answer = world.post("/proxies", Some(token), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

fn path(proxy: &Value) -> String {
    format!("/proxies/{}", proxy["id"].as_str().unwrap())
}

async fn delete(world: &World, token: &str, path: &str) -> Answer {
    world.call(Method::DELETE, path, Some(token), None, &[]).await
}

/// The fields that a refusal names.
fn fields(answer: &Answer) -> (u16, Vec<&str>) {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    (answer.status.as_u16(), errors.map(|error| error["field"].as_str().unwrap()).collect())
}

#[tokio::test]
async fn a_proxy_is_added_changed_and_removed_and_its_password_never_comes_out() {
    world::with_owner(|world, _, token| async move {
        let proxy = made(&world, &token, body(" Frankfurt ")).await;
        assert_eq!(
            (&proxy["name"], &proxy["state"], &proxy["enabled"]),
            (&json!("Frankfurt"), &json!("ready"), &json!(true))
        );
        assert_eq!((&proxy["username"], &proxy["has_password"]), (&json!("ada"), &json!(true)));
        assert_eq!(proxy["used_by"], json!({"accounts": [], "pools": [], "default": false, "reaches": 0}));
        let change = json!({"name": "Zürich", "enabled": false});
        let changed = world.patch(&path(&proxy), Some(&token), change).await;
        assert_eq!(
            (changed.status.as_u16(), &changed.body["state"]),
            (200, &json!("disabled")),
            "{}",
            changed.body
        );
        assert_eq!(changed.body["has_password"], json!(true), "it stays");
        let forgotten = world.patch(&path(&proxy), Some(&token), json!({"username": null})).await;
        assert_eq!(
            (&forgotten.body["username"], &forgotten.body["has_password"]),
            (&Value::Null, &json!(false))
        );
        let other = made(&world, &token, body("Other")).await;
        let listed = world.get("/proxies", Some(&token)).await.body;
        let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert_eq!(names, ["Other", "Zürich"], "newest first");
        assert_eq!(world.get(&path(&other), Some(&token)).await.body, other);
        assert_eq!(delete(&world, &token, &path(&proxy)).await.status, 204);
        assert_eq!(delete(&world, &token, &path(&proxy)).await.status, 404);
        assert_eq!(world.get(&path(&proxy), Some(&token)).await.status, 404);
        // Its name is free again.
        made(&world, &token, body("Zürich")).await;
        let log = world.get("/audit", Some(&token)).await.body;
        let actions: Vec<_> =
            log["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
        for action in ["proxy.create", "proxy.update", "proxy.delete"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
        for shown in [&listed, &log, &proxy, &changed.body] {
            assert!(!shown.to_string().contains(PASSWORD), "{shown}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_proxy_is_refused_by_its_field() {
    world::with_owner(|world, _, token| async move {
        made(&world, &token, body("Taken")).await;
        let with = |field: &str, value: Value| {
            let mut body = body("New");
            body[field] = value;
            body
        };
        for (input, expected) in [
            (with("name", json!("")), "name"),
            (with("name", json!("x".repeat(101))), "name"),
            (with("name", json!("Taken")), "name"),
            (with("host", json!("")), "host"),
            (with("host", json!("http://proxy.example")), "host"),
            (with("host", json!("proxy.example:3128")), "host"),
            (with("host", json!("proxy.example/path")), "host"),
            (with("host", json!("a b")), "host"),
            (with("host", json!("x".repeat(254))), "host"),
            // In a demo this machine may be used, and nothing else that is private.
            (with("host", json!("10.0.0.1")), "host"),
            (with("host", json!("169.254.169.254")), "host"),
            (with("host", json!("[fd00::1]")), "host"),
            (with("port", json!(0)), "port"),
            (with("port", json!(65536)), "port"),
            (with("port", json!("3128")), "port"),
            (with("scheme", json!("socks4")), "scheme"),
            (with("username", json!("a:b")), "username"),
            (with("username", json!("")), "username"),
            (with("username", json!("x".repeat(256))), "username"),
            (with("password", json!("")), "password"),
            (with("password", json!("x".repeat(256))), "password"),
            (with("password", json!("a\r\nb")), "password"),
        ] {
            let answer = world.post("/proxies", Some(&token), input.clone()).await;
            assert_eq!(fields(&answer), (422, vec![expected]), "{input}: {}", answer.body);
        }
        let alone = json!({"name": "n", "scheme": "http", "host": "127.0.0.1", "port": 9, "password": "x"});
        assert_eq!(fields(&world.post("/proxies", Some(&token), alone).await), (422, vec!["username"]));
        let socks =
            json!({"name": "n", "scheme": "socks5", "host": "127.0.0.1", "port": 9, "username": "a:b"});
        assert_eq!(fields(&world.post("/proxies", Some(&token), socks).await), (422, vec!["password"]));
        // A number that a URL would take for an address is one.
        let number = made(&world, &token, with("host", json!("2130706433"))).await;
        assert_eq!(number["host"], json!("127.0.0.1"));
        let cut_off =
            world.call(Method::POST, "/proxies", Some(&token), Some("{\"name\":".to_owned()), &[]).await;
        assert!(cut_off.status.is_client_error(), "{}", cut_off.body);
        let unknown = world.post("/proxies", Some(&token), with("proto", json!("x"))).await;
        assert!(unknown.status.is_client_error(), "{}", unknown.body);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_only_ever_shown_to_the_proxy_that_it_was_entered_for() {
    world::with_owner(|world, _, token| async move {
        let proxy = made(&world, &token, body("One")).await;
        for moved in [json!({"host": "127.0.0.2"}), json!({"port": 10}), json!({"scheme": "https"})] {
            let answer = world.patch(&path(&proxy), Some(&token), moved.clone()).await;
            assert_eq!(fields(&answer), (422, vec!["password"]), "{moved}");
            let again = world.get(&path(&proxy), Some(&token)).await.body;
            assert_eq!(again, proxy, "nothing of it has happened");
        }
        let moved = json!({"host": "127.0.0.2", "password": "another"});
        let answer = world.patch(&path(&proxy), Some(&token), moved).await;
        assert_eq!((answer.status.as_u16(), &answer.body["host"]), (200, &json!("127.0.0.2")));
        let without = world.patch(&path(&proxy), Some(&token), json!({"port": 10, "password": null})).await;
        assert_eq!((without.status.as_u16(), &without.body["has_password"]), (200, &json!(false)));
    })
    .await;
}

#[tokio::test]
async fn two_who_take_the_same_name_at_once_are_not_both_given_it() {
    world::with_owner(|world, _, token| async move {
        let asked = (0..6).map(|_| world.post("/proxies", Some(&token), body("Same")));
        let all = futures_util::future::join_all(asked).await;
        let statuses: Vec<u16> = all.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [201, 422].contains(status)), "{statuses:?}");
    })
    .await;
}

#[tokio::test]
async fn accounts_pools_and_the_organisation_name_proxies_of_their_own_and_one_that_is_named_stays() {
    world::with_owner(|world, _, token| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let theirs = made(&world, &rival, body("Theirs")).await["id"].clone();
        let proxy = made(&world, &token, body("Ours")).await;
        let (id, at) = (proxy["id"].clone(), Some(token.as_str()));
        let account = secure(&world, &token).await;
        let account_path = format!("/accounts/{}", account["id"].as_str().unwrap());
        assert_eq!((&account["proxy"], &account["proxy_id"]), (&json!("inherit"), &Value::Null));
        let pool = json!({"name": "P", "account_ids": [account["id"]]});
        let pool = world.post("/pools", at, pool).await.body;
        let pool_path = format!("/pools/{}", pool["id"].as_str().unwrap());
        for (path, field) in [
            (account_path.as_str(), "proxy"),
            (pool_path.as_str(), "proxy"),
            ("/organization", "default_proxy_id"),
        ] {
            let answer = world.patch(path, at, json!({field: theirs})).await;
            assert_eq!(fields(&answer), (422, vec![field]), "{path}: {}", answer.body);
            let answer = world.patch(path, at, json!({field: "sideways"})).await;
            assert_eq!(fields(&answer), (422, vec![field]), "{path}: {}", answer.body);
        }
        let set = async |path: &str, change: Value| {
            let answer = world.patch(path, at, change).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            world.get(&account_path, at).await.body["proxy_id"].clone()
        };
        // Of the three each names it alone, and is told of when it is to be removed.
        assert_eq!(set("/organization", json!({"default_proxy_id": id})).await, id);
        assert!(refused(&world, &token, &proxy).await.contains("the organisation's default"));
        assert_eq!(set(&pool_path, json!({"proxy": "direct"})).await, Value::Null);
        assert_eq!(set("/organization", json!({"default_proxy_id": null})).await, Value::Null);
        assert_eq!(set(&pool_path, json!({"proxy": id})).await, id);
        assert!(refused(&world, &token, &proxy).await.contains("the pools P"));
        let users = world.get(&path(&proxy), at).await.body["used_by"].clone();
        assert_eq!((&users["pools"][0]["name"], &users["reaches"]), (&json!("P"), &json!(1)));
        assert_eq!(set(&pool_path, json!({"proxy": "inherit"})).await, Value::Null);
        assert_eq!(set(&account_path, json!({"proxy": id})).await, id);
        assert!(refused(&world, &token, &proxy).await.contains("the accounts Secure"));
        assert_eq!(set(&account_path, json!({"proxy": "direct"})).await, Value::Null);
        assert_eq!(delete(&world, &token, &path(&proxy)).await.status, 204);
        let gone = world.patch(&account_path, at, json!({"proxy": id})).await;
        assert_eq!(fields(&gone), (422, vec!["proxy"]));
    })
    .await;
}

/// An account whose provider is spoken to by TLS.
async fn secure(world: &World, token: &str) -> Value {
    let body = json!({"name": "Secure", "provider": "anthropic", "base_url": "https://127.0.0.1:9",
        "credential": {"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"}});
    let answer = world.post("/accounts", Some(token), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// Why a proxy is not removed.
async fn refused(world: &World, token: &str, proxy: &Value) -> String {
    let answer = delete(world, token, &path(proxy)).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    answer.body["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_has_a_credential_read_by_another_proxy_without_entering_it() {
    world::with_owner(|world, _, token| async move {
        let at = Some(token.as_str());
        // Its provider is spoken to without TLS.
        let account = world.account(&token).await;
        let account_path = format!("/accounts/{account}");
        let login = json!({"name": "One", "scheme": "http", "host": "127.0.0.1", "port": 9});
        let proxy = made(&world, &token, login).await;
        let id = proxy["id"].clone();
        let named = |answer: &Answer| {
            (answer.status.as_u16(), answer.body["detail"].as_str().unwrap_or_default().contains("Simulator"))
        };
        let credential = json!({"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"});
        let refused = [
            world.patch(&account_path, at, json!({"proxy": id})).await,
            world.patch("/organization", at, json!({"default_proxy_id": id})).await,
            world.post("/pools", at, json!({"name": "P", "account_ids": [account], "proxy": id})).await,
        ];
        for answer in &refused {
            assert_eq!(named(answer), (409, true), "{}", answer.body);
        }
        assert_eq!(world.get(&account_path, at).await.body["proxy"], json!("inherit"));
        let both = json!({"proxy": id, "credential": credential});
        assert_eq!(world.patch(&account_path, at, both).await.status, 200);
        // And the proxy is not another one from then on.
        let moved = world.patch(&path(&proxy), at, json!({"port": 10})).await;
        assert_eq!(named(&moved), (409, true), "{}", moved.body);
        assert_eq!(world.patch(&path(&proxy), at, json!({"name": "Two"})).await.status, 200);
        assert_eq!(world.patch(&account_path, at, json!({"proxy": "direct"})).await.status, 200);
        assert_eq!(world.patch(&path(&proxy), at, json!({"port": 10})).await.status, 200);
        // With TLS a proxy reads nothing, and nothing has to be entered.
        let secure = secure(&world, &token).await;
        let path = format!("/accounts/{}", secure["id"].as_str().unwrap());
        assert_eq!(world.patch(&path, at, json!({"proxy": id})).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_test_tells_whether_the_proxy_or_what_is_behind_it_is_at_fault() {
    world::with_owner(|world, _, token| async move {
        let at = Some(token.as_str());
        let simulator = Simulator::start(SimulatorConfig::default()).await.unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for (kind, scheme) in [(ProxyKind::Http, "http"), (ProxyKind::Socks5, "socks5")] {
            let proxy = TestProxy::start(kind, Some(("ada", PASSWORD))).await.unwrap();
            let mut input = body(scheme);
            input["scheme"] = json!(scheme);
            input["port"] = json!(proxy.addr().port());
            let known = made(&world, &token, input).await;
            let test = async |url: &str| {
                let answer = world.post(&format!("{}/test", path(&known)), at, json!({"url": url})).await;
                assert_eq!(answer.status, 200, "{}", answer.body);
                answer.body
            };
            let good = test(&simulator.url()).await;
            assert_eq!(
                (&good["ok"], &good["proxy_answered"], &good["failure"]),
                (&json!(true), &json!(true), &Value::Null),
                "{good}"
            );
            assert_eq!(good["target"], json!(simulator.url()));
            let shown = world.get(&path(&known), at).await.body;
            assert_eq!((&shown["last_test"], shown["last_success_at"].is_string()), (&good, true));
            // The proxy works, and nobody listens behind it; or what listens there speaks no TLS.
            let lost = test(&format!("http://{taken}")).await;
            assert_eq!(
                (&lost["ok"], &lost["proxy_answered"], &lost["failure"]),
                (&json!(false), &json!(true), &json!("tunnel_refused")),
                "{lost}"
            );
            let bare = test(&simulator.url().replace("http:", "https:")).await;
            assert_eq!(
                (&bare["proxy_answered"], &bare["failure"]),
                (&json!(true), &json!("target_tls")),
                "{bare}"
            );
            proxy.fault(Some(ProxyFault::Forbidden));
            let forbidden = test(&simulator.url()).await;
            assert_eq!(forbidden["failure"], json!("tunnel_refused"));
            if kind == ProxyKind::Http {
                assert!(forbidden["message"].as_str().unwrap().contains("403"), "{forbidden}");
            }
            proxy.fault(Some(ProxyFault::Garbage));
            assert_eq!(test(&simulator.url()).await["failure"], json!("not_a_proxy"));
            proxy.fault(None);
            let wrong = json!({"password": "wr0ng-s3cret"});
            assert_eq!(world.patch(&path(&known), at, wrong).await.status, 200);
            let stranger = test(&simulator.url()).await;
            assert_eq!(
                (&stranger["proxy_answered"], &stranger["failure"]),
                (&json!(false), &json!("authentication")),
                "{stranger}"
            );
            drop(proxy);
            let closed = test(&simulator.url()).await;
            // Whether nobody listens any more or nobody answers any more is a matter of the moment.
            assert_eq!(closed["proxy_answered"], json!(false), "{closed}");
            let failure = closed["failure"].as_str().unwrap();
            assert!(["connection_refused", "broken_off"].contains(&failure), "{closed}");
            for (input, field) in [
                (json!({"url": "https://10.0.0.1"}), "url"),
                (json!({"url": "nonsense"}), "url"),
                (json!({"url": "https://a.example", "provider": "anthropic"}), "url"),
                (json!({"provider": "bedrock"}), "provider"),
                (json!({"provider": "unheard-of"}), "provider"),
            ] {
                let answer = world.post(&format!("{}/test", path(&known)), at, input.clone()).await;
                assert_eq!(fields(&answer), (422, vec![field]), "{input}: {}", answer.body);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn one_that_is_set_aside_is_shown_with_its_reason_and_put_back_by_a_person() {
    world::with_owner(|world, owner, token| async move {
        let at = Some(token.as_str());
        let proxy = made(&world, &token, body("One")).await;
        let id: ProxyId = proxy["id"].as_str().unwrap().parse().unwrap();
        let account = secure(&world, &token).await;
        let account_path = format!("/accounts/{}", account["id"].as_str().unwrap());
        world.patch(&account_path, at, json!({"proxy": id})).await;
        let rest = |scope: &str, cause: &str, minutes: i64| Cooldown {
            org: owner.org,
            account: of_proxy(id),
            scope: scope.to_owned(),
            cause: cause.to_owned(),
            detail: "the proxy did not answer within 5 s".to_owned(),
            level: 1,
            failed_at: Utc::now(),
            until: Utc::now() + TimeDelta::minutes(minutes),
        };
        let state = async || world.get(&path(&proxy), at).await.body;
        cooldowns::save(&world.store.jobs, &[rest("proxy:gemini", "challenge", 5)]).await.unwrap();
        let shown = state().await;
        assert_eq!((&shown["state"], &shown["rests"][0]["provider"]), (&json!("partial"), &json!("gemini")));
        let of_account = world.get(&account_path, at).await.body["health"].clone();
        assert_eq!(
            (&of_account["state"], &of_account["rests"]),
            (&json!("ready"), &json!([])),
            "it is another provider's"
        );
        cooldowns::save(&world.store.jobs, &[rest("proxy", "proxy_unavailable", 5)]).await.unwrap();
        let shown = state().await;
        assert_eq!(
            (&shown["state"], &shown["rests"][0]["failures"]),
            (&json!("set_aside"), &json!(2)),
            "{shown}"
        );
        let of_account = world.get(&account_path, at).await.body["health"].clone();
        assert_eq!(of_account["state"], json!("cooling"));
        let own = &of_account["rests"][0];
        assert_eq!(
            (&own["scope"], &own["name"], &own["cause"]),
            (&json!("proxy"), &json!("One"), &json!("proxy_unavailable"))
        );
        // Whatever is done about the account, the proxy rests on.
        world.post(&format!("{account_path}/reset"), at, json!({})).await;
        assert_eq!(state().await["state"], json!("set_aside"));
        let reset = world.post(&format!("{}/reset", path(&proxy)), at, json!({})).await;
        assert_eq!(
            (reset.status.as_u16(), &reset.body["state"], &reset.body["rests"]),
            (200, &json!("ready"), &json!([]))
        );
        assert_eq!(cooldowns::all(&world.store.jobs).await.unwrap(), []);
        // What mends it ends its rest, too.
        cooldowns::save(&world.store.jobs, &[rest("proxy", "proxy_unavailable", -1)]).await.unwrap();
        assert_eq!(state().await["state"], json!("half_open"));
        let mended = world.patch(&path(&proxy), at, json!({"password": "an0ther-s3cret"})).await;
        assert_eq!(mended.body["state"], json!("ready"));
        let log = world.get("/audit", at).await.body.to_string();
        assert!(log.contains("proxy.reset") && !log.contains("s3cret"));
        proxies::came_back(&world.store.jobs, owner.org, id).await.unwrap();
        assert!(state().await["last_success_at"].is_string());
    })
    .await;
}

#[tokio::test]
async fn an_account_is_tested_on_its_own_way() {
    world::with_owner(|world, _, token| async move {
        let at = Some(token.as_str());
        let simulator = Simulator::start(SimulatorConfig::default()).await.unwrap();
        let proxy = TestProxy::start(ProxyKind::Socks5, Some(("ada", PASSWORD))).await.unwrap();
        let mut input = body("One");
        (input["scheme"], input["port"]) = (json!("socks5"), json!(proxy.addr().port()));
        let known = made(&world, &token, input).await;
        let account = json!({"name": "a", "provider": "anthropic", "base_url": simulator.url(), "proxy": known["id"],
            "credential": {"kind": "api_key", "api_key": "sk-sim-0123456789abcdef"}});
        let account = world.post("/accounts", at, account).await;
        assert_eq!((account.status.as_u16(), &account.body["proxy_id"]), (201, &known["id"]), "{}", account.body);
        let test = format!("/accounts/{}/test", account.body["id"].as_str().unwrap());
        let tested = world.post(&test, at, json!({})).await.body;
        assert_eq!(tested["ok"], json!(true), "{tested}");
        assert_eq!((proxy.tunnels().len(), proxy.strangers()), (1, 0));
        proxy.fault(Some(ProxyFault::Reset));
        let tested = world.post(&test, at, json!({})).await.body;
        assert!(!tested["ok"].as_bool().unwrap() && tested["message"].as_str().unwrap().contains("proxy"), "{tested}");
        world.patch(&path(&known), at, json!({"enabled": false})).await;
        let connections = proxy.connections();
        let tested = world.post(&test, at, json!({})).await.body;
        assert!(tested["message"].as_str().unwrap().contains("switched off"), "{tested}");
        assert_eq!(proxy.connections(), connections);
    })
    .await;
}
