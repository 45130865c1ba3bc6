//! API tokens: what they may do, what they may never do, and how they end.

use crate::world::{self, Answer, World};
use causeway_domain::Role;
use causeway_openapi::Scope;
use causeway_store::TenantTx;
use chrono::{Duration, Utc};
use http::Method;
use serde_json::{Value, json};

/// A token with these scopes, good for a day: its id and its text.
async fn token(world: &World, access: &str, scopes: &[&str]) -> (String, String) {
    let body = json!({"name": "Robot", "scopes": scopes, "expires_at": Utc::now() + Duration::days(1)});
    let made = world.post("/tokens", Some(access), body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let text = |field: &str| made.body[field].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

fn fields(answer: &Answer) -> Vec<&str> {
    answer.body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_token_does_what_its_scopes_name_and_nothing_else() {
    world::with_owner(|world, _, owner| async move {
        let (_, reads) = token(&world, &owner, &["keys:read"]).await;
        assert_eq!(world.get("/keys", Some(&reads)).await.status, 200);
        let refused = world.post("/keys", Some(&reads), json!({"name": "a"})).await;
        assert_eq!(refused.status, 403);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("keys:write") && detail.contains("keys:read"), "{detail}");
        assert_eq!(world.get("/accounts", Some(&reads)).await.status, 403);

        let (_, writes) = token(&world, &owner, &["keys:write"]).await;
        assert_eq!(world.post("/keys", Some(&writes), json!({"name": "a"})).await.status, 201);
        assert_eq!(world.get("/keys", Some(&writes)).await.status, 200, "writing includes reading");

        let me = world.get("/me", Some(&reads)).await;
        assert_eq!(me.body["permissions"], json!(["keys.read"]));
        assert_eq!(me.body["token"]["scopes"], json!(["keys:read"]));
        // Its owner runs the installation, the token does not.
        assert_eq!(me.body["is_operator"], false);
        assert_eq!(world.get("/operator/organizations", Some(&reads)).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_never_more_than_the_role_of_its_owner_at_that_moment() {
    world::with_owner(|world, made, _| async move {
        let user = world.person(made, Role::Admin, "admin@example.com").await;
        let admin = world.sign_in("admin@example.com").await;
        let (_, robot) = token(&world, &admin, &["accounts:write", "keys:write"]).await;
        assert_eq!(world.get("/accounts", Some(&robot)).await.status, 200);
        let demote = format!("update memberships set role = 'viewer' where user_id = '{user}'");
        world.meddle("memberships", &demote).await;
        let refused = world.post("/keys", Some(&robot), json!({"name": "a"})).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body["detail"].as_str().unwrap().contains("viewer"), "{}", refused.body);
        assert_eq!(world.get("/me", Some(&robot)).await.body["role"], "viewer");
    })
    .await;
}

#[tokio::test]
async fn a_token_ends_when_it_is_revoked_expires_or_its_owner_leaves() {
    world::with_owner(|world, made, owner| async move {
        let user = world.person(made, Role::Admin, "admin@example.com").await;
        let admin = world.sign_in("admin@example.com").await;
        let works = async |secret: &str| world.get("/me", Some(secret)).await.status.as_u16();

        let (id, revoked) = token(&world, &admin, &["keys:read"]).await;
        assert_eq!(works(&revoked).await, 200);
        let revoke = async |who: &str| {
            world.call(Method::DELETE, &format!("/tokens/{id}"), Some(who), None, &[]).await.status.as_u16()
        };
        assert_eq!((revoke(&owner).await, revoke(&owner).await), (204, 204), "twice is once");
        assert_eq!(works(&revoked).await, 401);

        let (id, expired) = token(&world, &admin, &["keys:read"]).await;
        let age = format!("update api_tokens set expires_at = now() - interval '1 second' where id = '{id}'");
        world.meddle("api_tokens", &age).await;
        assert_eq!(works(&expired).await, 401);
        let listed = world.get("/tokens", Some(&admin)).await;
        let states: Vec<_> = listed.body["items"].as_array().unwrap().iter().map(|t| &t["status"]).collect();
        assert_eq!(states, ["expired", "revoked"]);

        let (_, disabled) = token(&world, &admin, &["keys:read"]).await;
        let disable = async |at: &str| {
            let mut database = world.database().await;
            let set = format!("update users set disabled_at = {at} where id = '{user}'");
            sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut database).await.unwrap();
        };
        disable("now()").await;
        assert_eq!(works(&disabled).await, 401);
        disable("null").await;
        assert_eq!(works(&disabled).await, 200);

        world.meddle("memberships", &format!("delete from memberships where user_id = '{user}'")).await;
        assert_eq!(works(&disabled).await, 401);
        // And coming back does not bring it back.
        let mut tx = TenantTx::begin(&world.store.app, made.org, None).await.unwrap();
        causeway_store::memberships::insert(&mut tx, user, Role::Admin).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        assert_eq!(works(&disabled).await, 401);
    })
    .await;
}

#[tokio::test]
async fn a_token_makes_no_tokens_and_enters_no_other_organisation() {
    world::with_owner(|world, made, owner| async move {
        let all: Vec<_> = Scope::ALL.iter().map(|s| s.as_str()).collect();
        let (id, robot) = token(&world, &owner, &all).await;
        let body =
            json!({"name": "b", "scopes": ["keys:read"], "expires_at": Utc::now() + Duration::days(1)});
        assert_eq!(world.post("/tokens", Some(&robot), body).await.status, 403);
        assert_eq!(world.get("/tokens", Some(&robot)).await.status, 403);
        let revoke = world.call(Method::DELETE, &format!("/tokens/{id}"), Some(&robot), None, &[]).await;
        assert_eq!(revoke.status, 403);

        // Of which its owner is a member too.
        let second = world.owner("Second", "second@example.com").await;
        let mut tx = TenantTx::begin(&world.store.app, second.org, None).await.unwrap();
        causeway_store::memberships::insert(&mut tx, made.user, Role::Owner).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        let enter = async |org: String| {
            world.call(Method::GET, "/me", Some(&robot), None, &[("x-organization", &org)]).await
        };
        assert_eq!(enter(second.org.to_string()).await.status, 403);
        let own = enter(made.org.to_string()).await;
        assert_eq!((own.status.as_u16(), own.body["memberships"].as_array().unwrap().len()), (200, 1));
    })
    .await;
}

#[tokio::test]
async fn what_a_token_does_is_told_apart_from_what_its_owner_does() {
    world::with_owner(|world, made, owner| async move {
        let (id, robot) = token(&world, &owner, &["keys:write"]).await;
        world.key(&robot, "by the robot").await;
        let log = world.get("/audit", Some(&owner)).await;
        let lines = log.body["items"].as_array().unwrap();
        assert_eq!(lines[0]["action"], "key.create");
        assert_eq!(
            lines[0]["actor"],
            json!({"kind": "token", "id": made.user, "name": "Ada Lovelace", "token": {"id": id, "name": "Robot"}})
        );
        assert_eq!((&lines[1]["action"], &lines[1]["actor"]["kind"]), (&json!("token.create"), &json!("user")));
        assert_eq!(lines[1]["after"]["scopes"], json!(["keys:write"]));
        assert!(!log.body.to_string().contains(&robot), "the token itself is in the log");
    })
    .await;
}

#[tokio::test]
async fn everybody_sees_their_own_tokens_and_administrators_everybodys() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Viewer, "viewer@example.com").await;
        world.person(made, Role::Member, "member@example.com").await;
        let (viewer, member) =
            (world.sign_in("viewer@example.com").await, world.sign_in("member@example.com").await);
        let (_, _) = token(&world, &viewer, &["usage:read"]).await;
        let (id, _) = token(&world, &member, &["keys:write"]).await;
        let seen = async |who: &str| {
            let listed = world.get("/tokens", Some(who)).await;
            let items = listed.body["items"].as_array().unwrap().clone();
            items.iter().map(|t| t["owner"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            (seen(&viewer).await, seen(&member).await),
            (vec!["viewer".into()], vec!["member".into()])
        );
        assert_eq!(seen(&owner).await, ["member", "viewer"]);
        let revoke = async |who: &str| {
            world.call(Method::DELETE, &format!("/tokens/{id}"), Some(who), None, &[]).await.status.as_u16()
        };
        assert_eq!((revoke(&viewer).await, revoke(&member).await), (404, 204));
        assert!(!world.get("/tokens", Some(&owner)).await.body.to_string().contains("hash"));
    })
    .await;
}

#[tokio::test]
async fn a_token_that_makes_no_sense_is_refused_by_its_field() {
    world::with_owner(|world, made, _| async move {
        world.person(made, Role::Viewer, "viewer@example.com").await;
        let viewer = world.sign_in("viewer@example.com").await;
        let day = |days: i64| json!(Utc::now() + Duration::days(days));
        let refused = async |name: &str, scopes: Value, expires: Value| {
            let body = json!({"name": name, "scopes": scopes, "expires_at": expires});
            let answer = world.post("/tokens", Some(&viewer), body).await;
            assert_eq!(answer.status, 422, "{}", answer.body);
            fields(&answer).join(" ")
        };
        assert_eq!(refused("", json!([]), day(-1)).await, "name scopes expires_at");
        assert_eq!(refused("a", json!(["usage:read", "keys:write"]), day(1)).await, "scopes[1]");
        assert_eq!(refused("a", json!(["usage:read"]), day(367)).await, "expires_at");
        assert_eq!(refused("a", json!(["usage:read"]), Value::Null).await, "expires_at");
        assert_eq!(refused("a", json!(["everything"]), day(1)).await, "scopes[0]");
    })
    .await;
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_tokens() {
    world::with_owner(|world, _, owner| async move {
        for _ in 0..causeway_openapi::tokens::MOST_TOKENS {
            token(&world, &owner, &["keys:read"]).await;
        }
        let body =
            json!({"name": "a", "scopes": ["keys:read"], "expires_at": Utc::now() + Duration::days(1)});
        assert_eq!(world.post("/tokens", Some(&owner), body).await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn the_last_use_is_written_down_with_its_address() {
    world::with_owner(|world, _, owner| async move {
        let (_, robot) = token(&world, &owner, &["keys:read"]).await;
        let listed = async || world.get("/tokens", Some(&owner)).await.body["items"][0].clone();
        assert_eq!(listed().await["last_used_at"], Value::Null);
        world.get("/keys", Some(&robot)).await;
        let first = listed().await["last_used_at"].clone();
        assert!(first.is_string());
        world.get("/keys", Some(&robot)).await;
        assert_eq!(listed().await["last_used_at"], first, "once a minute is enough");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_nobody_made_is_refused_like_any_other_stranger() {
    world::with_owner(|world, _, _| async move {
        for stranger in ["cwt_", "cwt_9fK2mQxaT0bU7cV3dW8eX4fY1gZ6hA5iB2jC9kD0lE7"] {
            let answer = world.get("/me", Some(stranger)).await;
            assert_eq!((answer.status.as_u16(), &answer.body["code"]), (401, &json!("not_signed_in")));
            assert_eq!(world.get("/operator/codes", Some(stranger)).await.status, 401);
        }
    })
    .await;
}
