//! Limits of every scope: setting them, and how they stand.

use crate::world::{self, World};
use causeway_admin::people::Created;
use causeway_domain::{AccountId, KeyId, RequestId, Role, window::WindowKind};
use causeway_store::hold::{
    self, Ask, Loaded, LoadedWindow, ReserveScript, Reserved, Scope, ScopeId, ScopeWindow, Totals,
};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A row of `limits` by unit and window.
fn row<'a>(answer: &'a Value, unit: &str, window: Option<&str>) -> &'a Value {
    answer["limits"]
        .as_array()
        .unwrap()
        .iter()
        .find(|l| l["unit"] == unit && l["window"] == json!(window))
        .unwrap_or_else(|| panic!("no {unit} {window:?} in {answer}"))
}

/// Lets a request of one key run that could cost half a dollar and 100 tokens, of a total of two dollars of which 1.20
/// are used.
async fn run_one(world: &World, made: Created, key: &str) {
    let (cache, shard) = (&world.store.cache, made.org.shard());
    let epoch = loop {
        let stand = hold::look(cache, shard, 0).await.unwrap();
        let stand = hold::open(cache, shard, stand.epoch, 0, &BTreeSet::new()).await.unwrap();
        if stand.open {
            break stand.epoch;
        }
    };
    let id = ScopeId::Key(KeyId(key.parse().unwrap()));
    let window =
        LoadedWindow { kind: WindowKind::Total, end: 0, base_nanos: 0, base_tokens: 0, base_requests: 0 };
    let totals =
        Totals { nanos: 1_200_000_000, tokens: 40, requests: 3, windows: vec![window], minute: vec![] };
    let generation = hold::begin_load(cache, made.org, id, epoch).await.unwrap().unwrap();
    let loaded = hold::load(cache, made.org, id, epoch, generation, &totals).await.unwrap();
    assert_eq!(loaded, Loaded::Done);
    let budget = ScopeWindow {
        kind: WindowKind::Total,
        end: 0,
        next_end: 0,
        usd: 2_000_000_000,
        tokens: 0,
        requests: 0,
    };
    let scope = Scope {
        nanos: 500_000_000,
        tokens: 100,
        requests_per_minute: 30,
        tokens_per_minute: 10_000,
        concurrency: 2,
        windows: vec![budget],
        ..Scope::unlimited(id)
    };
    let ask = Ask {
        org: made.org,
        request: RequestId(Uuid::now_v7()),
        boot: "boot".into(),
        policy_version: i64::MAX,
        payload: "{}".to_owned(),
        scopes: vec![scope],
        candidates: vec![Scope::unlimited(ScopeId::Account(AccountId(Uuid::now_v7())))],
        conversation: None,
    };
    let script = ReserveScript::new("boot");
    script.load(cache).await.unwrap();
    let taken = hold::reserve(cache, &script, &ask, epoch).await.unwrap();
    assert!(matches!(taken, Reserved::Held { .. }), "{taken:?}");
}

#[tokio::test]
async fn a_running_request_is_seen_in_the_limits_of_its_key() {
    world::with_owner(|world, made, token| async move {
        let limits = json!({"requests_per_minute": 30, "tokens_per_minute": 10000, "concurrency": 2, "usd": {"total": "2"}});
        let issued = world.post("/keys", Some(&token), json!({"name": "a", "limits": limits})).await.body;
        let key = issued["id"].as_str().unwrap();
        run_one(&world, made, key).await;
        let path = format!("/keys/{key}/limits");
        let answer = world.get(&path, Some(&token)).await.body;
        assert_eq!((&answer["live"], &answer["running"], &answer["time_zone"]), (&json!(true), &json!(1), &json!("UTC")));
        assert_eq!(
            *row(&answer, "usd", Some("total")),
            json!({"scope": "key", "unit": "usd", "window": "total", "limit": "2.00", "used": "1.20", "reserved": "0.50",
                   "remaining": "0.30", "resets_at": null})
        );
        assert_eq!(row(&answer, "concurrency", None)["remaining"], 1);
        assert_eq!(row(&answer, "requests_per_minute", None)["used"], 1);
        assert_eq!(row(&answer, "tokens_per_minute", None)["remaining"], 9900);

        // A window that Redis has not been asked for yet is as Postgres has it, and the answer says so.
        let more = json!({"limits": {"usd": {"day": "9", "total": "2"}}});
        assert_eq!(world.patch(&format!("/keys/{key}"), Some(&token), more).await.status, 200);
        let answer = world.get(&path, Some(&token)).await.body;
        assert_eq!((&answer["live"], &row(&answer, "usd", Some("day"))["used"]), (&json!(false), &json!("0.00")));
        assert_eq!(row(&answer, "usd", Some("total"))["used"], "1.20");
    })
    .await;
}

#[tokio::test]
async fn what_redis_does_not_have_is_shown_as_it_was_recorded() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "a").await;
        for _ in 0..2 {
            world.used(made, &key, &account, "claude-haiku-4-5", 1_500_000_000).await;
        }
        let limits = json!({"limits": {
            "usd": {"five_hours": "10", "day": "10", "month": "2", "total": "10"},
            "tokens": {"week": 100}, "requests": {"total": 5}
        }});
        let owner = made.user;
        for path in [
            format!("/keys/{key}"),
            format!("/members/{owner}"),
            "/organization".to_owned(),
            format!("/accounts/{account}"),
        ] {
            let set = world.patch(&path, Some(&token), limits.clone()).await;
            assert_eq!(set.status, 200, "{path}: {}", set.body);
            assert_eq!(set.body["limits"]["requests"], json!({"total": 5}), "{path}");
            let answer = world.get(&format!("{path}/limits"), Some(&token)).await.body;
            assert_eq!((&answer["live"], &answer["running"]), (&json!(false), &json!(0)), "{path}");
            for window in ["five_hours", "day", "total"] {
                let usd = row(&answer, "usd", Some(window));
                assert_eq!(
                    (&usd["used"], &usd["remaining"]),
                    (&json!("3.00"), &json!("7.00")),
                    "{path} {window}"
                );
                assert_eq!(usd["resets_at"].is_string(), window != "total", "{path} {window}");
            }
            assert_eq!(row(&answer, "usd", Some("month"))["remaining"], "0.00", "{path}");
            assert_eq!(row(&answer, "tokens", Some("week"))["used"], 30, "{path}");
            assert_eq!(row(&answer, "requests", Some("total"))["remaining"], 3, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn limits_that_cannot_be_enforced_are_refused_on_every_scope() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "a").await;
        for path in [
            format!("/keys/{key}"),
            format!("/members/{}", made.user),
            "/organization".to_owned(),
            format!("/accounts/{account}"),
        ] {
            for (limits, field) in [
                (json!({"usd": {"day": "0"}}), "limits.usd.day"),
                (json!({"requests": {"week": 0}}), "limits.requests.week"),
                (json!({"requests": {"year": 1}}), "limits.requests.year"),
                (json!({"queue": {"length": 1, "wait_seconds": 5}}), "limits.queue"),
                (json!({"concurrency": 1, "queue": {"length": 0, "wait_seconds": 5}}), "limits.queue.length"),
                (
                    json!({"concurrency": 1, "queue": {"length": 1, "wait_seconds": 301}}),
                    "limits.queue.wait_seconds",
                ),
                (json!({"concurrency": "two"}), "limits.concurrency"),
                (json!(null), "limits"),
            ] {
                let answer = world.patch(&path, Some(&token), json!({"limits": limits})).await;
                assert_eq!(
                    (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                    (422, &json!(field)),
                    "{path} {limits}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_change_of_limits_is_in_the_audit_log_with_what_was_before() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "a").await;
        for (path, action) in [
            (format!("/keys/{key}"), "key.update"),
            (format!("/members/{}", made.user), "member.update"),
            ("/organization".to_owned(), "organization.update"),
            (format!("/accounts/{account}"), "account.update"),
        ] {
            for concurrency in [3, 4] {
                let change = json!({"limits": {"concurrency": concurrency}});
                assert_eq!(world.patch(&path, Some(&token), change).await.status, 200);
            }
            let line = world.get("/audit?limit=1", Some(&token)).await.body["items"][0].clone();
            assert_eq!(line["action"], action);
            assert_eq!(
                (&line["before"]["limits"], &line["after"]["limits"]),
                (&json!({"concurrency": 3}), &json!({"concurrency": 4}))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_sees_themselves_and_sets_nothing() {
    world::with_owner(|world, made, owner| async move {
        let member = world.person(made, Role::Member, "member@example.com").await;
        world.person(made, Role::Viewer, "viewer@example.com").await;
        let (member_token, viewer) =
            (world.sign_in("member@example.com").await, world.sign_in("viewer@example.com").await);
        let account = world.account(&owner).await;
        let (key, _) = world.key(&owner, "a").await;
        world.used(made, &key, &account, "claude-haiku-4-5", 500_000_000).await;

        let all = world.get("/members", Some(&viewer)).await.body;
        let emails: Vec<_> = all["items"].as_array().unwrap().iter().map(|m| m["email"].clone()).collect();
        assert_eq!(emails, ["viewer@example.com", "member@example.com", "owner@example.com"]);
        let person = &all["items"][2];
        assert_eq!((&person["role"], &person["keys"]), (&json!("owner"), &json!(1)));
        assert_eq!(
            person["usage"],
            json!({"requests_today": 1, "tokens_today": 15, "cost_usd_today": "0.50"})
        );

        let own = world.get("/members", Some(&member_token)).await.body;
        assert_eq!((own["items"].as_array().unwrap().len(), &own["items"][0]["id"]), (1, &json!(member)));
        let path = format!("/members/{member}");
        assert_eq!(world.get(&format!("{path}/limits"), Some(&member_token)).await.status, 200);
        for token in [&member_token, &viewer] {
            let change = json!({"limits": {"concurrency": 3}});
            assert_eq!(world.patch(&path, Some(token), change).await.status, 403);
        }
        let pages = world.get("/members?limit=2", Some(&viewer)).await.body;
        let cursor = pages["next_cursor"].as_str().unwrap();
        let last = world.get(&format!("/members?limit=2&cursor={cursor}"), Some(&viewer)).await.body;
        assert_eq!((last["items"].as_array().unwrap().len(), &last["next_cursor"]), (1, &json!(null)));
    })
    .await;
}

#[tokio::test]
async fn what_a_key_is_charged_is_set_by_those_who_may_change_everybodys() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Member, "member@example.com").await;
        let member = world.sign_in("member@example.com").await;
        let issued = world.post("/keys", Some(&member), json!({"name": "a"})).await.body;
        assert_eq!(issued["multiplier"], "1");
        let path = format!("/keys/{}", issued["id"].as_str().unwrap());
        assert_eq!(world.patch(&path, Some(&member), json!({"multiplier": "0"})).await.status, 403);
        assert_eq!(
            world.post("/keys", Some(&member), json!({"name": "b", "multiplier": "0"})).await.status,
            403
        );
        assert_eq!(
            world.patch(&path, Some(&owner), json!({"multiplier": "1.25"})).await.body["multiplier"],
            "1.25"
        );
        let line = world.get("/audit?limit=1", Some(&owner)).await.body["items"][0].clone();
        assert_eq!(
            (&line["before"]["multiplier"], &line["after"]["multiplier"]),
            (&json!("1"), &json!("1.25"))
        );
        for wrong in [json!("1.00001"), json!("101"), json!("-1"), json!(2), json!(null)] {
            let answer = world.patch(&path, Some(&owner), json!({"multiplier": wrong})).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!("multiplier"))
            );
        }
        // What the organisation is charged is seen here and set by the operator.
        let decided = json!({"multiplier": "2", "provider_multipliers": {"anthropic": "1.1"}});
        let at = format!("/operator/organizations/{}", made.org);
        assert_eq!(world.patch(&at, Some(&owner), decided).await.status, 200);
        let seen = world.get("/organization", Some(&member)).await.body;
        assert_eq!(
            (&seen["multiplier"], &seen["provider_multipliers"]),
            (&json!("2"), &json!({"anthropic": "1.1"}))
        );
        assert_eq!(world.patch("/organization", Some(&owner), json!({"multiplier": "1"})).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn how_requests_are_held_is_a_setting() {
    world::with_owner(|world, _, token| async move {
        let fresh = world.get("/organization", Some(&token)).await.body;
        assert_eq!((&fresh["hold_mode"], &fresh["on_redis_loss"]), (&json!("strict"), &json!("refuse")));
        let change = json!({"hold_mode": "expected", "on_redis_loss": "allow"});
        let answer =
            world.call(Method::PATCH, "/organization", Some(&token), Some(change.to_string()), &[]).await;
        assert_eq!(
            (&answer.body["hold_mode"], &answer.body["on_redis_loss"]),
            (&json!("expected"), &json!("allow"))
        );
        assert_eq!(world.get("/organization", Some(&token)).await.body["hold_mode"], "expected");
    })
    .await;
}
