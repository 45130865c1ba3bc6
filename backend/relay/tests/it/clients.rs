//! Which client a request comes from: recognised by rules, kept with the request, asked for by keys.

use crate::app::{self, App, Key, MODEL, hello};
use causeway_domain::{ClientRule, ClientRules, Limits, client::Facts};
use causeway_store::{clients, reports};
use chrono::{Duration, Utc};
use serde_json::{Value, json};

const CLAUDE_CODE: &[(&str, &str)] =
    &[("user-agent", "claude-cli/2.1.329 (external, cli)"), ("x-app", "cli")];
const CODEX: &[(&str, &str)] = &[("user-agent", "codex_exec/0.169.0 (Linux; x86_64)")];

async fn send(app: &App, key: &Key, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let mut request = app.http.post(format!("{}{path}", app.url)).bearer_auth(&key.secret).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

async fn ask(app: &App, key: &Key, headers: &[(&str, &str)]) -> (u16, Value) {
    send(app, key, "/claude/v1/messages", headers, &hello(false)).await
}

async fn set_rules(app: &App, own: &str, without_shipped: bool) {
    let own: Vec<ClientRule> = serde_json::from_str(own).unwrap();
    let mut tx = app.tx().await;
    clients::set(&mut tx, None, &ClientRules { own, without_shipped }).await.unwrap();
    app.commit(tx).await;
}

#[tokio::test]
async fn a_request_keeps_what_it_was_recognised_as_and_what_rules_could_read() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let session = [CLAUDE_CODE, &[("x-claude-code-session-id", "very-secret-session")]].concat();
        for headers in [&session[..], CODEX, &[("user-agent", "nobody-knows/1")]] {
            assert_eq!(ask(&app, &key, headers).await.0, 200);
        }
        let mut seen: Vec<_> = app.rows(3).await.into_iter().map(|row| (row.client_id, row.client)).collect();
        seen.sort();
        let expected =
            [("", "nobody-knows/1"), ("claude_code", "claude-cli/2.1.329"), ("codex", "codex_exec/0.169.0")];
        assert_eq!(seen, expected.map(|(id, agent)| (id.to_owned(), agent.to_owned())));
        let mut tx = app.tx().await;
        let since = Utc::now() - Duration::hours(1);
        let sightings = clients::sightings(&mut tx, since, 10).await.unwrap();
        assert_eq!(sightings.iter().map(|s| s.requests).sum::<i64>(), 3);
        let claude = sightings.iter().find(|s| s.client == "claude_code").unwrap();
        let facts = Facts::from_json(&claude.facts);
        assert_eq!(facts.get("user-agent"), Some("claude-cli/2.1.329 (external, cli)"));
        assert_eq!(
            (facts.get("x-app"), facts.get("x-claude-code-session-id")),
            (Some("cli"), Some("present"))
        );
        assert!(!claude.facts.contains("secret") && !claude.facts.contains("cw_"), "{}", claude.facts);
        // Sums by client add up, and agree with the rows.
        let (from, to) = (since, Utc::now() + Duration::hours(1));
        let split = reports::split(&mut tx, reports::By::Client, from, to, &reports::Filter::default())
            .await
            .unwrap();
        let mut parts: Vec<_> = split.iter().map(|(part, _, sums)| (part.as_str(), sums.requests)).collect();
        parts.sort_unstable();
        assert_eq!(parts, [("", 1), ("claude_code", 1), ("codex", 1)]);
        let only = reports::Filter { client: Some("codex"), ..reports::Filter::default() };
        let split = reports::split(&mut tx, reports::By::Model, from, to, &only).await.unwrap();
        assert_eq!(split.iter().map(|(_, _, sums)| sums.requests).sum::<i64>(), 1);
        drop(tx);
        assert_eq!(app.verify().await.differences, []);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_names_clients_is_refused_to_others_in_their_dialect_before_anything_is_reserved() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.change_key(&key, |k| k.services.clients = vec!["claude_code".to_owned()]).await;
        assert_eq!(ask(&app, &key, CLAUDE_CODE).await.0, 200);
        app.rows(1).await;
        let (status, body) = ask(&app, &key, CODEX).await;
        assert_eq!((status, &body["error"]["causeway"]["code"]), (403, &json!("client_forbidden")), "{body}");
        assert_eq!(body["error"]["type"], json!("permission_error"), "{body}");
        let said = body.to_string();
        assert!(
            !said.contains("claude_code") && !said.contains("Claude Code"),
            "never says for what: {said}"
        );
        // Nothing that is not recognised at all comes through, in any dialect.
        let chat = json!({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]});
        let responses = json!({"model": MODEL, "input": "Hello"});
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]});
        let generate = format!("/gemini/v1beta/models/{MODEL}:generateContent");
        for (path, body, code) in [
            ("/openai/v1/chat/completions", &chat, "/error/code"),
            ("/openai/v1/responses", &responses, "/error/code"),
            (generate.as_str(), &gemini, "/error/status"),
            ("/claude/v1/messages/count_tokens", &hello(false), "/error/type"),
        ] {
            let (status, answer) = send(&app, &key, path, &[("user-agent", "own-script/1")], body).await;
            assert_eq!(status, 403, "{path}: {answer}");
            assert!(answer.pointer(code).is_some_and(|code| code.is_string()), "{path}: {answer}");
            assert!(answer.to_string().to_lowercase().contains("client_forbidden"), "{path}: {answer}");
        }
        assert_eq!((app.open_holds().await, app.rows_now().await), (0, 1));
        assert_eq!(app.sim.ledger().len(), 1);
        // Who may not use the key still sees that it exists.
        let info = app.http.get(format!("{}/api/v1/key-info", app.url)).header("x-api-key", &key.secret);
        assert_eq!(info.send().await.unwrap().status(), 200);
    })
    .await;
}

#[tokio::test]
async fn own_rules_hold_from_the_next_request_on_every_instance() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let (second, url) = app.second_instance().await;
        let agent: &[(&str, &str)] = &[("user-agent", "our-agent/7 codex_exec/0.1"), ("x-title", "Ours")];
        app.change_key(&key, |k| k.services.clients = vec!["ours".to_owned()]).await;
        assert_eq!(ask(&app, &key, agent).await.0, 403);
        let elsewhere = async || {
            let mut request = app.http.post(format!("{url}/claude/v1/messages")).bearer_auth(&key.secret);
            for (name, value) in agent {
                request = request.header(*name, *value);
            }
            request.json(&hello(false)).send().await.unwrap().status().as_u16()
        };
        assert_eq!(elsewhere().await, 403);
        let own = r#"[{"client":"ours","name":"Ours","when":[{"header":"user-agent","matches":"Our-Agent/*"},
            {"header":"x-title","matches":"*"}]}]"#;
        set_rules(&app, own, false).await;
        assert_eq!((ask(&app, &key, agent).await.0, elsewhere().await), (200, 200));
        assert_eq!(ask(&app, &key, &agent[..1]).await.0, 403, "all conditions must hold");
        // Without the shipped rules nobody else is recognised.
        set_rules(&app, own, true).await;
        app.change_key(&key, |k| k.services.clients = vec!["codex".to_owned()]).await;
        assert_eq!(ask(&app, &key, CODEX).await.0, 403);
        set_rules(&app, "[]", false).await;
        assert_eq!(ask(&app, &key, CODEX).await.0, 200);
        second.close(std::time::Duration::from_secs(5)).await;
    })
    .await;
}
