//! What no page and no program of ours does: refused, and written down without letting anybody fill the log.

use crate::{
    smtp::Sink,
    world::{self, PASSWORD, World},
};
use axum::{body::Body, extract::ConnectInfo};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use causeway_domain::Role;
use http::{Method, Request, header};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The lines of a kind in a log.
async fn lines(world: &World, path: &str, token: &str, action: &str) -> Vec<Value> {
    let log = world.get(&format!("{path}?limit=200&action={action}"), Some(token)).await;
    assert_eq!(log.status, 200, "{}", log.body);
    log.body["items"].as_array().unwrap().clone()
}

/// The same of the installation's.
async fn of_installation(world: &World, token: &str, action: &str) -> Vec<Value> {
    lines(world, "/operator/audit", token, action).await
}

/// A call with an access token from an address.
async fn call_from(world: &World, address: &str, token: &str) -> u16 {
    let from: SocketAddr = format!("{address}:4000").parse().unwrap();
    let request = Request::get("/admin/v1/me")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .extension(ConnectInfo(from))
        .body(Body::empty())
        .unwrap();
    world.send(request).await.status.as_u16()
}

#[tokio::test]
async fn an_access_token_with_another_algorithm_is_refused_and_noted_a_few_times() {
    world::with_owner(|world, _, token| async move {
        let parts: Vec<&str> = token.split('.').collect();
        let with = |algorithm: &str, signature: &str| {
            let header = URL_SAFE_NO_PAD.encode(json!({"typ": "JWT", "alg": algorithm}).to_string());
            format!("{header}.{}.{signature}", parts[1])
        };
        let changed = [
            with("none", ""),
            with("None", parts[2]),
            with("HS384", parts[2]),
            with("HS512", parts[2]),
            with("RS256", parts[2]),
            with("ES256", parts[2]),
            // Another person in it, with the signature as it was.
            format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("{}"), parts[2]),
        ];
        for forged in &changed {
            for path in ["/me", "/me/totp", "/operator/organizations", "/keys"] {
                let answer = world.get(path, Some(forged)).await;
                assert_eq!(
                    (answer.status.as_u16(), &answer.body["code"]),
                    (401, &json!("not_signed_in")),
                    "{path}"
                );
            }
        }
        assert_eq!(
            world.get("/me", Some(&token)).await.status,
            200,
            "the one that it was made of still works"
        );
        for _ in 0..40 {
            assert_eq!(call_from(&world, "198.51.100.9", &changed[0]).await, 401);
        }
        assert_eq!(call_from(&world, "203.0.113.5", &changed[2]).await, 401);
        // A time that is over and what is no token are everyday.
        assert_eq!(call_from(&world, "203.0.113.6", "undefined").await, 401);
        let noted = of_installation(&world, &token, "token.forged").await;
        let of = |address: &str| noted.iter().filter(|line| line["address"] == address).collect::<Vec<_>>();
        assert!((5..=9).contains(&of("198.51.100.9").len()), "{}", of("198.51.100.9").len());
        assert_eq!(of("203.0.113.5")[0]["after"]["problem"], json!("it names another algorithm"));
        assert!(of("203.0.113.6").is_empty());
        assert!(!json!(noted).to_string().contains(parts[2]), "no token in the log");
    })
    .await;
}

#[tokio::test]
async fn no_write_at_all_can_be_called_from_a_page_of_another_origin() {
    world::with_owner(|world, _, token| async move {
        let document = serde_json::to_value(causeway_admin::openapi()).unwrap();
        let mut writes = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let path = path.strip_prefix("/admin/v1").unwrap().replace(['{', '}'], "");
            for method in item.as_object().unwrap().keys().filter(|m| *m != "get") {
                let method: Method = method.to_uppercase().parse().unwrap();
                writes += 1;
                for foreign in [
                    [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
                    [("sec-fetch-site", "same-site"), ("origin", "http://other.localhost:3000")],
                    [("origin", "null"), ("host", "localhost:3000")],
                ] {
                    let answer =
                        world.call(method.clone(), &path, Some(&token), Some("{}".into()), &foreign).await;
                    assert_eq!(answer.status, 403, "{method} {path}: {}", answer.body);
                    let told = answer.body["detail"].as_str().unwrap();
                    assert!(told.contains("pages of another origin"), "{method} {path}: {told}");
                }
            }
        }
        assert!(writes > 60, "{writes}");
        let noted = of_installation(&world, &token, "cross_origin.refuse").await;
        // Some three hundred calls.
        assert!((5..=12).contains(&noted.len()), "{}", noted.len());
        let first = &noted.last().unwrap()["after"];
        assert_eq!(
            (&first["origin"], &first["sec_fetch_site"]),
            (&json!("https://evil.example"), &json!("cross-site"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_reset_link_that_was_used_is_refused_and_noted() {
    world::with_owner(|world, made, token| async move {
        let member = world.person(made, Role::Member, "member@example.com").await;
        let link = world.post(&format!("/members/{member}/reset-link"), Some(&token), json!({})).await;
        let used = link.body["url"].as_str().unwrap().rsplit('=').next().unwrap().to_owned();
        let reset = async |token: &str, password: &str| {
            let body = json!({"token": token, "password": password});
            world.post("/auth/reset-password", None, body).await.status.as_u16()
        };
        assert_eq!(reset(&used, "a sentence nobody has used").await, 204);
        assert_eq!(reset(&used, "another sentence entirely").await, 422);
        assert_eq!(reset("made up", "another sentence entirely").await, 422);
        let noted = lines(&world, "/audit", &token, "password.link_refuse").await;
        assert_eq!(noted.len(), 1);
        assert_eq!(
            (&noted[0]["target"]["id"], &noted[0]["actor"]["kind"]),
            (&json!(member), &json!("job")),
            "{}",
            noted[0]
        );
    })
    .await;
}

#[tokio::test]
async fn wrong_codes_of_a_registration_are_noted_with_whose_they_are() {
    world::with_mail(|world, _, token, mut mails: Sink| async move {
        let domain = json!({"domain": "example.com"});
        assert_eq!(world.post("/sso/domains", Some(&token), domain).await.status, 201);
        let rules = json!({"registration": "domain", "registration_domains": ["example.com"]});
        assert_eq!(world.patch("/organization/sign-in", Some(&token), rules).await.status, 200);
        let link = world.post("/registration-links", Some(&token), json!({"max_uses": 5})).await;
        let shown = link.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        let form =
            json!({"token": shown, "email": "grace@example.com", "name": "Grace", "password": PASSWORD});
        let begun = world.post("/join/registration", None, form).await;
        mails.next().await;
        for _ in 0..7 {
            let body = json!({"claim": begun.body["claim"], "code": "no digits"});
            assert_eq!(world.post("/join/registration/finish", None, body).await.status, 422);
        }
        let noted = lines(&world, "/audit", &token, "registration.wrong_code").await;
        assert_eq!(noted.len(), 5, "and then the registration is over");
        let first = &noted[4]["after"];
        assert_eq!((&first["email"], &first["attempt"]), (&json!("grace@example.com"), &json!(1)));
    })
    .await;
}

#[tokio::test]
async fn an_invitation_that_is_replayed_or_somebody_elses_is_noted_for_who_is_signed_in_too() {
    world::with_owner(|world, _, token| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let sent = world.post("/invitations", Some(&token), json!({"email": "rival@example.com"})).await;
        let shown = sent.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        let join = async |who: &str| {
            let answer = world.post("/me/memberships", Some(who), json!({"token": shown})).await;
            (answer.status.as_u16(), answer.body["code"].clone())
        };
        assert_eq!(join(&token).await, (403, json!("wrong_address")));
        assert_eq!(join(&rival).await.0, 200);
        assert_eq!(join(&rival).await, (422, json!("link_used")));
        for _ in 0..10 {
            join(&rival).await;
        }
        let noted = lines(&world, "/audit", &token, "invitation.refuse").await;
        assert!((3..=9).contains(&noted.len()), "{}", noted.len());
        assert!(!json!(noted).to_string().contains(&shown), "no token in the log");
    })
    .await;
}

#[tokio::test]
async fn a_password_that_is_guessed_at_an_invitation_is_one_that_is_guessed_at_the_door() {
    world::with_owner(|world, _, token| async move {
        world.owner("Rivals", "rival@example.com").await;
        let sent = world.post("/invitations", Some(&token), json!({"email": "rival@example.com"})).await;
        let shown = sent.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        for i in 0..5 {
            let begun = std::time::Instant::now();
            let form =
                json!({"token": shown, "email": "rival@example.com", "password": format!("guess {i}")});
            let answer = world.post("/join/invitation", None, form).await;
            assert_eq!((answer.status.as_u16(), &answer.body["code"]), (401, &json!("wrong_credentials")));
            assert!(begun.elapsed().as_millis() >= 250, "refusals leave at full steps");
        }
        // The wait is an attempt's at the same account from the same address, wherever it is made.
        sqlx::raw_sql("update sign_in_failures set last_at = now() + interval '60 seconds'")
            .execute(&mut world.database().await)
            .await
            .unwrap();
        let right = json!({"email": "rival@example.com", "password": PASSWORD});
        assert_eq!(world.post("/auth/sign-in", None, right).await.status, 429);
        sqlx::raw_sql("delete from sign_in_failures").execute(&mut world.database().await).await.unwrap();
        let rival = world.sign_in("rival@example.com").await;
        assert_eq!(lines(&world, "/audit", &rival, "sign_in.fail").await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn registrations_are_counted_by_the_network_that_one_customer_has() {
    world::with_owner(|world, _, token| async move {
        world.patch("/organization/sign-in", Some(&token), json!({"registration": "approval"})).await;
        let link = world.post("/registration-links", Some(&token), json!({"max_uses": 5})).await;
        let shown = link.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        for (i, address) in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2"].into_iter().enumerate() {
            let form = json!({
                "token": shown, "email": format!("grace{i}@example.com"), "name": "Grace", "password": PASSWORD
            });
            let from: SocketAddr = format!("[{address}]:4000").parse().unwrap();
            let request = Request::post("/admin/v1/join/registration")
                .header(header::CONTENT_TYPE, "application/json")
                .extension(ConnectInfo(from))
                .body(Body::from(form.to_string()))
                .unwrap();
            assert_eq!(world.send(request).await.status, 202);
        }
        let counted: Vec<(String, i32)> =
            sqlx::query_as("select subject, failures from sign_in_failures where subject like 'register:%'")
                .fetch_all(&mut world.database().await)
                .await
                .unwrap();
        assert_eq!(counted, [("register:2001:db8:1:2::/64".to_owned(), 2)]);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_another_tabs_for_nineteen_seconds_and_a_thiefs_after_twenty_one() {
    world::with_owner(|world, _, _| async move {
        for (seconds, status) in [(19, 200), (21, 401)] {
            let body = json!({"email": "owner@example.com", "password": PASSWORD});
            let signed = world.post("/auth/sign-in", None, body).await;
            let cookie = signed.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
            let refresh = async || {
                let headers = [("cookie", cookie.as_str())];
                world.call(Method::POST, "/auth/refresh", None, None, &headers).await.status
            };
            assert_eq!(refresh().await, 200);
            // By the clock of the database, at the moment of the use that is judged.
            sqlx::query("update refresh_tokens set used_at = now() - $1 * interval '1 second' where used_at is not null")
                .bind(f64::from(seconds))
                .execute(&mut world.database().await)
                .await
                .unwrap();
            assert_eq!(refresh().await, status, "{seconds} s");
        }
    })
    .await;
}
