//! One file of each kind as its program writes it, and what may be wrong with it.

use super::{Entry, Login, MOST, Secret, Shape, read};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn token(claims: &Value) -> String {
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn all(file: &Value) -> Vec<Entry> {
    read(file.to_string().as_bytes())
}

/// The one credential of a file.
fn one(file: &Value) -> (Shape, Login) {
    let mut found = all(file);
    assert_eq!(found.len(), 1, "{found:?}");
    let entry = found.remove(0);
    (entry.shape.unwrap(), entry.login.unwrap())
}

/// The field that is refused.
fn refused(file: &Value) -> String {
    let found = all(file);
    let bad = found.iter().find_map(|entry| entry.login.as_ref().err()).unwrap();
    assert!(!bad.problem.is_empty());
    bad.field.clone()
}

fn oauth(login: &Login) -> (&str, Option<&str>, &Value) {
    match &login.secret {
        Secret::Oauth { access, refresh, answer } => (access, refresh.as_ref().map(|r| r.as_str()), answer),
        _ => panic!("no authorisation"),
    }
}

fn service_account() -> Value {
    json!({"type": "service_account", "project_id": "p", "private_key_id": "k",
        "private_key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n",
        "client_email": "robot@p.iam.gserviceaccount.com", "client_id": "1", "token_uri": "https://t"})
}

#[test]
fn claude_codes_file_has_tokens_an_end_in_milliseconds_and_a_plan() {
    let file = json!({"claudeAiOauth": {"accessToken": "sk-ant-oat01-a", "refreshToken": "sk-ant-ort01-r",
        "expiresAt": 1_785_876_648_522_i64, "scopes": ["user:inference"], "subscriptionType": "max"}});
    let (shape, login) = one(&file);
    assert_eq!((shape, login.provider.as_str()), (Shape::ClaudeCode, "anthropic"));
    assert_eq!((login.plan.as_deref(), login.email.as_deref()), (Some("max"), None));
    assert_eq!(login.expires_at.unwrap().timestamp_millis(), 1_785_876_648_522);
    assert_eq!(oauth(&login).1, Some("sk-ant-ort01-r"));

    let mut both = file.clone();
    both["oauthAccount"] =
        json!({"accountUuid": "u", "emailAddress": "a@example.com", "organizationUuid": "o"});
    let (_, login) = one(&both);
    assert_eq!(login.email.as_deref(), Some("a@example.com"));
    assert_eq!(oauth(&login).2.pointer("/account/uuid"), Some(&json!("u")));

    for (field, value, named) in [
        ("accessToken", Value::Null, "claudeAiOauth.accessToken"),
        ("accessToken", json!(7), "claudeAiOauth.accessToken"),
        ("accessToken", json!("two words"), "claudeAiOauth.accessToken"),
        ("refreshToken", json!("a\nb"), "claudeAiOauth.refreshToken"),
        ("expiresAt", json!("soon"), "claudeAiOauth.expiresAt"),
        ("expiresAt", json!(-1), "claudeAiOauth.expiresAt"),
        ("expiresAt", json!(1e300), "claudeAiOauth.expiresAt"),
        ("subscriptionType", json!("x".repeat(301)), "claudeAiOauth.subscriptionType"),
    ] {
        let mut bad = file.clone();
        bad["claudeAiOauth"][field] = value;
        assert_eq!(refused(&bad), named);
    }
    assert_eq!(refused(&json!({"claudeAiOauth": "x"})), "claudeAiOauth");
}

#[test]
fn codexs_file_may_have_an_api_key_tokens_or_both() {
    let id_token = token(&json!({"sub": "s", "email": "b@example.com"}));
    let tokens = json!({"id_token": id_token, "access_token": token(&json!({"exp": 1_900_000_000})),
        "refresh_token": "r", "account_id": "acc"});
    let both =
        all(&json!({"OPENAI_API_KEY": "sk-1", "tokens": tokens, "last_refresh": "2026-11-01T00:00:00Z"}));
    let providers: Vec<_> = both.iter().map(|e| e.login.as_ref().unwrap().provider.as_str()).collect();
    assert_eq!(providers, ["openai", "codex"]);
    let (shape, login) = one(&json!({"OPENAI_API_KEY": null, "tokens": tokens}));
    assert_eq!((shape, login.email.as_deref()), (Shape::Codex, Some("b@example.com")));
    assert_eq!(login.expires_at.unwrap().timestamp(), 1_900_000_000);
    let account = oauth(&login).2.pointer("/https:~1~1api.openai.com~1auth/chatgpt_account_id").unwrap();
    assert_eq!(account, "acc");
    let (_, login) = one(&json!({"OPENAI_API_KEY": "sk-1", "tokens": null}));
    assert!(matches!(&login.secret, Secret::ApiKey(key) if key.as_str() == "sk-1"));
    assert_eq!(refused(&json!({"OPENAI_API_KEY": null})), "tokens");
    assert_eq!(refused(&json!({"OPENAI_API_KEY": ["sk"]})), "OPENAI_API_KEY");
    assert_eq!(refused(&json!({"tokens": {"refresh_token": "r"}})), "tokens.access_token");
}

#[test]
fn what_two_programs_call_alike_is_told_apart_by_what_is_in_it() {
    let gemini = json!({"access_token": "ya29.a", "refresh_token": "1//r", "scope":
        "https://www.googleapis.com/auth/cloud-platform openid", "token_type": "Bearer",
        "id_token": token(&json!({"iss": "https://accounts.google.com", "email": "g@example.com"})),
        "expiry_date": 1_785_876_648_522_i64});
    let (shape, login) = one(&gemini);
    assert_eq!((shape, login.provider.as_str()), (Shape::GeminiCli, "gemini"));
    assert_eq!(login.email.as_deref(), Some("g@example.com"));
    let qwen = json!({"access_token": "a", "refresh_token": "r", "token_type": "Bearer",
        "resource_url": "portal.qwen.ai", "expiry_date": 1_785_876_648_522_i64});
    let (shape, login) = one(&qwen);
    assert_eq!((shape, login.provider.as_str()), (Shape::QwenCode, "qwen"));
    assert_eq!(login.base_url, None, "a file does not say where tokens are sent");
    assert_eq!(all(&json!({"access_token": "a", "refresh_token": "r"}))[0].shape, None);
}

#[test]
fn files_of_another_proxy_name_their_provider() {
    let file = json!({"type": "claude", "access_token": "a", "refresh_token": "r", "email": "c@example.com",
        "expired": "2026-12-01T10:00:00+02:00", "last_refresh": "x", "id_token": ""});
    let (shape, login) = one(&file);
    assert_eq!((shape, login.provider.as_str()), (Shape::ProxyAuth, "anthropic"));
    assert_eq!(login.expires_at.unwrap().to_rfc3339(), "2026-12-01T08:00:00+00:00");
    assert_eq!((login.email.as_deref(), login.enabled), (Some("c@example.com"), true));

    let codex = json!({"type": "codex", "access_token": "a", "refresh_token": "r", "account_id": "acc",
        "disabled": true});
    let (_, login) = one(&codex);
    assert_eq!((login.provider.as_str(), login.enabled), ("codex", false));
    assert!(oauth(&login).2.get("https://api.openai.com/auth").is_some());

    let gemini = json!({"type": "gemini", "email": "g@example.com", "project_id": "p",
        "token": {"access_token": "a", "refresh_token": "r", "expiry": "2026-12-01T10:00:00Z"}});
    let (_, login) = one(&gemini);
    assert_eq!((login.provider.as_str(), oauth(&login).0), ("gemini", "a"));
    assert!(login.expires_at.is_some());

    let vertex = json!({"type": "vertex", "project_id": "p", "location": "europe-west1",
        "service_account": service_account()});
    let (_, login) = one(&vertex);
    assert_eq!((login.provider.as_str(), login.location.as_deref()), ("vertex", Some("europe-west1")));

    assert_eq!(refused(&json!({"type": "claude", "refresh_token": "r"})), "access_token");
    assert_eq!(refused(&json!({"type": "gemini", "token": {"refresh_token": "r"}})), "token.access_token");
    assert_eq!(refused(&json!({"type": "claude", "access_token": "a", "disabled": "no"})), "disabled");
    assert_eq!(refused(&json!({"type": "claude", "access_token": "a", "expired": 1e99})), "expired");
    assert_eq!(refused(&json!({"type": "vertex", "service_account": {"type": "x"}})), "service_account");
}

#[test]
fn clouds_keys_are_known_as_the_clouds_write_them() {
    let (shape, login) = one(&service_account());
    assert_eq!((shape, login.provider.as_str()), (Shape::ServiceAccount, "vertex"));
    assert_eq!(login.email.as_deref(), Some("robot@p.iam.gserviceaccount.com"));
    let mut cut = service_account();
    cut.as_object_mut().unwrap().remove("private_key");
    assert_eq!(refused(&cut), "");

    let made = json!({"AccessKey": {"UserName": "relay", "AccessKeyId": "AKIA", "Status": "Active", "SecretAccessKey": "s"}});
    let (shape, login) = one(&made);
    assert_eq!(
        (shape, login.provider.as_str(), login.name.as_deref()),
        (Shape::AwsKeys, "bedrock", Some("relay"))
    );
    let lent = json!({"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t",
        "Expiration": "2026-12-01T10:00:00Z"}});
    let (_, login) = one(&lent);
    assert!(matches!(&login.secret, Secret::Aws { session: Some(session), .. } if session.as_str() == "t"));
    assert!(login.expires_at.is_some());
    let plain = json!({"aws_access_key_id": "AKIA", "aws_secret_access_key": "s", "region": "eu-central-1"});
    assert_eq!(one(&plain).1.location.as_deref(), Some("eu-central-1"));
    assert_eq!(refused(&json!({"AccessKeyId": "AKIA"})), "SecretAccessKey");
    assert_eq!(refused(&json!({"Credentials": {"SecretAccessKey": "s"}})), "Credentials.AccessKeyId");
    assert_eq!(refused(&json!({"Credentials": []})), "Credentials");
}

#[test]
fn a_plain_list_is_read_entry_by_entry() {
    let list = json!([
        {"name": "a", "provider": "anthropic", "api_key": "k1", "pool": "Main"},
        {"name": "b", "provider": "openai-compatible", "api_key": "k2", "base_url": "https://llm.example.com"},
        {"provider": "openai", "api_key": "k3"},
        {"name": "d", "provider": "openai", "api_key": "k4", "key": "x"},
        7,
        {"name": "e", "provider": "openai", "api_key": ""},
    ]);
    let found = all(&list);
    assert_eq!(found.iter().map(|e| e.place).collect::<Vec<_>>(), (1..=6).map(Some).collect::<Vec<_>>());
    let told: Vec<_> = found
        .iter()
        .map(|e| e.login.as_ref().map_or_else(|bad| bad.field.clone(), |l| l.name.clone().unwrap()))
        .collect();
    assert_eq!(told, ["a", "b", "name", "key", "", "api_key"]);
    assert_eq!(found[0].login.as_ref().unwrap().pool.as_deref(), Some("Main"));
    assert_eq!(found[1].login.as_ref().unwrap().base_url.as_deref(), Some("https://llm.example.com"));
}

#[test]
fn what_is_no_credential_file_is_told_so_and_never_repeated() {
    for file in
        ["", "[]", "7", "null", "{", "\"sk-secret\"", "{}", "[[{}]]", "sk-secret", "{\"sk-secret\": 1}"]
    {
        let found = read(file.as_bytes());
        let bad = found[0].login.as_ref().unwrap_err();
        assert!(!bad.to_string().contains("sk-secret"), "{bad}");
    }
    let many: Vec<_> = (0..=MOST).map(|_| json!({"name": "a"})).collect();
    let found = all(&json!(many));
    assert!(found.len() == 1 && found[0].login.as_ref().unwrap_err().problem.contains("501"));
    let deep = "[".repeat(100_000);
    assert!(read(deep.as_bytes())[0].login.is_err());
    let marked = [b"\xef\xbb\xbf".as_slice(), b"{\"type\":\"claude\",\"access_token\":\"a\"}"].concat();
    assert!(read(&marked)[0].login.is_ok(), "with a mark at its beginning, as some editors write");
}
