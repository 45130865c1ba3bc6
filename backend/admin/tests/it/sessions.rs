//! Signing in, staying signed in, signing out.

use crate::world::{self, Answer, PASSWORD, World};
use causeway_admin::people;
use http::Method;
use serde_json::json;

fn cookie(answer: &Answer) -> String {
    let header = answer.headers["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

async fn refresh(world: &World, cookie: &str) -> Answer {
    world.call(Method::POST, "/auth/refresh", None, None, &[("cookie", cookie)]).await
}

#[tokio::test]
async fn signing_in_gives_a_token_for_scripts_and_a_cookie_that_they_cannot_read() {
    world::with_owner(|world, made, _| async move {
        let answer = world
            .post("/auth/sign-in", None, json!({"email": "OWNER@example.com", "password": PASSWORD}))
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["organization"]["id"], json!(made.org));
        assert_eq!((&answer.body["token_type"], &answer.body["role"]), (&json!("Bearer"), &json!("owner")));
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Path=/admin/v1/auth"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Secure"), "the public address is plain http: {cookie}");
    })
    .await;
}

#[tokio::test]
async fn a_stranger_and_a_wrong_password_get_the_same_answer() {
    world::with_owner(|world, _, _| async move {
        let wrong =
            world.post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": "x"})).await;
        let stranger =
            world.post("/auth/sign-in", None, json!({"email": "nobody@example.com", "password": "x"})).await;
        assert_eq!((wrong.status.as_u16(), stranger.status.as_u16()), (401, 401));
        let told = |a: &Answer| (a.body["code"].clone(), a.body["detail"].clone());
        assert_eq!(told(&wrong), told(&stranger));
    })
    .await;
}

#[tokio::test]
async fn failed_attempts_make_the_next_one_wait_but_never_for_good() {
    world::with_owner(|world, _, _| async move {
        let attempt = |password: &'static str| {
            let world = world.clone();
            async move {
                world
                    .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": password}))
                    .await
            }
        };
        for _ in 0..5 {
            assert_eq!(attempt("wrong").await.status, 401);
        }
        let refused = attempt(PASSWORD).await;
        assert_eq!(refused.status, 429);
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=2).contains(&wait), "{wait}");
        tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
        assert_eq!(attempt(PASSWORD).await.status, 200);
        // And all is forgotten.
        assert_eq!(attempt("wrong").await.status, 401);
        assert_eq!(attempt(PASSWORD).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn two_tabs_that_renew_at_once_get_the_same_successor() {
    world::with_owner(|world, _, _| async move {
        let signed = world
            .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": PASSWORD}))
            .await;
        let first = cookie(&signed);
        let (one, two) = tokio::join!(refresh(&world, &first), refresh(&world, &first));
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
        assert_eq!(cookie(&one), cookie(&two));
        // A third tab that comes when the successor has been used already gets what came of that.
        let next = refresh(&world, &cookie(&one)).await;
        assert_eq!(cookie(&refresh(&world, &first).await), cookie(&next));
        assert_eq!(refresh(&world, &cookie(&next)).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_used_again_later_ends_the_session_for_both_holders() {
    world::with_owner(|world, _, _| async move {
        let signed = world
            .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": PASSWORD}))
            .await;
        let stolen = cookie(&signed);
        let renewed = refresh(&world, &stolen).await;
        world.age_refresh_tokens(30).await;
        assert_eq!(refresh(&world, &stolen).await.status, 401);
        assert_eq!(refresh(&world, &cookie(&renewed)).await.status, 401);
        let token = renewed.body["access_token"].as_str().unwrap();
        assert_eq!(world.get("/me", Some(token)).await.status, 401);
        let again = world.sign_in("owner@example.com").await;
        let log = world.get("/audit", Some(&again)).await;
        let actions = log.body["items"].as_array().unwrap().iter().map(|line| line["action"].clone());
        assert!(actions.into_iter().any(|action| action == "session.theft"), "{}", log.body);
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_access_and_refresh_tokens_at_once() {
    world::with_owner(|world, _, _| async move {
        let signed = world
            .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": PASSWORD}))
            .await;
        let token = signed.body["access_token"].as_str().unwrap();
        assert_eq!(world.get("/me", Some(token)).await.status, 200);
        let held = cookie(&signed);
        let out = world.call(Method::POST, "/auth/sign-out", None, None, &[("cookie", &held)]).await;
        assert_eq!(out.status, 204);
        assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(world.get("/me", Some(token)).await.status, 401);
        assert_eq!(refresh(&world, &held).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn pages_of_other_origins_cannot_use_the_cookie() {
    world::with_owner(|world, _, _| async move {
        let signed = world
            .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": PASSWORD}))
            .await;
        let held = cookie(&signed);
        for foreign in [
            [("sec-fetch-site", "same-site"), ("cookie", held.as_str())],
            [("sec-fetch-site", "cross-site"), ("cookie", held.as_str())],
            // A browser that does not say it in so many words.
            [("origin", "https://evil.example"), ("cookie", held.as_str())],
        ] {
            for path in ["/auth/refresh", "/auth/sign-out", "/auth/sign-in", "/auth/second-step"] {
                let answer = world.call(Method::POST, path, None, Some("{}".into()), &foreign).await;
                assert_eq!(answer.status, 403, "{path}: {}", answer.body);
            }
        }
        let own = [("origin", "http://localhost:3000"), ("cookie", held.as_str())];
        assert_eq!(world.call(Method::POST, "/auth/refresh", None, None, &own).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_every_session() {
    world::with_owner(|world, _, token| async move {
        people::reset_password(&world.store.app, "owner@example.com", "another good password").await.unwrap();
        assert_eq!(world.get("/me", Some(&token)).await.status, 401);
        let sign_in = |password: &'static str| {
            let world = world.clone();
            async move {
                world
                    .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": password}))
                    .await
            }
        };
        assert_eq!(sign_in(PASSWORD).await.status, 401);
        assert_eq!(sign_in("another good password").await.status, 200);
        assert!(
            people::reset_password(&world.store.app, "nobody@example.com", "another good password")
                .await
                .is_err()
        );
    })
    .await;
}
