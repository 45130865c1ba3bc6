//! Forgotten passwords: links by mail and from administrators.

use crate::{
    smtp::Sink,
    world::{self, Answer, PASSWORD, World},
};
use causeway_domain::Role;
use causeway_store::{TenantTx, memberships};
use serde_json::json;

const NEW: &str = "a sentence nobody has used";

async fn forgot(world: &World, email: &str) -> Answer {
    world.post("/auth/forgot-password", None, json!({"email": email})).await
}

async fn reset(world: &World, token: &str, password: &str) -> Answer {
    world.post("/auth/reset-password", None, json!({"token": token, "password": password})).await
}

async fn sign_in(world: &World, email: &str, password: &str) -> u16 {
    world.post("/auth/sign-in", None, json!({"email": email, "password": password})).await.status.as_u16()
}

#[tokio::test]
async fn a_mailed_link_changes_the_password_once_and_ends_every_session() {
    world::with_mail(|world, _, token, mut mails: Sink| async move {
        assert_eq!(forgot(&world, "OWNER@example.com").await.status, 202);
        assert_eq!(forgot(&world, "owner@example.com").await.status, 202);
        let (first, second) = (mails.next().await, mails.next().await);
        assert_eq!(first.to, "owner@example.com");
        assert!(
            first.link().starts_with("http://localhost:3000/web/reset-password#token="),
            "{}",
            first.link()
        );
        // A password that is not accepted does not cost the link.
        let weak = reset(&world, first.token(), "password1234").await;
        assert_eq!((weak.status.as_u16(), &weak.body["errors"][0]["field"]), (422, &json!("password")));
        assert_eq!(weak.body["code"], "invalid_input");
        let done = reset(&world, first.token(), NEW).await;
        assert_eq!(done.status, 204, "{}", done.body);
        assert!(done.headers["set-cookie"].to_str().unwrap().starts_with("causeway_device="));
        assert_eq!(world.get("/me", Some(&token)).await.status, 401);
        // The same again, and the other one that was under way.
        for used in [first.token(), second.token(), "", "nonsense"] {
            let answer = reset(&world, used, "another sentence entirely").await;
            assert_eq!((answer.status.as_u16(), &answer.body["code"]), (422, &json!("link_invalid")));
        }
        assert_eq!(sign_in(&world, "owner@example.com", PASSWORD).await, 401);
        assert_eq!(sign_in(&world, "owner@example.com", NEW).await, 200);
        assert!(mails.next().await.subject.contains("changed"));
    })
    .await;
}

#[tokio::test]
async fn a_link_works_for_an_hour() {
    world::with_mail(|world, _, _, mut mails: Sink| async move {
        forgot(&world, "owner@example.com").await;
        let mail = mails.next().await;
        let mut owner = world.database().await;
        sqlx::raw_sql("update reset_links set expires_at = expires_at - interval '61 minutes'")
            .execute(&mut owner)
            .await
            .unwrap();
        assert_eq!(reset(&world, mail.token(), NEW).await.body["code"], "link_invalid");
        let stored: i64 = sqlx::query_scalar(
            "select count(*) from reset_links where position($1 in encode(hash, 'hex')) > 0",
        )
        .bind(mail.token())
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert_eq!(stored, 0);
    })
    .await;
}

#[tokio::test]
async fn asking_for_a_stranger_is_answered_the_same_and_sends_nothing() {
    world::with_mail(|world, _, _, mut mails: Sink| async move {
        let stranger = forgot(&world, "nobody@example.com").await;
        let known = forgot(&world, "owner@example.com").await;
        assert_eq!((stranger.status, &stranger.body), (known.status, &known.body));
        assert_eq!(mails.next().await.to, "owner@example.com");
        // A mailbox cannot be filled: the answers stay the same, and the mails stop.
        for _ in 0..6 {
            assert_eq!(forgot(&world, "owner@example.com").await.status, 202);
        }
        let mut owner = world.database().await;
        let links: i64 =
            sqlx::query_scalar("select count(*) from reset_links").fetch_one(&mut owner).await.unwrap();
        assert!(links <= 4, "{links}");
        // Nor can one address have mails sent to everybody.
        for i in 0..3 {
            forgot(&world, &format!("nobody-{i}@example.com")).await;
        }
        assert_eq!(forgot(&world, "nobody-9@example.com").await.status, 429);
    })
    .await;
}

#[tokio::test]
async fn without_mail_an_administrator_makes_the_link() {
    world::with_owner(|world, made, token| async move {
        assert_eq!(forgot(&world, "owner@example.com").await.status, 409);
        let member = world.person(made, Role::Member, "member@example.com").await;
        let held = world.sign_in("member@example.com").await;
        let link = world.post(&format!("/members/{member}/reset-link"), Some(&token), json!({})).await;
        assert_eq!(link.status, 201, "{}", link.body);
        let url = link.body["url"].as_str().unwrap();
        let used = url.rsplit('=').next().unwrap();
        assert_eq!(reset(&world, used, NEW).await.status, 204);
        assert_eq!(world.get("/me", Some(&held)).await.status, 401);
        assert_eq!(sign_in(&world, "member@example.com", NEW).await, 200);
        let log = world.get("/audit", Some(&token)).await.body.to_string();
        assert!(log.contains("member.reset_link") && log.contains("password.reset"));
        assert!(!log.contains(used) && !log.contains(NEW));
    })
    .await;
}

#[tokio::test]
async fn no_link_gives_an_administrator_an_account_that_can_do_more_or_elsewhere() {
    world::with_owner(|world, made, token| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let admin = world.person(made, Role::Admin, "admin@example.com").await;
        world.person(made, Role::Admin, "other@example.com").await;
        let of_admin = world.sign_in("admin@example.com").await;
        let link = |token: String, id: String| {
            let world = world.clone();
            async move { world.post(&format!("/members/{id}/reset-link"), Some(&token), json!({})).await }
        };
        // An equal, oneself, the owner; somebody of another organisation.
        let other =
            sqlx::query_scalar::<_, uuid::Uuid>("select id from users where email = 'other@example.com'")
                .fetch_one(&mut world.database().await)
                .await
                .unwrap();
        for id in [other, admin.0, made.user.0] {
            assert_eq!(link(of_admin.clone(), id.to_string()).await.status, 403, "{id}");
        }
        assert_eq!(link(of_admin.clone(), rivals.user.to_string()).await.status, 404);
        // A member here who owns something elsewhere.
        let mut tx = TenantTx::begin(&world.store.app, made.org, None).await.unwrap();
        memberships::insert(&mut tx, rivals.user, Role::Member).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        assert_eq!(link(token.clone(), rivals.user.to_string()).await.status, 409);
        // And one who joins another organisation before the link is used.
        let made_before = link(token.clone(), admin.to_string()).await;
        assert_eq!(made_before.status, 201);
        let mut tx = TenantTx::begin(&world.store.app, rivals.org, None).await.unwrap();
        memberships::insert(&mut tx, admin, Role::Owner).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        let used = made_before.body["url"].as_str().unwrap().rsplit('=').next().unwrap().to_owned();
        assert_eq!(reset(&world, &used, NEW).await.body["code"], "link_invalid");
        // One who runs the installation.
        let member = world.person(made, Role::Member, "operator@example.com").await;
        sqlx::query("update users set is_operator = true where id = $1")
            .bind(member.0)
            .execute(&mut world.database().await)
            .await
            .unwrap();
        assert_eq!(link(token, member.to_string()).await.status, 409);
    })
    .await;
}
