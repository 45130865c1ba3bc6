//! `POST …/responses/compact`: passed on to accounts that have it, and accounted like everything else.

use crate::{
    app::{self, App, Key, tokens},
    websocket::GPT,
};
use causeway_domain::{Limits, model::ModelPolicy, provider::Provider};
use serde_json::{Value, json};

fn conversation() -> Value {
    json!({"model": GPT, "instructions": "Keep what matters", "input": [
        {"type": "message", "role": "user", "content": "Tell me of ships."},
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
         "content": [{"type": "output_text", "text": "There are many.", "annotations": []}]},
        {"type": "message", "role": "user", "content": "And of harbours?"}]})
}

async fn compact(app: &App, key: &Key, path: &str, body: &Value) -> (u16, Value) {
    let request = app.http.post(format!("{}{path}", app.url)).bearer_auth(&key.secret).json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_compaction_passes_and_is_billed_to_the_token() {
    app::run(async |app| {
        let key = app.at_openai(Limits::default()).await;
        let paths = ["/openai/v1/responses/compact", "/v1/responses/compact", "/openai/responses/compact"];
        let mut made = Value::Null;
        for (n, path) in paths.into_iter().enumerate() {
            app.sim.ledger().clear();
            let (status, answer) = compact(&app, &key, path, &conversation()).await;
            assert_eq!((status, &answer["object"]), (200, &json!("response.compaction")), "{answer}");
            made = answer["output"].clone();
            assert_eq!(made.as_array().unwrap().last().unwrap()["type"], "compaction");
            let (row, truth) = (app.rows(n + 1).await.remove(0), app.truth().await);
            assert_eq!(truth.path, "/responses/compact");
            assert_eq!(tokens(&row), truth.billed);
            assert_eq!(row.charged_nanos, app.cost_at(Provider::OPENAI, GPT, &truth.billed));
            assert!(row.charged_nanos > 0 && !row.estimated && !row.stream);
            assert_eq!((row.dialect.as_str(), row.outcome.as_str()), ("openai_responses", "completed"));
        }
        // What it was made into goes on as it is.
        let mut next = json!({"model": GPT, "store": false, "input": made});
        next["input"].as_array_mut().unwrap().push(json!({"role": "user", "content": "Go on."}));
        let (status, answer) = compact(&app, &key, "/openai/v1/responses", &next).await;
        assert_eq!(status, 200, "{answer}");
        app.rows(4).await;
        assert_eq!(app.verify().await.differences, []);
    })
    .await;
}

#[tokio::test]
async fn a_compaction_is_limited_by_policy_and_budget_and_goes_nowhere_else() {
    app::run(async |app| {
        // The only account is Anthropic's, which has no such thing, and it is not converted.
        let key = app.key(Limits::default()).await;
        let mut body = conversation();
        body["model"] = json!(app::MODEL);
        let (status, told) = compact(&app, &key, "/openai/v1/responses/compact", &body).await;
        assert_eq!((status, &told["error"]["causeway"]["code"]), (404, &json!("not_served")), "{told}");

        let poor: Limits = serde_json::from_value(json!({"usd": {"total": "0.0001"}})).unwrap();
        let poor = app.at_openai(poor).await;
        let (status, told) = compact(&app, &poor, "/openai/v1/responses/compact", &conversation()).await;
        assert_eq!((status, &told["error"]["causeway"]["code"]), (402, &json!("budget_usd")), "{told}");

        let models = ModelPolicy { allow: vec!["gpt-5-mini".into()], deny: vec![] };
        let narrow = app.key_with(Limits::default(), models, None).await;
        let (status, told) = compact(&app, &narrow, "/openai/v1/responses/compact", &conversation()).await;
        assert_eq!((status, &told["error"]["causeway"]["code"]), (403, &json!("model_forbidden")), "{told}");
        let (status, told) =
            compact(&app, &narrow, "/openai/v1/responses/compact", &json!({"input": "x"})).await;
        assert_eq!((status, &told["error"]["param"]), (400, &json!("model")), "{told}");
        assert_eq!((app.rows_now().await, app.open_holds().await, app.sim.ledger().len()), (0, 0, 0));
    })
    .await;
}
