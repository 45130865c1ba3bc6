//! Pools: what they are made of, what is refused, and which keys use them.

use crate::world::{self, Answer, World};
use causeway_store::{TenantTx, keys, policy, pools};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn made(world: &World, token: &str, body: Value) -> Value {
    let answer = world.post("/pools", Some(token), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

async fn delete(world: &World, token: &str, path: &str) -> Answer {
    world.call(Method::DELETE, path, Some(token), None, &[]).await
}

fn path(pool: &Value) -> String {
    format!("/pools/{}", pool["id"].as_str().unwrap())
}

/// The fields that a refusal names.
fn fields(answer: &Answer) -> (u16, Vec<&str>) {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    (answer.status.as_u16(), errors.map(|error| error["field"].as_str().unwrap()).collect())
}

/// Accounts and priorities of a pool.
fn members(pool: &Value) -> Vec<(&str, u64, u64)> {
    let all = pool["members"].as_array().unwrap().iter();
    all.map(|m| {
        (m["account_id"].as_str().unwrap(), m["weight"].as_u64().unwrap(), m["priority"].as_u64().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn accounts_are_given_in_short_in_their_order_or_each_with_its_share() {
    world::with_owner(|world, _, token| async move {
        let (a, b) = (world.account(&token).await, world.account(&token).await);
        let short = made(&world, &token, json!({"name": " Research ", "account_ids": [b, a]})).await;
        assert_eq!((&short["name"], &short["strategy"]), (&json!("Research"), &json!("round_robin")));
        assert_eq!((&short["sticky_seconds"], &short["keys"]), (&json!(3600), &json!(0)), "{short}");
        assert_eq!(members(&short), [(b.as_str(), 1, 0), (a.as_str(), 1, 1)]);
        assert_eq!(short["active_account_id"], Value::Null);
        let shares = json!([{"account_id": a, "weight": 3, "priority": 9}, {"account_id": b}]);
        let body = json!({"name": "Shares", "strategy": "weighted", "sticky_seconds": 0, "members": shares});
        let long = made(&world, &token, body).await;
        assert_eq!(members(&long), [(b.as_str(), 1, 0), (a.as_str(), 3, 9)], "by priority");
        assert_eq!(long["sticky_seconds"], json!(0));
        // Where nobody says which one is active, the first is.
        let body = json!({"name": "One", "strategy": "active_first", "account_ids": [b, a]});
        assert_eq!(made(&world, &token, body).await["active_account_id"], json!(b));
        let empty = made(&world, &token, json!({"name": "Empty"})).await;
        assert_eq!(members(&empty), []);
        let page = world.get("/pools?limit=3", Some(&token)).await.body;
        let names: Vec<_> = page["items"].as_array().unwrap().iter().map(|pool| &pool["name"]).collect();
        assert_eq!(names, ["Empty", "One", "Shares"], "newest first");
        let next = format!("/pools?cursor={}", page["next_cursor"].as_str().unwrap());
        let page = world.get(&next, Some(&token)).await.body;
        assert_eq!((&page["items"][0], page["items"].as_array().unwrap().len()), (&short, 1));
        assert_eq!(world.get(&path(&long), Some(&token)).await.body, long);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_comes_back_tells_which_of_its_pools_are_gone() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let gone = made(&world, &token, json!({"name": "Gone", "account_ids": [account]})).await;
        let stays = made(&world, &token, json!({"name": "Stays", "account_ids": [account]})).await;
        let body = json!({"name": "k", "pool_ids": [gone["id"], stays["id"]]});
        let key = world.post("/keys", Some(&token), body).await.body;
        assert_eq!(key["missing_pool_ids"], json!([]), "a new one names what is there");
        let key = format!("/keys/{}", key["id"].as_str().unwrap());
        assert_eq!(world.get(&key, Some(&token)).await.body["missing_pool_ids"], json!([]));
        assert_eq!(delete(&world, &token, &key).await.status, 204);
        assert_eq!(delete(&world, &token, &path(&gone)).await.status, 204, "no key that works names it");
        let back = world.call(Method::POST, &format!("{key}/restore"), Some(&token), None, &[]).await;
        assert_eq!((back.status.as_u16(), &back.body["missing_pool_ids"]), (200, &json!([gone["id"]])));
        assert_eq!(back.body["pool_ids"], json!([gone["id"], stays["id"]]), "nothing is widened by that");
        let listed = world.get("/keys", Some(&token)).await.body;
        assert_eq!(listed["items"][0]["missing_pool_ids"], json!([gone["id"]]));
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_pool_is_refused_by_the_field_that_is_wrong() {
    world::with_owner(|world, _, token| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let (own, theirs) = (world.account(&token).await, world.account(&rival).await);
        let gone = world.account(&token).await;
        assert_eq!(delete(&world, &token, &format!("/accounts/{gone}")).await.status, 204);
        let pool = made(&world, &token, json!({"name": "Taken", "account_ids": [own]})).await;
        let many: Vec<_> = (0..201).map(|_| own.clone()).collect();
        for (body, wrong) in [
            (json!({"name": "Taken"}), "name"),
            (json!({"name": "  "}), "name"),
            (json!({"name": "x".repeat(101)}), "name"),
            (json!({"name": "A", "account_ids": [own, theirs]}), "account_ids[1]"),
            (json!({"name": "A", "account_ids": [gone]}), "account_ids[0]"),
            (json!({"name": "A", "account_ids": [own, own]}), "account_ids[1]"),
            (json!({"name": "A", "account_ids": many}), "account_ids"),
            (json!({"name": "A", "members": [{"account_id": theirs}]}), "members[0].account_id"),
            (json!({"name": "A", "members": [{"account_id": own, "weight": 0}]}), "members[0].weight"),
            (json!({"name": "A", "members": [{"account_id": own, "weight": 1001}]}), "members[0].weight"),
            (json!({"name": "A", "members": [{"account_id": own, "priority": 1001}]}), "members[0].priority"),
            (json!({"name": "A", "members": [], "account_ids": []}), "account_ids"),
            (json!({"name": "A", "sticky_seconds": 604_801}), "sticky_seconds"),
            (json!({"name": "A", "active_account_id": own}), "active_account_id"),
            (json!({"name": "A", "account_ids": [own], "active_account_id": theirs}), "active_account_id"),
        ] {
            let answer = world.post("/pools", Some(&token), body.clone()).await;
            assert_eq!(fields(&answer), (422, vec![wrong]), "{body}: {}", answer.body);
        }
        for body in [
            json!({"name": "A", "strategy": "luckiest"}),
            json!({"name": "A", "members": [{"account_id": "nobody"}]}),
            json!({"name": "A", "acounts": [own]}),
        ] {
            let answer = world.post("/pools", Some(&token), body.clone()).await;
            assert!(answer.status.is_client_error(), "{body}: {}", answer.body);
        }
        let page = world.get("/pools", Some(&token)).await.body;
        assert_eq!(page["items"], json!([pool]), "what was refused left nothing behind");
        // Names are an organisation's own.
        made(&world, &rival, json!({"name": "Taken"})).await;
        assert_eq!(world.get(&path(&pool), Some(&rival)).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name_and_reaches_every_relay() {
    world::with_owner(|world, org, token| async move {
        let (a, b, c) =
            (world.account(&token).await, world.account(&token).await, world.account(&token).await);
        let pool = made(&world, &token, json!({"name": "Research", "account_ids": [a, b]})).await;
        made(&world, &token, json!({"name": "Taken"})).await;
        let patch = async |body: Value| world.patch(&path(&pool), Some(&token), body).await;
        let before = policy::current(&world.store.cache, org.org).await.unwrap();
        let changed = patch(json!({"strategy": "active_first"})).await.body;
        assert_eq!((&changed["name"], members(&changed)), (&pool["name"], members(&pool)));
        assert_eq!(changed["active_account_id"], json!(a), "the first, where nobody says");
        assert!(policy::current(&world.store.cache, org.org).await.unwrap() > before);
        let switched = patch(json!({"active_account_id": b})).await.body;
        assert_eq!(switched["active_account_id"], json!(b));
        // Who leaves the pool is no longer its active account.
        let left = patch(json!({"account_ids": [c, a]})).await.body;
        assert_eq!((members(&left).len(), &left["active_account_id"]), (2, &json!(c)));
        let none = patch(json!({"active_account_id": null})).await.body;
        assert_eq!(none["active_account_id"], Value::Null);
        assert_eq!(fields(&patch(json!({"active_account_id": b})).await), (422, vec!["active_account_id"]));
        assert_eq!(fields(&patch(json!({"name": "Taken"})).await), (422, vec!["name"]));
        assert_eq!(patch(json!({"name": "Research"})).await.status, 200, "its own name is not taken");
        // An account that is removed leaves its pools.
        assert_eq!(delete(&world, &token, &format!("/accounts/{c}")).await.status, 204);
        let now = world.get(&path(&pool), Some(&token)).await.body;
        assert_eq!(members(&now).iter().map(|m| m.0).collect::<Vec<_>>(), [a.as_str()]);
        let mut tx = TenantTx::begin(&world.store.app, org.org, None).await.unwrap();
        let id = pool["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(pools::get(&mut tx, id, false).await.unwrap().active, None);
        let log = world.get("/audit?action=pool.update&limit=1", Some(&token)).await.body;
        assert_eq!(log["items"][0]["after"]["name"], json!("Research"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn keys_name_pools_in_an_order_of_their_own_organisation_and_no_account_beside_them() {
    world::with_owner(|world, _, token| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let account = world.account(&token).await;
        let id = |pool: &Value| pool["id"].as_str().unwrap().to_owned();
        let first = id(&made(&world, &token, json!({"name": "First", "account_ids": [account]})).await);
        let second = id(&made(&world, &token, json!({"name": "Second"})).await);
        let theirs = id(&made(&world, &rival, json!({"name": "Theirs"})).await);
        let body = json!({"name": "k", "pool_ids": [second, first]});
        let key = world.post("/keys", Some(&token), body).await;
        assert_eq!((key.status.as_u16(), &key.body["pool_ids"]), (201, &json!([second, first])));
        let at = format!("/keys/{}", key.body["id"].as_str().unwrap());
        for (change, wrong) in [
            (json!({"pool_ids": [first, theirs]}), "pool_ids[1]"),
            (json!({"pool_ids": [first, first]}), "pool_ids[1]"),
            (json!({"pool_ids": vec![&first; 11]}), "pool_ids"),
            (json!({"account_id": account}), "account_id"),
            (json!({"account_id": account, "pool_ids": [first]}), "pool_ids"),
        ] {
            let mut new = change.clone();
            new["name"] = json!("new");
            // A new key has no pools yet.
            if change.get("pool_ids").is_some() {
                assert_eq!(
                    fields(&world.post("/keys", Some(&token), new).await),
                    (422, vec![wrong]),
                    "{change}"
                );
            }
            let answer = world.patch(&at, Some(&token), change.clone()).await;
            assert_eq!(fields(&answer), (422, vec![wrong]), "{change}: {}", answer.body);
        }
        let turned = world.patch(&at, Some(&token), json!({"pool_ids": [first, second]})).await;
        assert_eq!(turned.body["pool_ids"], json!([first, second]));
        let bound = json!({"account_id": account, "pool_ids": []});
        assert_eq!(world.patch(&at, Some(&token), bound).await.status, 200);
        let kept = world.patch(&at, Some(&token), json!({"account_id": null, "pool_ids": [second]})).await;
        assert_eq!((&kept.body["account_id"], &kept.body["pool_ids"]), (&Value::Null, &json!([second])));
    })
    .await;
}

#[tokio::test]
async fn a_pool_is_kept_while_keys_or_the_ceilings_of_members_name_it() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let pool = made(&world, &token, json!({"name": "Research", "account_ids": [account]})).await;
        let body = json!({"name": "k", "pool_ids": [pool["id"]]});
        let key = world.post("/keys", Some(&token), body.clone()).await.body;
        world.post("/keys", Some(&token), body).await;
        assert_eq!(world.get(&path(&pool), Some(&token)).await.body["keys"], json!(2));
        let refused = delete(&world, &token, &path(&pool)).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body["detail"].as_str().unwrap().contains("2 keys name"), "{}", refused.body);
        let first = format!("/keys/{}", key["id"].as_str().unwrap());
        assert_eq!(delete(&world, &token, &first).await.status, 204);
        assert_eq!(delete(&world, &token, &path(&pool)).await.status, 409, "one is left");
        let others = world.get("/keys", Some(&token)).await.body;
        let last = format!("/keys/{}", others["items"][0]["id"].as_str().unwrap());
        assert_eq!(world.patch(&last, Some(&token), json!({"pool_ids": []})).await.status, 200);
        // Members' keys would be left with nobody.
        let ceilings = async |pools: Value| {
            let body = json!({"pools": pools}).to_string();
            world.call(Method::PUT, "/organization/key-ceilings", Some(&token), Some(body), &[]).await.status
        };
        assert_eq!(ceilings(json!([pool["id"]])).await, 200);
        assert_eq!(delete(&world, &token, &path(&pool)).await.status, 409);
        assert_eq!(ceilings(json!([])).await, 200);
        assert_eq!(delete(&world, &token, &path(&pool)).await.status, 204);
        assert_eq!(world.get(&path(&pool), Some(&token)).await.status, 404);
        assert_eq!(delete(&world, &token, &path(&pool)).await.status, 404);
        assert_eq!(world.get(&format!("/accounts/{account}"), Some(&token)).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn who_removes_a_pool_waits_for_a_key_that_is_about_to_name_it() {
    world::with_owner(|world, org, token| async move {
        let pool = made(&world, &token, json!({"name": "Research"})).await;
        let (key, _) = world.key(&token, "k").await;
        let id = pool["id"].as_str().unwrap().parse().unwrap();
        let mut tx = TenantTx::begin(&world.store.app, org.org, None).await.unwrap();
        let mut row = keys::get(&mut tx, key.parse().unwrap(), None, true).await.unwrap();
        row.pools = pools::known(&mut tx, &[id]).await.unwrap();
        let removal = tokio::spawn({
            let (world, token, path) = (world.clone(), token.clone(), path(&pool));
            async move { delete(&world, &token, &path).await.status.as_u16() }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!removal.is_finished());
        keys::update(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(removal.await.unwrap(), 409);
    })
    .await;
}
