//! Every operation × nobody, every role, another tenant's owner. A row for each operation of the document, so that a new
//! one cannot be forgotten.

use crate::world;
use causeway_domain::Role;
use causeway_store::ledger;
use http::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// Method, path and body, and the status for: nobody, viewer, member, admin, owner of another organisation.
type Row = (Method, &'static str, Option<&'static str>, [u16; 5]);

const ACCOUNT: &str =
    r#"{"name":"a","provider":"anthropic","credential":{"kind":"api_key","api_key":"sk-ant-1"}}"#;
const CREDIT: &str = r#"{"kind":"credit","amount_usd":"5"}"#;
const CODES: &str = r#"{"amount_usd":"5","count":2}"#;
const NOBODY: &str = "019a0000-0000-7000-8000-000000000000";
const PROVIDER: &str = r#"{"name":"a","issuer":"http://127.0.0.1:9"}"#;
const ANNOUNCEMENT: &str = r#"{"level":"info","text_en":"Hello"}"#;
const TENANT: &str = r#"{"name":"New","owner_email":"owner@example.com"}"#;
const PRICE: &str = r#"{"input":"1","output":"2"}"#;

/// The things named in the paths belong to the first organisation; the key to its admin, the member is its owner. Deletions come last.
fn rows() -> Vec<Row> {
    use Method as M;
    vec![
        (M::GET, "/instance", None, [200; 5]),
        (M::GET, "/setup", None, [200; 5]),
        (M::POST, "/setup", Some("{}"), [422; 5]),
        (M::POST, "/auth/sign-in", Some("{}"), [422; 5]),
        (M::POST, "/auth/second-step", Some("{}"), [422; 5]),
        (M::POST, "/auth/forgot-password", Some("{}"), [422; 5]),
        (M::POST, "/auth/reset-password", Some("{}"), [422; 5]),
        (M::POST, "/auth/refresh", None, [401; 5]),
        (M::POST, "/auth/sign-out", None, [204; 5]),
        (M::GET, "/auth/oidc", None, [200; 5]),
        (M::GET, "/auth/oidc/{provider}/begin", None, [303; 5]),
        (M::GET, "/auth/oidc/{provider}/callback", None, [303; 5]),
        (M::GET, "/auth/oidc/{provider}/outcome", None, [404; 5]),
        (M::GET, "/me", None, [401, 200, 200, 200, 200]),
        (M::GET, "/me/identities", None, [401, 200, 200, 200, 200]),
        (M::POST, "/me/identities", Some("{}"), [401, 422, 422, 422, 422]),
        (M::DELETE, "/me/identities/{provider}", None, [401, 404, 404, 404, 404]),
        (M::GET, "/sso", None, [401, 200, 200, 200, 200]),
        (M::PATCH, "/sso", Some("{}"), [401, 403, 403, 403, 200]),
        (M::POST, "/sso/providers", Some(PROVIDER), [401, 403, 403, 403, 201]),
        (M::PUT, "/sso/providers/{provider}", Some(PROVIDER), [401, 403, 403, 403, 404]),
        (M::POST, "/sso/providers/{provider}/test", None, [401, 403, 403, 403, 404]),
        (M::DELETE, "/sso/providers/{provider}", None, [401, 403, 403, 403, 404]),
        (M::POST, "/sso/domains", Some(r#"{"domain":"example.com"}"#), [401, 403, 403, 403, 201]),
        (M::DELETE, "/sso/domains/{domain}", None, [401, 403, 403, 403, 404]),
        (M::PATCH, "/me", Some("{}"), [401, 200, 200, 200, 200]),
        (M::POST, "/me/password", Some("{}"), [401, 422, 422, 422, 422]),
        (M::GET, "/me/sessions", None, [401, 200, 200, 200, 200]),
        (M::DELETE, "/me/sessions", None, [401, 204, 204, 204, 204]),
        (M::DELETE, "/me/sessions/{session}", None, [401, 404, 404, 404, 404]),
        (M::GET, "/me/totp", None, [401, 200, 200, 200, 200]),
        (M::POST, "/me/totp", Some("[]"), [401, 422, 422, 422, 422]),
        (M::POST, "/me/totp/confirm", Some("{}"), [401, 422, 422, 422, 422]),
        (M::POST, "/me/totp/recovery-codes", Some("{}"), [401, 422, 422, 422, 422]),
        (M::POST, "/me/totp/disable", Some("{}"), [401, 422, 422, 422, 422]),
        (M::GET, "/organization", None, [401, 200, 200, 200, 200]),
        (M::PATCH, "/organization", Some("{}"), [401, 403, 403, 200, 200]),
        (M::GET, "/organization/limits", None, [401, 200, 200, 200, 200]),
        (M::GET, "/members", None, [401, 200, 200, 200, 200]),
        (M::GET, "/members/{member}", None, [401, 200, 404, 200, 404]),
        (M::PATCH, "/members/{member}", Some("{}"), [401, 403, 403, 200, 404]),
        (M::GET, "/members/{member}/limits", None, [401, 200, 404, 200, 404]),
        (M::DELETE, "/members/{member}", None, [401, 403, 403, 403, 404]),
        (M::POST, "/members/{member}/transfer", None, [401, 403, 403, 403, 404]),
        (M::POST, "/me/memberships", Some(r#"{"token":"none"}"#), [401, 422, 422, 422, 422]),
        (M::GET, "/organization/sign-in", None, [401, 200, 200, 200, 200]),
        (M::PATCH, "/organization/sign-in", Some("{}"), [401, 403, 403, 200, 200]),
        (M::GET, "/invitations", None, [401, 403, 403, 200, 200]),
        (M::POST, "/invitations", Some(r#"{"email":"new@example.com"}"#), [401, 403, 403, 201, 201]),
        (M::POST, "/invitations/{invitation}/resend", Some("{}"), [401, 403, 403, 200, 404]),
        (M::DELETE, "/invitations/{invitation}", None, [401, 403, 403, 204, 404]),
        (M::GET, "/registration-links", None, [401, 403, 403, 200, 200]),
        (M::POST, "/registration-links", Some(r#"{"max_uses":1}"#), [401, 403, 403, 201, 409]),
        (M::GET, "/registrations", None, [401, 403, 403, 200, 200]),
        (
            M::POST,
            "/registrations/{registration}/decide",
            Some(r#"{"approve":false}"#),
            [401, 403, 403, 204, 404],
        ),
        (M::DELETE, "/registration-links/{link}", None, [401, 403, 403, 204, 404]),
        (M::POST, "/join/invitation", Some("{}"), [422; 5]),
        (M::POST, "/join/invitation/preview", Some("{}"), [422; 5]),
        (M::POST, "/join/registration", Some("{}"), [422; 5]),
        (M::POST, "/join/registration/preview", Some("{}"), [422; 5]),
        (M::POST, "/join/registration/progress", Some("{}"), [422; 5]),
        (M::POST, "/join/registration/finish", Some("{}"), [422; 5]),
        // The member is the owner, whom nobody's role is above.
        (M::POST, "/members/{member}/reset-link", None, [401, 403, 403, 403, 404]),
        (M::DELETE, "/members/{member}/totp", None, [401, 403, 403, 403, 404]),
        (M::GET, "/providers", None, [401, 200, 200, 200, 200]),
        (M::GET, "/accounts", None, [401, 200, 200, 200, 200]),
        (M::POST, "/accounts", Some(ACCOUNT), [401, 403, 403, 201, 201]),
        (M::GET, "/accounts/{account}", None, [401, 200, 200, 200, 404]),
        (M::PATCH, "/accounts/{account}", Some("{}"), [401, 403, 403, 200, 404]),
        (M::GET, "/accounts/{account}/limits", None, [401, 200, 200, 200, 404]),
        (M::POST, "/accounts/{account}/reset", None, [401, 403, 403, 200, 404]),
        (M::POST, "/accounts/{account}/test", None, [401, 403, 403, 200, 404]),
        (M::GET, "/keys", None, [401, 200, 200, 200, 200]),
        (M::POST, "/keys", Some(r#"{"name":"a"}"#), [401, 403, 201, 201, 201]),
        (M::GET, "/keys/{key}", None, [401, 200, 404, 200, 404]),
        (M::PATCH, "/keys/{key}", Some("{}"), [401, 403, 404, 200, 404]),
        (M::GET, "/keys/{key}/limits", None, [401, 200, 404, 200, 404]),
        (M::POST, "/keys/{key}/rotate", Some("{}"), [401, 403, 404, 200, 404]),
        (M::DELETE, "/keys/{key}/overlap", None, [401, 403, 404, 200, 404]),
        (M::GET, "/keys/export", None, [401, 200, 200, 200, 200]),
        (M::POST, "/keys/batch", Some(r#"{"count":1,"key":{"name":"a"}}"#), [401, 403, 201, 201, 201]),
        (M::PATCH, "/keys/batch", Some(r#"{"ids":["{key}"],"change":{}}"#), [401, 403, 422, 200, 422]),
        (M::GET, "/organization/key-ceilings", None, [401, 200, 200, 200, 200]),
        (M::PUT, "/organization/key-ceilings", Some("{}"), [401, 403, 403, 200, 200]),
        (M::GET, "/requests", None, [401, 200, 200, 200, 200]),
        (M::GET, "/requests/export", None, [401, 200, 200, 200, 200]),
        (M::GET, "/requests/{request}", None, [401, 200, 404, 200, 404]),
        (M::GET, "/requests/{request}/attempts", None, [401, 200, 404, 200, 404]),
        (M::GET, "/usage/summary", None, [401, 200, 200, 200, 200]),
        (M::GET, "/usage/series/{step}", None, [401, 200, 200, 200, 200]),
        (M::GET, "/usage/by/{dimension}", None, [401, 200, 200, 200, 200]),
        (M::GET, "/usage/export", None, [401, 200, 200, 200, 200]),
        (M::POST, "/usage/import", Some(""), [401, 403, 403, 403, 200]),
        (M::GET, "/ledger", None, [401, 403, 403, 200, 200]),
        (M::GET, "/ledger/dead-letters", None, [401, 403, 403, 200, 200]),
        (M::GET, "/ledger/dead-letters/export", None, [401, 403, 403, 200, 200]),
        (M::GET, "/prices", None, [401, 200, 200, 200, 200]),
        (M::PUT, "/prices/overrides/{model}", Some(PRICE), [401, 403, 403, 200, 200]),
        (M::GET, "/prices/overrides/{model}", None, [401, 200, 200, 200, 200]),
        (M::DELETE, "/prices/overrides/{model}", None, [401, 403, 403, 204, 204]),
        (M::GET, "/tokens", None, [401, 200, 200, 200, 200]),
        (M::POST, "/tokens", Some("{}"), [401, 422, 422, 422, 422]),
        (M::DELETE, "/tokens/{token}", None, [401, 404, 404, 204, 404]),
        (M::GET, "/audit", None, [401, 403, 403, 200, 200]),
        (M::GET, "/audit/export", None, [401, 403, 403, 200, 200]),
        (M::GET, "/announcements", None, [401, 200, 200, 200, 200]),
        (M::GET, "/organization/announcements", None, [401, 403, 403, 200, 200]),
        (M::POST, "/organization/announcements", Some(ANNOUNCEMENT), [401, 403, 403, 201, 201]),
        (M::DELETE, "/organization/announcements/{announcement}", None, [401, 403, 403, 204, 404]),
        (M::GET, "/organization/administrators", None, [401, 200, 200, 200, 200]),
        (M::GET, "/balance", None, [401, 200, 200, 200, 200]),
        (M::GET, "/balance/entries", None, [401, 200, 403, 200, 200]),
        (M::POST, "/balance/redeem", Some(r#"{"code":"none"}"#), [401, 403, 403, 422, 422]),
        (M::GET, "/statements", None, [401, 200, 403, 200, 200]),
        (M::GET, "/statements/{month}", None, [401, 200, 403, 200, 200]),
        (M::DELETE, "/keys/{key}", None, [401, 403, 404, 204, 404]),
        (M::POST, "/keys/{key}/restore", None, [401, 403, 404, 200, 404]),
        (M::POST, "/keys/batch/delete", Some(r#"{"ids":["{key}"]}"#), [401, 403, 422, 204, 422]),
        (M::DELETE, "/accounts/{account}", None, [401, 403, 403, 204, 404]),
        (M::POST, "/me/leave", None, [401, 204, 204, 204, 409]),
    ]
}

/// What the operator may do and nobody else, whatever their role, with the status for the operator.
fn operator_rows() -> Vec<(Method, &'static str, Option<&'static str>, u16)> {
    use Method as M;
    vec![
        (M::GET, "/operator/organizations", None, 200),
        (M::GET, "/operator/organizations/{org}", None, 200),
        (M::POST, "/operator/organizations", Some(TENANT), 201),
        (M::PATCH, "/operator/organizations/{org}", Some("{}"), 200),
        (M::GET, "/operator/organizations/{org}/entries", None, 200),
        (M::POST, "/operator/organizations/{org}/entries", Some(CREDIT), 201),
        (M::GET, "/operator/organizations/{org}/statements", None, 200),
        (M::GET, "/operator/organizations/{org}/statements/{month}", None, 200),
        (M::GET, "/operator/organizations/{org}/domains", None, 200),
        (M::PUT, "/operator/organizations/{org}/domains/{domain}", None, 204),
        (M::DELETE, "/operator/organizations/{org}/domains/{domain}", None, 204),
        (M::POST, "/operator/organizations/{org}/enter", Some(r#"{"reason":"a look"}"#), 409),
        (M::POST, "/operator/organizations/{org}/leave", None, 204),
        (M::GET, "/operator/people", None, 200),
        (M::PATCH, "/operator/people/{person}", Some("{}"), 200),
        (M::GET, "/operator/announcements", None, 200),
        (M::POST, "/operator/announcements", Some(ANNOUNCEMENT), 201),
        (M::DELETE, "/operator/announcements/{announcement}", None, 204),
        (M::GET, "/operator/prices", None, 200),
        (M::PUT, "/operator/prices/overrides/{model}", Some(PRICE), 200),
        (M::GET, "/operator/prices/overrides/{model}", None, 200),
        (M::DELETE, "/operator/prices/overrides/{model}", None, 204),
        (M::GET, "/operator/multipliers", None, 200),
        (M::PUT, "/operator/multipliers/{provider}", Some(r#"{"multiplier":"1.5"}"#), 200),
        (M::GET, "/operator/dead-letters", None, 200),
        (M::POST, "/operator/dead-letters/{letter}/close", Some(r#"{"reason":"a test"}"#), 204),
        (M::POST, "/operator/dead-letters/{letter}/write", None, 404),
        (M::GET, "/operator/audit", None, 200),
        (M::GET, "/operator/audit/export", None, 200),
        (M::GET, "/operator/codes", None, 200),
        (M::POST, "/operator/codes", Some(CODES), 201),
        (M::GET, "/operator/codes/{batch}", None, 200),
        (M::DELETE, "/operator/codes/{batch}/{code}", None, 204),
        (M::DELETE, "/operator/codes/{batch}", None, 204),
    ]
}

#[tokio::test]
async fn operations_of_the_installation_are_for_its_operator_and_for_no_role() {
    world::with_owner(|world, made, operator| async move {
        let mut others = vec![None];
        for role in [Role::Viewer, Role::Member, Role::Admin, Role::Owner] {
            let email = format!("{role}-of-it@example.com");
            world.person(made, role, &email).await;
            others.push(Some(world.sign_in(&email).await));
        }
        world.owner("Rivals", "rival@example.com").await;
        others.push(Some(world.sign_in("rival@example.com").await));
        let codes =
            world.post("/operator/codes", Some(&operator), serde_json::from_str(CODES).unwrap()).await;
        let batch = codes.body["batch"]["id"].as_str().unwrap().to_owned();
        let listed = world.get(&format!("/operator/codes/{batch}"), Some(&operator)).await;
        let code = listed.body["items"][0]["id"].as_str().unwrap().to_owned();
        let domain = world.post("/sso/domains", Some(&operator), json!({"domain": "engines.example"})).await;
        assert_eq!(domain.status, 201, "{}", domain.body);
        let said = serde_json::from_str(ANNOUNCEMENT).unwrap();
        let said = world.post("/operator/announcements", Some(&operator), said).await;
        let announcement = said.body["id"].as_str().unwrap().to_owned();
        let lost = world.event(made, NOBODY, NOBODY);
        ledger::bury(&world.store.jobs, &lost, "a test").await.unwrap();
        for (method, path, body, expected) in operator_rows() {
            let place = path
                .replace("{letter}", &lost.request.to_string())
                .replace("{org}", &made.org.to_string())
                .replace("{month}", &month())
                .replace("{person}", &made.user.to_string())
                .replace("{announcement}", &announcement)
                .replace("{model}", "claude-haiku-4-5")
                .replace("{provider}", "anthropic")
                .replace("{batch}", &batch)
                .replace("{domain}", "engines.example")
                .replace("{code}", &code);
            for (i, token) in others.iter().enumerate() {
                let body = body.map(str::to_owned);
                let answer = world.call(method.clone(), &place, token.as_deref(), body, &[]).await;
                assert_eq!(
                    answer.status,
                    if i == 0 { 401 } else { 403 },
                    "{method} {path}, {i}: {}",
                    answer.body
                );
            }
            let answer =
                world.call(method.clone(), &place, Some(&operator), body.map(str::to_owned), &[]).await;
            assert_eq!(answer.status, expected, "{method} {path} as the operator: {}", answer.body);
            // What is not there is 404 for the operator too.
            let nowhere = place.replace(&made.org.to_string(), NOBODY).replace(&batch, NOBODY);
            let nowhere = nowhere.replace(&made.user.to_string(), NOBODY).replace(&announcement, NOBODY);
            if nowhere != place {
                let answer =
                    world.call(method.clone(), &nowhere, Some(&operator), body.map(str::to_owned), &[]).await;
                assert_eq!(answer.status, 404, "{method} {nowhere}: {}", answer.body);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_operation_answers_each_role_and_another_tenant_as_it_should() {
    world::with_owner(|world, made, owner| async move {
        let issuer = json!({"name": "a", "issuer": "http://127.0.0.1:9", "client_id": "b", "enabled": true});
        let provider = world.post("/sso/providers", Some(&owner), issuer).await;
        let provider = provider.body["id"].as_str().unwrap().to_owned();
        let mut tokens = vec![None];
        for role in [Role::Viewer, Role::Member, Role::Admin] {
            let email = format!("{role}@example.com");
            world.person(made, role, &email).await;
            tokens.push(Some(world.sign_in(&email).await));
        }
        world.owner("Rivals", "rival@example.com").await;
        tokens.push(Some(world.sign_in("rival@example.com").await));
        let admin = tokens[3].clone().unwrap();
        let account = world.account(&admin).await;
        let (key, _) = world.key(&admin, "admin's").await;
        let new = json!({"name": "a", "scopes": ["keys:read"], "expires_at": chrono::Utc::now() + chrono::Duration::days(1)});
        let token = world.post("/tokens", Some(&admin), new).await.body["id"].as_str().unwrap().to_owned();
        let said = serde_json::from_str(ANNOUNCEMENT).unwrap();
        let said = world.post("/organization/announcements", Some(&admin), said).await;
        let announcement = said.body["id"].as_str().unwrap().to_owned();
        let request = world.used(made, &key, &account, "claude-haiku-4-5", 1).await;

        let invited = world.post("/invitations", Some(&admin), json!({"email": "invited@example.com"})).await;
        let invitation = invited.body["id"].as_str().unwrap().to_owned();
        let (link, registration) = registered(&world, &admin).await;

        let who = ["nobody", "viewer", "member", "admin", "another tenant"];
        for (method, path, body, expected) in rows() {
            let place = path
                .replace("{account}", &account)
                .replace("{key}", &key)
                .replace("{provider}", &provider)
                .replace("{domain}", "engines.example")
                .replace("{announcement}", &announcement)
                .replace("{token}", &token)
                .replace("{member}", &made.user.to_string())
                .replace("{session}", NOBODY)
                .replace("{request}", &request.to_string())
                .replace("{month}", &month())
                .replace("{invitation}", &invitation)
                .replace("{link}", &link)
                .replace("{registration}", &registration)
                .replace("{step}", "day")
                .replace("{dimension}", "member")
                .replace("{model}", "claude-haiku-4-5");
            // Another tenant before the admin, who may remove the thing.
            for i in [0, 1, 2, 4, 3] {
                let body = body.map(|body| body.replace("{key}", &key));
                let answer = world.call(method.clone(), &place, tokens[i].as_deref(), body, &[]).await;
                assert_eq!(answer.status, expected[i], "{method} {path} as {}: {}", who[i], answer.body);
            }
        }
    })
    .await;
}

#[test]
fn no_operation_is_missing_from_the_table() {
    let document = serde_json::to_value(causeway_admin::openapi()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.insert(format!(
                "{} {}",
                method.to_uppercase(),
                shape(path.strip_prefix("/admin/v1").unwrap())
            ));
        }
    }
    let tenants = rows().into_iter().map(|(m, path, ..)| format!("{m} {}", shape(path)));
    let operators = operator_rows().into_iter().map(|(m, path, ..)| format!("{m} {}", shape(path)));
    let tabled: BTreeSet<_> = tenants.chain(operators).collect();
    assert_eq!(documented, tabled);
}

/// Opens registration; the ids of a link, and of somebody who has registered with it.
async fn registered(world: &world::World, admin: &str) -> (String, String) {
    world.patch("/organization/sign-in", Some(admin), json!({"registration": "approval"})).await;
    let opened = world.post("/registration-links", Some(admin), json!({"max_uses": 9})).await.body;
    let token = opened["link"].as_str().unwrap().rsplit('#').next().unwrap();
    let form = json!({"token": token, "email": "r@example.com", "name": "R", "password": world::PASSWORD});
    assert_eq!(world.post("/join/registration", None, form).await.status, 202);
    let waiting = world.get("/registrations", Some(admin)).await.body;
    let id = |value: &serde_json::Value| value["id"].as_str().unwrap().to_owned();
    (id(&opened), id(&waiting["items"][0]))
}

/// The current month, somewhere.
fn month() -> String {
    chrono::Utc::now().format("%Y-%m").to_string()
}

/// A path with its placeholders made equal.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_person_of_two_organisations_enters_the_one_they_name_and_no_third() {
    world::with_owner(|world, made, token| async move {
        let second = world.owner("Second", "second@example.com").await;
        let third = world.owner("Third", "third@example.com").await;
        let mut tx = causeway_store::TenantTx::begin(&world.store.app, second.org, None).await.unwrap();
        causeway_store::memberships::insert(&mut tx, made.user, Role::Viewer).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        let call = |org: String| {
            let (world, token) = (world.clone(), token.clone());
            async move { world.call(Method::GET, "/me", Some(&token), None, &[("x-organization", &org)]).await }
        };
        let answer = call(second.org.to_string()).await;
        assert_eq!((answer.body["role"].clone(), answer.status.as_u16()), (json!("viewer"), 200));
        assert_eq!(answer.body["memberships"].as_array().unwrap().len(), 2);
        assert_eq!(call(third.org.to_string()).await.status, 403);
        assert_eq!(call("nonsense".to_owned()).await.status, 400);
    })
    .await;
}
