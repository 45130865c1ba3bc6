//! Every operation that changes something leaves exactly one line in the audit log, and no line holds a secret.

use crate::world::{self, World};
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Operations that change nothing that anybody would look for later, each with its reason.
const SILENT: &[(&str, &str)] = &[
    ("POST /auth/refresh", "renews what signing in began"),
    ("POST /accounts/{}/test", "asks the provider"),
    ("POST /usage/import", "its rows are its record"),
];

/// Operations that other tests of their own area walk.
const ELSEWHERE: &[&str] = &[
    "/setup",
    "/auth/",
    "/tokens",
    "/me",
    "/members",
    "/invitations",
    "/join",
    "/registration",
    "/organization/",
    "/keys/",
    "/password",
    "/totp",
    "/sessions",
    "/sso",
    "/operator/organizations/{org}/domains",
    "/balance/redeem",
];

/// What goes in and must not be found in the log.
const CREDENTIAL: &str = "sk-ant-api03-walking-the-log";

struct Step {
    method: Method,
    path: String,
    body: Option<Value>,
}

fn step(method: Method, path: impl Into<String>, body: Option<Value>) -> Step {
    Step { method, path: path.into(), body }
}

/// As many lines as there are, of every organisation and of none.
async fn lines(world: &World) -> i64 {
    let mut owner = world.database().await;
    sqlx::query_scalar("select count(*) from audit").fetch_one(&mut owner).await.unwrap()
}

fn shape(method: &str, path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    format!("{} {}", method.to_uppercase(), path.split('/').map(part).collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn each_change_leaves_one_line_and_no_secret_in_it() {
    world::with_owner(|world, made, token| async move {
        let mut owner = world.database().await;
        sqlx::raw_sql("alter table audit no force row level security").execute(&mut owner).await.unwrap();
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let person = world.person(made, Role::Member, "grace@example.com").await;
        let org = rivals.org;
        let mut walked = BTreeSet::new();
        let mut secrets = vec![CREDENTIAL.to_owned(), token.clone()];
        let credential = json!({"kind": "api_key", "api_key": CREDENTIAL});
        let account = json!({"name": "a", "provider": "anthropic", "base_url": "http://127.0.0.1:9", "credential": credential});
        let said = json!({"level": "info", "text_en": "Hello"});
        let price = json!({"input": "1", "output": "2"});
        let tenant = format!("/operator/organizations/{org}");
        // Of what a step makes, the next ones are about.
        let (mut key, mut place, mut own, mut all, mut batch) =
            (String::new(), String::new(), String::new(), String::new(), String::new());
        for round in 0..28 {
            let (shape_of, next) = match round {
                0 => ("/accounts", step(Method::POST, "/accounts", Some(account.clone()))),
                1 => ("/accounts/{}", step(Method::PATCH, format!("/accounts/{place}"), Some(json!({"credential": credential, "name": "b"})))),
                2 => ("/keys", step(Method::POST, "/keys", Some(json!({"name": "k"})))),
                3 => ("/keys/{}", step(Method::PATCH, format!("/keys/{key}"), Some(json!({"name": "l"})))),
                4 => ("/keys/{}", step(Method::DELETE, format!("/keys/{key}"), None)),
                5 => ("/accounts/{}/reset", step(Method::POST, format!("/accounts/{place}/reset"), None)),
                6 => ("/organization", step(Method::PATCH, "/organization", Some(json!({"name": "Motors"})))),
                7 => ("/prices/overrides/{}", step(Method::PUT, "/prices/overrides/m", Some(price.clone()))),
                8 => ("/prices/overrides/{}", step(Method::DELETE, "/prices/overrides/m", None)),
                9 => ("/organization/announcements", step(Method::POST, "/organization/announcements", Some(said.clone()))),
                10 => ("/organization/announcements/{}", step(Method::DELETE, format!("/organization/announcements/{own}"), None)),
                11 => ("/operator/organizations/{}", step(Method::PATCH, tenant.clone(), Some(json!({"multiplier": "2"})))),
                12 => ("/operator/organizations/{}/entries", step(Method::POST, format!("{tenant}/entries"), Some(json!({"kind": "credit", "amount_usd": "5"})))),
                13 => ("/operator/organizations/{}/enter", step(Method::POST, format!("{tenant}/enter"), Some(json!({"reason": "a look"})))),
                14 => ("/operator/organizations/{}/leave", step(Method::POST, format!("{tenant}/leave"), None)),
                15 => ("/operator/people/{}", step(Method::PATCH, format!("/operator/people/{person}"), Some(json!({"disabled": true})))),
                16 => ("/operator/announcements", step(Method::POST, "/operator/announcements", Some(said.clone()))),
                17 => ("/operator/announcements/{}", step(Method::DELETE, format!("/operator/announcements/{all}"), None)),
                18 => ("/operator/prices/overrides/{}", step(Method::PUT, "/operator/prices/overrides/m", Some(price.clone()))),
                19 => ("/operator/prices/overrides/{}", step(Method::DELETE, "/operator/prices/overrides/m", None)),
                20 => ("/operator/multipliers/{}", step(Method::PUT, "/operator/multipliers/anthropic", Some(json!({"multiplier": "2"})))),
                21 => ("/operator/codes", step(Method::POST, "/operator/codes", Some(json!({"amount_usd": "5", "count": 2})))),
                22 => {
                    let codes = world.get(&format!("/operator/codes/{batch}"), Some(&token)).await;
                    let code = codes.body["items"][0]["id"].as_str().unwrap().to_owned();
                    ("/operator/codes/{}/{}", step(Method::DELETE, format!("/operator/codes/{batch}/{code}"), None))
                }
                23 => ("/operator/codes/{}", step(Method::DELETE, format!("/operator/codes/{batch}"), None)),
                24 => ("/operator/people/{}", step(Method::PATCH, format!("/operator/people/{person}"), Some(json!({"disabled": false})))),
                25 => ("/operator/organizations", step(Method::POST, "/operator/organizations", Some(json!({"name": "New", "owner_email": "rival@example.com"})))),
                26 => ("/accounts/{}", step(Method::DELETE, format!("/accounts/{place}"), None)),
                _ => ("/operator/people/{}", step(Method::PATCH, format!("/operator/people/{person}"), Some(json!({"is_operator": true})))),
            };
            let before = lines(&world).await;
            let body = next.body.map(|b| b.to_string());
            let answer = world.call(next.method.clone(), &next.path, Some(&token), body, &[]).await;
            assert!(answer.status.is_success(), "{} {}: {}", next.method, next.path, answer.body);
            assert_eq!(lines(&world).await - before, 1, "{} {}", next.method, next.path);
            walked.insert(shape(next.method.as_str(), shape_of));
            let id = || answer.body["id"].as_str().unwrap_or_default().to_owned();
            match round {
                0 => place = id(),
                2 => {
                    key = id();
                    secrets.push(answer.body["secret"].as_str().unwrap().to_owned());
                }
                9 => own = id(),
                16 => all = id(),
                21 => {
                    batch = answer.body["batch"]["id"].as_str().unwrap().to_owned();
                    secrets.extend(answer.body["codes"].as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()));
                }
                _ => {}
            }
        }
        let all_of_it: Vec<String> = sqlx::query_scalar("select a::text from audit a").fetch_all(&mut owner).await.unwrap();
        for secret in secrets {
            assert!(all_of_it.iter().all(|line| !line.contains(&secret)), "a secret is in the log");
        }

        // Nothing that changes something is left out without a reason.
        let document = serde_json::to_value(causeway_admin::openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            let path = path.strip_prefix("/admin/v1").unwrap();
            for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
                let operation = shape(method, path);
                let known = walked.contains(&operation)
                    || SILENT.iter().any(|(silent, _)| *silent == operation)
                    || ELSEWHERE.iter().any(|start| path.starts_with(start));
                assert!(known, "{operation} is not walked: does it leave a line?");
            }
        }
    })
    .await;
}
