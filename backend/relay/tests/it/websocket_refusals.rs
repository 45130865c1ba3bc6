//! WebSockets that are not opened, and messages that are refused: each as the same request over HTTP would be.

use crate::{
    app::{self, App, Key, MODEL, defaults},
    websocket::{Client, GPT, UPGRADE, create, go_on, upgrade},
};
use causeway_domain::{Limits, OrgId, address::Network, model::ModelPolicy, service::ApiDialect};
use causeway_relay::RelayArgs;
use causeway_simulator::SimulatorConfig;
use causeway_store::{TenantTx, organisations};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Asks for a WebSocket and gets something else.
async fn refused(
    app: &App,
    secret: &str,
    headers: &[(&str, &str)],
) -> (u16, String, reqwest::header::HeaderMap) {
    let response = upgrade(app, &app.url, secret, headers).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body: Value = response.json().await.unwrap();
    assert!(body["error"]["message"].is_string(), "{body}");
    (status, body["error"]["causeway"]["code"].as_str().unwrap_or_default().to_owned(), headers)
}

fn limits(json: Value) -> Limits {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn who_asks_for_something_else_is_told_what_there_is_and_how_to_go_on_without() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let (status, code, headers) = refused(&app, &key.secret, &[]).await;
        assert_eq!((status, code.as_str()), (426, "upgrade_required"));
        assert_eq!(headers["upgrade"], "websocket");
        assert_eq!(headers["sec-websocket-version"], "13");
        let old = [UPGRADE[0], UPGRADE[1], ("sec-websocket-version", "8"), UPGRADE[3]];
        assert_eq!(refused(&app, &key.secret, &old).await.0, 426);
        let (status, code, _) = refused(&app, &key.secret, &UPGRADE[..3]).await;
        assert_eq!((status, code.as_str()), (400, "invalid_upgrade"));
        let head = app.http.head(format!("{}/openai/v1/responses", app.url)).send().await.unwrap();
        assert_eq!(head.status(), 426);
    })
    .await;
}

#[tokio::test]
async fn an_instance_without_web_sockets_sends_codex_on_over_http() {
    let args = RelayArgs { sockets: 0, ..defaults() };
    app::run_with(args, SimulatorConfig::default(), async |app| {
        let key = app.key(Limits::default()).await;
        let (status, code, headers) = refused(&app, &key.secret, &UPGRADE).await;
        assert_eq!((status, code.as_str()), (426, "websocket_not_spoken"));
        assert!(!headers.contains_key("upgrade"));
    })
    .await;
}

#[tokio::test]
async fn a_key_that_may_not_be_used_opens_none() {
    app::run(async |app| {
        for (secret, code) in [("", "missing_key"), ("cw_nobody", "missing_key")] {
            let (status, told, _) = refused(&app, secret, &UPGRADE).await;
            assert_eq!((status, told.as_str()), (401, code));
        }
        let key = app.key(Limits::default()).await;
        let tell = async || {
            let (status, code, headers) = refused(&app, &key.secret, &UPGRADE).await;
            assert_eq!(headers["x-should-retry"], "false");
            (status, code)
        };
        app.change_key(&key, |k| k.services.dialects = vec![ApiDialect::Anthropic]).await;
        assert_eq!(tell().await, (403, "dialect_forbidden".to_owned()));
        let elsewhere: Network = "192.0.2.0/24".parse().unwrap();
        app.change_key(&key, |k| k.addresses.allow = vec![elsewhere]).await;
        assert_eq!(tell().await, (403, "address_forbidden".to_owned()));
        app.change_key(&key, |k| k.enabled = false).await;
        assert_eq!(tell().await, (401, "key_disabled".to_owned()));
        app.set_suspended(true).await;
        assert_eq!(tell().await, (401, "organization_suspended".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn what_policy_and_limits_refuse_is_an_event_and_the_connection_goes_on() {
    app::run(async |app| {
        let models = ModelPolicy { allow: vec![], deny: vec!["claude-opus-*".into()] };
        let key = app.key_with(limits(json!({"usd": {"day": "0.05"}})), models, None).await;
        let mut client = Client::open(&app.url, &key, &[("user-agent", "own-script/1")]).await;
        let cases = [
            (create("claude-opus-5", "Hello"), 403, "model_forbidden"),
            (create("nobody-knows-it", "Hello"), 404, "unknown_model"),
            // The dearest that it could cost is above what the key has.
            (
                {
                    let mut m = create(MODEL, "Hello");
                    m["max_output_tokens"] = json!(60_000);
                    m
                },
                402,
                "budget_usd",
            ),
            (
                {
                    let mut m = create(MODEL, "Hello");
                    m["background"] = json!(true);
                    m
                },
                400,
                "unpriced_option",
            ),
            (
                {
                    let mut m = create(MODEL, "Hello");
                    m["conversation"] = json!("conv_1");
                    m
                },
                400,
                "unconvertible_field",
            ),
            (
                {
                    let mut m = create(MODEL, "Hello");
                    m["max_output_tokens"] = json!("many");
                    m
                },
                400,
                "invalid_field",
            ),
            (json!({"type": "response.create", "input": "Hello"}), 400, "missing_field"),
        ];
        for (message, status, code) in cases {
            let (told, coded, event) = client.refused(&message).await;
            assert_eq!((told, event["error"]["causeway"]["code"].as_str()), (status, Some(code)), "{event}");
            assert!(event["headers"]["x-request-id"].is_string(), "{event}");
            assert!(!coded.is_empty() && event["error"]["message"].is_string());
        }
        client.ask(&create(MODEL, "Hello")).await;
        app.change_key(&key, |k| k.services.clients = vec!["codex".to_owned()]).await;
        let (status, _, event) = client.refused(&create(MODEL, "Hello")).await;
        assert_eq!((status, &event["error"]["causeway"]["code"]), (403, &json!("client_forbidden")));
        let mut codex =
            Client::open(&app.url, &key, &[("originator", "codex_exec"), ("user-agent", "codex_exec/1")])
                .await;
        codex.ask(&create(MODEL, "Hello")).await;
        app.rows(2).await;
        assert_eq!((app.open_holds().await, app.sim.ledger().len()), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn requests_of_a_minute_and_at_once_count_together_over_connections_and_http() {
    app::run(async |app| {
        let key = app.key(limits(json!({"requests_per_minute": 2}))).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        client.ask(&create(MODEL, "Hello")).await;
        assert_eq!(app.post(&key, &app::hello(false)).await.status(), 200);
        let (status, _, event) = client.refused(&create(MODEL, "Hello")).await;
        assert_eq!(
            (status, &event["error"]["causeway"]["code"]),
            (429, &json!("requests_per_minute")),
            "{event}"
        );
        let wait: u64 = event["headers"]["retry-after"].as_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&wait), "{wait}");

        let key = app.key(limits(json!({"concurrency": 1}))).await;
        let (mut one, mut two) =
            (Client::open(&app.url, &key, &[]).await, Client::open(&app.url, &key, &[]).await);
        app.script("sk-sim-test", 1, "events=20,interval=50");
        one.say(&create(MODEL, "Slowly")).await;
        one.event().await;
        let (status, _, event) = two.refused(&create(MODEL, "Hello")).await;
        assert_eq!((status, &event["error"]["causeway"]["code"]), (429, &json!("concurrency")), "{event}");
        assert_eq!(one.answer().await.pop().unwrap()["type"], "response.completed");
        two.ask(&create(MODEL, "Hello")).await;
    })
    .await;
}

#[tokio::test]
async fn a_change_of_policy_holds_from_the_next_message_and_a_revoked_key_ends_the_connection() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        let (other, url) = app.second_instance().await;
        let mut clients = [Client::open(&app.url, &key, &[]).await, Client::open(&url, &key, &[]).await];
        let mut last = Vec::new();
        for client in &mut clients {
            last.push(client.ask(&create(GPT, "Hello")).await);
        }
        app.change_key(&key, |k| k.models = ModelPolicy { allow: vec!["gpt-5-mini".into()], deny: vec![] })
            .await;
        for (client, before) in clients.iter_mut().zip(&last) {
            let (status, _, event) = client.refused(&go_on(GPT, before, "And?")).await;
            assert_eq!((status, &event["error"]["causeway"]["code"]), (403, &json!("model_forbidden")));
            client.ask(&go_on("gpt-5-mini", before, "And?")).await;
        }
        app.change_key(&key, |k| k.enabled = false).await;
        let [mut one, mut two] = clients;
        let mut prepared = create(GPT, "Hello");
        prepared["generate"] = false.into();
        for (client, message) in [(&mut one, create(GPT, "Hello")), (&mut two, prepared)] {
            let (status, _, event) = client.refused(&message).await;
            assert_eq!((status, &event["error"]["causeway"]["code"]), (401, &json!("key_disabled")));
            assert_eq!(client.closed().await.0, 1008);
        }
        app.rows(4).await;
        other.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_a_suspended_organisation_ends_as_failed() {
    app::run(async |app| {
        app.set_drain(0).await;
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        app.script("sk-sim-test", 1, "events=100000,interval=50");
        client.say(&create(MODEL, "Endlessly")).await;
        client.event().await;
        app.set_suspended(true).await;
        let last = client.answer().await.pop().unwrap();
        assert_eq!(last["type"], "response.failed", "{last}");
        assert!(last.to_string().contains("organization_suspended"), "{last}");
        assert_eq!(client.refused(&create(MODEL, "Hello")).await.0, 401);
        assert_eq!(client.closed().await.0, 1008);
        assert_eq!(app.row().await.outcome, "client_left");
    })
    .await;
}

#[tokio::test]
async fn a_key_of_another_organisation_reaches_neither_accounts_nor_answers_of_ours() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut client = Client::open(&app.url, &key, &[]).await;
        let mine = client.ask(&create(MODEL, "A secret of ours")).await;
        let mut theirs = Client::open(&app.url, &app.key_of_others().await, &[]).await;
        // They have no account, and ours is not theirs.
        let (status, _, event) = theirs.refused(&create(MODEL, "Hello")).await;
        assert_eq!((status, &event["error"]["causeway"]["code"]), (503, &json!("no_account")), "{event}");
        let (status, code, _) = theirs.refused(&go_on(MODEL, &mine, "What is it?")).await;
        assert_eq!((status, code.as_str()), (400, "previous_response_not_found"));
        let row = app.row().await;
        assert_eq!(row.key_id, key.id.0);
        assert_eq!(app.sim.ledger().len(), 1);
    })
    .await;
}

impl App {
    /// A key of an organisation that has no account.
    async fn key_of_others(&self) -> Key {
        let org = OrgId(Uuid::now_v7());
        let mut tx = TenantTx::begin(&self.store.app, org, None).await.unwrap();
        organisations::insert(&mut tx, "Other", chrono_tz::UTC).await.unwrap();
        self.commit(tx).await;
        self.issue(org, |_| {}).await
    }
}
