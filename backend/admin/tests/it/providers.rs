//! Providers: what an operator opens, changes and adds, and what teams can do with it.

use crate::world::{self, World};
use http::Method;
use serde_json::{Value, json};

async fn put(world: &World, token: &str, provider: &str, body: Value) -> world::Answer {
    let path = format!("/operator/providers/{provider}");
    world.call(Method::PUT, &path, Some(token), Some(body.to_string()), &[]).await
}

/// A provider as teams see it.
async fn listed(world: &World, token: &str, provider: &str) -> Option<Value> {
    let all = world.get("/providers", Some(token)).await.body;
    all.as_array().unwrap().iter().find(|one| one["provider"] == provider).cloned()
}

#[tokio::test]
async fn a_subscription_is_closed_until_an_operator_gives_a_client_id_and_confirms() {
    world::with_owner(|world, _, operator| async move {
        let before = listed(&world, &operator, "codex").await.unwrap();
        assert_eq!(before["sign_in"], json!(["token"]), "{before}");
        assert_eq!(before["closed"], json!(["oauth_code", "device_code"]));
        assert!(before["notice"]["zh"].is_string());
        let refused =
            put(&world, &operator, "codex", json!({"enabled": true, "client_id": "app_ours"})).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["field"]),
            (422, &json!("confirmation"))
        );
        let change = json!({
            "enabled": true, "client_id": "app_ours", "client_secret": "hush-hush",
            "confirmation": "Our contract of 2026-11-02 permits it.",
        });
        let opened = put(&world, &operator, "codex", change).await;
        assert_eq!(opened.status, 200, "{}", opened.body);
        assert_eq!(opened.body["confirmation"]["by"], json!("Ada Lovelace"), "{}", opened.body);
        assert_eq!((&opened.body["has_client_secret"], &opened.body["closed"]), (&json!(true), &json!([])));
        assert!(!opened.body.to_string().contains("hush"));
        let now = listed(&world, &operator, "codex").await.unwrap();
        assert_eq!(now["sign_in"], json!(["oauth_code", "device_code", "token"]));
        // A secret is only ever sent where it was meant for.
        let elsewhere = json!({"changes": {"oauth": {"token": "https://elsewhere.example/token"}}});
        let refused = put(&world, &operator, "codex", elsewhere).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["field"]),
            (422, &json!("client_secret"))
        );
        let log = world.get("/operator/audit?action=provider.set", Some(&operator)).await;
        assert_eq!(log.body["items"][0]["after"]["client_id"], json!("app_ours"), "{}", log.body);
        let path = "/operator/providers/codex";
        let reset = world.call(Method::DELETE, path, Some(&operator), None, &[]).await;
        assert_eq!(reset.status, 204);
        assert_eq!(listed(&world, &operator, "codex").await.unwrap(), before);
    })
    .await;
}

#[tokio::test]
async fn an_operator_adds_a_provider_and_a_team_uses_it_until_it_is_switched_off() {
    world::with_owner(|world, made, operator| async move {
        let account = json!({
            "name": "House", "provider": "house", "credential": {"kind": "api_key", "api_key": "k-0123456789abcdef"},
        });
        assert_eq!(world.post("/accounts", Some(&operator), account.clone()).await.status, 422);
        let bad = put(&world, &operator, "house", json!({"changes": {"name": "House"}})).await;
        assert_eq!((bad.status.as_u16(), &bad.body["errors"][0]["field"]), (422, &json!("changes")));
        let changes = json!({
            "name": "House", "base_url": "https://llm.example.com", "auth": ["api_key"], "key_header": "api-key",
            "dialects": [{"dialect": "anthropic", "path": "/v1/messages"}],
        });
        let version = causeway_store::policy::current(&world.store.cache, made.org).await.unwrap();
        let added = put(&world, &operator, "house", json!({"changes": changes})).await;
        assert_eq!((added.status.as_u16(), &added.body["source"]), (200, &json!("operator")), "{}", added.body);
        let raised = causeway_store::policy::current(&world.store.cache, made.org).await.unwrap();
        assert!(raised > version, "every relay hears of it");
        let made = world.post("/accounts", Some(&operator), account.clone()).await;
        assert_eq!((made.status.as_u16(), &made.body["base_url"]), (201, &json!("https://llm.example.com")));
        let removal = world.call(Method::DELETE, "/operator/providers/house", Some(&operator), None, &[]).await;
        assert_eq!(removal.status, 409, "{}", removal.body);
        assert_eq!(put(&world, &operator, "house", json!({"enabled": false})).await.status, 200);
        assert!(listed(&world, &operator, "house").await.is_none());
        assert_eq!(world.post("/accounts", Some(&operator), account).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn credentials_of_every_kind_are_taken_where_they_belong_and_never_shown() {
    world::with_owner(|world, _, owner| async move {
        let file = json!({
            "type": "service_account", "project_id": "proj", "private_key_id": "1",
            "private_key": "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n",
            "client_email": "relay@proj.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token",
        });
        let aws = json!({
            "kind": "aws", "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "SECRETSECRETSECRET",
            "region": "eu-central-1",
        });
        let service = json!({"kind": "service_account", "key": file.to_string()});
        for (provider, places, credential, url, kind) in [
            ("bedrock", json!({}), aws.clone(), "https://bedrock-runtime.eu-central-1.amazonaws.com", "aws"),
            (
                "vertex",
                json!({"location": "europe-west1"}),
                service.clone(),
                "https://europe-west1-aiplatform.googleapis.com/v1/projects/proj/locations/europe-west1",
                "service_account",
            ),
            ("anthropic", json!({}), json!({"kind": "token", "token": "SECRETSECRETSECRET"}), "https://api.anthropic.com", "token"),
        ] {
            let account = json!({"name": "A", "provider": provider, "places": places, "credential": credential});
            let made = world.post("/accounts", Some(&owner), account).await;
            assert_eq!(made.status, 201, "{}", made.body);
            assert_eq!((&made.body["base_url"], &made.body["credential_kind"]), (&json!(url), &json!(kind)));
            assert_eq!(made.body["credential_state"], json!("ok"));
            let text = made.body.to_string();
            assert!(!text.contains("SECRET"), "{text}");
        }
        // Neither where a provider has no such way, nor without what its address needs.
        let wrong = json!({"name": "A", "provider": "anthropic", "credential": aws});
        let refused = world.post("/accounts", Some(&owner), wrong).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["field"]), (422, &json!("credential.kind")));
        let placeless = json!({"name": "A", "provider": "vertex", "credential": service});
        let refused = world.post("/accounts", Some(&owner), placeless).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["field"]), (422, &json!("places.location")));
        let stranger = json!({
            "name": "A", "provider": "anthropic", "owner_id": uuid::Uuid::nil(),
            "credential": {"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"},
        });
        let refused = world.post("/accounts", Some(&owner), stranger).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["field"]), (422, &json!("owner_id")));
    })
    .await;
}
