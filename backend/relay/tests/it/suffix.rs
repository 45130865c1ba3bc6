//! A level of thinking behind a model's name: what the account is asked for, and by which name everything else goes.

use crate::{
    app::{self, App, Key, MODEL, hello},
    playground::play,
};
use causeway_accounts::{AuthHeader, Credential};
use causeway_domain::{
    Limits,
    model::ModelPolicy,
    provider::Provider,
    route::{Kind, Route, Target},
};
use causeway_store::{accounts, model_routes, testing};
use serde_json::{Value, json};

const MESSAGES: &str = "/claude/v1/messages";
const CHAT: &str = "/openai/v1/chat/completions";
const RESPONSES: &str = "/openai/responses";

impl App {
    /// The organisation lets names say how much to think.
    async fn lets_names_say_it(&self) {
        let mut tx = self.tx().await;
        testing::change(&mut tx, "update organisations set thinking_suffix = true").await;
        self.commit(tx).await;
    }
}

/// Asks; the status, the answer, and the body that the account got.
async fn ask(app: &App, key: &Key, path: &str, body: Value) -> (u16, String, Value) {
    let played = play(app, key.id, path, body.to_string()).await;
    let asked = played.asked().last().map(|asked| serde_json::from_str(&asked.body).unwrap());
    (played.status, played.text, asked.unwrap_or_default())
}

fn messages(model: &str, stream: bool) -> Value {
    let mut body = hello(stream);
    (body["model"], body["max_tokens"]) = (json!(model), json!(20_000));
    body
}

fn chat(model: &str) -> Value {
    json!({"model": model, "max_completion_tokens": 20_000, "reasoning_effort": "low",
        "messages": [{"role": "user", "content": "Hi"}]})
}

#[tokio::test]
async fn the_account_gets_the_level_and_everything_else_goes_by_the_plain_name() {
    app::run(async |app| {
        let policy = ModelPolicy { allow: vec![MODEL.to_owned()], deny: Vec::new() };
        let key = app.key_with(Limits::default(), policy, None).await;
        app.lets_names_say_it().await;
        let asked_for = format!("{MODEL}(8192)");
        for stream in [false, true] {
            let (status, text, asked) = ask(&app, &key, MESSAGES, messages(&asked_for, stream)).await;
            assert_eq!(status, 200, "{text}");
            assert_eq!(asked["model"], json!(MODEL));
            assert_eq!(asked["thinking"], json!({"type": "enabled", "budget_tokens": 8192}));
            assert!(text.contains(&format!("\"model\":\"{asked_for}\"")), "{text}");
        }
        for row in app.rows(2).await {
            assert_eq!(row.model, MODEL, "the log has what was served");
            assert!(row.charged_nanos > 0);
        }
        // In another dialect than the account's.
        let (status, text, asked) = ask(&app, &key, CHAT, chat(&format!("{MODEL}(High)"))).await;
        assert_eq!((status, &asked["model"]), (200, &json!(MODEL)), "{text}");
        assert_eq!(asked["thinking"], json!({"type": "enabled", "budget_tokens": 16_000}), "four fifths of the output");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["model"], json!(format!("{MODEL}(High)")));
        let body = json!({"model": format!("{MODEL}(none)"), "reasoning": {"effort": "high"}, "store": false, "input": "Hi"});
        let (status, text, asked) = ask(&app, &key, RESPONSES, body).await;
        assert_eq!((status, asked.get("thinking")), (200, None), "{text}");
        let path = format!("/gemini/v1beta/models/{MODEL}(low):generateContent");
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 20_000}});
        let (status, text, asked) = ask(&app, &key, &path, body.clone()).await;
        assert_eq!((status, &asked["thinking"]["budget_tokens"]), (200, &json!(4096)), "{text}");
        let escaped = path.replace('(', "%28").replace(')', "%29");
        assert_eq!(ask(&app, &key, &escaped, body).await.2["thinking"]["budget_tokens"], json!(4096));

        let (status, text, _) = ask(&app, &key, MESSAGES, messages("claude-opus-4-5(high)", false)).await;
        assert_eq!(status, 403, "{text}");
        assert!(text.contains("claude-opus-4-5") && !text.contains("(high)"), "{text}");
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn each_dialect_has_its_own_word_for_it_and_routes_see_the_plain_name() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.lets_names_say_it().await;
        let openai = Credential::api_key(AuthHeader::Bearer, "sk-sim-openai").unwrap();
        let openai = app.add_at(Provider::OPENAI, &app.sim.url(), &openai).await;
        let gemini = Credential::api_key(AuthHeader::XGoogApiKey, "sk-sim-gemini").unwrap();
        let gemini = app.add_at(Provider::GEMINI, &app.sim.url(), &gemini).await;
        let mut tx = app.tx().await;
        for (account, model) in [(app.account, MODEL), (openai, "gpt-5.5"), (gemini, "gemini-2.5-flash")] {
            accounts::save_test(&mut tx, account, &json!({}), Some(&[model.to_owned()])).await.unwrap();
        }
        let to = Target { provider: None, account: None, model: Some("gpt-5.5".to_owned()) };
        let smart = Route { kind: Kind::Alias, pattern: "smart".to_owned(), targets: vec![to], keeps_original: true };
        model_routes::replace(&mut tx, &[smart]).await.unwrap();
        app.commit(tx).await;
        let listed = async || {
            let call = app.http.get(format!("{}/api/v1/models?limit=1000", app.url));
            let call = call.header("x-api-key", &key.secret).header("anthropic-version", "2023-06-01");
            call.send().await.unwrap().text().await.unwrap()
        };
        assert!(listed().await.contains("smart") && !listed().await.contains('('), "lists do not grow");

        let (status, text, asked) = ask(&app, &key, CHAT, chat("smart(xhigh)")).await;
        assert_eq!((status, &asked["model"]), (200, &json!("gpt-5.5")), "{text}");
        assert_eq!(asked["reasoning_effort"], json!("xhigh"), "the name counts more than the body");
        assert!(text.contains("smart(xhigh)"), "{text}");
        let body = json!({"model": "gpt-5.5(3000)", "reasoning": {"effort": "high", "summary": "auto"}, "store": false, "input": "Hi"});
        let (status, text, asked) = ask(&app, &key, RESPONSES, body).await;
        assert_eq!((status, &asked["reasoning"]), (200, &json!({"effort": "low", "summary": "auto"})), "{text}");
        let path = "/gemini/v1beta/models/gemini-2.5-flash(8192):generateContent";
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]});
        let (status, text, asked) = ask(&app, &key, path, body).await;
        assert_eq!(status, 200, "{text}");
        assert_eq!(asked["generationConfig"]["thinkingConfig"], json!({"thinkingBudget": 8192}));
        // Without a suffix nothing is touched.
        let (_, _, asked) = ask(&app, &key, CHAT, chat("gpt-5.5")).await;
        assert_eq!(asked["reasoning_effort"], json!("low"));
    })
    .await;
}

#[tokio::test]
async fn what_is_nearly_a_suffix_is_refused_in_the_callers_words_and_nothing_is_sent() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.lets_names_say_it().await;
        for bad in ["much", "", "-1", "1000001", "high)(low"] {
            let model = format!("{MODEL}({bad})");
            let generate = json!({"contents": [{"parts": [{"text": "Hi"}]}]});
            for (path, body) in [
                (MESSAGES.to_owned(), messages(&model, false)),
                (CHAT.to_owned(), chat(&model)),
                (RESPONSES.to_owned(), json!({"model": model, "store": false, "input": "Hi"})),
                (format!("/gemini/v1beta/models/{model}:generateContent"), generate),
            ] {
                let (status, text, _) = ask(&app, &key, &path, body).await;
                assert_eq!(status, 400, "{path} {bad}: {text}");
                assert!(
                    text.contains("none, minimal, low, medium, high"),
                    "it says what is accepted: {text}"
                );
            }
        }
        let (_, text, _) = ask(&app, &key, MESSAGES, messages("m(much)", false)).await;
        assert!(text.contains("invalid_request_error"), "{text}");
        let body = json!({"model": "text-embedding-3-small(high)", "input": "Hi"});
        let (status, text, _) = ask(&app, &key, "/openai/v1/embeddings", body).await;
        assert_eq!(status, 400, "{text}");
        assert!(text.contains("nothing is thought about here"), "{text}");
        assert!(app.sim.ledger().is_empty());
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn where_the_organisation_does_not_let_it_the_parentheses_are_part_of_the_name() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        for model in [format!("{MODEL}(high)"), format!("{MODEL}(much)")] {
            let (status, text, asked) = ask(&app, &key, MESSAGES, messages(&model, false)).await;
            assert_eq!((status, asked), (404, Value::Null), "{text}");
            assert!(text.contains(&model), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_are_counted_of_the_plain_model() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.lets_names_say_it().await;
        let body =
            json!({"model": format!("{MODEL}(high)"), "messages": [{"role": "user", "content": "Hi"}]});
        let call = app.http.post(format!("{}/claude/v1/messages/count_tokens", app.url));
        let call = call.header("x-api-key", &key.secret).header("anthropic-version", "2023-06-01");
        let answer = call.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().get("x-causeway-estimated").is_none(), "the provider counted");
        assert_eq!(app.sim.ledger().last().unwrap().model.as_deref(), Some(MODEL));
    })
    .await;
}
