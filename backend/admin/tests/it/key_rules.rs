//! Keys for people: what members may give their own, many at once, two secrets for a time, deleted and brought back.

use crate::world::{self, Answer, World};
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

const CEILINGS: &str = "/organization/key-ceilings";

async fn set(world: &World, owner: &str, ceilings: Value) -> Answer {
    world.call(Method::PUT, CEILINGS, Some(owner), Some(ceilings.to_string()), &[]).await
}

/// The fields that were refused, and that the ceiling is named.
fn refused(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let errors = answer.body["errors"].as_array().unwrap();
    let field = |error: &Value| {
        assert!(error["message"].as_str().unwrap().contains("lets members"), "{error}");
        error["field"].as_str().unwrap().to_owned()
    };
    errors.iter().map(field).collect()
}

fn ids(body: &Value) -> Vec<Value> {
    body["keys"].as_array().unwrap().iter().map(|key| key["id"].clone()).collect()
}

#[tokio::test]
async fn a_member_cannot_widen_a_key_by_any_way_and_an_administrator_can() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Member, "member@example.com").await;
        let member = world.sign_in("member@example.com").await;
        let account = world.account(&owner).await;
        let answer = set(
            &world,
            &owner,
            json!({"limits": {"usd": {"day": "5"}}, "models": {"allow": ["claude-*"]}, "accounts": [account],
                   "expires_within_days": 30}),
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let wide = json!({"name": "a", "limits": {"usd": {"day": "5.01"}}, "models": {"allow": ["*"]}});
        let all = ["limits.usd.day", "models.allow", "expires_at"];
        assert_eq!(refused(&world.post("/keys", Some(&member), wide.clone()).await), all);
        let batch = json!({"count": 2, "key": wide});
        let named = refused(&world.post("/keys/batch", Some(&member), batch).await);
        assert_eq!(named, all.map(|field| format!("key.{field}")));

        let soon = (chrono::Utc::now() + chrono::Duration::days(29)).to_rfc3339();
        let fits = json!({"name": "a", "limits": {"usd": {"week": "9"}}, "expires_at": soon});
        let made = world.post("/keys", Some(&member), fits).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["effective_limits"], json!({"usd": {"day": "5.00", "week": "9.00"}}));
        let id = made.body["id"].clone();
        let path = format!("/keys/{}", id.as_str().unwrap());
        for (change, field) in [
            (json!({"limits": {"usd": {"day": "6"}}}), "limits.usd.day"),
            (json!({"models": {"allow": ["gpt-*"]}}), "models.allow"),
            (json!({"expires_at": null}), "expires_at"),
        ] {
            assert_eq!(refused(&world.patch(&path, Some(&member), change.clone()).await), [field]);
            let many = json!({"ids": [id], "change": change});
            let named = refused(&world.patch("/keys/batch", Some(&member), many).await);
            assert_eq!(named, [format!("ids[0].{field}")]);
        }
        let other = world.patch(&path, Some(&member), json!({"owner_id": null})).await;
        assert_eq!((other.status.as_u16(), &other.body["code"]), (403, &json!("forbidden")));
        assert_eq!(
            world.patch(&path, Some(&owner), json!({"limits": {"usd": {"day": "6"}}})).await.status,
            200
        );
        // The name can be changed though the key is above the ceiling now.
        let renamed = world.patch(&path, Some(&member), json!({"name": "b"})).await;
        assert_eq!((renamed.status.as_u16(), &renamed.body["limits"]["usd"]["day"]), (200, &json!("6.00")));
        assert_eq!(renamed.body["effective_limits"]["usd"]["day"], "5.00");
        let limits = world.get(&format!("{path}/limits"), Some(&member)).await.body;
        assert_eq!(limits["limits"][0]["limit"], "5.00");
        let gone = world.call(Method::DELETE, &path, Some(&member), None, &[]).await;
        assert_eq!(gone.status, 204);
        let back = world.call(Method::POST, &format!("{path}/restore"), Some(&member), None, &[]).await;
        assert_eq!(refused(&back), ["limits.usd.day"]);
        let back = world.call(Method::POST, &format!("{path}/restore"), Some(&owner), None, &[]).await;
        assert_eq!((back.status.as_u16(), &back.body["status"]), (200, &json!("active")));
        let rules = world.get(CEILINGS, Some(&member)).await.body;
        assert_eq!((&rules["bound"], &rules["own_keys"]), (&json!(true), &json!(1)));
    })
    .await;
}

#[tokio::test]
async fn of_many_keys_that_a_member_issues_at_once_only_as_many_as_are_allowed_succeed() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Member, "member@example.com").await;
        let member = world.sign_in("member@example.com").await;
        assert_eq!(set(&world, &owner, json!({"keys": 3})).await.status, 200);
        let issue = (0..8).map(|i| {
            let (world, member) = (world.clone(), member.clone());
            async move {
                let (path, body) = if i % 4 == 0 {
                    ("/keys/batch", json!({"count": 2, "key": {"name": "b"}}))
                } else {
                    ("/keys", json!({"name": "a"}))
                };
                world.post(path, Some(&member), body).await.status.as_u16()
            }
        });
        let answers = futures_util::future::join_all(issue).await;
        assert!(answers.iter().all(|status| [201, 409].contains(status)), "{answers:?}");
        let has = world.get(CEILINGS, Some(&member)).await.body["own_keys"].as_u64().unwrap();
        assert!((2..=3).contains(&has), "{answers:?}");
        let refused =
            world.post("/keys/batch", Some(&member), json!({"count": 4, "key": {"name": "c"}})).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body["detail"].as_str().unwrap().contains("3 API keys"), "{}", refused.body);
        // Deleted keys free their places, and come back only while there is one.
        let listed = world.get("/keys", Some(&member)).await.body;
        let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/keys/{id}");
        assert_eq!(world.call(Method::DELETE, &path, Some(&member), None, &[]).await.status, 204);
        while world.post("/keys", Some(&member), json!({"name": "d"})).await.status == 201 {}
        let back = world.call(Method::POST, &format!("{path}/restore"), Some(&member), None, &[]).await;
        assert_eq!(back.status, 409, "{}", back.body);
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_issued_once_and_its_file_has_the_secrets() {
    world::with_owner(|world, _, owner| async move {
        let body =
            json!({"count": 3, "key": {"name": "=Workshop", "tags": ["w"], "device": "Room 4"}}).to_string();
        let once = [("idempotency-key", "2027-01 workshop")];
        let call = || world.call(Method::POST, "/keys/batch", Some(&owner), Some(body.clone()), &once);
        let (first, second) = tokio::join!(call(), call());
        let (made, again) = if first.status == 201 { (first, second) } else { (second, first) };
        assert_eq!((made.status.as_u16(), again.status.as_u16()), (201, 409), "{}", again.body);
        assert!(again.body["detail"].as_str().unwrap().contains("batch of 3 keys"));
        let csv = made.body["csv"].as_str().unwrap();
        let lines: Vec<_> = csv.trim_end().split("\r\n").collect();
        assert_eq!(lines.len(), 4);
        for (key, line) in made.body["keys"].as_array().unwrap().iter().zip(&lines[1..]) {
            assert!(
                line.starts_with("'=Workshop ") && line.contains(key["secret"].as_str().unwrap()),
                "{line}"
            );
        }
        let listed = world.get("/keys?tag=w&query=room", Some(&owner)).await.body;
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);
        let file = world.get("/keys/export?tag=w", Some(&owner)).await.body;
        let file = file.as_str().unwrap();
        assert_eq!(file.matches("'=Workshop ").count(), 3);
        assert!(
            made.body["keys"]
                .as_array()
                .unwrap()
                .iter()
                .all(|k| !file.contains(k["secret"].as_str().unwrap()))
        );
        let audit = world.get("/audit?limit=200", Some(&owner)).await.body.to_string();
        assert!(audit.contains("key.create"));
        assert!(
            made.body["keys"]
                .as_array()
                .unwrap()
                .iter()
                .all(|k| !audit.contains(k["secret"].as_str().unwrap()))
        );
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_changed_and_deleted_whole_or_not_at_all() {
    world::with_owner(|world, made, owner| async move {
        let issued = world.post("/keys/batch", Some(&owner), json!({"count": 3, "key": {"name": "k"}})).await;
        let all = ids(&issued.body);
        let mut some = all.clone();
        some.insert(1, json!(uuid::Uuid::nil()));
        let edit = |ids: &[Value], change: Value| json!({"ids": ids, "change": change});
        let refused = world.patch("/keys/batch", Some(&owner), edit(&some, json!({"enabled": false}))).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["field"]), (422, &json!("ids[1]")));
        let refused =
            world.patch("/keys/batch", Some(&owner), edit(&all, json!({"device": "x".repeat(101)}))).await;
        assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3);
        let active = world.get("/keys?status=active", Some(&owner)).await.body;
        assert_eq!(active["items"].as_array().unwrap().len(), 3, "nothing was changed");
        let change = json!({"enabled": false, "tags": ["old"], "owner_id": null});
        let changed = world.patch("/keys/batch", Some(&owner), edit(&all, change)).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let off = world.get("/keys?status=disabled&tag=old", Some(&owner)).await.body;
        assert_eq!(off["items"].as_array().unwrap().len(), 3);
        assert_eq!(off["items"][0]["owner"], json!(null));
        // Handed over to somebody, and to nobody who is no member.
        let ada = world.person(made, Role::Member, "ada@example.com").await;
        let path = format!("/keys/{}", all[0].as_str().unwrap());
        assert_eq!(
            world.patch(&path, Some(&owner), json!({"owner_id": ada})).await.body["owner"]["id"],
            json!(ada)
        );
        let stranger = world.patch(&path, Some(&owner), json!({"owner_id": uuid::Uuid::nil()})).await;
        assert_eq!(
            (stranger.status.as_u16(), &stranger.body["errors"][0]["field"]),
            (422, &json!("owner_id"))
        );
        let token = world.sign_in("ada@example.com").await;
        assert_eq!(world.get(&path, Some(&token)).await.status, 200);
        assert_eq!(
            world.post("/keys/batch/delete", Some(&token), json!({"ids": all})).await.status,
            422,
            "a member deletes own keys only"
        );
        assert_eq!(world.post("/keys/batch/delete", Some(&owner), json!({"ids": all})).await.status, 204);
        let gone = world.get("/keys?status=deleted", Some(&owner)).await.body;
        assert_eq!(gone["items"].as_array().unwrap().len(), 3);
        assert_eq!(gone["items"][0]["status"], "deleted");
        assert_eq!(world.post("/keys/batch/delete", Some(&owner), json!({"ids": []})).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn a_rotation_has_one_overlap_at_a_time_and_shows_both_secrets_state() {
    world::with_owner(|world, _, owner| async move {
        let (id, first) = world.key(&owner, "a").await;
        let path = format!("/keys/{id}");
        let rotate = |minutes: u32| {
            let (world, owner, path) = (world.clone(), owner.clone(), format!("{path}/rotate"));
            async move { world.post(&path, Some(&owner), json!({"overlap_minutes": minutes})).await }
        };
        assert_eq!(rotate(43_201).await.status, 422);
        let rotated = rotate(60).await;
        assert_eq!(rotated.status, 200, "{}", rotated.body);
        assert!(rotated.body["secret"].as_str().unwrap() != first);
        assert_eq!(rotated.body["previous"]["works"], true);
        assert!(first.starts_with(rotated.body["previous"]["prefix"].as_str().unwrap()));
        assert_eq!(rotate(60).await.status, 409);
        let ended = world.call(Method::DELETE, &format!("{path}/overlap"), Some(&owner), None, &[]).await;
        assert_eq!((ended.status.as_u16(), &ended.body["previous"]["works"]), (200, &json!(false)));
        assert_eq!(rotate(60).await.status, 200);
        assert_eq!(rotate(0).await.body["previous"], json!(null), "without an overlap all older ones end");
    })
    .await;
}

#[tokio::test]
async fn rules_that_cannot_be_kept_are_refused_by_their_path() {
    world::with_owner(|world, _, owner| async move {
        for (fields, field) in [
            (json!({"addresses": {"allow": ["10.0.0.0/33"]}}), "addresses.allow[0]"),
            (json!({"addresses": {"deny": ["localhost"]}}), "addresses.deny[0]"),
            (json!({"addresses": {"only": []}}), "addresses.only"),
            (json!({"services": {"dialects": ["smtp"]}}), "services.dialects[0]"),
            (json!({"services": {"providers": ["nobody"]}}), "services.providers[0]"),
            (json!({"expires_after_first_use_days": 0}), "expires_after_first_use_days"),
            (json!({"tags": [""]}), "tags[0]"),
            (json!({"owner_id": "x"}), "owner_id"),
        ] {
            let mut body = fields.clone();
            body["name"] = json!("a");
            let answer = world.post("/keys", Some(&owner), body).await;
            let named = (answer.status.as_u16(), answer.body["errors"][0]["field"].clone());
            assert_eq!(named, (422, json!(field)), "{fields}: {}", answer.body);
        }
        for (ceilings, field) in [
            (json!({"expires_within_days": 0}), "expires_within_days"),
            (json!({"limits": {"concurrency": 0}}), "limits.concurrency"),
            (json!({"accounts": [uuid::Uuid::nil()]}), "accounts[0]"),
            (json!({"key": 1}), "key"),
        ] {
            let answer = set(&world, &owner, ceilings).await;
            let named = (answer.status.as_u16(), answer.body["errors"][0]["field"].clone());
            assert_eq!(named, (422, json!(field)), "{}", answer.body);
        }
    })
    .await;
}
