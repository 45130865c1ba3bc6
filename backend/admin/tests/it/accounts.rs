//! Upstream accounts and their credentials.

use crate::world;
use axum::{Router, extract::Request, routing::get};
use causeway_domain::{AccountId, Role};
use causeway_store::{
    attempts,
    cooldowns::{self, Cooldown},
    health, policy,
};
use chrono::{TimeDelta, Utc};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

const SECRET: &str = "sk-ant-0123456789abcdef";

/// A provider that knows one key.
async fn provider() -> String {
    let models = get(|request: Request| async move {
        let good = request.headers().get("x-api-key").is_some_and(|k| k == SECRET)
            && request.headers().contains_key("anthropic-version");
        if good {
            Ok(axum::Json(json!({"data": [{"id": "claude-haiku-4-5"}, {"id": "claude-opus-5"}]})))
        } else {
            Err(StatusCode::UNAUTHORIZED)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/models", models)).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_test_tells_a_good_credential_from_a_bad_one_and_is_kept() {
    world::with_owner(|world, made, token| async move {
        let base = provider().await;
        let body = json!({
            "name": "A", "provider": "anthropic-compatible", "base_url": format!("{base}/v1/"),
            "credential": {"kind": "api_key", "api_key": SECRET}
        });
        let account = world.post("/accounts", Some(&token), body).await;
        assert_eq!((account.status.as_u16(), &account.body["base_url"]), (201, &json!(base)));
        assert_eq!(account.body["credential_hint"], json!("…cdef"));
        let path = format!("/accounts/{}", account.body["id"].as_str().unwrap());
        let before = policy::current(&world.store.cache, made.org).await.unwrap().unwrap();

        let good =
            world.call(Method::POST, &format!("{path}/test"), Some(&token), Some("{}".into()), &[]).await;
        assert_eq!((&good.body["ok"], &good.body["status"]), (&json!(true), &json!(200)), "{}", good.body);
        assert_eq!(good.body["models"], json!(["claude-haiku-4-5", "claude-opus-5"]));
        let now = world.get(&path, Some(&token)).await.body;
        assert_eq!((&now["models"], &now["last_test"]["ok"]), (&good.body["models"], &json!(true)));
        assert!(policy::current(&world.store.cache, made.org).await.unwrap().unwrap() > before);

        let change = json!({"credential": {"kind": "api_key", "api_key": "sk-ant-wrong"}});
        assert_eq!(world.patch(&path, Some(&token), change).await.status, 200);
        let bad = world.post(&format!("{path}/test"), Some(&token), json!({})).await;
        assert_eq!((&bad.body["ok"], &bad.body["status"]), (&json!(false), &json!(401)));
        // The models that were known stay known.
        assert_eq!(world.get(&path, Some(&token)).await.body["models"], good.body["models"]);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_an_outcome_and_not_an_error() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let answer = world.post(&format!("/accounts/{account}/test"), Some(&token), json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["ok"], &answer.body["status"]),
            (200, &json!(false), &json!(null))
        );
    })
    .await;
}

#[tokio::test]
async fn a_credential_is_never_shown_nor_kept_in_the_audit_log() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        world.patch(&format!("/accounts/{account}"), Some(&token), json!({"name": "B"})).await;
        for path in ["/accounts".to_owned(), format!("/accounts/{account}"), "/audit".to_owned()] {
            let text = world.get(&path, Some(&token)).await.body.to_string();
            assert!(!text.contains("0123456789"), "{path}: {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_origin_needs_the_credential_again() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let path = format!("/accounts/{account}");
        let elsewhere = json!({"base_url": "http://127.0.0.1:10"});
        let answer = world.patch(&path, Some(&token), elsewhere).await;
        assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["field"]), (422, &json!("credential")));
        let path_only = json!({"base_url": "http://127.0.0.1:9/proxy/"});
        let answer = world.patch(&path, Some(&token), path_only).await;
        assert_eq!(answer.body["base_url"], json!("http://127.0.0.1:9/proxy"));
        let both = json!({
            "base_url": "http://127.0.0.1:10", "credential": {"kind": "api_key", "api_key": "sk-ant-another-one"}
        });
        assert_eq!(world.patch(&path, Some(&token), both).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn addresses_of_the_inside_are_refused() {
    world::with_owner(|world, _, token| async move {
        for base in ["http://169.254.169.254", "https://10.0.0.1", "http://example.com", "file:///etc/passwd"]
        {
            let body = json!({
                "name": "A", "provider": "anthropic-compatible", "base_url": base,
                "credential": {"kind": "api_key", "api_key": SECRET}
            });
            let answer = world.post("/accounts", Some(&token), body).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!("base_url")),
                "{base}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_that_keys_are_bound_to_cannot_be_removed() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let bound = world.post("/keys", Some(&token), json!({"name": "a", "account_id": account})).await;
        assert_eq!(bound.status, 201);
        let path = format!("/accounts/{account}");
        assert_eq!(world.call(Method::DELETE, &path, Some(&token), None, &[]).await.status, 409);
        let key = format!("/keys/{}", bound.body["id"].as_str().unwrap());
        let freed = world.patch(&key, Some(&token), json!({"account_id": null})).await;
        assert_eq!(freed.body["account_id"], json!(null));
        assert_eq!(world.call(Method::DELETE, &path, Some(&token), None, &[]).await.status, 204);
        assert_eq!(world.get(&path, Some(&token)).await.status, 404);
        let ghost = world.patch(&key, Some(&token), json!({"account_id": account})).await;
        assert_eq!((ghost.status.as_u16(), &ghost.body["errors"][0]["field"]), (422, &json!("account_id")));
    })
    .await;
}

#[tokio::test]
async fn what_rests_is_shown_with_its_reason_and_a_person_ends_it() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let path = format!("/accounts/{account}");
        let id: AccountId = account.parse::<Uuid>().unwrap().into();
        let fresh = world.get(&path, Some(&token)).await.body;
        assert_eq!((&fresh["health"]["state"], &fresh["health"]["in_flight"]), (&json!("ready"), &json!(0)));
        let now = Utc::now();
        let rest = |scope: &str, seconds| Cooldown {
            org: made.org,
            account: id,
            scope: scope.to_owned(),
            cause: "overloaded".to_owned(),
            detail: "busy".to_owned(),
            level: 1,
            failed_at: now,
            until: now + TimeDelta::seconds(seconds),
        };
        cooldowns::save(&world.store.jobs, &[rest("model:claude-x", 60)]).await.unwrap();
        let shown = world.get(&path, Some(&token)).await.body["health"].clone();
        assert_eq!((&shown["state"], &shown["rests"][0]["name"]), (&json!("partial"), &json!("claude-x")));
        cooldowns::save(&world.store.jobs, &[rest("", 60)]).await.unwrap();
        let news = health::News {
            last_error: Some(json!({"at": now, "cause": "overloaded", "status": 529, "message": "busy"})),
            quota: Some(json!({"at": now, "windows": [
                {"window": "5h", "utilization": 4200, "status": "allowed", "resets_at": now}]})),
        };
        health::save(&world.store.jobs, &[(made.org, id, news)]).await.unwrap();
        let shown = world.get("/accounts", Some(&token)).await.body["items"][0]["health"].clone();
        assert_eq!(
            (&shown["state"], &shown["rests"][0]["cause"], &shown["rests"][0]["failures"]),
            (&json!("cooling"), &json!("overloaded"), &json!(2))
        );
        assert_eq!(
            (&shown["last_error"]["status"], &shown["quota"][0]["utilization"]),
            (&json!(529), &json!(4200))
        );
        let before = cooldowns::version(&world.store.cache).await.unwrap();
        let reset = world.post(&format!("{path}/reset"), Some(&token), json!({})).await;
        assert_eq!((reset.status.as_u16(), &reset.body["health"]["rests"]), (200, &json!([])));
        assert!(cooldowns::version(&world.store.cache).await.unwrap() > before, "every instance hears of it");
        let audit = world.get("/audit", Some(&token)).await.body["items"][0].clone();
        assert_eq!(
            (&audit["action"], &audit["before"]["rests"][0]["scope"]),
            (&json!("account.reset"), &json!(""))
        );
        // Mending what was wrong ends it too; another name does not.
        cooldowns::save(&world.store.jobs, &[rest("", 60)]).await.unwrap();
        let named = world.patch(&path, Some(&token), json!({"name": "Other"})).await;
        assert_eq!(named.body["health"]["state"], json!("cooling"));
        let credential = json!({"credential": {"kind": "api_key", "api_key": "sk-ant-another-one"}});
        let mended = world.patch(&path, Some(&token), credential).await;
        assert_eq!(mended.body["health"]["state"], json!("ready"));
        cooldowns::save(&world.store.jobs, &[rest("", -1)]).await.unwrap();
        assert_eq!(world.get(&path, Some(&token)).await.body["health"]["state"], json!("half_open"));
        let off = world.patch(&path, Some(&token), json!({"enabled": false})).await;
        assert_eq!(off.body["health"]["state"], json!("disabled"));
    })
    .await;
}

#[tokio::test]
async fn times_that_a_provider_may_take_are_kept_and_bounded() {
    world::with_owner(|world, _, token| async move {
        let path = format!("/accounts/{}", world.account(&token).await);
        let set = world.patch(&path, Some(&token), json!({"timeouts": {"first_event_seconds": 20}})).await;
        assert_eq!(set.body["timeouts"], json!({"first_event_seconds": 20}));
        let bad = world.patch(&path, Some(&token), json!({"timeouts": {"connect_seconds": 0}})).await;
        assert_eq!(
            (bad.status.as_u16(), &bad.body["errors"][0]["field"]),
            (422, &json!("timeouts.connect_seconds"))
        );
        assert_eq!(world.get(&path, Some(&token)).await.body["timeouts"], set.body["timeouts"]);
    })
    .await;
}

#[tokio::test]
async fn the_way_of_a_request_is_shown_to_those_who_may_see_it() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "a").await;
        let request = causeway_domain::RequestId(Uuid::now_v7());
        let attempts = attempts::Attempts {
            request,
            org: made.org,
            key: key.parse::<Uuid>().unwrap().into(),
            user: None,
            model: "claude-x".to_owned(),
            status: 429,
            code: "accounts_cooling".to_owned(),
            message: "every upstream account rests".to_owned(),
            steps: json!([{"account": account, "what": "overloaded", "tried": false, "until": Utc::now()}]),
        };
        attempts::save(&world.store.jobs, &[attempts]).await.unwrap();
        let path = format!("/requests/{request}/attempts");
        let way = world.get(&path, Some(&token)).await;
        assert_eq!((way.status.as_u16(), &way.body["status"]), (200, &json!(429)), "{}", way.body);
        assert_eq!(way.body["message"], json!("every upstream account rests"));
        assert_eq!(
            (&way.body["steps"][0]["account_name"], &way.body["steps"][0]["what"]),
            (&json!("Simulator"), &json!("overloaded"))
        );
        world.person(made, Role::Member, "m@example.com").await;
        let member = world.sign_in("m@example.com").await;
        assert_eq!(world.get(&path, Some(&member)).await.status, 404, "it is somebody else's");
        let none = format!("/requests/{}/attempts", Uuid::now_v7());
        assert_eq!(world.get(&none, Some(&token)).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn requests_that_no_account_answered_are_listed_to_those_who_may_see_them() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "a").await;
        let key = key.parse::<Uuid>().unwrap().into();
        let member = world.person(made, Role::Member, "m@example.com").await;
        let ways = [
            (Some(made.user), 503, "accounts_unavailable"),
            (Some(made.user), 0, "ok"),
            (Some(made.user), 0, "client_left"),
            (Some(member), 429, "accounts_cooling"),
            (None, 529, "overloaded"),
        ];
        let steps = json!([{"account": account, "what": "disabled", "tried": false}]);
        let ways = ways.map(|(user, status, code)| attempts::Attempts {
            request: causeway_domain::RequestId(Uuid::now_v7()),
            org: made.org,
            key: if user.is_some() { key } else { Uuid::now_v7().into() },
            user,
            model: "claude-x".to_owned(),
            status,
            code: code.to_owned(),
            message: format!("told {status}"),
            steps: steps.clone(),
        });
        attempts::save(&world.store.jobs, &ways).await.unwrap();
        let codes = |page: &Value| {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| item["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = world.get("/requests/refused", Some(&token)).await.body;
        assert_eq!(codes(&all), ["overloaded", "accounts_cooling", "accounts_unavailable"]);
        let first = &all["items"][2];
        assert_eq!(
            (&first["request_id"], &first["key_name"], &first["member_name"], &first["status"]),
            (&json!(ways[0].request), &json!("a"), &json!("Ada Lovelace"), &json!(503))
        );
        assert_eq!(first["message"], json!("told 503"));
        assert_eq!(
            (&first["steps"][0]["account_name"], &first["steps"][0]["what"]),
            (&json!("Simulator"), &json!("disabled"))
        );
        let at: chrono::DateTime<Utc> = first["at"].as_str().unwrap().parse().unwrap();
        assert_eq!(at.timestamp_millis(), ways[0].request.started_ms());
        let gone = &all["items"][0];
        assert_eq!(
            (&gone["key_name"], &gone["member_id"], &gone["member_name"]),
            (&json!(""), &Value::Null, &json!(""))
        );
        let page = world.get("/requests/refused?limit=2", Some(&token)).await.body;
        let next = format!("/requests/refused?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
        let rest = world.get(&next, Some(&token)).await.body;
        assert_eq!(
            (codes(&rest), &rest["next_cursor"]),
            (vec!["accounts_unavailable".to_owned()], &Value::Null)
        );
        let of_key = world.get(&format!("/requests/refused?key_id={}", key.0), Some(&token)).await.body;
        assert_eq!(codes(&of_key), ["accounts_cooling", "accounts_unavailable"]);
        let own = world.sign_in("m@example.com").await;
        assert_eq!(codes(&world.get("/requests/refused", Some(&own)).await.body), ["accounts_cooling"]);
        for bad in ["limit=0", "limit=201", "cursor=x"] {
            let answer = world.get(&format!("/requests/refused?{bad}"), Some(&token)).await;
            assert_eq!(answer.status, 422, "{bad}: {}", answer.body);
        }
        for bad in ["key_id=x", "status=500"] {
            let answer = world.get(&format!("/requests/refused?{bad}"), Some(&token)).await;
            assert_eq!(answer.status, 400, "{bad}: {}", answer.body);
        }
    })
    .await;
}
