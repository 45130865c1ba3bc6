//! Guessing passwords is slow, tells nothing, and keeps nobody out.

use crate::world::{self, Answer, PASSWORD, World};
use axum::{body::Body, extract::ConnectInfo};
use http::{Request, header};
use serde_json::json;
use std::net::SocketAddr;

/// An attempt from an address, with the cookies of a browser.
async fn attempt(world: &World, address: &str, email: &str, password: &str, cookies: &str) -> Answer {
    let from: SocketAddr = format!("{address}:4000").parse().unwrap();
    let request = Request::post("/admin/v1/auth/sign-in")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookies)
        .extension(ConnectInfo(from))
        .body(Body::from(json!({"email": email, "password": password}).to_string()))
        .unwrap();
    world.send(request).await
}

/// The mark that a browser keeps.
fn device(answer: &Answer) -> String {
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|c| c.to_str().ok());
    let mark = cookies.map(|c| c.split(';').next().unwrap()).find(|c| c.starts_with("causeway_device="));
    mark.unwrap().to_owned()
}

/// Lets the failures have been a moment ago, however long the test has taken.
async fn just_now(world: &World) {
    let mut owner = world.database().await;
    sqlx::raw_sql("update sign_in_failures set last_at = now() + interval '60 seconds'")
        .execute(&mut owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn two_hundred_wrong_passwords_are_a_handful_and_do_not_keep_the_owner_out() {
    world::with_owner(|world, _, token| async move {
        let owner = "owner@example.com";
        let known = device(&attempt(&world, "203.0.113.1", owner, PASSWORD, "").await);
        let mut tried = 0;
        for i in 0..200 {
            let answer = attempt(&world, "198.51.100.9", owner, &format!("guess {i}"), "").await;
            match answer.status.as_u16() {
                401 => tried += 1,
                429 => {
                    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 300);
                }
                other => panic!("{other}: {}", answer.body),
            }
        }
        assert!((5..=13).contains(&tried), "{tried}");
        just_now(&world).await;
        // Not even the right one, from there.
        assert_eq!(attempt(&world, "198.51.100.9", owner, PASSWORD, "").await.status, 429);
        // From elsewhere, and from a known browser even from there.
        assert_eq!(attempt(&world, "203.0.113.2", owner, PASSWORD, "").await.status, 200);
        assert_eq!(attempt(&world, "198.51.100.9", owner, PASSWORD, &known).await.status, 200);
        let log = world.get("/audit?limit=200", Some(&token)).await;
        let lines = log.body["items"].as_array().unwrap();
        let count = |action: &str| lines.iter().filter(|l| l["action"] == action).count();
        assert_eq!(count("sign_in.fail"), tried);
        assert!(count("sign_in.locked") >= 1);
        assert_eq!(lines.iter().find(|l| l["action"] == "sign_in.fail").unwrap()["address"], "198.51.100.9");
        assert!(!log.body.to_string().contains("guess "));
    })
    .await;
}

#[tokio::test]
async fn many_addresses_together_get_few_attempts_and_a_known_browser_is_not_concerned() {
    world::with_owner(|world, _, _| async move {
        let owner = "owner@example.com";
        let known = device(&attempt(&world, "203.0.113.1", owner, PASSWORD, "").await);
        for i in 0..20 {
            let answer = attempt(&world, &format!("198.51.100.{i}"), owner, "guess", "").await;
            assert_eq!(answer.status, 401, "{i}");
        }
        just_now(&world).await;
        assert_eq!(attempt(&world, "198.51.100.99", owner, "guess", "").await.status, 429);
        assert_eq!(attempt(&world, "203.0.113.77", owner, PASSWORD, &known).await.status, 200);
        // The mark is this person's and no passport: it is counted itself, and says nothing to another account.
        for _ in 0..5 {
            assert_eq!(attempt(&world, "203.0.113.77", owner, "guess", &known).await.status, 401);
        }
        just_now(&world).await;
        assert_eq!(attempt(&world, "203.0.113.77", owner, "guess", &known).await.status, 429);
        let forged = known.replace('.', "0.");
        assert_eq!(attempt(&world, "203.0.113.78", owner, PASSWORD, &forged).await.status, 429);
    })
    .await;
}

#[tokio::test]
async fn somebody_who_does_not_exist_is_refused_and_made_to_wait_like_anybody() {
    world::with_owner(|world, _, _| async move {
        let mut seen = Vec::new();
        for (address, email) in
            [("198.51.100.7", "owner@example.com"), ("198.51.100.8", "nobody@example.com")]
        {
            let mut answers = Vec::new();
            for i in 0..6 {
                if i == 5 {
                    just_now(&world).await;
                }
                let answer = attempt(&world, address, email, "guess", "").await;
                answers.push((answer.status, answer.body["code"].clone(), answer.body["title"].clone()));
            }
            seen.push(answers);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0][5].0, 429);
    })
    .await;
}
