//! What goes through: bytes, headers, and the figures on the side.

use crate::app::{self, MODEL, hello, scripted, tokens};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn an_answer_passes_byte_for_byte_and_is_counted_to_the_token() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let response = app.post(&key, &hello(false)).await;
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains_key("x-request-id"));
        let bytes = response.bytes().await.unwrap();
        let (truth, row) = (app.truth().await, app.row().await);
        assert_eq!(truth.answer_sha256, sha(&bytes));
        assert_eq!(tokens(&row), truth.billed);
        assert_eq!(row.charged_nanos, app.cost(MODEL, &truth.billed).0);
        assert!(row.charged_nanos > 0 && !row.estimated);
        assert_eq!((row.status, row.outcome.as_str(), row.stream), (200, "completed", false));
        assert_eq!(row.upstream_request_id.as_deref(), Some(truth.request_id.as_str()));
    })
    .await;
}

#[tokio::test]
async fn every_shape_of_stream_passes_byte_for_byte_and_is_counted_to_the_token() {
    let scripts = [
        "shape=text",
        "shape=thinking",
        "shape=tools",
        "shape=full",
        "shape=full,crlf",
        "shape=full,gzip",
        "shape=full,piece=1",
        "shape=full,piece=7,crlf",
        "shape=tools,per_packet=24",
        "shape=text,ping_every=2",
        "shape=full,repeat_usage=true",
        "shape=text,late_in=17",
        "shape=text,garbage=3",
        "shape=text,bad_utf8=3",
        "events=300,text_bytes=4000",
    ];
    app::run(async move |app| {
        let key = app.key(Default::default()).await;
        for script in scripts {
            app.sim.ledger().clear();
            let before = app.rows_now().await;
            let response = app.post(&key, &scripted(true, script)).await;
            assert_eq!(response.status(), 200, "{script}");
            let bytes = response.bytes().await.unwrap();
            let row = app.rows(before + 1).await.remove(0);
            let truth = app.truth().await;
            assert_eq!(truth.answer_sha256, sha(&bytes), "{script}");
            assert_eq!(tokens(&row), truth.billed, "{script}");
            assert_eq!(row.charged_nanos, app.cost(MODEL, &truth.billed).0, "{script}");
            assert!(!row.estimated, "{script}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_request_arrives_byte_for_byte_with_its_anthropic_headers_and_without_the_key() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let body = format!(
            r#"{{ "max_tokens" : 5,"model":"{MODEL}","future_field":[1.50,"\u00e9"] ,"messages":[]}}"#
        );
        let sent = app
            .http
            .post(format!("{}/claude//v1/messages?beta=true&key={}", app.url, key.secret))
            .header("authorization", "Bearer sk-ant-placeholder")
            .header("anthropic-version", "2026-10-21")
            .header("anthropic-beta", "claude-code-20250219,new-thing")
            .header("anthropic-unheard-of", "1")
            .header("cookie", "a=b")
            .header("user-agent", "claude-cli/2.1.329 (external, cli)")
            .header("content-type", "application/json")
            .body(body.clone());
        let _ = sent.send().await.unwrap();
        let truth = app.truth().await;
        assert_eq!(truth.body_sha256, sha(body.as_bytes()));
        assert_eq!(truth.header("anthropic-version"), Some("2026-10-21"));
        assert_eq!(truth.header("anthropic-beta"), Some("claude-code-20250219,new-thing"));
        assert_eq!(truth.header("anthropic-unheard-of"), Some("1"));
        assert_eq!(truth.header("user-agent"), Some("claude-cli/2.1.329 (external, cli)"));
        assert_eq!((truth.header("cookie"), truth.header("authorization")), (None, None));
        assert_eq!(truth.path, "/v1/messages?beta=true");
        assert_eq!(truth.key.as_deref(), Some("sk-sim-test"));
    })
    .await;
}

#[tokio::test]
async fn packed_request_bodies_are_unpacked_for_the_provider() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let body = hello(false).to_string();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, body.as_bytes()).unwrap();
        let packed =
            [("gzip", gzip.finish().unwrap()), ("zstd", zstd::encode_all(body.as_bytes(), 3).unwrap())];
        for (encoding, bytes) in packed {
            app.sim.ledger().clear();
            let request = app
                .http
                .post(format!("{}/api/v1/messages", app.url))
                .header("x-api-key", &key.secret)
                .header("content-encoding", encoding)
                .body(bytes);
            assert_eq!(request.send().await.unwrap().status(), 200, "{encoding}");
            assert_eq!(app.truth().await.body_sha256, sha(body.as_bytes()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_five_megabyte_answer_passes_and_is_counted() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        for stream in [false, true] {
            app.sim.ledger().clear();
            let before = app.rows_now().await;
            let response = app.post(&key, &scripted(stream, "events=64,text_bytes=5000000")).await;
            let bytes = response.bytes().await.unwrap();
            assert!(bytes.len() > 5_000_000, "{}", bytes.len());
            let row = app.rows(before + 1).await.remove(0);
            assert_eq!(tokens(&row), app.truth().await.billed);
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_are_counted_by_the_provider_and_estimated_where_it_cannot() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let ask = async || {
            let url = format!("{}/api/v1/messages/count_tokens?beta=true", app.url);
            let body = json!({"model": MODEL, "messages": [{"role": "user", "content": "hi"}]});
            app.http.post(url).header("x-api-key", &key.secret).json(&body).send().await.unwrap()
        };
        let response = ask().await;
        assert_eq!((response.status().as_u16(), response.headers().get("x-causeway-estimated")), (200, None));
        let exact: Value = response.json().await.unwrap();
        assert!(exact["input_tokens"].as_u64().is_some());
        app.sim.next("status=404").unwrap();
        let response = ask().await;
        assert_eq!(response.headers()["x-causeway-estimated"], "true");
        let estimate: Value = response.json().await.unwrap();
        assert!(estimate["input_tokens"].as_u64().is_some_and(|n| n > 0));
        assert_eq!(app.rows_now().await, 0, "counting is free and leaves no row");
    })
    .await;
}

#[tokio::test]
async fn models_are_those_the_key_may_use_and_one_can_be_asked_for() {
    app::run(async |app| {
        let models = causeway_domain::model::ModelPolicy { allow: vec!["*haiku*".into()], deny: vec![] };
        let key = app.key_with(Default::default(), models, None).await;
        let get = async |path: &str| {
            app.http.get(format!("{}{path}", app.url)).bearer_auth(&key.secret).send().await.unwrap()
        };
        let list: Value = get("/api/v1/models?limit=1000").await.json().await.unwrap();
        let ids: Vec<&str> =
            list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        assert!(ids.contains(&MODEL) && ids.iter().all(|id| id.contains("haiku")), "{ids:?}");
        let one: Value = get(&format!("/v1/models/{MODEL}")).await.json().await.unwrap();
        assert_eq!(one["id"], MODEL);
        assert_eq!(get("/v1/models/claude-opus-5").await.status(), 404);
    })
    .await;
}

#[tokio::test]
async fn a_key_may_know_its_own_limits_and_how_they_stand() {
    app::run(async |app| {
        let limits =
            serde_json::from_value(json!({"requests_per_minute": 9, "usd": {"day": "5", "total": "7.5"}}));
        let key = app.key(limits.unwrap()).await;
        app.post(&key, &hello(false)).await.bytes().await.unwrap();
        let row = app.row().await;
        let url = format!("{}/api/v1/key-info", app.url);
        let info: Value =
            app.http.get(url).bearer_auth(&key.secret).send().await.unwrap().json().await.unwrap();
        let spent = causeway_domain::Nanos(row.charged_nanos).to_string();
        assert_eq!(info["usage"]["total_usd"], spent);
        let day = info["limits"].as_array().unwrap().iter().find(|l| l["window"] == "day").unwrap();
        assert_eq!((&day["used"], &day["limit"]), (&json!(spent), &json!("5.00")));
        let days = info["recent"]["days"].as_array().unwrap();
        assert_eq!((days.len(), &days[6]["requests"], &days[6]["usd"]), (7, &json!(1), &json!(spent)));
        let last = &info["recent"]["requests"][0];
        assert_eq!(
            (&last["model"], &last["status"], &last["usd"]),
            (&json!(row.model), &json!(200), &json!(spent))
        );
        assert!(!info.to_string().contains(&key.secret));
    })
    .await;
}

#[tokio::test]
async fn the_start_up_calls_of_clients_are_answered_without_a_key() {
    app::run(async |app| {
        let head = app.http.head(format!("{}/api/api/hello", app.url)).send().await.unwrap();
        assert_eq!(head.status(), 200);
        let batch = app
            .http
            .post(format!("{}/api//api/event_logging/batch", app.url))
            .body("{}")
            .send()
            .await
            .unwrap();
        assert_eq!(batch.status(), 200);
        assert_eq!(app.sim.ledger().len(), 0, "none of it reaches the provider");
    })
    .await;
}

#[tokio::test]
async fn a_base_url_with_a_path_is_kept() {
    app::run(async |app| {
        app.disable_account(app.account).await;
        app.add_account(&format!("{}/compat", app.sim.url()), "sk-sim-other").await;
        let key = app.key(Default::default()).await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        assert_eq!(app.truth().await.key.as_deref(), Some("sk-sim-other"));
    })
    .await;
}
