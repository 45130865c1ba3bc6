//! Model routes over HTTP: which account is asked for which model, by which name the client knows it, and what it costs.

use crate::app::{self, App, Key, MODEL, hello};
use causeway_accounts::{AuthHeader, Credential};
use causeway_domain::{
    AccountId,
    model::ModelPolicy,
    provider::Provider,
    route::{Kind, Route, Target},
};
use causeway_store::{accounts, model_routes};
use http::StatusCode;
use serde_json::{Value, json};

const SONNET: &str = "claude-sonnet-4-5";

fn to(provider: Option<Provider>, account: Option<AccountId>, model: &str) -> Target {
    Target { provider, account, model: (!model.is_empty()).then(|| model.to_owned()) }
}

fn route(kind: Kind, pattern: &str, keeps_original: bool, targets: Vec<Target>) -> Route {
    Route { kind, pattern: pattern.to_owned(), targets, keeps_original }
}

impl App {
    async fn route(&self, routes: &[Route]) {
        let mut tx = self.tx().await;
        model_routes::replace(&mut tx, routes).await.unwrap();
        self.commit(tx).await;
    }

    /// Asks for a model; the answer, and the model by which the provider was asked last.
    async fn ask(&self, key: &Key, model: &str, stream: bool) -> (StatusCode, String, String) {
        let mut body = hello(stream);
        body["model"] = json!(model);
        let response = self.post(key, &body).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        let asked = self.sim.ledger().last().and_then(|entry| entry.model).unwrap_or_default();
        (status, text, asked)
    }

    async fn lists(&self, key: &Key) -> Vec<String> {
        let call = self.http.get(format!("{}/api/v1/models?limit=1000", self.url));
        let call = call.header("x-api-key", &key.secret).header("anthropic-version", "2023-06-01");
        let body: Value = call.send().await.unwrap().json().await.unwrap();
        body["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn an_alias_asks_for_the_model_it_leads_to_at_its_price_and_answers_by_the_clients_name() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.route(&[route(Kind::Alias, "fast", true, vec![to(None, None, MODEL)])]).await;
        for stream in [false, true] {
            let (status, text, asked) = app.ask(&key, "fast", stream).await;
            assert_eq!((status, asked.as_str()), (StatusCode::OK, MODEL), "{text}");
            assert!(text.contains(r#""model":"fast""#) && !text.contains(MODEL), "{text}");
            assert!(!stream || text.contains("message_stop"), "{text}");
        }
        let rows = app.rows(2).await;
        let entries = app.sim.ledger().entries();
        for (row, entry) in rows.iter().rev().zip(&entries) {
            assert_eq!(row.model, MODEL, "the log has what was served");
            assert_eq!(row.cost_nanos, app.cost(MODEL, &entry.billed).0);
        }
        // By its own name it goes on byte for byte.
        let (status, text, asked) = app.ask(&key, MODEL, true).await;
        assert_eq!((status, asked.as_str()), (StatusCode::OK, MODEL));
        assert!(text.contains(MODEL), "{text}");
        // The same dialect asked for in another's words.
        let call = app.http.post(format!("{}/openai/v1/chat/completions", app.url)).bearer_auth(&key.secret);
        let body =
            json!({"model": "fast", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]});
        let answer: Value = call.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["model"], "fast", "{answer}");
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_chain_goes_on_to_the_next_model_at_another_provider_when_the_first_fails() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let credential = Credential::api_key(AuthHeader::XApiKey, "sk-sim-other").unwrap();
        let other = app.add_at(Provider::ANTHROPIC_COMPATIBLE, &app.sim.url(), &credential).await;
        let mut tx = app.tx().await;
        accounts::save_test(&mut tx, other, &json!({}), Some(&[MODEL.to_owned()])).await.unwrap();
        app.commit(tx).await;
        let chain = vec![
            to(Some(Provider::ANTHROPIC), None, SONNET),
            to(Some(Provider::ANTHROPIC_COMPATIBLE), None, MODEL),
        ];
        app.route(&[route(Kind::Alias, "best", true, chain)]).await;
        let (status, _, asked) = app.ask(&key, "best", false).await;
        assert_eq!((status, asked.as_str()), (StatusCode::OK, SONNET));
        app.script("sk-sim-test", 1, "status=529");
        let (status, text, asked) = app.ask(&key, "best", true).await;
        assert_eq!((status, asked.as_str()), (StatusCode::OK, MODEL), "{text}");
        assert!(text.contains(r#""model":"best""#), "{text}");
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-other")), (2, 1));
        let rows = app.rows(2).await;
        let told = |i: usize| (rows[i].model.as_str(), rows[i].account_id);
        assert_eq!((told(1), told(0)), ((SONNET, app.account.0), (MODEL, other.0)));
        // What rests is the model at the account, and the chain begins behind it.
        app.cooldowns(1).await;
        assert_eq!(app.ask(&key, "best", false).await.2, MODEL);
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-other")), (2, 2));
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_chain_can_go_on_to_another_model_at_the_same_account() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "10"}})).unwrap()).await;
        let chain = vec![to(None, None, SONNET), to(None, None, MODEL)];
        app.route(&[route(Kind::Alias, "best", true, chain)]).await;
        app.script("sk-sim-test", 1, "status=529");
        let (status, text, asked) = app.ask(&key, "best", false).await;
        assert_eq!((status, asked.as_str()), (StatusCode::OK, MODEL), "{text}");
        let row = app.row().await;
        let truth = app.sim.ledger().last().unwrap();
        assert_eq!((row.model.as_str(), row.cost_nanos), (MODEL, app.cost(MODEL, &truth.billed).0));
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_prefix_leads_to_its_accounts_and_what_is_excluded_to_none() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let other = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let routes = |keeps| {
            let prefix = route(Kind::Prefix, "b/", keeps, vec![to(None, Some(other), "")]);
            [prefix, route(Kind::Exclude, "claude-opus-*", false, vec![])]
        };
        app.route(&routes(true)).await;
        let (status, text, asked) = app.ask(&key, &format!("b/{MODEL}"), true).await;
        assert_eq!((status, asked.as_str()), (StatusCode::OK, MODEL), "{text}");
        assert!(text.contains(&format!(r#""model":"b/{MODEL}""#)), "{text}");
        assert_eq!((app.asked("sk-sim-test"), app.asked("sk-sim-b")), (0, 1));
        // Without it, its account serves too; or not, where that is the only way.
        app.script("sk-sim-test", 1, "status=500");
        assert_eq!(app.ask(&key, MODEL, false).await.0, StatusCode::OK);
        assert_eq!(app.asked("sk-sim-b"), 2);
        app.route(&routes(false)).await;
        app.recover().await;
        app.script("sk-sim-test", 1, "status=500");
        assert_eq!(app.ask(&key, MODEL, false).await.0, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(app.asked("sk-sim-b"), 2);

        for name in ["claude-opus-4-5", "b/claude-opus-4-5"] {
            let (status, text, _) = app.ask(&key, name, false).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{name}: {text}");
        }
        let lists = app.lists(&key).await;
        assert!(lists.contains(&format!("b/{MODEL}")) && lists.contains(&MODEL.to_owned()), "{lists:?}");
        assert!(!lists.iter().any(|name| name.contains("claude-opus-")), "{lists:?}");
    })
    .await;
}

#[tokio::test]
async fn a_keys_models_are_those_that_names_lead_to_and_its_list_has_the_names_that_work() {
    app::run(async |app| {
        let only = |model: &str| ModelPolicy { allow: vec![model.to_owned()], deny: vec![] };
        let haiku = app.key_with(Default::default(), only("claude-haiku-*"), None).await;
        let sonnet = app.key_with(Default::default(), only("claude-sonnet-*"), None).await;
        let names = app.key_with(Default::default(), only("fast"), None).await;
        let chain = vec![to(None, None, SONNET), to(None, None, MODEL)];
        app.route(&[
            route(Kind::Alias, "fast", false, vec![to(None, None, MODEL)]),
            route(Kind::Alias, "best", true, chain),
        ])
        .await;
        assert_eq!(app.ask(&haiku, "fast", false).await.0, StatusCode::OK);
        let (status, text, _) = app.ask(&sonnet, "fast", false).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
        assert_eq!(app.ask(&names, "fast", false).await.0, StatusCode::FORBIDDEN, "the alias is no model");
        // Of a chain each key gets what it may use.
        assert_eq!(app.ask(&haiku, "best", false).await.2, MODEL);
        assert_eq!(app.ask(&sonnet, "best", false).await.2, SONNET);
        // An alias that does not keep the original takes its place.
        let (status, text, _) = app.ask(&haiku, MODEL, false).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{text}");
        let lists = app.lists(&haiku).await;
        let has = |name: &str| lists.iter().any(|listed| listed == name);
        assert!(has("fast") && has("best") && !has(MODEL) && !has(SONNET), "{lists:?}");
        assert_eq!(app.lists(&names).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn an_account_can_know_a_model_by_another_name() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let mapping = vec![to(None, Some(app.account), "deployment-7")];
        app.route(&[
            route(Kind::Mapping, MODEL, false, mapping),
            route(Kind::Alias, "fast", true, vec![to(None, None, MODEL)]),
        ])
        .await;
        for name in [MODEL, "fast"] {
            let (status, text, asked) = app.ask(&key, name, true).await;
            assert_eq!((status, asked.as_str()), (StatusCode::OK, "deployment-7"), "{text}");
            assert!(text.contains(&format!(r#""model":"{name}""#)) && !text.contains("deployment"), "{text}");
        }
        let rows = app.rows(2).await;
        assert!(rows.iter().all(|row| row.model == MODEL && row.cost_nanos > 0), "{rows:?}");
        // Counting tokens asks by the same name.
        let mut body = hello(false);
        body["model"] = json!("fast");
        body.as_object_mut().unwrap().remove("max_tokens");
        body.as_object_mut().unwrap().remove("stream");
        let call = app.http.post(format!("{}/api/v1/messages/count_tokens", app.url));
        let call = call.header("x-api-key", &key.secret).header("anthropic-version", "2023-06-01");
        assert_eq!(call.json(&body).send().await.unwrap().status(), 200);
        assert_eq!(app.sim.ledger().last().unwrap().model.as_deref(), Some("deployment-7"));
    })
    .await;
}
