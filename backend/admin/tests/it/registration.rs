//! Registration: closed unless opened, and ending with a key in hand.

use crate::{
    smtp::Sink,
    world::{self, PASSWORD, World},
};
use http::Method;
use serde_json::{Value, json};

/// Sets rules; its domains are confirmed to be the organisation's, whose owner runs the installation.
async fn rules(world: &World, token: &str, rules: Value) {
    for domain in rules["registration_domains"].as_array().into_iter().flatten() {
        let added = world.post("/sso/domains", Some(token), json!({"domain": domain})).await;
        assert!([201, 409].contains(&added.status.as_u16()), "{}", added.body);
    }
    let answer = world.patch("/organization/sign-in", Some(token), rules).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Opens a link; its id and its token.
async fn open(world: &World, token: &str, body: Value) -> (String, String) {
    let answer = world.post("/registration-links", Some(token), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let link = answer.body["link"].as_str().unwrap();
    let token = link.strip_prefix("http://localhost:3000/web/register#").unwrap().to_owned();
    (answer.body["id"].as_str().unwrap().to_owned(), token)
}

fn form(token: &str, email: &str) -> Value {
    json!({"token": token, "email": email, "name": "Grace Hopper", "password": PASSWORD, "locale": "en"})
}

/// Registers; the claim.
async fn register(world: &World, token: &str, email: &str) -> String {
    let answer = world.post("/join/registration", None, form(token, email)).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body["claim"].as_str().unwrap().to_owned()
}

async fn code(sink: &mut Sink) -> String {
    let mail = sink.next().await;
    let code = mail.text.lines().find(|l| l.len() == 8 && l.bytes().all(|b| b.is_ascii_digit()));
    code.unwrap().to_owned()
}

async fn finish(world: &World, body: Value) -> (u16, Value) {
    let answer = world.post("/join/registration/finish", None, body).await;
    (answer.status.as_u16(), answer.body)
}

async fn decide(world: &World, token: &str, approve: bool) -> u16 {
    let waiting = world.get("/registrations", Some(token)).await.body;
    let id = waiting["items"][0]["id"].as_str().unwrap();
    let path = format!("/registrations/{id}/decide");
    world.post(&path, Some(token), json!({"approve": approve})).await.status.as_u16()
}

#[tokio::test]
async fn registration_is_closed_until_it_is_opened_and_at_once_when_it_is_closed() {
    world::with_owner(|world, _, owner| async move {
        assert_eq!(
            world.get("/organization/sign-in", Some(&owner)).await.body,
            json!({"registration": "closed", "registration_domains": [], "require_totp": false})
        );
        assert_eq!(world.post("/registration-links", Some(&owner), json!({"max_uses": 1})).await.status, 409);
        rules(&world, &owner, json!({"registration": "approval"})).await;
        let (id, token) = open(&world, &owner, json!({"max_uses": 2, "name": "Summer school"})).await;
        let preview = world.post("/join/registration/preview", None, json!({"token": token})).await;
        assert_eq!(
            preview.body,
            json!({"organization": "Engines", "role": "member", "rule": "approval", "domains": []})
        );
        rules(&world, &owner, json!({"registration": "closed"})).await;
        let refused = world.post("/join/registration", None, form(&token, "grace@example.com")).await;
        assert_eq!(refused.body["code"], json!("link_revoked"));
        rules(&world, &owner, json!({"registration": "approval"})).await;
        let path = format!("/registration-links/{id}");
        assert_eq!(world.call(Method::DELETE, &path, Some(&owner), None, &[]).await.status, 204);
        let refused = world.post("/join/registration", None, form(&token, "grace@example.com")).await;
        assert_eq!(refused.body["code"], json!("link_revoked"));
        let refused = world.post("/join/registration", None, form("0123", "grace@example.com")).await;
        assert_eq!(refused.body["code"], json!("link_unknown"));
    })
    .await;
}

#[tokio::test]
async fn whoever_confirms_an_address_of_the_domain_has_a_key_in_hand() {
    world::with_mail(|world, made, owner, mut sink| async move {
        rules(&world, &owner, json!({"registration": "domain", "registration_domains": ["Example.com"]}))
            .await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 5})).await;
        let outsider = world.post("/join/registration", None, form(&token, "grace@example.org")).await;
        assert_eq!(outsider.body["errors"][0]["field"], json!("email"));

        let claim = register(&world, &token, "grace@example.com").await;
        let code = code(&mut sink).await;
        let early =
            world.post("/auth/sign-in", None, json!({"email": "grace@example.com", "password": PASSWORD}));
        assert_eq!(early.await.status, 401, "nobody before the address is confirmed");
        let (status, body) = finish(&world, json!({"claim": claim})).await;
        assert_eq!((status, &body["errors"][0]["field"]), (422, &json!("code")));
        let (status, body) = finish(&world, json!({"claim": claim, "code": code})).await;
        assert_eq!((status, &body["organization"]["id"]), (201, &json!(made.org.to_string())));
        assert!(body["key"]["secret"].as_str().unwrap().starts_with("cw_"));
        let access = body["session"]["access_token"].as_str().unwrap();
        let keys = world.get("/keys", Some(access)).await.body;
        assert_eq!(keys["items"][0]["id"], body["key"]["id"]);
        assert_eq!(finish(&world, json!({"claim": claim, "code": code})).await.1["code"], json!("link_used"));
        let links = world.get("/registration-links", Some(&owner)).await.body;
        assert_eq!(links["items"][0]["used"], json!(1));
        let log = world.get("/audit", Some(&owner)).await.body.to_string();
        for secret in [&token, &claim, &code, body["key"]["secret"].as_str().unwrap()] {
            assert!(!log.contains(secret.to_string().as_str()), "no secret in the log");
        }
    })
    .await;
}

#[tokio::test]
async fn five_wrong_codes_end_a_registration() {
    world::with_mail(|world, _, owner, mut sink| async move {
        rules(&world, &owner, json!({"registration": "domain", "registration_domains": ["example.com"]}))
            .await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 5})).await;
        let claim = register(&world, &token, "grace@example.com").await;
        let code = code(&mut sink).await;
        let wrong = if code == "00000000" { "00000001" } else { "00000000" };
        for _ in 0..5 {
            let (status, body) = finish(&world, json!({"claim": claim, "code": wrong})).await;
            assert_eq!((status, &body["errors"][0]["field"]), (422, &json!("code")));
        }
        let (_, body) = finish(&world, json!({"claim": claim, "code": code})).await;
        assert_eq!(body["code"], json!("link_expired"));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_lets_somebody_in_who_then_has_a_key_in_hand() {
    world::with_owner(|world, _, owner| async move {
        rules(&world, &owner, json!({"registration": "approval"})).await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 2})).await;
        let claim = register(&world, &token, "grace@example.com").await;
        let progress = || world.post("/join/registration/progress", None, json!({"claim": claim}));
        assert_eq!(progress().await.body["state"], json!("waiting"));
        assert_eq!(finish(&world, json!({"claim": claim})).await.0, 409);
        assert_eq!(decide(&world, &owner, true).await, 204);
        assert_eq!(progress().await.body, json!({"organization": "Engines", "state": "approved"}));
        let (status, body) = finish(&world, json!({"claim": claim})).await;
        assert_eq!(status, 201, "{body}");
        assert!(body["key"]["secret"].is_string() && body["session"].is_null(), "{body}");
        assert_eq!(finish(&world, json!({"claim": claim})).await.1["code"], json!("link_used"));
        world.sign_in("grace@example.com").await;
        let lines = world.get("/audit", Some(&owner)).await.body;
        let actions: Vec<_> =
            lines["items"].as_array().unwrap().iter().map(|l| l["action"].clone()).collect();
        assert!(
            actions.contains(&json!("registration.approve"))
                && actions.contains(&json!("registration.finish"))
        );
    })
    .await;
}

#[tokio::test]
async fn somebody_refused_stays_out() {
    world::with_owner(|world, _, owner| async move {
        rules(&world, &owner, json!({"registration": "approval"})).await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 1})).await;
        let claim = register(&world, &token, "grace@example.com").await;
        let full = world.post("/join/registration", None, form(&token, "alan@example.com")).await;
        assert_eq!(full.body["code"], json!("link_used"), "the one place is asked for");
        assert_eq!(decide(&world, &owner, false).await, 204);
        assert_eq!(finish(&world, json!({"claim": claim})).await.0, 403);
        let signing =
            world.post("/auth/sign-in", None, json!({"email": "grace@example.com", "password": PASSWORD}));
        assert_eq!(signing.await.status, 401);
        register(&world, &token, "alan@example.com").await;
    })
    .await;
}

#[tokio::test]
async fn an_address_that_has_an_account_is_not_let_in_by_a_form() {
    world::with_owner(|world, _, owner| async move {
        world.owner("Rivals", "rival@example.com").await;
        rules(&world, &owner, json!({"registration": "approval"})).await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 5})).await;
        let mut form = form(&token, "rival@example.com");
        form["password"] = json!("a password of mallory's");
        let claim = world.post("/join/registration", None, form).await.body["claim"].clone();
        assert_eq!(decide(&world, &owner, true).await, 409);
        assert_eq!(finish(&world, json!({"claim": claim})).await.0, 409);
        world.sign_in("rival@example.com").await;
    })
    .await;
}

#[tokio::test]
async fn whoever_proves_an_address_does_not_come_into_an_account_that_anybody_may_have_made() {
    world::with_mail(|world, _, owner, mut sink| async move {
        // Mallory invites the address by a link and accepts it herself.
        world.owner("Rivals", "mallory@example.com").await;
        let mallory = world.sign_in("mallory@example.com").await;
        let invitation = json!({"email": "ceo@corp.example", "delivery": "link"});
        let link = world.post("/invitations", Some(&mallory), invitation).await.body["link"].clone();
        let stolen = link.as_str().unwrap().split_once('#').unwrap().1.to_owned();
        let accepted =
            json!({"token": stolen, "email": "ceo@corp.example", "name": "Mallory", "password": PASSWORD});
        assert_eq!(world.post("/join/invitation", None, accepted.clone()).await.status, 200);
        // Using the link again is refused, and told to the organisation.
        assert_eq!(world.post("/join/invitation", None, accepted).await.body["code"], json!("link_used"));
        let lines = world.get("/audit", Some(&mallory)).await.body;
        assert!(lines["items"].as_array().unwrap().iter().any(|l| l["action"] == json!("invitation.refuse")));
        // The one whose address it is registers with a team of their own.
        rules(&world, &owner, json!({"registration": "domain", "registration_domains": ["corp.example"]}))
            .await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 5})).await;
        let claim = register(&world, &token, "ceo@corp.example").await;
        let code = code(&mut sink).await;
        let (status, body) = finish(&world, json!({"claim": claim, "code": code})).await;
        assert_eq!(status, 409, "{body}");
        assert!(body["detail"].as_str().unwrap().contains("choose a new password by mail"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn a_link_lets_in_as_many_as_it_says_however_many_come_at_once() {
    world::with_mail(|world, _, owner, mut sink| async move {
        rules(&world, &owner, json!({"registration": "domain", "registration_domains": ["example.com"]}))
            .await;
        let (_, token) = open(&world, &owner, json!({"max_uses": 2})).await;
        let mut people = Vec::new();
        for i in 0..4 {
            let claim = register(&world, &token, &format!("p{i}@example.com")).await;
            people.push(json!({"claim": claim, "code": code(&mut sink).await}));
        }
        let answers = futures_util::future::join_all(people.into_iter().map(|p| finish(&world, p))).await;
        let mut statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201, 422, 422], "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn rules_that_cannot_hold_are_refused_by_their_field() {
    world::with_owner(|world, _, owner| async move {
        for (body, field) in [
            (json!({"registration": "domain", "registration_domains": ["example.com"]}), "registration"),
            (json!({"registration_domains": ["gmail.com"]}), "registration_domains"),
            (json!({"registration_domains": ["nonsense"]}), "registration_domains"),
        ] {
            let answer = world.patch("/organization/sign-in", Some(&owner), body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{body}"
            );
        }
        rules(&world, &owner, json!({"registration": "approval"})).await;
        for (body, field) in [
            (json!({"max_uses": 0}), "max_uses"),
            (json!({"max_uses": 1, "role": "admin"}), "role"),
            (json!({"max_uses": 1, "expires_in_days": 91}), "expires_in_days"),
        ] {
            let answer = world.post("/registration-links", Some(&owner), body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{body}"
            );
        }
        let line = &world.get("/audit", Some(&owner)).await.body["items"][0];
        assert_eq!(
            (&line["action"], &line["after"]["registration"]),
            (&json!("organization.sign_in_rules"), &json!("approval"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_domain_lets_people_in_only_while_the_operator_says_that_it_is_the_organisations() {
    world::with_mail(|world, _, operator, mut sink| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let wanted = || json!({"registration": "domain", "registration_domains": ["example.org"]});
        let ask = async || world.patch("/organization/sign-in", Some(&rival), wanted()).await;
        let refused = ask().await;
        assert_eq!(refused.body["errors"][0]["field"], json!("registration_domains"), "{}", refused.body);
        world.post("/sso/domains", Some(&rival), json!({"domain": "example.org"})).await;
        assert_eq!(ask().await.status, 422, "named, and not confirmed");
        let path = format!("/operator/organizations/{}/domains/example.org", rivals.org);
        assert_eq!(world.call(Method::PUT, &path, Some(&operator), None, &[]).await.status, 204);
        assert_eq!(ask().await.status, 200);
        let (_, link) = open(&world, &rival, json!({"max_uses": 5})).await;
        let claim = register(&world, &link, "grace@example.org").await;
        let code = code(&mut sink).await;
        assert_eq!(world.call(Method::DELETE, &path, Some(&operator), None, &[]).await.status, 204);
        let (status, body) = finish(&world, json!({"claim": claim, "code": code})).await;
        assert_eq!((status, &body["code"]), (422, &json!("link_revoked")));
        let late = world.post("/join/registration", None, form(&link, "late@example.org")).await;
        assert_eq!(late.body["code"], json!("link_revoked"));
        // Other rules can still be changed.
        let other = world.patch("/organization/sign-in", Some(&rival), json!({"require_totp": false})).await;
        assert_eq!(other.status, 200, "{}", other.body);
        assert_eq!(world.call(Method::PUT, &path, Some(&operator), None, &[]).await.status, 204);
        assert_eq!(finish(&world, json!({"claim": claim, "code": code})).await.0, 201);
    })
    .await;
}
