//! Values that Postgres cannot store are refused by their field, and never an error of ours.

use crate::world;
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn control_characters_are_refused_wherever_they_are_sent() {
    world::with_owner(|world, _, token| async move {
        let (_, owner) = (&world, Some(token.as_str()));
        for (path, body, field) in [
            ("/keys", json!({"name": "a\0b"}), "name"),
            ("/keys", json!({"name": "a", "tags": ["x", "\u{7}"]}), "tags[1]"),
            ("/keys", json!({"name": "a", "models": {"allow": ["claude\0"]}}), "models.allow[0]"),
            ("/invitations", json!({"email": "a\0@example.com"}), "email"),
            ("/sso/domains", json!({"domain": "exa\0mple.com"}), "domain"),
        ] {
            let answer = world.post(path, owner, body).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{path}: {}",
                answer.body
            );
        }
        for (path, body) in [
            ("/auth/sign-in", json!({"email": "owner@example.com", "password": "a\0b"})),
            ("/auth/reset-password", json!({"token": "\0", "password": "a\0b"})),
            ("/join/invitation/preview", json!({"token": "\0"})),
        ] {
            assert_eq!(world.post(path, None, body).await.status, 422, "{path}");
        }
        for path in
            ["/audit?text=a%00b", "/keys?text=%00", "/operator/people?query=%07", "/requests?model=%00"]
        {
            let answer = world.get(path, owner).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        }
        for (method, path) in
            [(Method::DELETE, "/sso/domains/exa%00mple.com"), (Method::GET, "/prices/overrides/a%00")]
        {
            assert_eq!(world.call(method, path, owner, None, &[]).await.status, 404, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn times_that_no_calendar_of_ours_has_are_refused() {
    world::with_owner(|world, _, token| async move {
        for path in [
            "/audit?from=-9999-01-01T00:00:00Z",
            "/usage/summary?from=-9999-01-01T00:00:00Z",
            "/requests?from=-9999-01-01T00:00:00Z&to=-9998-01-01T00:00:00Z",
        ] {
            let answer = world.get(path, Some(&token)).await;
            assert!(answer.status.as_u16() < 500, "{path}: {}", answer.body);
        }
        let body = json!({"name": "a", "expires_at": "-9999-01-01T00:00:00Z"});
        let answer = world.post("/keys", Some(&token), body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let told = |answer: &Value| answer["detail"].as_str().unwrap_or_default().to_owned();
        assert!(!told(&answer.body).is_empty());
    })
    .await;
}
