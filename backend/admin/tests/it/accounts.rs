//! Upstream accounts and their credentials.

use crate::world;
use axum::{Router, extract::Request, routing::get};
use causeway_store::policy;
use http::{Method, StatusCode};
use serde_json::json;

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
