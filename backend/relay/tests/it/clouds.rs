//! Clouds that sell a maker's models in a manner of their own: the model in the path, signed requests, answers in another
//! frame. The client notices nothing of it, and the bill is exact.

use crate::{
    app::{self, App, Key, hello, scripted, tokens},
    faults::read_broken,
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use causeway_accounts::{AuthHeader, Credential};
use causeway_domain::{TokenCounts, price::ServiceTier, provider::Provider};
use causeway_simulator::{AWS_SECRET, ServiceAccount, Tokens};
use causeway_store::credentials;
use chrono::Utc;
use serde_json::{Value, json};
use std::sync::Arc;

const AT_BEDROCK: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const AT_VERTEX: &str = "claude-haiku-4-5@20251001";

fn asking(model: &str, mut body: Value) -> Value {
    body["model"] = model.into();
    body
}

fn cost(app: &App, provider: Provider, model: &str, t: &Tokens) -> i64 {
    let counts = TokenCounts {
        input: t.input,
        output: t.output,
        cache_read: t.cache_read,
        cache_write_5m: t.cache_write_5m,
        cache_write_1h: t.cache_write_1h,
        reasoning: 0,
    };
    app.prices.table().find(provider, model).unwrap().first.cost(&counts, ServiceTier::Standard).0
}

/// Only the accounts that are added from here on.
async fn alone(app: &Arc<App>) -> Key {
    app.disable_account(app.account).await;
    app.key(Default::default()).await
}

/// Posts, and holds the row against the provider's truth. Returns the answer.
async fn exact(app: &Arc<App>, key: &Key, provider: Provider, body: &Value) -> String {
    app.sim.ledger().clear();
    let before = app.rows_now().await;
    let response = app.post(key, body).await;
    let status = response.status();
    let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    let stream = body["stream"] == true;
    assert!(kind.starts_with(if stream { "text/event-stream" } else { "application/json" }), "{kind}");
    let (row, truth) = (app.rows(before + 1).await.remove(0), app.truth().await);
    let model = body["model"].as_str().unwrap();
    assert_eq!(truth.model.as_deref(), Some(model));
    assert_eq!(tokens(&row), truth.billed);
    assert_eq!(row.charged_nanos, cost(app, provider, model, &truth.billed));
    assert!(row.charged_nanos > 0 && !row.estimated);
    assert_eq!((row.outcome.as_str(), row.stream), ("completed", stream));
    assert_eq!(row.upstream_request_id.as_deref(), Some(truth.request_id.as_str()));
    text
}

fn aws(key: &str, session: Option<&str>) -> Credential {
    Credential::aws(key, AWS_SECRET, session, "eu-west-1").unwrap()
}

#[tokio::test]
async fn bedrock_is_asked_with_a_signature_and_its_frames_become_events_with_exact_usage() {
    app::run(async |app| {
        let key = alone(&app).await;
        let bearer = Credential::api_key(AuthHeader::Bearer, "sk-sim-bedrock").unwrap();
        let temporary = aws("ASIASIMTEMPORARY0001", Some("sim-session-1"));
        for credential in [aws("AKIASIMULATOR0000001", None), temporary, bearer] {
            let account = app.add_at(Provider::BEDROCK, &app.sim.url(), &credential).await;
            for script in
                ["shape=full", "shape=tools,per_packet=24", "shape=text,piece=1", "shape=thinking,piece=7"]
            {
                let body = asking(AT_BEDROCK, scripted(true, script));
                let text = exact(&app, &key, Provider::BEDROCK, &body).await;
                assert!(text.starts_with("event: message_start\ndata: {"), "{text}");
                assert!(text.contains("event: message_stop\n"), "{text}");
            }
            let text = exact(&app, &key, Provider::BEDROCK, &asking(AT_BEDROCK, hello(false))).await;
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["type"], "message");
            app.disable_account(account).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_bedrock_refuses_moves_on_by_its_own_words_or_is_told_in_the_clients() {
    app::run(async |app| {
        let key = alone(&app).await;
        // The wrong secret, then one that is limited inside its stream, then one that answers.
        let wrong = Credential::aws("AKIASIMULATOR0000001", "wrong", None, "eu-west-1").unwrap();
        let first = app.add_at(Provider::BEDROCK, &app.sim.url(), &wrong).await;
        let limited = Credential::api_key(AuthHeader::Bearer, "sk-sim-limited").unwrap();
        let second = app.add_at(Provider::BEDROCK, &app.sim.url(), &limited).await;
        app.script("sk-sim-limited", 1, "error_event=throttlingException@0");
        app.add_at(Provider::BEDROCK, &app.sim.url(), &aws("AKIASIMULATOR0000001", None)).await;
        let response = app.post(&key, &asking(AT_BEDROCK, hello(true))).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("message_stop"), "{text}");
        let causes: Vec<_> = app.cooldowns(2).await.into_iter().map(|c| (c.account, c.cause)).collect();
        assert!(causes.contains(&(first, "bad_credential".to_owned())), "{causes:?}");
        assert!(causes.contains(&(second, "limited".to_owned())), "{causes:?}");
        // The caller's fault, in a shape that its program can read.
        app.script("AKIASIMULATOR0000001", 1, "status=400,message=messages: at least one is required");
        let response = app.post(&key, &asking(AT_BEDROCK, hello(false))).await;
        assert_eq!(response.status(), 400);
        let told: Value = response.json().await.unwrap();
        assert_eq!(
            (&told["type"], &told["error"]["type"]),
            (&json!("error"), &json!("invalid_request_error"))
        );
        assert!(told["error"]["message"].as_str().unwrap().contains("at least one is required"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_bedrock_stream_that_breaks_off_ends_with_an_error_that_the_client_can_read() {
    app::run(async |app| {
        let key = alone(&app).await;
        let account = app.add_at(Provider::BEDROCK, &app.sim.url(), &aws("AKIASIMULATOR0000001", None)).await;
        for script in ["error_event=overloaded_error@5", "cut=close@5"] {
            let response = app.post(&key, &asking(AT_BEDROCK, scripted(true, script))).await;
            assert_eq!(response.status(), 200, "{script}");
            let text = read_broken(response).await.0;
            assert!(text.contains("event: error\n"), "{script}: {text}");
            assert!(!text.contains("message_stop"), "{script}: {text}");
            app.cooldowns(1).await;
            app.reset(account).await;
        }
    })
    .await;
}

/// The token that Google gives for an assertion signed with the account's key.
async fn token(account: &ServiceAccount) -> String {
    let now = Utc::now().timestamp();
    let claims = json!({
        "iss": account.email, "aud": account.token_url, "iat": now, "exp": now + 3600,
        "scope": "https://www.googleapis.com/auth/cloud-platform",
    });
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": account.key_id});
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(&header), encode(&claims));
    let pem: String = account.private_key.lines().filter(|line| !line.starts_with("---")).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    let assertion = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let form =
        format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(&account.token_url).header("content-type", "application/x-www-form-urlencoded");
    let answer: Value = request.body(form).send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn vertex_is_asked_with_a_service_accounts_token_and_bills_the_model_in_its_path_exactly() {
    app::run(async |app| {
        let key = alone(&app).await;
        let account = app.sim.service_accounts().make("demo").unwrap();
        let base = format!("{}/v1/projects/demo/locations/europe-west1", app.sim.url());
        let access = Some(token(&account).await);
        let credential = Credential::ServiceAccount { key: account.json(), access, expires_at: None };
        app.add_at(Provider::VERTEX, &base, &credential).await;
        for script in ["shape=full", "shape=text,piece=7"] {
            let body = asking(AT_VERTEX, scripted(true, script));
            let text = exact(&app, &key, Provider::VERTEX, &body).await;
            assert!(text.contains("event: message_stop"), "{text}");
        }
        exact(&app, &key, Provider::VERTEX, &asking(AT_VERTEX, hello(false))).await;
        // The platform's own errors are told in the client's dialect.
        let body = scripted(false, "status=404,error=NOT_FOUND,message=nothing");
        let response = app.post(&key, &asking("claude-haiku-4-5", body)).await;
        assert_eq!(response.status(), 404);
        let told: Value = response.json().await.unwrap();
        assert_eq!(told["error"]["type"], "not_found_error", "{told}");
        assert_eq!(told["error"]["message"], "nothing");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_over_is_had_again_once_and_after_that_the_account_rests_and_the_next_one_answers() {
    app::run(async |app| {
        let key = alone(&app).await;
        let account = app.sim.service_accounts().make("demo").unwrap();
        let base = format!("{}/v1/projects/demo/locations/europe-west1", app.sim.url());
        let access = Some(token(&account).await);
        let credential = Credential::ServiceAccount { key: account.json(), access, expires_at: None };
        let vertex = app.add_at(Provider::VERTEX, &base, &credential).await;
        app.add_account(&app.sim.url(), "sk-sim-test").await;
        for (refused, version, rests) in [("at first", 2, 0), ("right after that", 2, 1)] {
            app.sim.service_accounts().expire_access();
            let response = app.post(&key, &asking("claude-haiku-4-5", hello(false))).await;
            assert_eq!(response.status(), 200, "{refused}");
            let held = credentials::held(&app.store.jobs, app.org, vertex).await.unwrap().unwrap();
            assert_eq!((held.version, held.dead), (version, false), "{refused}");
            let causes: Vec<_> =
                app.cooldowns(rests).await.into_iter().map(|c| (c.account, c.cause)).collect();
            assert_eq!(causes, vec![(vertex, "bad_credential".to_owned()); rests], "{refused}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_converted_is_not_asked_of_an_account_that_does_not_have_it() {
    app::run(async |app| {
        let key = alone(&app).await;
        app.add_account(&app.sim.url(), "sk-sim-test").await;
        let url = format!("{}/openai/v1/embeddings", app.url);
        let body = json!({"model": "claude-haiku-4-5", "input": "Hello"});
        let response = app.http.post(url).bearer_auth(&key.secret).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 404);
        let told: Value = response.json().await.unwrap();
        assert!(told["error"]["message"].as_str().unwrap().contains("not converted"), "{told}");
        assert_eq!(told["error"]["causeway"]["code"], "not_served");
        assert!(app.sim.ledger().entries().is_empty());
    })
    .await;
}
