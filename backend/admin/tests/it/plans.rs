//! What a plan allows.

use crate::world;
use http::Method;
use serde_json::json;

const ACCOUNT: &str =
    r#"{"name":"a","provider":"anthropic","credential":{"kind":"api_key","api_key":"sk-ant-1"}}"#;

#[tokio::test]
async fn nothing_is_added_beyond_the_plan_and_a_place_that_is_freed_can_be_taken() {
    world::with_owner(|world, made, token| async move {
        let (first, _) = world.key(&token, "first").await;
        world.plan(&token, made, json!({"keys": 1, "accounts": 0})).await;
        let refused = world.post("/keys", Some(&token), json!({"name": "second"})).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("plan_limit")));
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("allows 1 API key,"), "{detail}");
        let refused =
            world.call(Method::POST, "/accounts", Some(&token), Some(ACCOUNT.to_owned()), &[]).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("plan_limit")));
        assert!(refused.body["detail"].as_str().unwrap().contains("0 upstream accounts"));
        assert_eq!(world.get("/keys", Some(&token)).await.body["items"].as_array().unwrap().len(), 1);

        let org = world.get("/organization", Some(&token)).await.body;
        assert_eq!(org["plan"], json!({"keys": 1, "accounts": 0}));
        assert_eq!(org["plan_in_use"], json!({"members": 1, "keys": 1, "accounts": 0}));

        let gone = world.call(Method::DELETE, &format!("/keys/{first}"), Some(&token), None, &[]).await;
        assert_eq!(gone.status, 204);
        world.key(&token, "instead").await;
    })
    .await;
}

#[tokio::test]
async fn of_many_who_take_the_last_places_at_once_only_as_many_succeed() {
    world::with_owner(|world, made, token| async move {
        world.plan(&token, made, json!({"keys": 3, "accounts": 2})).await;
        let keys = (0..8).map(|i| {
            let (world, token) = (world.clone(), token.clone());
            async move {
                world.post("/keys", Some(&token), json!({"name": format!("key {i}")})).await.status.as_u16()
            }
        });
        let accounts = (0..6).map(|_| {
            let (world, token) = (world.clone(), token.clone());
            async move {
                let body = Some(ACCOUNT.to_owned());
                world.call(Method::POST, "/accounts", Some(&token), body, &[]).await.status.as_u16()
            }
        });
        let (mut keys, mut accounts) =
            tokio::join!(futures_util::future::join_all(keys), futures_util::future::join_all(accounts));
        keys.sort_unstable();
        accounts.sort_unstable();
        assert_eq!(keys, [201, 201, 201, 409, 409, 409, 409, 409]);
        assert_eq!(accounts, [201, 201, 409, 409, 409, 409]);
    })
    .await;
}

#[tokio::test]
async fn the_plans_limits_hold_beside_the_organisations_own() {
    world::with_owner(|world, made, token| async move {
        world.plan(&token, made, json!({"limits": {"usd": {"month": "50"}, "concurrency": 9}})).await;
        let change = json!({"limits": {"usd": {"month": "70", "day": "5"}, "concurrency": 4}});
        assert_eq!(world.patch("/organization", Some(&token), change).await.status, 200);
        let answer = world.get("/organization/limits", Some(&token)).await.body;
        let shown: Vec<_> = answer["limits"].as_array().unwrap().iter().map(|l| &l["limit"]).collect();
        assert_eq!(shown, [&json!("5.00"), &json!("50.00"), &json!(4)]);
    })
    .await;
}
