//! The organisation's own prices: set, planned, removed, kept.

use crate::world::{self, Answer, World};
use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};

async fn put(world: &World, token: &str, model: &str, body: Value) -> Answer {
    let path = format!("/prices/overrides/{}", model.replace('*', "%2A").replace('/', "%2F"));
    world.call(Method::PUT, &path, Some(token), Some(body.to_string()), &[]).await
}

async fn delete(world: &World, token: &str, path: &str) -> u16 {
    let path = format!("/prices/overrides/{path}");
    world.call(Method::DELETE, &path, Some(token), None, &[]).await.status.as_u16()
}

async fn rows(world: &World, token: &str, query: &str) -> Vec<Value> {
    let answer = world.get(&format!("/prices?{query}"), Some(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

/// The row of a model in Anthropic's section, or of a name without a section.
async fn row(world: &World, token: &str, model: &str) -> Value {
    let rows = rows(world, token, &format!("query={model}")).await;
    let fits =
        |r: &&Value| r["model"] == model && ["anthropic", ""].contains(&r["provider"].as_str().unwrap());
    rows.iter().find(fits).cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_list_says_which_table_it_is_and_can_be_narrowed() {
    world::with_owner(|world, _, token| async move {
        let list = world.get("/prices?query=haiku-4-5&provider=anthropic", Some(&token)).await.body;
        assert_eq!((&list["version"], &list["date"]), (&json!("2026.11.1"), &json!("2026-11-20")));
        assert_eq!((&list["custom"], &list["refused"]), (&json!(false), &json!(null)));
        assert!(list["providers"].as_array().unwrap().contains(&json!("bedrock")));
        let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|r| r["model"].clone()).collect();
        assert!(names.contains(&json!("claude-haiku-4-5")), "{names:?}");
        assert!(list["items"].as_array().unwrap().iter().all(|r| r["provider"] == "anthropic"));
        assert!(rows(&world, &token, "overridden=true").await.is_empty());
        put(&world, &token, "house-model", json!({"input": "1", "output": "2"})).await;
        let own = rows(&world, &token, "overridden=true").await;
        assert_eq!((own.len(), &own[0]["model"]), (1, &json!("house-model")));
        assert_eq!(world.get("/prices?overridden=maybe", Some(&token)).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn tiers_and_long_prompts_come_back_with_everything_filled_in() {
    world::with_owner(|world, _, token| async move {
        let price = json!({
            "input": "3", "output": "15", "long_context": [{"above_tokens": 200000, "input": "6", "output": "22.5"}],
            "tiers": {"priority": {"input": "6", "output": "30"}}
        });
        let set = put(&world, &token, "claude-haiku-4-5", price).await;
        assert_eq!(set.status, 200, "{}", set.body);
        assert_eq!(set.body["cache_write_1h"], json!("6.00"));
        assert_eq!(set.body["long_context"][0]["cache_read"], json!("0.60"));
        // Twice the price, also for long prompts, because that is what priority costs for short ones.
        assert_eq!(set.body["tiers"]["priority"]["long_context"][0]["output"], json!("45.00"));
        let shown = row(&world, &token, "claude-haiku-4-5").await;
        assert_eq!(shown["override"]["price"], set.body);
        assert_eq!(shown["table"]["input"], json!("1.00"));
    })
    .await;
}

#[tokio::test]
async fn a_pattern_prices_what_no_exact_name_does_and_the_list_says_so() {
    world::with_owner(|world, _, token| async move {
        let price = |input: &str| json!({"input": input, "output": "1"});
        assert_eq!(put(&world, &token, "claude-haiku-*", price("7")).await.status, 200);
        let mut compatible = price("8");
        compatible["provider"] = json!("anthropic-compatible");
        assert_eq!(put(&world, &token, "claude-haiku-4-5", compatible).await.status, 200);
        let shown = row(&world, &token, "claude-haiku-4-5").await;
        assert_eq!(
            (&shown["override"]["model"], &shown["override"]["price"]["input"]),
            (&json!("claude-haiku-*"), &json!("7.00"))
        );
        // The pattern has a row of its own, and so has what only other accounts pay.
        assert_eq!(row(&world, &token, "claude-haiku-*").await["table"], json!(null));
        let rows = rows(&world, &token, "query=claude-haiku-4-5&overridden=true").await;
        let own = rows.iter().filter(|r| r["override"]["provider"] == "anthropic-compatible");
        assert!(
            own.clone().all(|r| r["override"]["price"]["input"] == "8.00" && r["provider"] != "anthropic")
        );
        assert!(own.count() > 0);
        assert_eq!(delete(&world, &token, "claude-haiku-4-5").await, 404, "it is for one provider only");
        assert_eq!(delete(&world, &token, "claude-haiku-4-5?provider=anthropic-compatible").await, 204);
    })
    .await;
}

#[tokio::test]
async fn a_price_can_be_planned_and_the_history_keeps_everything() {
    world::with_owner(|world, made, token| async move {
        let model = "claude-haiku-4-5";
        let later: DateTime<Utc> = (Utc::now() + TimeDelta::days(30)).to_rfc3339().parse().unwrap();
        assert_eq!(put(&world, &token, model, json!({"input": "2", "output": "4"})).await.status, 200);
        let planned = json!({"input": "3", "output": "5", "from": later});
        assert_eq!(put(&world, &token, model, planned).await.status, 200);
        let shown = row(&world, &token, model).await;
        assert_eq!(shown["override"]["price"]["input"], json!("2.00"));
        assert_eq!(shown["planned"][0]["price"]["input"], json!("3.00"));
        assert_eq!(
            shown["planned"][0]["from"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp(),
            later.timestamp()
        );

        let states = |history: &Value| -> Vec<String> {
            let versions = history["versions"].as_array().unwrap();
            versions.iter().map(|v| v["state"].as_str().unwrap().to_owned()).collect()
        };
        let path = format!("/prices/overrides/{model}");
        let history = world.get(&path, Some(&token)).await.body;
        assert_eq!(states(&history), ["planned", "in_force"]);
        assert_eq!(history["versions"][0]["before"]["input"], json!("2.00"));
        assert_eq!(history["versions"][1]["before"], json!(null));
        assert_eq!(history["versions"][0]["recorded_by"], json!("Ada Lovelace"));
        assert!(history["table"].as_array().unwrap().iter().any(|t| t["provider"] == "anthropic"));

        assert_eq!(delete(&world, &token, model).await, 204);
        assert_eq!(delete(&world, &token, model).await, 404);
        let history = world.get(&path, Some(&token)).await.body;
        assert_eq!(states(&history), ["past", "past", "past"]);
        assert_eq!(
            (&history["versions"][0]["price"], &history["versions"][0]["before"]["input"]),
            (&json!(null), &json!("2.00"))
        );
        let shown = row(&world, &token, model).await;
        assert_eq!((&shown["override"], &shown["planned"]), (&json!(null), &json!([])));

        // Nobody who works for an organisation can change what was recorded, whatever the code asks for.
        let mut tx = causeway_store::TenantTx::begin(&world.store.app, made.org, None).await.unwrap();
        assert_eq!(causeway_store::price_overrides::history(&mut tx, None).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_planned_price_can_be_taken_back_before_anything_was_in_force() {
    world::with_owner(|world, _, token| async move {
        let later = Utc::now() + TimeDelta::days(3);
        let price = json!({"input": "3", "output": "5", "from": later});
        assert_eq!(put(&world, &token, "house-model", price).await.status, 200);
        let shown = row(&world, &token, "house-model").await;
        assert_eq!((&shown["override"], shown["planned"].as_array().unwrap().len()), (&json!(null), 1));
        assert_eq!(delete(&world, &token, "house-model").await, 204);
        assert_eq!(row(&world, &token, "house-model").await, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_price_is_refused_by_its_field() {
    world::with_owner(|world, _, token| async move {
        let yesterday = Utc::now() - TimeDelta::days(1);
        let far = Utc::now() + TimeDelta::days(5000);
        let good = json!({"input": "1", "output": "1"});
        let with = |field: &str, value: Value| {
            let mut body = good.clone();
            body[field] = value;
            body
        };
        for (body, field) in [
            (with("input", json!("-1")), "input"),
            (with("input", json!("1.2.3")), "input"),
            (with("input", json!(0.1)), "input"),
            (with("output", json!("1000001")), "output"),
            (with("cache_read", json!("-0.1")), "cache_read"),
            (with("reasoning", json!("-0.1")), "reasoning"),
            (with("web_search", json!("-0.1")), "web_search"),
            (json!({"input": "1"}), "output"),
            (with("outptu", json!("1")), "outptu"),
            (with("from", json!(yesterday)), "from"),
            (with("from", json!(far)), "from"),
            (with("from", json!("soon")), "from"),
            (with("provider", json!("acme")), "provider"),
            (with("tiers", json!({"fast": {"input": "1", "output": "1"}})), "tiers.fast"),
            (with("tiers", json!({"standard": {"input": "1", "output": "1"}})), "tiers.standard"),
            (with("tiers", json!({"flex": {"input": "-1", "output": "1"}})), "tiers.flex.input"),
            (with("long_context", json!([{"above_tokens": 0, "input": "1", "output": "1"}])), "long_context"),
            (
                with("long_context", json!([{"above_tokens": -5, "input": "1", "output": "1"}])),
                "long_context[0].above_tokens",
            ),
        ] {
            let answer = put(&world, &token, "claude-haiku-4-5", body.clone()).await;
            let named = &answer.body["errors"][0]["field"];
            assert_eq!((answer.status.as_u16(), named), (422, &json!(field)), "{body}: {}", answer.body);
        }
        for model in ["a%20b", &"x".repeat(201)] {
            let answer = put(&world, &token, model, good.clone()).await;
            assert_eq!((answer.status.as_u16(), &answer.body["errors"][0]["field"]), (422, &json!("model")));
        }
        assert!(rows(&world, &token, "overridden=true").await.is_empty());
        // A clock that is a little behind means now.
        let just_now = Utc::now() - TimeDelta::seconds(5);
        assert_eq!(put(&world, &token, "claude-haiku-4-5", with("from", json!(just_now))).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn another_organisation_sees_and_pays_nothing_of_it() {
    world::with_owner(|world, _, token| async move {
        assert_eq!(
            put(&world, &token, "claude-haiku-4-5", json!({"input": "9", "output": "9"})).await.status,
            200
        );
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        assert_eq!(row(&world, &rival, "claude-haiku-4-5").await["override"], json!(null));
        let history = world.get("/prices/overrides/claude-haiku-4-5", Some(&rival)).await.body;
        assert_eq!(history["versions"], json!([]));
        assert_eq!(delete(&world, &rival, "claude-haiku-4-5").await, 404);
        assert_eq!(
            row(&world, &token, "claude-haiku-4-5").await["override"]["price"]["input"],
            json!("9.00")
        );
    })
    .await;
}
