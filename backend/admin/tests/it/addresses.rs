//! Addresses that lead to where only this server may go: refused wherever somebody can enter one, by the name of the field.

use crate::world;
use axum::{Router, response::Redirect, routing::any};
use http::Method;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The world of the tests is a demo, in which this machine is allowed: so these are of other networks.
const ASTRAY: [&str; 19] = [
    "https://169.254.169.254/latest/meta-data",
    "http://169.254.169.254",
    "https://169.254.169.254.",
    "https://2852039166",
    "https://0xa9fea9fe",
    "https://0251.0376.0251.0376",
    "https://[::ffff:169.254.169.254]",
    "https://[::ffff:a9fe:a9fe]",
    "https://[64:ff9b::a9fe:a9fe]",
    "https://[fd00:ec2::254]",
    "https://168.63.129.16",
    "https://10.0.0.1",
    "https://167772161",
    "https://[::ffff:10.0.0.1]",
    "https://[fe80::1]",
    "https://api.example.com@10.0.0.1",
    "https://user:secret@api.example.com",
    "http://api.example.com",
    "file:///etc/passwd",
];

/// The status, and which fields are to blame.
fn refused(answer: &world::Answer) -> (u16, Vec<&str>) {
    let errors = answer.body["errors"].as_array();
    let fields = errors.into_iter().flatten().filter_map(|error| error["field"].as_str());
    (answer.status.as_u16(), fields.collect())
}

#[tokio::test]
async fn no_account_and_no_issuer_is_made_at_an_address_that_leads_astray() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let credential = json!({"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"});
        for address in ASTRAY {
            let body = json!({
                "name": "A", "provider": "anthropic-compatible", "base_url": address, "credential": credential
            });
            let made = world.post("/accounts", Some(&token), body).await;
            assert_eq!(refused(&made), (422, vec!["base_url"]), "{address}: {}", made.body);
            let change = json!({"base_url": address, "credential": credential});
            let changed = world.patch(&format!("/accounts/{account}"), Some(&token), change).await;
            assert_eq!(refused(&changed), (422, vec!["base_url"]), "{address}: {}", changed.body);
            let body = json!({"name": "Issuer", "issuer": address, "client_id": "causeway"});
            let made = world.post("/sso/providers", Some(&token), body).await;
            assert_eq!(refused(&made), (422, vec!["issuer"]), "{address}: {}", made.body);
        }
    })
    .await;
}

#[tokio::test]
async fn a_test_call_does_not_follow_a_redirect() {
    world::with_owner(|world, _, token| async move {
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        let inside = Router::new().fallback(any(move || async move {
            counted.fetch_add(1, Ordering::Relaxed);
            "{\"data\": []}"
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = format!("http://{}/v1/models", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, inside).await });
        let outside = Router::new().fallback(any(move || async move { Redirect::temporary(&target) }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, outside).await });

        let body = json!({
            "name": "A", "provider": "anthropic-compatible", "base_url": base,
            "credential": {"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"}
        });
        let made = world.post("/accounts", Some(&token), body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("/accounts/{}/test", made.body["id"].as_str().unwrap());
        let tested = world.call(Method::POST, &path, Some(&token), Some("{}".into()), &[]).await;
        assert_eq!((tested.status.as_u16(), &tested.body["ok"]), (200, &json!(false)), "{}", tested.body);
        assert_eq!(tested.body["status"], 307);
        assert_eq!(visits.load(Ordering::Relaxed), 0);
    })
    .await;
}
