//! The rules of a key: where it may be used from, for what, until when, with which secret, and under whose ceilings.

use crate::app::{self, App, Key, MODEL, hello};
use causeway_domain::{Ceilings, Limits, Role, TrustedProxies, address::Network, service::ApiDialect};
use causeway_relay::RelayArgs;
use causeway_simulator::SimulatorConfig;
use causeway_store::{ceilings, keys, memberships, people, persons, policy, sso::identities, testing};
use chrono::{Duration, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Status, code, and what is said.
async fn outcome(response: reqwest::Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    (status, text(&body["error"]["causeway"]["code"]), text(&body["error"]["message"]))
}

async fn ask(app: &App, key: &Key) -> (u16, String) {
    let (status, code, _) = outcome(app.post(key, &hello(false)).await).await;
    (status, code)
}

async fn ask_from(app: &App, key: &Key, header: &str, address: &str) -> (u16, String) {
    let request = app.http.post(format!("{}/api/v1/messages", app.url)).header("x-api-key", &key.secret);
    let (status, code, said) =
        outcome(request.header(header, address).json(&hello(false)).send().await.unwrap()).await;
    assert!(!said.contains("192.0.2"), "the lists are nobody's business: {said}");
    (status, code)
}

fn refused(code: &str) -> (u16, String) {
    (403, code.to_owned())
}

fn fine() -> (u16, String) {
    (200, String::new())
}

#[tokio::test]
async fn an_address_is_judged_as_trusted_proxies_tell_it_and_deny_wins() {
    let args =
        RelayArgs { trusted_proxies: TrustedProxies::new(networks(&["127.0.0.0/8"])), ..app::defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Limits::default()).await;
        assert_eq!(ask_from(&app, &key, "x-forwarded-for", "198.51.100.9").await, fine());
        app.change_key(&key, |k| {
            k.addresses.allow = networks(&["192.0.2.0/24", "2001:db8::/32"]);
            k.addresses.deny = networks(&["192.0.2.66"]);
        })
        .await;
        for (header, value, expected) in [
            ("x-forwarded-for", "192.0.2.1", fine()),
            ("x-forwarded-for", "::ffff:192.0.2.1", fine()),
            ("forwarded", "for=\"[2001:db8::7]:4711\";proto=https", fine()),
            ("x-forwarded-for", "192.0.2.66", refused("address_forbidden")),
            ("x-forwarded-for", "198.51.100.9", refused("address_forbidden")),
            // The client wrote the first one itself.
            ("x-forwarded-for", "192.0.2.1, 198.51.100.9", refused("address_forbidden")),
            ("x-forwarded-for", "nonsense", refused("address_forbidden")),
        ] {
            assert_eq!(ask_from(&app, &key, header, value).await, expected, "{header}: {value}");
        }
        let info = app.http.get(format!("{}/api/v1/key-info", app.url)).header("x-api-key", &key.secret);
        assert_eq!(info.send().await.unwrap().status(), 403);
        app.change_key(&key, |k| k.addresses.allow = networks(&["127.0.0.1"])).await;
        assert_eq!(ask(&app, &key).await, fine());
    })
    .await;
}

#[tokio::test]
async fn without_trusted_proxies_headers_say_nothing() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.change_key(&key, |k| k.addresses.allow = networks(&["192.0.2.0/24"])).await;
        let expected = refused("address_forbidden");
        assert_eq!(ask_from(&app, &key, "x-forwarded-for", "192.0.2.1").await, expected);
        assert_eq!(app.sim.ledger().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_key_reaches_only_the_dialects_and_providers_it_names() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.change_key(&key, |k| k.services.dialects = vec![ApiDialect::OpenaiChat]).await;
        assert_eq!(ask(&app, &key).await, refused("dialect_forbidden"));
        let models = || app.http.get(format!("{}/api/v1/models", app.url)).header("x-api-key", &key.secret);
        assert_eq!(models().send().await.unwrap().status(), 403);
        app.change_key(&key, |k| {
            k.services.dialects = vec![ApiDialect::Anthropic];
            k.services.providers = vec![causeway_domain::provider::Provider::ANTHROPIC_COMPATIBLE];
        })
        .await;
        assert_eq!(ask(&app, &key).await, refused("provider_forbidden"));
        let listed: Value = models().send().await.unwrap().json().await.unwrap();
        assert_eq!(listed["data"], serde_json::json!([]));
        app.change_key(&key, |k| k.services.providers.clear()).await;
        assert_eq!(ask(&app, &key).await, fine());
    })
    .await;
}

#[tokio::test]
async fn while_secrets_overlap_both_work_and_then_the_new_one_only() {
    app::run(async |app| {
        let old = app.key(Limits::default()).await;
        assert_eq!(ask(&app, &old).await, fine());
        let secret = causeway_domain::secret::key_from_random(&[5; 64]).unwrap();
        let hash = Sha256::digest(secret.as_bytes()).into();
        let new = Key { id: old.id, secret };
        let mut tx = app.tx().await;
        let until = Utc::now() + Duration::hours(1);
        keys::rotate(&mut tx, old.id, hash, "cw_new", Some(until)).await.unwrap();
        app.commit(tx).await;
        assert_eq!((ask(&app, &old).await, ask(&app, &new).await), (fine(), fine()));
        let mut tx = app.tx().await;
        keys::end_overlap(&mut tx, old.id).await.unwrap();
        app.commit(tx).await;
        assert_eq!(ask(&app, &old).await, (401, "key_replaced".to_owned()));
        assert_eq!(ask(&app, &new).await, fine());
        // Both were the same key: one budget, one row of usage each.
        assert!(app.rows(4).await.iter().all(|row| row.key_id == old.id.0));
    })
    .await;
}

#[tokio::test]
async fn of_twenty_first_requests_at_once_one_begins_the_days() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.change_key(&key, |k| k.expiry.days_after_first_use = Some(3)).await;
        let (second, url) = app.second_instance().await;
        let row = async || keys::get(&mut app.tx().await, key.id, None, false).await.unwrap();
        assert_eq!(row().await.expiry.first_used_at, None);
        let (body, before) = (hello(false), Utc::now());
        let requests = (0..20).map(|i| {
            let url = if i % 2 == 0 { &app.url } else { &url };
            app.post_to(url, &key, &body)
        });
        for answer in futures_util::future::join_all(requests).await {
            assert_eq!(answer.status(), 200);
        }
        let first = row().await.expiry.first_used_at.unwrap();
        assert!(first >= before - Duration::seconds(5));
        assert_eq!(ask(&app, &key).await, fine());
        assert_eq!(row().await.expiry.first_used_at, Some(first));

        let mut tx = app.tx().await;
        testing::change(&mut tx, "update api_keys set first_used_at = now() - interval '73 hours'").await;
        app.commit(tx).await;
        assert_eq!(ask(&app, &key).await, (401, "key_expired".to_owned()));
        second.close(std::time::Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_key_stops_and_a_restored_one_works_at_the_next_request() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        assert_eq!(ask(&app, &key).await, fine());
        let mut tx = app.tx().await;
        keys::delete(&mut tx, key.id).await.unwrap();
        app.commit(tx).await;
        for _ in 0..2 {
            assert_eq!(ask(&app, &key).await, (401, "unknown_key".to_owned()));
        }
        let mut tx = app.tx().await;
        keys::restore(&mut tx, key.id).await.unwrap();
        app.commit(tx).await;
        assert_eq!(ask(&app, &key).await, fine());
    })
    .await;
}

#[tokio::test]
async fn a_tightened_ceiling_holds_for_keys_from_before_at_the_next_request() {
    app::run(async |app| {
        let key = app.key(serde_json::from_str(r#"{"usd":{"day":"50"}}"#).unwrap()).await;
        assert_eq!(ask(&app, &key).await, fine());
        let set = async |json: &str| {
            let set: Ceilings = serde_json::from_str(json).unwrap();
            let mut tx = app.tx().await;
            ceilings::set(&mut tx, &set).await.unwrap();
            app.commit(tx).await;
        };
        set(r#"{"limits":{"usd":{"day":"0.000001"}}}"#).await;
        assert_eq!(ask(&app, &key).await, (402, "budget_usd".to_owned()));
        set(&format!(r#"{{"models":{{"deny":["{MODEL}"]}}}}"#)).await;
        assert_eq!(ask(&app, &key).await, refused("model_forbidden"));
        set(&format!(r#"{{"accounts":["{}"]}}"#, uuid::Uuid::nil())).await;
        assert_eq!(ask(&app, &key).await, refused("provider_forbidden"));
        set("{}").await;
        assert_eq!(ask(&app, &key).await, fine());
    })
    .await;
}

#[tokio::test]
async fn keys_of_an_administrator_who_is_made_a_member_are_under_the_ceilings_at_the_next_request() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut tx = app.tx().await;
        memberships::insert(&mut tx, app.user, Role::Admin).await.unwrap();
        let set: Ceilings = serde_json::from_str(r#"{"limits":{"usd":{"day":"0.000001"}}}"#).unwrap();
        ceilings::set(&mut tx, &set).await.unwrap();
        app.commit(tx).await;
        assert_eq!(ask(&app, &key).await, fine());
        let capped = (402, "budget_usd".to_owned());
        // By a person, and by what the groups at an issuer say.
        let mut tx = app.tx().await;
        people::set_role(&mut tx, app.user, Role::Member).await.unwrap();
        app.commit(tx).await;
        assert_eq!(ask(&app, &key).await, capped);
        for (role, expected) in [(Role::Admin, fine()), (Role::Viewer, capped)] {
            let mut tx = app.tx().await;
            assert!(identities::set_role(&mut tx, app.user, role).await.unwrap());
            app.commit(tx).await;
            assert_eq!(ask(&app, &key).await, expected, "{role}");
        }
    })
    .await;
}

#[tokio::test]
async fn keys_of_somebody_whom_the_operator_locks_out_rest_until_they_are_let_in_again() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        assert_eq!(ask(&app, &key).await, fine());
        for (disabled, expected) in [(true, (401, "key_disabled".to_owned())), (false, fine())] {
            let mut tx = persons::PersonTx::begin(&app.store.operator, app.user).await.unwrap();
            tx.set_disabled(disabled).await.unwrap();
            for change in tx.commit().await.unwrap() {
                policy::publish(&app.store.cache, change).await.unwrap();
            }
            assert_eq!(ask(&app, &key).await, expected);
        }
    })
    .await;
}
