//! The playground: who may send requests with which key, and what is kept of it.

use crate::{
    playing::FOR_EVER,
    world::{self, World},
};
use axum::body::Body;
use causeway_admin::playground::Refused;
use causeway_domain::{AccountId, KeyId, Role, service::ApiDialect};
use http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{sync::atomic::Ordering, time::Duration};
use tower::ServiceExt;
use uuid::Uuid;

const BODY: &str =
    r#"{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"a secret wish"}]}"#;

async fn key(world: &World, token: &str) -> String {
    let made = world.post("/keys", Some(token), json!({"name": "Play"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

fn anthropic() -> Value {
    json!({"dialect": "anthropic", "body": BODY})
}

/// The events of an answer: their names and data.
fn events(text: &Value) -> Vec<(String, Value)> {
    let text = text.as_str().expect("events are text");
    let blocks = text.split("\n\n").filter(|block| block.contains("data: "));
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| Some(line.strip_prefix(name)?.to_owned())).unwrap_or_default()
    };
    blocks.map(|b| (field(b, "event: "), serde_json::from_str(&field(b, "data: ")).unwrap())).collect()
}

#[tokio::test]
async fn a_request_is_told_as_it_happens_with_the_names_of_accounts() {
    world::with_owner(|world, made, token| async move {
        let account = json!({"name": "Research", "provider": "anthropic",
            "credential": {"kind": "api_key", "api_key": "sk-ant-1"}});
        let account = world.post("/accounts", Some(&token), account).await;
        assert_eq!(account.status, 201, "{}", account.body);
        let account: AccountId = serde_json::from_value(account.body["id"].clone()).unwrap();
        *world.played.account.lock().unwrap() = Some(account);
        let key = key(&world, &token).await;
        let answer = world.post(&format!("/keys/{key}/playground"), Some(&token), anthropic()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        assert_eq!(answer.headers["cache-control"], "no-store");
        let events = events(&answer.body);
        let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["sent", "planned", "done"]);
        assert!(events.iter().all(|(name, data)| data["type"] == **name));
        assert_eq!(events[1].1["accounts"][0]["account_name"], "Research");
        let usage = &events[2].1["usage"];
        assert_eq!((&usage["account_name"], &usage["cost_usd"]), (&json!("Research"), &json!("0.001234")));
        let wish = world.played.wishes.lock().unwrap().pop().unwrap();
        assert_eq!((wish.player.org, wish.player.key.0.to_string()), (made.org, key));
        assert_eq!((wish.dialect, wish.path, &wish.body[..]), (ApiDialect::Anthropic, None, BODY.as_bytes()));
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_says_who_used_which_key_and_nothing_of_the_contents() {
    world::with_owner(|world, _, token| async move {
        let key = key(&world, &token).await;
        world.post(&format!("/keys/{key}/playground"), Some(&token), anthropic()).await;
        let lines = world.get("/audit?action=key.play", Some(&token)).await.body;
        let line = &lines["items"][0];
        assert_eq!((&line["target"]["id"], &line["actor"]["kind"]), (&json!(key), &json!("user")));
        assert_eq!(line["after"], json!({"dialect": "anthropic"}));
        assert!(!lines.to_string().contains("secret wish"));
    })
    .await;
}

#[tokio::test]
async fn members_play_with_their_own_keys_admins_with_all_and_viewers_with_none() {
    world::with_owner(|world, made, owner| async move {
        for (role, email) in
            [(Role::Viewer, "v@example.com"), (Role::Member, "m@example.com"), (Role::Admin, "a@example.com")]
        {
            world.person(made, role, email).await;
        }
        let (viewer, member, admin) = (
            world.sign_in("v@example.com").await,
            world.sign_in("m@example.com").await,
            world.sign_in("a@example.com").await,
        );
        let (owners, members) = (key(&world, &owner).await, key(&world, &member).await);
        let play = async |who: &str, key: &str| {
            let answer = world.post(&format!("/keys/{key}/playground"), Some(who), anthropic()).await;
            answer.status.as_u16()
        };
        assert_eq!((play(&member, &members).await, play(&member, &owners).await), (200, 404));
        assert_eq!((play(&admin, &members).await, play(&admin, &owners).await), (200, 200));
        assert_eq!((play(&viewer, &members).await, play(&viewer, &owners).await), (403, 403));
        let models = async |who: &str, key: &str| {
            world.get(&format!("/keys/{key}/models"), Some(who)).await.status.as_u16()
        };
        assert_eq!((models(&member, &members).await, models(&member, &owners).await), (200, 404));
        assert_eq!((models(&viewer, &owners).await, models(&admin, &members).await), (200, 200));

        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        assert_eq!((play(&rival, &owners).await, models(&rival, &owners).await), (404, 404));
        assert_eq!(play(&owner, &Uuid::now_v7().to_string()).await, 404);
        let gone = world.call(Method::DELETE, &format!("/keys/{owners}"), Some(&owner), None, &[]).await;
        assert!(gone.status.is_success());
        assert_eq!((play(&owner, &owners).await, models(&owner, &owners).await), (404, 404));
        assert_eq!(world.played.wishes.lock().unwrap().len(), 3, "nobody else got through");

        // Programs ask the relay itself.
        let token = json!({"name": "a", "scopes": ["keys:write"],
            "expires_at": chrono::Utc::now() + chrono::Duration::days(1)});
        let token =
            world.post("/tokens", Some(&owner), token).await.body["secret"].as_str().unwrap().to_owned();
        assert_eq!(play(&token, &members).await, 403);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_the_field_and_sent_to_nobody() {
    world::with_owner(|world, _, token| async move {
        let key = key(&world, &token).await;
        let path = format!("/keys/{key}/playground");
        for (body, status, field) in [
            (json!({"dialect": "anthropic", "body": ""}), 422, "body"),
            (json!({"dialect": "anthropic", "body": "a".repeat(524_289)}), 422, "body"),
            (json!({"dialect": "anthropic", "body": {}}), 422, "body"),
            (json!({"dialect": "klingon", "body": "{}"}), 422, "dialect"),
            (json!({"dialect": null, "body": "{}"}), 422, "dialect"),
            (json!({"dialect": "anthropic", "body": "{}", "model": "m"}), 422, "model"),
            (json!({"dialect": "openai_chat", "body": "{}", "stream": true}), 422, "stream"),
            (json!({"dialect": "gemini", "body": "{}"}), 422, "model"),
            (json!({"dialect": "gemini", "body": "{}", "model": "  "}), 422, "model"),
            (json!({"dialect": "gemini", "body": "{}", "model": "m".repeat(201)}), 422, "model"),
            (json!({"dialect": "anthropic", "body": "{}", "key": "x"}), 422, "key"),
            (json!({"dialect": "anthropic", "body": "{\u{0}}"}), 422, "body"),
        ] {
            let answer = world.post(&path, Some(&token), body.clone()).await;
            let named = answer.body["errors"][0]["field"].as_str();
            assert_eq!((answer.status.as_u16(), named), (status, Some(field)), "{body:.80}: {}", answer.body);
        }
        for (body, status) in [("{\"dialect\":", 400), (&*format!("\"{}\"", "a".repeat(1 << 20)), 413)] {
            let answer = world.call(Method::POST, &path, Some(&token), Some(body.to_owned()), &[]).await;
            assert_eq!(answer.status, status, "{}", answer.body);
        }
        assert!(world.played.wishes.lock().unwrap().is_empty());
        let good = json!({"dialect": "gemini", "model": " gemini-3-pro ", "stream": true, "body": "no JSON"});
        assert_eq!(world.post(&path, Some(&token), good).await.status, 200);
        let wish = world.played.wishes.lock().unwrap().pop().unwrap();
        assert_eq!(wish.path, Some(("gemini-3-pro".to_owned(), true)));
    })
    .await;
}

#[tokio::test]
async fn who_closes_the_connection_is_a_client_that_leaves_and_others_go_on() {
    world::with_owner(|world, _, token| async move {
        let key = key(&world, &token).await;
        let start = async |body: &str| {
            let request = Request::post(format!("/admin/v1/keys/{key}/playground"))
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(json!({"dialect": "anthropic", "body": body}).to_string()))
                .unwrap();
            world.router.clone().oneshot(request).await.unwrap().into_body()
        };
        let over = || world.played.over.load(Ordering::SeqCst);
        let (mut first, mut second) = (start(FOR_EVER).await, start(FOR_EVER).await);
        for body in [&mut first, &mut second] {
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(frame.starts_with(b"event: sent"), "{frame:?}");
        }
        drop(first);
        assert_eq!(over(), 1, "the one that was closed, and no other");
        let planned = tokio::time::timeout(Duration::from_secs(10), second.frame()).await.unwrap();
        assert!(planned.unwrap().unwrap().into_data().unwrap().starts_with(b"event: planned"));
        drop(second);
        assert_eq!(over(), 2);
    })
    .await;
}

#[tokio::test]
async fn why_a_key_has_no_models_is_told() {
    world::with_owner(|world, _, token| async move {
        let key = key(&world, &token).await;
        let path = format!("/keys/{key}/models");
        let listed = world.get(&path, Some(&token)).await;
        assert_eq!((listed.status.as_u16(), &listed.body), (200, &json!({"models": ["claude-haiku-4-5"]})));
        assert_eq!(world.played.asked.lock().unwrap()[0].key, KeyId(key.parse().unwrap()));
        for (status, expected) in [(401, 409), (403, 409), (503, 503)] {
            let message = "the API key \"Play\" is disabled".to_owned();
            *world.played.refused.lock().unwrap() = Some(Refused { status, message });
            let answer = world.get(&path, Some(&token)).await;
            assert_eq!(answer.status, expected, "{}", answer.body);
            let told = answer.body["detail"].as_str().unwrap();
            assert_eq!(told.contains("is disabled"), expected == 409, "{told}");
        }
    })
    .await;
}
