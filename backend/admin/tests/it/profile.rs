//! One's own account: name, password, sessions.

use crate::world::{self, PASSWORD, World};
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

const NEW: &str = "a sentence nobody has used";

async fn sign_in(world: &World, agent: &str) -> String {
    let body = json!({"email": "owner@example.com", "password": PASSWORD}).to_string();
    let answer = world.call(Method::POST, "/auth/sign-in", None, Some(body), &[("user-agent", agent)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["access_token"].as_str().unwrap().to_owned()
}

async fn status(world: &World, token: &str) -> u16 {
    world.get("/me", Some(token)).await.status.as_u16()
}

#[tokio::test]
async fn everybody_changes_their_own_name_and_language() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Viewer, "viewer@example.com").await;
        let token = world.sign_in("viewer@example.com").await;
        let changed = world.patch("/me", Some(&token), json!({"name": " 路 ", "locale": "zh"})).await;
        assert_eq!((&changed.body["name"], &changed.body["locale"]), (&json!("路"), &json!("zh")));
        assert_eq!(world.get("/me", Some(&token)).await.body["user"]["name"], "路");
        let bad = world.patch("/me", Some(&token), json!({"name": "", "locale": "xx"})).await;
        assert_eq!((bad.status.as_u16(), bad.body["errors"].as_array().unwrap().len()), (422, 2));
        let log = world.get("/audit", Some(&owner)).await;
        let line =
            log.body["items"].as_array().unwrap().iter().find(|l| l["action"] == "user.update").unwrap();
        assert_eq!((&line["before"]["name"], &line["after"]["name"]), (&json!("viewer"), &json!("路")));
    })
    .await;
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_ends_the_others_if_wanted() {
    world::with_owner(|world, _, token| async move {
        let change = |old: &'static str, new: &'static str, end: bool| {
            let (world, token) = (world.clone(), token.clone());
            let body = json!({"current_password": old, "new_password": new, "end_other_sessions": end});
            async move { world.post("/me/password", Some(&token), body).await }
        };
        let field = |body: &Value| body["errors"][0]["field"].clone();
        assert_eq!(field(&change("wrong", NEW, true).await.body), "current_password");
        assert_eq!(field(&change(PASSWORD, "short", true).await.body), "new_password");
        assert_eq!(field(&change(PASSWORD, "password1234", true).await.body), "new_password");
        assert_eq!(field(&change(PASSWORD, "owner@example.com", true).await.body), "new_password");
        assert_eq!(field(&change(PASSWORD, PASSWORD, true).await.body), "new_password");
        let other = sign_in(&world, "curl/8").await;
        assert_eq!(change(PASSWORD, NEW, false).await.status, 204);
        assert_eq!((status(&world, &other).await, status(&world, &token).await), (200, 200));
        assert_eq!(change(NEW, "and yet another sentence", true).await.status, 204);
        assert_eq!((status(&world, &other).await, status(&world, &token).await), (401, 200));
        for _ in 0..5 {
            change("wrong", NEW, true).await;
        }
        let mut owner = world.database().await;
        let moment = "update sign_in_failures set last_at = now() + interval '60 seconds'";
        sqlx::raw_sql(moment).execute(&mut owner).await.unwrap();
        assert_eq!(change("and yet another sentence", NEW, true).await.status, 429);
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    world::with_owner(|world, made, token| async move {
        let firefox =
            sign_in(&world, "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/1 Firefox/132.0").await;
        let curl = sign_in(&world, "curl/8.5.0").await;
        let listed = world.get("/me/sessions", Some(&firefox)).await;
        let sessions = listed.body.as_array().unwrap();
        assert_eq!(sessions.len(), 3);
        let current: Vec<_> = sessions.iter().filter(|s| s["current"] == true).collect();
        assert_eq!(current.len(), 1);
        assert_eq!((&current[0]["browser"], &current[0]["system"]), (&json!("Firefox"), &json!("Linux")));
        let of_curl = sessions.iter().find(|s| s["browser"] == "curl").unwrap()["id"].clone();
        let path = format!("/me/sessions/{}", of_curl.as_str().unwrap());
        // Somebody else's is none of theirs.
        world.person(made, Role::Admin, "admin@example.com").await;
        let admin = world.sign_in("admin@example.com").await;
        assert_eq!(world.call(Method::DELETE, &path, Some(&admin), None, &[]).await.status, 404);
        assert_eq!(world.call(Method::DELETE, &path, Some(&firefox), None, &[]).await.status, 204);
        assert_eq!((status(&world, &curl).await, status(&world, &firefox).await), (401, 200));
        assert_eq!(world.call(Method::DELETE, "/me/sessions", Some(&firefox), None, &[]).await.status, 204);
        assert_eq!((status(&world, &token).await, status(&world, &firefox).await), (401, 200));
        assert_eq!(status(&world, &admin).await, 200);
        assert_eq!(world.get("/me/sessions", Some(&firefox)).await.body.as_array().unwrap().len(), 1);
        let log = world.get("/audit", Some(&firefox)).await.body.to_string();
        assert!(log.contains("session.revoke\"") && log.contains("session.revoke_others"));
    })
    .await;
}
