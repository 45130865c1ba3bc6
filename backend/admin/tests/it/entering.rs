//! Operators inside organisations that are not theirs.

use crate::world::{self, Answer, World};
use causeway_domain::{OrgId, Role};
use causeway_store::operators;
use http::Method;
use serde_json::{Value, json};

async fn enter(world: &World, token: &str, org: OrgId, body: Value) -> Answer {
    world.post(&format!("/operator/organizations/{org}/enter"), Some(token), body).await
}

async fn leave(world: &World, token: &str, org: OrgId) -> Answer {
    world.call(Method::POST, &format!("/operator/organizations/{org}/leave"), Some(token), None, &[]).await
}

/// A call inside an organisation.
async fn inside(
    world: &World,
    token: &str,
    org: OrgId,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let body = body.map(|b| b.to_string());
    world.call(method, path, Some(token), body, &[("x-organization", &org.to_string())]).await
}

async fn me(world: &World, token: &str, org: OrgId) -> Answer {
    inside(world, token, org, Method::GET, "/me", None).await
}

/// The lines of an organisation's log: action, kind of actor, address.
async fn lines(world: &World, token: &str) -> Vec<(String, String, Value)> {
    let audit = world.get("/audit", Some(token)).await;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let items = audit.body["items"].as_array().unwrap().clone();
    items.iter().map(|l| (text(&l["action"]), text(&l["actor"]["kind"]), l["address"].clone())).collect()
}

#[tokio::test]
async fn who_enters_reads_or_changes_what_they_said_and_the_organisation_sees_all_of_it() {
    world::with_owner(|world, _, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let org = rivals.org;
        assert_eq!(me(&world, &operator, org).await.status, 403, "nobody is inside unasked");

        let entered = enter(&world, &operator, org, json!({"reason": "Ticket 4711"})).await;
        assert_eq!((entered.status.as_u16(), &entered.body["access"]), (200, &json!("read")));
        let seen = me(&world, &operator, org).await;
        assert_eq!((&seen.body["role"], &seen.body["entered"]["reason"]), (&json!("viewer"), &json!("Ticket 4711")));
        let make = || Some(json!({"name": "Simulator", "provider": "anthropic", "base_url": "http://127.0.0.1:9",
            "credential": {"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"}}));
        assert_eq!(inside(&world, &operator, org, Method::POST, "/accounts", make()).await.status, 403);

        // Entering again takes the place of what was.
        let entered = enter(&world, &operator, org, json!({"reason": "Ticket 4711", "access": "admin"})).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
        let made = inside(&world, &operator, org, Method::POST, "/accounts", make()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        // Nothing of their own: they are no member.
        let own = json!({"name": "a", "scopes": ["keys:read"], "expires_at": chrono::Utc::now() + chrono::Duration::days(1)});
        assert_eq!(inside(&world, &operator, org, Method::POST, "/tokens", Some(own)).await.status, 403);

        assert_eq!(leave(&world, &operator, org).await.status, 204);
        assert_eq!(me(&world, &operator, org).await.status, 403, "outside at once");
        assert_eq!(leave(&world, &operator, org).await.status, 204, "twice does no harm");

        let log = lines(&world, &rival).await;
        let of_operator: Vec<_> = log.iter().filter(|(_, kind, _)| kind == "operator").collect();
        let actions: Vec<_> = of_operator.iter().map(|(action, ..)| action.as_str()).collect();
        assert_eq!(actions, ["operator.leave", "account.create", "operator.enter", "operator.enter"]);
        assert!(of_operator.iter().all(|(.., address)| address.is_null()), "{of_operator:?}");
        let audit = world.get("/audit?action=operator.enter", Some(&rival)).await;
        assert_eq!(audit.body["items"][0]["after"]["reason"], json!("Ticket 4711"));
        assert_eq!(audit.body["items"][0]["actor"]["name"], json!("Ada Lovelace"));
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_over_with_its_time_and_with_its_operator() {
    world::with_owner(|world, made, _| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        world.person(made, Role::Viewer, "grace@example.com").await;
        assert!(operators::set(&world.store.operator, "grace@example.com", true).await.unwrap());
        let grace = world.sign_in("grace@example.com").await;
        let wanted = || json!({"reason": "a look", "minutes": 5});
        assert_eq!(enter(&world, &grace, rivals.org, wanted()).await.status, 200);
        assert_eq!(me(&world, &grace, rivals.org).await.status, 200);
        world
            .meddle(
                "operator_entries",
                "update operator_entries set entered_at = entered_at - interval '1 hour',
               expires_at = now() - interval '1 second'",
            )
            .await;
        assert_eq!(me(&world, &grace, rivals.org).await.status, 403);

        assert_eq!(enter(&world, &grace, rivals.org, wanted()).await.status, 200);
        assert_eq!(me(&world, &grace, rivals.org).await.status, 200);
        assert!(operators::set(&world.store.operator, "grace@example.com", false).await.unwrap());
        assert_eq!(me(&world, &grace, rivals.org).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_of_one_session_and_renewing_keeps_it_there() {
    world::with_owner(|world, made, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        assert_eq!(enter(&world, &operator, rivals.org, json!({"reason": "a look"})).await.status, 200);
        let other = world.sign_in("owner@example.com").await;
        assert_eq!(me(&world, &other, rivals.org).await.status, 403, "another browser of the same person");
        // Members have their membership.
        let home = enter(&world, &operator, made.org, json!({"reason": "a look"})).await;
        assert_eq!(home.status, 409);

        let signed = world
            .post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": world::PASSWORD}))
            .await;
        let token = signed.body["access_token"].as_str().unwrap().to_owned();
        let cookie = signed.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let rivals_id = rivals.org.to_string();
        let renew = |cookie: String, org: Option<String>| {
            let world = world.clone();
            async move {
                let mut headers = vec![("cookie", cookie.as_str())];
                if let Some(org) = &org {
                    headers.push(("x-organization", org.as_str()));
                }
                let answer = world.call(Method::POST, "/auth/refresh", None, None, &headers).await;
                let next = answer
                    .headers
                    .get("set-cookie")
                    .map(|c| c.to_str().unwrap().split(';').next().unwrap().to_owned());
                (answer, next.unwrap_or_default())
            }
        };
        assert_eq!(enter(&world, &token, rivals.org, json!({"reason": "a look"})).await.status, 200);
        let (answer, cookie) = renew(cookie, Some(rivals_id.clone())).await;
        assert_eq!((answer.status.as_u16(), &answer.body["organization"]["name"]), (200, &json!("Rivals")));
        assert_eq!(answer.body["entered"]["access"], json!("read"));
        // A page that is opened anew is still inside.
        let (answer, cookie) = renew(cookie, None).await;
        assert_eq!(answer.body["organization"]["name"], json!("Rivals"));
        assert_eq!(leave(&world, &token, rivals.org).await.status, 204);
        let (answer, _) = renew(cookie, None).await;
        assert_eq!(answer.body["organization"]["name"], json!("Engines"));
        assert_eq!(answer.body["entered"], json!(null));
    })
    .await;
}

#[tokio::test]
async fn entering_without_a_reason_or_for_too_long_is_refused_by_its_field() {
    world::with_owner(|world, _, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        for (body, field) in [
            (json!({}), "reason"),
            (json!({"reason": "  "}), "reason"),
            (json!({"reason": "x".repeat(501)}), "reason"),
            (json!({"reason": "a", "minutes": 4}), "minutes"),
            (json!({"reason": "a", "minutes": 481}), "minutes"),
            (json!({"reason": "a", "access": "owner"}), "access"),
        ] {
            let answer = enter(&world, &operator, rivals.org, body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{body}"
            );
        }
    })
    .await;
}
