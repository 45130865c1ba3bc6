//! What was used, what it costs, and who changed what.

use crate::world;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn requests_and_sums_agree_and_can_be_narrowed() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let (key, _) = world.key(&token, "laptop").await;
        let first = world.used(made, &key, &account, "claude-haiku-4-5", 1_500_000_000).await;
        world.used(made, &key, &account, "claude-opus-5", 2_000_000_000).await;

        let all = world.get("/requests", Some(&token)).await.body;
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
        let one = world.get(&format!("/requests/{first}"), Some(&token)).await.body;
        assert_eq!((&one["key_name"], &one["account_name"]), (&json!("laptop"), &json!("Simulator")));
        assert_eq!((&one["cost_usd"], &one["outcome"]), (&json!("1.50"), &json!("completed")));
        assert_eq!(one["tokens"]["cache_write_1h"], json!(5));
        for (query, count) in [
            (format!("key_id={key}"), 2),
            (format!("account_id={key}"), 0),
            ("model=claude-opus-*".to_owned(), 1),
            ("model=claude_opus-*".to_owned(), 0),
            ("status=200&outcome=completed".to_owned(), 2),
            ("outcome=client_left".to_owned(), 0),
            ("from=2020-01-01T00:00:00Z".to_owned(), 2),
            ("to=2020-01-01T00:00:00Z".to_owned(), 0),
            ("limit=1".to_owned(), 1),
        ] {
            let page = world.get(&format!("/requests?{query}"), Some(&token)).await;
            assert_eq!(page.body["items"].as_array().map(Vec::len), Some(count), "{query}: {}", page.body);
        }

        let days = world.get("/usage/summary", Some(&token)).await.body;
        assert_eq!((&days["totals"]["requests"], &days["totals"]["cost_usd"]), (&json!(2), &json!("3.50")));
        let rows = days["groups"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[29]["figures"]["cost_usd"]), (30, &json!("3.50")));
        let models = world.get("/usage/summary?group=model", Some(&token)).await.body;
        assert_eq!(
            (&models["groups"][0]["key"], &models["groups"][1]["key"]),
            (&json!("claude-opus-5"), &json!("claude-haiku-4-5"))
        );
        let keys = world.get("/usage/summary?group=key", Some(&token)).await.body;
        assert_eq!(
            (&keys["groups"][0]["label"], &keys["groups"][0]["figures"]["requests"]),
            (&json!("laptop"), &json!(2))
        );

        let key = world.get(&format!("/keys/{key}"), Some(&token)).await.body;
        assert_eq!(
            (&key["usage"]["cost_usd_today"], &key["usage"]["cost_usd_total"]),
            (&json!("3.50"), &json!("3.50"))
        );
        assert!(key["usage"]["last_used_at"].is_string());
    })
    .await;
}

#[tokio::test]
async fn an_override_replaces_the_price_of_the_table_until_it_is_removed() {
    world::with_owner(|world, _, token| async move {
        let row = |query: &'static str| {
            let (world, token) = (world.clone(), token.clone());
            async move {
                let list = world.get(&format!("/prices?query={query}"), Some(&token)).await.body;
                list["items"].as_array().unwrap().iter().find(|r| r["model"] == query).cloned()
            }
        };
        let before = row("claude-haiku-4-5").await.unwrap();
        assert_eq!((&before["table"]["input"], &before["override"]), (&json!("1.00"), &json!(null)));
        let put = |model: &'static str| {
            let (world, token) = (world.clone(), token.clone());
            async move {
                let body = Some(json!({"input": "0.80", "output": "4"}).to_string());
                world.call(Method::PUT, &format!("/prices/overrides/{model}"), Some(&token), body, &[]).await
            }
        };
        let set = put("claude-haiku-4-5").await;
        assert_eq!((&set.body["cache_read"], &set.body["cache_write_1h"]), (&json!("0.08"), &json!("1.60")));
        assert_eq!(put("house-model").await.status, 200);
        let after = row("claude-haiku-4-5").await.unwrap();
        assert_eq!(
            (&after["table"]["input"], &after["override"]["price"]["input"]),
            (&json!("1.00"), &json!("0.80"))
        );
        assert_eq!(row("house-model").await.unwrap()["table"], json!(null));
        let gone = "/prices/overrides/house-model";
        assert_eq!(world.call(Method::DELETE, gone, Some(&token), None, &[]).await.status, 204);
        assert_eq!(world.call(Method::DELETE, gone, Some(&token), None, &[]).await.status, 404);
        assert_eq!(row("house-model").await, None);
    })
    .await;
}

#[tokio::test]
async fn settings_change_one_by_one_and_each_change_is_in_the_audit_log() {
    world::with_owner(|world, _, token| async move {
        let change =
            json!({"time_zone": "Asia/Shanghai", "week_start": 7, "day_start": "04:00", "drain_seconds": 5});
        let answer = world.patch("/organization", Some(&token), change).await;
        assert_eq!((&answer.body["day_start"], &answer.body["name"]), (&json!("04:00"), &json!("Engines")));
        let price = json!({"default_price": {"input": "3", "output": "15"}});
        assert_eq!(
            world.patch("/organization", Some(&token), price).await.body["default_price"]["cache_read"],
            json!("0.30")
        );
        let cleared = world.patch("/organization", Some(&token), json!({"default_price": null})).await;
        assert_eq!(cleared.body["default_price"], json!(null));
        let bad = world
            .patch(
                "/organization",
                Some(&token),
                json!({"time_zone": "Mars", "week_start": 0, "day_start": "4"}),
            )
            .await;
        assert_eq!((bad.status.as_u16(), bad.body["errors"].as_array().unwrap().len()), (422, 3));

        let log = world.get("/audit", Some(&token)).await.body;
        let actions: Vec<_> =
            log["items"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap()).collect();
        assert_eq!(
            actions,
            [
                "organization.update",
                "organization.update",
                "organization.update",
                "session.begin",
                "organization.create"
            ]
        );
        let line = &log["items"][2];
        assert_eq!(
            (&line["before"]["time_zone"], &line["after"]["time_zone"]),
            (&json!("UTC"), &json!("Asia/Shanghai"))
        );
        assert_eq!(line["actor"]["name"], json!("Ada Lovelace"));
        assert!(line["request_id"].is_string());
    })
    .await;
}
