//! API keys.

use crate::world;
use causeway_domain::{Role, secret::looks_like_key};
use causeway_store::policy;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn a_secret_is_shown_once_and_every_change_reaches_the_relay() {
    world::with_owner(|world, made, token| async move {
        let body = json!({
            "name": " Trainee ", "limits": {"requests_per_minute": 30, "usd": {"day": "5.00"}},
            "models": {"allow": ["claude-*"], "deny": []}, "expires_at": "2199-01-01T00:00:00Z"
        });
        let issued = world.post("/keys", Some(&token), body).await;
        assert_eq!((issued.status.as_u16(), &issued.body["name"]), (201, &json!("Trainee")));
        let secret = issued.body["secret"].as_str().unwrap();
        assert!(looks_like_key(secret));
        assert!(secret.starts_with(issued.body["prefix"].as_str().unwrap()));
        let path = format!("/keys/{}", issued.body["id"].as_str().unwrap());
        let version = policy::current(&world.store.cache, made.org).await.unwrap().unwrap();

        let read = world.get(&path, Some(&token)).await.body;
        assert!(read.get("secret").is_none());
        assert_eq!(read["limits"], json!({"requests_per_minute": 30, "usd": {"day": "5.00"}}));

        let changed =
            world.patch(&path, Some(&token), json!({"expires_at": null, "enabled": false})).await.body;
        assert_eq!((&changed["expires_at"], &changed["status"]), (&json!(null), &json!("disabled")));
        assert_eq!(changed["limits"], read["limits"], "what is absent stays");
        assert_eq!(policy::current(&world.store.cache, made.org).await.unwrap(), Some(version + 1));

        assert_eq!(world.call(Method::DELETE, &path, Some(&token), None, &[]).await.status, 204);
        assert_eq!(world.get(&path, Some(&token)).await.status, 404);
        assert_eq!(policy::current(&world.store.cache, made.org).await.unwrap(), Some(version + 2));
    })
    .await;
}

#[tokio::test]
async fn limits_that_cannot_be_enforced_are_refused_by_their_path() {
    world::with_owner(|world, _, token| async move {
        for (limits, field) in [
            (json!({"usd": {"day": "0"}}), "limits.usd.day"),
            (json!({"usd": {"day": "-1"}}), "limits.usd.day"),
            (json!({"usd": {"day": 0.5}}), "limits.usd.day"),
            (json!({"usd": {"daily": "1"}}), "limits.usd.daily"),
            (json!({"concurrency": 0}), "limits.concurrency"),
            (json!({"requests_per_minute": -1}), "limits.requests_per_minute"),
            (json!({"tokens": {"total": 9_007_199_254_740_992_u64}}), "limits.tokens.total"),
        ] {
            let answer = world.post("/keys", Some(&token), json!({"name": "a", "limits": limits})).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{limits}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn members_manage_their_own_keys_and_see_no_others() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Member, "member@example.com").await;
        let member = world.sign_in("member@example.com").await;
        let (theirs, _) = world.key(&member, "member's").await;
        let (owners, _) = world.key(&owner, "owner's").await;
        let names = |body: &serde_json::Value| {
            body["items"].as_array().unwrap().iter().map(|k| k["name"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&world.get("/keys", Some(&member)).await.body), ["member's"]);
        assert_eq!(names(&world.get("/keys", Some(&owner)).await.body), ["owner's", "member's"]);
        let rename = json!({"name": "renamed"});
        assert_eq!(world.patch(&format!("/keys/{theirs}"), Some(&member), rename.clone()).await.status, 200);
        assert_eq!(world.patch(&format!("/keys/{owners}"), Some(&member), rename.clone()).await.status, 404);
        assert_eq!(world.patch(&format!("/keys/{theirs}"), Some(&owner), rename).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_gaps() {
    world::with_owner(|world, _, token| async move {
        for name in ["a", "b", "c"] {
            world.key(&token, name).await;
        }
        let first = world.get("/keys?limit=2", Some(&token)).await.body;
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = world.get(&format!("/keys?limit=2&cursor={cursor}"), Some(&token)).await.body;
        let names: Vec<_> = [&first, &second]
            .iter()
            .flat_map(|page| page["items"].as_array().unwrap().iter().map(|k| k["name"].as_str().unwrap()))
            .collect();
        assert_eq!((names, &second["next_cursor"]), (vec!["c", "b", "a"], &json!(null)));
    })
    .await;
}
