//! Service accounts and what their tokens open. The assertion is signed here, with the key that the file holds.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use causeway_simulator::{Outcome, Rule, Script, ServiceAccount};

use super::{
    oauth::{posted, text},
    *,
};

/// An assertion by the key file, with some claims changed.
fn assertion(file: &Value, changes: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({
        "iss": file["client_email"], "aud": file["token_uri"], "iat": now, "exp": now + 3600,
        "scope": "https://www.googleapis.com/auth/cloud-platform",
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": file["private_key_id"]});
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(&header), encode(&claims));
    let pem: String = text(&file["private_key"]).lines().filter(|line| !line.starts_with("---")).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn exchange(file: &Value, assertion: &str) -> (u16, Value) {
    let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)];
    let answer = posted(reqwest::Client::new().post(text(&file["token_uri"])), &fields).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn started() -> (Simulator, ServiceAccount, Value) {
    let simulator = start().await;
    let account = simulator.service_accounts().make("demo").unwrap();
    let file = serde_json::from_str(&account.json()).unwrap();
    (simulator, account, file)
}

async fn access(file: &Value) -> String {
    let (status, answer) = exchange(file, &assertion(file, &json!({}))).await;
    assert_eq!(status, 200, "{answer}");
    text(&answer["access_token"]).to_owned()
}

fn request(stream: bool) -> Value {
    let mut body = body(stream, "u");
    body.as_object_mut().unwrap().remove("model");
    body["anthropic_version"] = "vertex-2023-10-16".into();
    body
}

fn predict(simulator: &Simulator, access: &str, what: &str, body: &Value) -> reqwest::RequestBuilder {
    let place = "v1/projects/demo/locations/europe-west1/publishers/anthropic/models";
    let address = format!("{}/{place}/{what}", simulator.url());
    reqwest::Client::new().post(address).bearer_auth(access).json(body)
}

#[tokio::test]
async fn a_signed_assertion_becomes_a_token_and_every_wrong_one_is_refused_for_its_reason() {
    let (simulator, account, file) = started().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (changes, error, why) in [
        (json!({"aud": "https://elsewhere.example/token"}), "invalid_grant", "audience"),
        (json!({"iss": "nobody@demo.iam.gserviceaccount.com"}), "invalid_grant", "not found"),
        (json!({"iat": now - 7200, "exp": now - 3600}), "invalid_grant", "short-lived"),
        (json!({"exp": now + 7200}), "invalid_grant", "short-lived"),
        (json!({"scope": "openid"}), "invalid_scope", "scope"),
    ] {
        let (status, answer) = exchange(&file, &assertion(&file, &changes)).await;
        assert_eq!((status, text(&answer["error"])), (400, error), "{changes}");
        assert!(text(&answer["error_description"]).contains(why), "{answer}");
    }
    // Signed with the key of another account.
    let other = simulator.service_accounts().make("demo").unwrap();
    let mut forged: Value = serde_json::from_str(&other.json()).unwrap();
    forged["client_email"] = file["client_email"].clone();
    let (_, answer) = exchange(&file, &assertion(&forged, &json!({}))).await;
    assert_eq!(answer["error_description"], "Invalid JWT Signature.");

    access(&file).await;
    assert_eq!(simulator.service_accounts().tokens(&account.email), 1);
    simulator.service_accounts().delete(&account.email);
    assert_eq!(exchange(&file, &assertion(&file, &json!({}))).await.0, 400);
}

#[tokio::test]
async fn both_calls_answer_as_the_provider_does_and_are_billed_to_the_model_in_the_address() {
    let (simulator, account, file) = started().await;
    let access = access(&file).await;
    let model = "claude-haiku-4-5@20251001";
    let whole =
        predict(&simulator, &access, &format!("{model}:rawPredict"), &request(false)).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert!(!whole.headers().contains_key("anthropic-ratelimit-requests-limit"));
    let whole: Value = whole.json().await.unwrap();
    assert_eq!((&whole["type"], &whole["model"]), (&"message".into(), &"claude-haiku-4-5-20251001".into()));

    let streamed = predict(&simulator, &access, &format!("{model}:streamRawPredict"), &request(true));
    let streamed = streamed.send().await.unwrap().text().await.unwrap();
    assert_eq!(events(&streamed).last().unwrap()["type"], "message_stop");
    for entry in simulator.ledger().entries() {
        assert_eq!((entry.subject.as_deref(), entry.model.as_deref()), (Some(&*account.email), Some(model)));
        assert_eq!((entry.outcome, entry.sent), (Outcome::Completed, entry.billed));
    }
}

#[tokio::test]
async fn bodies_made_for_the_provider_itself_are_refused() {
    let (simulator, _, file) = started().await;
    let access = access(&file).await;
    let changed = |name: &str, value: Value| {
        let mut body = request(false);
        body[name] = value;
        body
    };
    for (body, why) in [
        (changed("model", "claude-haiku-4-5".into()), "model: Extra inputs"),
        (changed("anthropic_version", "2023-06-01".into()), "anthropic_version: Input should be"),
        (body(false, "u"), "anthropic_version: Field required"),
        (changed("stream", true.into()), "stream"),
        (changed("max_tokens", 0.into()), "max_tokens"),
    ] {
        let answer = predict(&simulator, &access, "claude-haiku-4-5:rawPredict", &body).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let answer: Value = answer.json().await.unwrap();
        assert!(text(&answer["error"]["message"]).starts_with(why), "{answer}");
    }
}

#[tokio::test]
async fn only_a_service_accounts_own_token_in_its_own_project_and_time_is_let_in() {
    let (simulator, _, file) = started().await;
    let what = "claude-haiku-4-5:rawPredict";
    let status = async |access: &str| {
        let answer = predict(&simulator, access, what, &request(false)).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"]["status"].clone())
    };
    let good = access(&file).await;
    let foreign = simulator.service_accounts().make("elsewhere").unwrap();
    let foreign = access(&serde_json::from_str(&foreign.json()).unwrap()).await;
    let person = simulator.oauth().issue("acct-ada", "me").access;
    assert_eq!(status(&foreign).await, (403, "PERMISSION_DENIED".into()));
    for stranger in [KEY, &person] {
        assert_eq!(status(stranger).await, (401, "UNAUTHENTICATED".into()));
    }
    assert_eq!(status(&good).await.0, 200);
    assert_eq!(oauth::call(&simulator, &good).await.0, 401);
    simulator.service_accounts().expire_access();
    assert_eq!(status(&good).await.0, 401);
}

#[tokio::test]
async fn faults_come_in_the_platforms_manner_and_the_models_in_the_providers() {
    let (simulator, account, file) = started().await;
    let access = access(&file).await;
    for (script, status, place, kind) in [
        ("status=429,retry_after=3", 429, "/error/status", "RESOURCE_EXHAUSTED"),
        ("status=503", 503, "/error/status", "UNAVAILABLE"),
        ("status=404", 404, "/error/status", "NOT_FOUND"),
        ("status=529", 529, "/error/type", "overloaded_error"),
    ] {
        let rule = Rule::on_subject(&account.email, Script::parse(script).unwrap()).times(1);
        simulator.queue(rule);
        let answer = predict(&simulator, &access, "m:rawPredict", &request(false)).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer.pointer(place), Some(&kind.into()), "{answer}");
    }
    simulator
        .queue(Rule::on_token("/google/token", "jwt-bearer", Script::parse("status=503").unwrap()).times(1));
    assert_eq!(exchange(&file, &assertion(&file, &json!({}))).await.0, 503);
    simulator.next("cut=reset@4").unwrap();
    let broken = predict(&simulator, &access, "m:streamRawPredict", &request(true)).send().await.unwrap();
    assert!(broken.bytes().await.is_err());
}

#[tokio::test]
async fn models_and_token_counts_are_to_be_had() {
    let (simulator, _, file) = started().await;
    let access = access(&file).await;
    let list = format!("{}/v1beta1/publishers/anthropic/models", simulator.url());
    let list = reqwest::Client::new().get(list).bearer_auth(&access).send().await.unwrap();
    let list: Value = list.json().await.unwrap();
    let names: Vec<_> =
        list["publisherModels"].as_array().unwrap().iter().map(|m| text(&m["name"])).collect();
    assert!(names.contains(&"publishers/anthropic/models/claude-haiku-4-5@20251001"), "{names:?}");
    let count =
        predict(&simulator, &access, "count-tokens:rawPredict", &request(false)).send().await.unwrap();
    assert!(count.json::<Value>().await.unwrap()["input_tokens"].is_u64());
}

#[tokio::test]
async fn gemini_is_spoken_to_service_accounts_too() {
    let (simulator, account, file) = started().await;
    let access = access(&file).await;
    let place = "v1/projects/demo/locations/europe-west1/publishers/google/models";
    let body = json!({
        "contents": [{"role": "user", "parts": [{"text": "How does water find its way?"}]}],
        "labels": {"user_id": "sim:tag=cloud"},
    });
    let ask = |key: &str, action: &str| {
        let address = format!("{}/{place}/gemini-2.5-pro:{action}", simulator.url());
        reqwest::Client::new().post(address).bearer_auth(key).json(&body)
    };
    let streamed = ask(&access, "streamGenerateContent?alt=sse").send().await.unwrap().text().await.unwrap();
    assert_eq!(events(&streamed).last().unwrap()["candidates"][0]["finishReason"], "STOP");
    let [entry] = &simulator.ledger().tagged("cloud")[..] else { panic!("one request was made") };
    assert_eq!((entry.subject.as_deref(), entry.sent), (Some(&*account.email), entry.billed));
    assert_eq!(ask(KEY, "generateContent").send().await.unwrap().status(), 401);
}
