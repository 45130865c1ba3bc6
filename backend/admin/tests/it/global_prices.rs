//! Prices and multipliers of the installation; and that the credit of a prepaid organisation is charged by them.

use crate::world::{self, World};
use causeway_domain::provider::Provider;
use causeway_store::principal;
use chrono::Utc;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

async fn put(world: &World, token: &str, path: &str, body: Value) -> world::Answer {
    world.call(Method::PUT, path, Some(token), Some(body.to_string()), &[]).await
}

/// What a million input tokens cost at an own or the installation's price, as the relay has it.
async fn relay_price(world: &World, org: causeway_domain::OrgId, model: &str) -> Option<i64> {
    let tenancy = principal::tenancy(&world.store.relay, org).await.unwrap().unwrap();
    let own = tenancy.price_overrides.find(Provider::ANTHROPIC, model, Utc::now()).cloned();
    let price = own.or_else(|| tenancy.global_prices.find(Provider::ANTHROPIC, model, Utc::now()).cloned());
    price.map(|p| p.standard.base.input)
}

#[tokio::test]
async fn a_price_of_the_installation_counts_where_an_organisation_has_none_and_is_kept_as_history() {
    world::with_owner(|world, made, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let (model, path) = ("claude-haiku-4-5", "/operator/prices/overrides/claude-haiku-*");
        let before =
            principal::tenancy(&world.store.relay, rivals.org).await.unwrap().unwrap().policy_version;
        assert_eq!(put(&world, &operator, path, json!({"input": "3", "output": "9"})).await.status, 200);
        assert_eq!(relay_price(&world, rivals.org, model).await, Some(3_000_000_000));
        let now = causeway_store::policy::current(&world.store.cache, rivals.org).await.unwrap().unwrap();
        assert!(now > before, "every relay hears of it");
        // The organisation sees it, and its own wins.
        let listed = world.get("/prices?query=claude-haiku-4-5&provider=anthropic", Some(&rival)).await;
        assert_eq!(
            listed.body["items"][0]["installation"]["price"]["input"],
            json!("3.00"),
            "{}",
            listed.body
        );
        put(&world, &rival, "/prices/overrides/claude-haiku-4-5", json!({"input": "2", "output": "4"})).await;
        assert_eq!(relay_price(&world, rivals.org, model).await, Some(2_000_000_000));
        assert_eq!(relay_price(&world, made.org, model).await, Some(3_000_000_000));
        // Another version, a planned one, a removal.
        put(&world, &operator, path, json!({"input": "5", "output": "9"})).await;
        put(
            &world,
            &operator,
            path,
            json!({"input": "6", "output": "9", "from": Utc::now() + chrono::Duration::days(3)}),
        )
        .await;
        let list = world.get("/operator/prices", Some(&operator)).await;
        let item = &list.body["items"][0];
        assert_eq!(
            (&item["now"]["price"]["input"], &item["planned"][0]["price"]["input"]),
            (&json!("5.00"), &json!("6.00"))
        );
        let removed = world.call(Method::DELETE, path, Some(&operator), None, &[]).await;
        assert_eq!(removed.status, 204, "{}", removed.body);
        assert_eq!(relay_price(&world, made.org, model).await, None);
        assert_eq!(world.call(Method::DELETE, path, Some(&operator), None, &[]).await.status, 404);
        let history = world.get(path, Some(&operator)).await;
        let versions = history.body["versions"].as_array().unwrap();
        assert_eq!(versions.len(), 4);
        assert_eq!(versions[3]["recorded_by"], json!("Ada Lovelace"));
        let refused = put(&world, &operator, path, json!({"input": "-1", "output": "1"})).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["field"]), (422, &json!("input")));
        let log = world.get("/operator/audit?action=price", Some(&operator)).await;
        assert_eq!(log.body["items"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_multiplier_of_the_installation_counts_where_an_organisation_has_none_of_its_own() {
    world::with_owner(|world, made, operator| async move {
        let at = async || {
            let tenancy = principal::tenancy(&world.store.relay, made.org).await.unwrap().unwrap();
            tenancy.provider_multipliers.get("anthropic").map(ToString::to_string)
        };
        let set = async |multiplier: Value| {
            let body = json!({"multiplier": multiplier});
            put(&world, &operator, "/operator/multipliers/anthropic", body).await
        };
        assert_eq!(set(json!("1.2")).await.status, 200);
        assert_eq!(at().await.as_deref(), Some("1.2"));
        let path = format!("/operator/organizations/{}", made.org);
        world.patch(&path, Some(&operator), json!({"provider_multipliers": {"anthropic": "0.8"}})).await;
        assert_eq!(at().await.as_deref(), Some("0.8"));
        world.patch(&path, Some(&operator), json!({"provider_multipliers": {}})).await;
        let listed = set(json!(null)).await;
        assert_eq!(at().await, None);
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 2);
        assert!(listed.body["items"].as_array().unwrap().iter().all(|m| m["in_force"] == json!(false)));
        assert_eq!(set(json!("101")).await.status, 422);
        let nowhere = put(&world, &operator, "/operator/multipliers/acme", json!({"multiplier": "1"})).await;
        assert_eq!(nowhere.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_credit_of_a_prepaid_organisation_is_charged_by_the_operators_prices() {
    world::with_owner(|world, _, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let price = json!({"input": "0.01", "output": "0.01"});
        put(&world, &rival, "/prices/overrides/claude-haiku-4-5", price.clone()).await;
        world.patch("/organization", Some(&rival), json!({"default_price": price})).await;
        let cheap = world.post("/keys", Some(&rival), json!({"name": "cheap", "multiplier": "0.1"})).await;
        let (id, secret) = (cheap.body["id"].as_str().unwrap(), cheap.body["secret"].as_str().unwrap());
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let of_key = async || {
            principal::by_hash(&world.store.relay, &hash).await.unwrap().unwrap().multiplier.to_string()
        };
        assert_eq!(
            (relay_price(&world, rivals.org, "claude-haiku-4-5").await, of_key().await.as_str()),
            (Some(10_000_000), "0.1")
        );

        let credit = json!({"kind": "credit", "amount_usd": "5"});
        let entries = format!("/operator/organizations/{}/entries", rivals.org);
        assert_eq!(world.post(&entries, Some(&operator), credit).await.status, 201);
        let tenancy = principal::tenancy(&world.store.relay, rivals.org).await.unwrap().unwrap();
        assert!(tenancy.prepaid && tenancy.default_price.is_none());
        // What was there does not count any more, and nothing new of the kind is accepted.
        assert_eq!(
            (relay_price(&world, rivals.org, "claude-haiku-4-5").await, of_key().await.as_str()),
            (None, "1")
        );
        let refused = [
            (put(&world, &rival, "/prices/overrides/claude-haiku-4-5", price.clone()).await, "model"),
            (
                world
                    .patch(
                        "/organization",
                        Some(&rival),
                        json!({"default_price": {"input": "1", "output": "1"}}),
                    )
                    .await,
                "default_price",
            ),
            (
                world.post("/keys", Some(&rival), json!({"name": "b", "multiplier": "0.99"})).await,
                "multiplier",
            ),
            (
                world.patch(&format!("/keys/{id}"), Some(&rival), json!({"multiplier": "0.2"})).await,
                "multiplier",
            ),
        ];
        for (answer, field) in refused {
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{}",
                answer.body
            );
        }
        // The same again is no change, and more than cost is the organisation's own business.
        for body in [json!({"multiplier": "0.1", "name": "c"}), json!({"multiplier": "1.5"})] {
            let answer = world.patch(&format!("/keys/{id}"), Some(&rival), body).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        assert_eq!(of_key().await, "1.5");
        assert_eq!(
            world.patch("/organization", Some(&rival), json!({"default_price": null})).await.status,
            200
        );
    })
    .await;
}
