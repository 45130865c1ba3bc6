//! Bad input: the status, the dialect's error with the reason in it, and nothing sent upstream.

use crate::app::{self, App, Key, MODEL, hello};
use causeway_accounts::{AuthHeader, Credential};
use causeway_domain::{Limits, model::ModelPolicy, provider::Provider};
use causeway_store::{accounts, attempts};
use serde_json::{Value, json};

struct Refusal {
    status: u16,
    kind: String,
    code: String,
    message: String,
    should_retry: Option<String>,
}

async fn read(response: reqwest::Response) -> Refusal {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    let should_retry = header("x-should-retry");
    assert!(header("x-request-id").is_some() && header("request-id").is_some());
    let body: Value = response.json().await.unwrap();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    assert_eq!(body["type"], "error", "{body}");
    Refusal {
        status,
        kind: text(&body["error"]["type"]),
        code: text(&body["error"]["causeway"]["code"]),
        message: text(&body["error"]["message"]),
        should_retry,
    }
}

async fn send(app: &App, key: &Key, body: impl Into<reqwest::Body>) -> Refusal {
    let request = app.http.post(format!("{}/api/v1/messages", app.url)).header("x-api-key", &key.secret);
    read(request.body(body).send().await.unwrap()).await
}

fn expect(refusal: &Refusal, status: u16, kind: &str, code: &str, words: &str) {
    let seen = (refusal.status, refusal.kind.as_str(), refusal.code.as_str());
    assert_eq!(seen, (status, kind, code), "{}", refusal.message);
    assert!(refusal.message.contains(words), "{}", refusal.message);
    assert_eq!(refusal.should_retry.as_deref(), Some("false"));
}

#[tokio::test]
async fn keys_that_may_not_be_used_are_told_why_and_nothing_is_sent() {
    app::run(async |app| {
        let wrong = Key {
            secret: causeway_domain::secret::key_from_random(&[3; 64]).unwrap(),
            ..app.key(Limits::default()).await
        };
        expect(
            &send(&app, &wrong, hello(false).to_string()).await,
            401,
            "authentication_error",
            "unknown_key",
            "does not exist",
        );

        let url = format!("{}/v1/messages", app.url);
        let none = read(app.http.post(url).json(&hello(false)).send().await.unwrap()).await;
        expect(&none, 401, "authentication_error", "missing_key", "no API key");

        let yesterday = chrono::Utc::now() - chrono::Duration::days(1);
        let expired = app.key_with(Limits::default(), ModelPolicy::default(), Some(yesterday)).await;
        expect(
            &send(&app, &expired, hello(false).to_string()).await,
            401,
            "authentication_error",
            "key_expired",
            "expired",
        );

        let key = app.key(Limits::default()).await;
        app.change_key(&key, |k| k.enabled = false).await;
        expect(
            &send(&app, &key, hello(false).to_string()).await,
            401,
            "authentication_error",
            "key_disabled",
            "disabled",
        );
        assert_eq!(app.sim.ledger().len(), 0);
        assert_eq!(app.rows_now().await, 0);
    })
    .await;
}

#[tokio::test]
async fn models_are_refused_in_four_different_ways() {
    app::run(async |app| {
        let models = ModelPolicy { allow: vec!["claude-*".into()], deny: vec!["*opus*".into()] };
        let key = app.key_with(Limits::default(), models, None).await;
        let with = |model: &str| json!({"model": model, "max_tokens": 9, "messages": []}).to_string();
        expect(
            &send(&app, &key, with("claude-opus-5")).await,
            403,
            "permission_error",
            "model_forbidden",
            "claude-*, but not *opus*",
        );
        expect(
            &send(&app, &key, with("claude-no-such")).await,
            404,
            "not_found_error",
            "unknown_model",
            "claude-no-such",
        );
        app.disable_account(app.account).await;
        let credential = Credential::api_key(AuthHeader::XApiKey, "sk-sim-test").unwrap();
        let other = app.add_at(Provider::ANTHROPIC_COMPATIBLE, &app.sim.url(), &credential).await;
        let mut tx = app.tx().await;
        let listed = ["claude-opus-5".to_owned()];
        accounts::save_test(&mut tx, other, &json!({}), Some(&listed)).await.unwrap();
        app.commit(tx).await;
        expect(
            &send(&app, &key, with(MODEL)).await,
            404,
            "not_found_error",
            "not_served",
            &format!("lists the model \"{MODEL}\""),
        );
        app.disable_account(other).await;
        expect(
            &send(&app, &key, with(MODEL)).await,
            503,
            "overloaded_error",
            "no_account",
            "no upstream account",
        );
        assert_eq!(app.sim.ledger().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn bodies_that_cannot_be_acted_on_name_the_field() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let bad = "invalid_request_error";
        for (body, code, words) in [
            ("{", "invalid_json", ""),
            ("[]", "invalid_json", ""),
            ("hello", "invalid_json", ""),
            (r#"{"max_tokens":1,"messages":[]}"#, "missing_field", "model"),
            (r#"{"model":"claude-haiku-4-5","messages":[]}"#, "missing_field", "max_tokens"),
            (r#"{"model":7,"max_tokens":1}"#, "invalid_field", "model"),
            (r#"{"model":"claude-haiku-4-5","max_tokens":"9"}"#, "invalid_field", "max_tokens"),
            (r#"{"model":"claude-haiku-4-5","max_tokens":0}"#, "invalid_field", "max_tokens"),
            (
                r#"{"model":"claude-haiku-4-5","model":"claude-opus-5","max_tokens":1}"#,
                "ambiguous_field",
                "model",
            ),
            (
                r#"{"model":"claude-haiku-4-5","Model":"claude-opus-5","max_tokens":1}"#,
                "ambiguous_field",
                "model",
            ),
            (r#"{"model":"claude-haiku-4-5","max_tokens":1,"stream":"yes"}"#, "invalid_field", "stream"),
            (r#"{"model":"claude-haiku-4-5","max_tokens":1,"speed":"fast"}"#, "unpriced_option", "speed"),
        ] {
            expect(&send(&app, &key, body).await, 400, bad, code, words);
        }
        expect(
            &send(&app, &key, vec![b'x'; 33 << 20]).await,
            413,
            "request_too_large",
            "body_too_large",
            "33554432",
        );
        let request = app.http.post(format!("{}/v1/messages", app.url)).header("x-api-key", &key.secret);
        let packed =
            read(request.header("content-encoding", "gzip").body("not gzip").send().await.unwrap()).await;
        expect(&packed, 400, bad, "invalid_encoding", "content-encoding");
        assert_eq!(app.sim.ledger().len(), 0);
        assert_eq!((app.rows_now().await, app.open_holds().await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_the_dialect() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let post = |path: &str| {
            app.http.post(format!("{}{path}", app.url)).header("x-api-key", &key.secret).json(&hello(false))
        };
        for path in ["/api/v1/nothing", "/v1/messages/batches", "/api"] {
            expect(
                &read(post(path).send().await.unwrap()).await,
                404,
                "not_found_error",
                "unknown_endpoint",
                "no such endpoint",
            );
        }
        let get = app.http.get(format!("{}/v1/messages", app.url)).header("x-api-key", &key.secret);
        expect(
            &read(get.send().await.unwrap()).await,
            404,
            "not_found_error",
            "unknown_endpoint",
            "GET /v1/messages",
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_takes_effect_on_the_next_request_of_every_instance() {
    app::run(async |app| {
        let (other, url) = app.second_instance().await;
        let key = app.key(Limits::default()).await;
        for at in [&app.url, &url] {
            assert_eq!(app.post_to(at, &key, &hello(false)).await.status(), 200);
        }
        app.change_key(&key, |k| k.models.deny = vec!["*".into()]).await;
        for at in [&app.url, &url] {
            assert_eq!(app.post_to(at, &key, &hello(false)).await.status(), 403);
        }
        app.change_key(&key, |k| k.models.deny.clear()).await;
        for at in [&app.url, &url] {
            assert_eq!(app.post_to(at, &key, &hello(false)).await.status(), 200);
        }
        let mut tx = app.tx().await;
        causeway_store::keys::delete(&mut tx, key.id).await.unwrap();
        app.commit(tx).await;
        for at in [&app.url, &url] {
            assert_eq!(app.post_to(at, &key, &hello(false)).await.status(), 401);
        }
        other.close(std::time::Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_credential_does_not_go_to_an_address_it_was_not_sealed_for() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let mut tx = app.tx().await;
        let mut row = accounts::get(&mut tx, app.account, true).await.unwrap();
        row.base_url = "http://127.0.0.1:9".to_owned();
        accounts::update(&mut tx, &row).await.unwrap();
        app.commit(tx).await;
        let refused = send(&app, &key, hello(false).to_string()).await;
        assert_eq!((refused.status, refused.code.as_str()), (503, "no_account"));
    })
    .await;
}

#[tokio::test]
async fn what_a_limit_or_a_rule_refuses_is_kept_once_a_minute_with_the_words_that_its_client_was_told() {
    app::run(async |app| {
        let spent = app.key(serde_json::from_value(json!({"usd": {"day": "0.000001"}})).unwrap()).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            let refused = app.post(&spent, &hello(false)).await;
            assert_eq!(refused.status(), 402);
            ids.push(refused.headers()["x-request-id"].to_str().unwrap().to_owned());
        }
        let only: ModelPolicy = serde_json::from_value(json!({"allow": ["gpt-*"]})).unwrap();
        let narrow = app.key_with(Limits::default(), only, None).await;
        let forbidden = app.post(&narrow, &hello(false)).await;
        assert_eq!(forbidden.status(), 403);
        let way = app.attempts(&forbidden).await;
        assert_eq!((way.status, way.code.as_str(), way.key), (403, "model_forbidden", narrow.id));
        assert!(way.message.contains("it allows: gpt-*"), "{way:?}");
        let first = app.attempts_of(&ids[0]).await;
        assert_eq!((first.status, first.code.as_str()), (402, "budget_usd"));
        assert!(first.message.contains("daily budget of this API key is $0.000001"), "{first:?}");
        assert_eq!(first.steps, json!([]), "no account was chosen");
        // What came later is written: so the two after the first are not.
        let mut tx = app.tx().await;
        let kept = attempts::refused(&mut tx, (None, None), None, 10).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|refused| refused.way.request.to_string()).collect();
        assert_eq!(kept, [way.request.to_string(), ids[0].clone()]);
    })
    .await;
}
