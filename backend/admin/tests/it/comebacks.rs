//! Who was removed comes back by an invitation, and into a suspended organisation comes nobody.

use crate::{
    smtp::Sink,
    world::{self, PASSWORD, World},
};
use causeway_domain::Role;
use causeway_store::operators;
use http::Method;
use serde_json::{Value, json};

/// Opens registration to the domain; the token of a link.
async fn open(world: &World, token: &str) -> String {
    let domain = world.post("/sso/domains", Some(token), json!({"domain": "example.com"})).await;
    assert_eq!(domain.status, 201, "{}", domain.body);
    let rules = json!({"registration": "domain", "registration_domains": ["example.com"]});
    let ruled = world.patch("/organization/sign-in", Some(token), rules).await;
    assert_eq!(ruled.status, 200, "{}", ruled.body);
    let link = world.post("/registration-links", Some(token), json!({"max_uses": 5})).await;
    fragment(&link.body["link"])
}

fn fragment(link: &Value) -> String {
    link.as_str().unwrap().rsplit('#').next().unwrap().to_owned()
}

async fn register(world: &World, link: &str, email: &str) -> Value {
    let form = json!({"token": link, "email": email, "name": "Grace", "password": PASSWORD});
    let begun = world.post("/join/registration", None, form).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    begun.body["claim"].clone()
}

async fn code(mails: &mut Sink) -> String {
    let mail = mails.next().await;
    let code = mail.text.lines().find(|l| l.len() == 8 && l.bytes().all(|b| b.is_ascii_digit()));
    code.unwrap().to_owned()
}

async fn suspend(world: &World, token: &str, org: impl std::fmt::Display) {
    let body = json!({"status": "suspended", "suspended_reason": "not paid"});
    let answer = world.patch(&format!("/operator/organizations/{org}"), Some(token), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn somebody_who_was_removed_comes_back_by_an_invitation_and_not_by_a_registration_link() {
    world::with_mail(|world, made, token, mut mails: Sink| async move {
        let link = open(&world, &token).await;
        let member = world.person(made, Role::Member, "member@example.com").await;
        let gone = world.call(Method::DELETE, &format!("/members/{member}"), Some(&token), None, &[]).await;
        assert_eq!(gone.status, 204);
        let claim = register(&world, &link, "member@example.com").await;
        let body = json!({"claim": claim, "code": code(&mut mails).await});
        let refused = world.post("/join/registration/finish", None, body).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("invite you again"), "{}", refused.body);

        // Somebody who was never here comes in by the same link.
        let claim = register(&world, &link, "grace@example.com").await;
        let body = json!({"claim": claim, "code": code(&mut mails).await});
        assert_eq!(world.post("/join/registration/finish", None, body).await.status, 201);

        let invite = json!({"email": "member@example.com", "delivery": "link"});
        let sent = world.post("/invitations", Some(&token), invite).await;
        let form = json!({
            "token": fragment(&sent.body["link"]), "email": "member@example.com", "password": PASSWORD
        });
        let back = world.post("/join/invitation", None, form).await;
        assert_eq!(back.status, 200, "{}", back.body);
        // And the invitation ended it for good: who is a member now is no former one.
        let mut app = world.connection(Some("causeway_app")).await;
        sqlx::query("select set_config('cw.org', $1, false)")
            .bind(made.org.to_string())
            .execute(&mut app)
            .await
            .unwrap();
        let former: i64 =
            sqlx::query_scalar("select count(*) from former_members").fetch_one(&mut app).await.unwrap();
        assert_eq!(former, 0);
    })
    .await;
}

#[tokio::test]
async fn nobody_comes_into_a_suspended_organisation_and_nobody_gets_a_key_there() {
    world::with_mail(|world, made, token, mut mails: Sink| async move {
        let link = open(&world, &token).await;
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let mut shown = Vec::new();
        for email in ["rival@example.com", "new@example.com"] {
            let body = json!({"email": email, "delivery": "link"});
            shown.push(fragment(&world.post("/invitations", Some(&token), body).await.body["link"]));
        }
        let claim = register(&world, &link, "grace@example.com").await;
        let code = code(&mut mails).await;
        // One who was let in and has not fetched the key yet.
        world.patch("/organization/sign-in", Some(&token), json!({"registration": "approval"})).await;
        let approved = register(&world, &link, "late@example.com").await;
        let waiting = world.get("/registrations", Some(&token)).await;
        let path = format!("/registrations/{}/decide", waiting.body["items"][0]["id"].as_str().unwrap());
        assert_eq!(world.post(&path, Some(&token), json!({"approve": true})).await.status, 204);
        world.patch("/organization/sign-in", Some(&token), json!({"registration": "domain"})).await;
        let before = world.get("/members", Some(&token)).await.body["items"].as_array().unwrap().len();

        suspend(&world, &token, made.org).await;
        let person = json!({"name": "New", "password": PASSWORD});
        let accept = |token: &str, email: &str| {
            let mut body = person.clone();
            (body["token"], body["email"]) = (json!(token), json!(email));
            body
        };
        for (path, who, body) in [
            ("/join/invitation", None, accept(&shown[0], "rival@example.com")),
            ("/join/invitation", None, accept(&shown[1], "new@example.com")),
            ("/me/memberships", Some(&rival), json!({"token": shown[0]})),
            ("/join/registration", None, {
                let mut form = accept(&link, "other@example.com");
                form["locale"] = json!("en");
                form
            }),
            ("/join/registration/finish", None, json!({"claim": claim, "code": code})),
            ("/join/registration/finish", None, json!({"claim": approved})),
        ] {
            let answer = world.post(path, who.map(String::as_str), body).await;
            assert_eq!(answer.status, 403, "{path}: {}", answer.body);
            assert!(answer.body["detail"].as_str().unwrap().contains("not paid"), "{path}: {}", answer.body);
        }
        let members = world.get("/members", Some(&token)).await;
        assert_eq!(members.body["items"].as_array().unwrap().len(), before);
        assert_eq!(world.get("/keys", Some(&token)).await.body["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_an_operator_does_inside_to_a_persons_account_is_the_operators_and_from_nowhere() {
    world::with_owner(|world, made, owner| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let boss = world.person(made, Role::Member, "boss@example.com").await;
        assert!(operators::set(&world.store.operator, "rival@example.com", true).await.unwrap());
        let operator = world.sign_in("rival@example.com").await;
        let enter = json!({"reason": "locked out", "access": "admin"});
        let path = format!("/operator/organizations/{}/enter", made.org);
        assert_eq!(world.post(&path, Some(&operator), enter).await.status, 200);
        let org = made.org.to_string();
        let inside = [("x-organization", org.as_str())];
        let link = format!("/members/{boss}/reset-link");
        let link = world.call(Method::POST, &link, Some(&operator), None, &inside).await;
        assert_eq!(link.status, 201, "{}", link.body);
        sqlx::query("insert into totp (user_id, sealed, confirmed_at) values ($1, 'x', now())")
            .bind(boss.0)
            .execute(&mut world.database().await)
            .await
            .unwrap();
        let factor = format!("/members/{boss}/totp");
        assert_eq!(world.call(Method::DELETE, &factor, Some(&operator), None, &inside).await.status, 204);
        for action in ["member.reset_link", "totp.remove"] {
            let log = world.get(&format!("/audit?action={action}"), Some(&owner)).await;
            let line = &log.body["items"][0];
            assert_eq!(
                (&line["actor"]["kind"], &line["actor"]["id"], &line["address"], &line["target"]["id"]),
                (&json!("operator"), &json!(rivals.user), &Value::Null, &json!(boss)),
                "{line}"
            );
        }
        // Nobody has to be inside when the link is used.
        let used = link.body["url"].as_str().unwrap().rsplit('=').next().unwrap();
        let body = json!({"token": used, "password": "a sentence nobody has used"});
        assert_eq!(world.post("/auth/reset-password", None, body).await.status, 204);
    })
    .await;
}
