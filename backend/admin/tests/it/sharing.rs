//! Accounts that people share: invited, entered, renewed, withdrawn by themselves, and seen by nobody who may not.

use crate::world::{self, Answer, PASSWORD, World};
use causeway_domain::{Role, UserId};
use http::Method;
use serde_json::{Value, json};

const NOWHERE: &str = "http://127.0.0.1:9";

/// The field of a refusal, or its words.
fn told(answer: &Answer) -> (u16, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let field = text(&answer.body["errors"][0]["field"]);
    (answer.status.as_u16(), if field.is_empty() { text(&answer.body["detail"]) } else { field })
}

async fn invite(world: &World, token: &str, more: Value) -> Answer {
    let mut body = json!({"email": "grace@example.com", "provider": "anthropic", "base_url": NOWHERE});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.post("/shares", Some(token), body).await
}

/// An invitation to share that is made; its id.
async fn invited(world: &World, token: &str, more: Value) -> String {
    let answer = invite(world, token, more).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

fn key(secret: &str) -> Value {
    json!({"kind": "api_key", "api_key": secret})
}

async fn accept(world: &World, token: &str, share: &str, body: Value) -> Answer {
    world.post(&format!("/me/shares/{share}/accept"), Some(token), body).await
}

/// An account that somebody has shared; its id.
async fn shared(world: &World, owner: &str, person: &str) -> String {
    let share = invited(world, owner, json!({})).await;
    let answer =
        accept(world, person, &share, json!({"name": "Mine", "credential": key("sk-ant-mine")})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn call(world: &World, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
    world.call(method, path, Some(token), body.map(|body| body.to_string()), &[]).await
}

async fn grace(world: &World, made: causeway_admin::people::Created) -> (UserId, String) {
    let id = world.person(made, Role::Member, "grace@example.com").await;
    (id, world.sign_in("grace@example.com").await)
}

async fn actions(world: &World, owner: &str) -> Vec<String> {
    let lines = world.get("/audit", Some(owner)).await.body;
    let lines = lines["items"].as_array().unwrap().iter();
    lines.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn somebody_new_becomes_a_contributor_and_sees_only_their_own_account() {
    world::with_owner(|world, _, owner| async move {
        world.account(&owner).await;
        let pool = world.post("/pools", Some(&owner), json!({"name": "Research"})).await.body;
        let more = json!({"name": "Codex, Grace", "pool_ids": [pool["id"]], "message": "until March"});
        let sent = invite(&world, &owner, more).await;
        assert_eq!((sent.status.as_u16(), &sent.body["person"]), (201, &Value::Null), "{}", sent.body);
        let link = sent.body["link"].as_str().unwrap();
        let token = link.strip_prefix("http://localhost:3000/web/accept#").unwrap();
        let preview = world.post("/join/invitation/preview", None, json!({"token": token})).await.body;
        assert_eq!(preview["role"], "contributor");
        let form = json!({"token": token, "email": "grace@example.com", "name": "Grace Hopper", "password": PASSWORD});
        let joined = world.post("/join/invitation", None, form).await.body;
        let person = joined["session"]["access_token"].as_str().unwrap();
        let me = world.get("/me", Some(person)).await.body;
        assert_eq!((&me["role"], &me["permissions"]), (&json!("contributor"), &json!([])));

        let waiting = world.get("/me/shares", Some(person)).await.body;
        assert_eq!((&waiting[0]["id"], &waiting[0]["message"]), (&sent.body["id"], &json!("until March")));
        let share = sent.body["id"].as_str().unwrap();
        // Name, address and pools are the inviter's.
        let named = json!({"name": "Other", "credential": key("sk-ant-graces")});
        assert_eq!(told(&accept(&world, person, share, named).await), (422, "name".to_owned()));
        let placed = json!({"credential": key("sk-ant-graces"), "base_url": "http://127.0.0.1:8"});
        assert_eq!(told(&accept(&world, person, share, placed).await), (422, "base_url".to_owned()));
        let answer = accept(&world, person, share, json!({"credential": key("sk-ant-graces")})).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let account = answer.body;
        assert_eq!(
            (&account["name"], &account["base_url"], &account["contributed_by"], &account["owner_id"]),
            (&json!("Codex, Grace"), &json!(NOWHERE), &me["user"]["id"], &me["user"]["id"])
        );
        let pool =
            world.get(&format!("/pools/{}", pool["id"].as_str().unwrap()), Some(&owner)).await.body;
        assert_eq!(pool["members"][0]["account_id"], account["id"]);

        let own = world.get("/me/accounts", Some(person)).await.body;
        assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
        assert_eq!((&own[0]["id"], world.get("/me/shares", Some(person)).await.body), (&account["id"], json!([])));
        assert!(!own.to_string().contains("sk-ant-graces"));
        for path in ["/accounts", "/shares", "/keys", "/members", "/requests", "/pools"] {
            assert_eq!(world.get(path, Some(person)).await.status, 403, "{path}");
        }
        let scopes = json!({"name": "t", "scopes": ["accounts:read"], "expires_at": "2999-01-01T00:00:00Z"});
        assert_eq!(told(&world.post("/tokens", Some(person), scopes).await).0, 422, "it would be of no use");
        let lines = actions(&world, &owner).await;
        for action in ["share.create", "invitation.create", "invitation.accept", "account.share"] {
            assert!(lines.iter().any(|line| line == action), "{action} in {lines:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_invitation_to_share_is_checked_field_by_field() {
    world::with_owner(|world, made, owner| async move {
        grace(&world, made).await;
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let pool = world.post("/pools", Some(&rival), json!({"name": "Theirs"})).await.body["id"].clone();
        let long = "x".repeat(501);
        for (more, field) in [
            (json!({"email": "nobody"}), "email"),
            (json!({"provider": "unheard-of"}), "provider"),
            (json!({"name": ""}), "name"),
            (json!({"message": long}), "message"),
            (json!({"pool_ids": [pool]}), "pool_ids"),
            (json!({"base_url": "ftp://a"}), "base_url"),
            (json!({"expires_in_days": 91}), "expires_in_days"),
            (json!({"delivery": "mail"}), "delivery"),
            (json!({"secret": "a"}), "secret"),
        ] {
            let refused = invite(&world, &owner, more.clone()).await;
            assert_eq!(told(&refused), (422, field.to_owned()), "{more}");
        }
        let body = json!({"email": "grace@example.com", "provider": "openai-compatible"});
        let refused = world.post("/shares", Some(&owner), body).await;
        assert_eq!(told(&refused), (422, "base_url".to_owned()), "nobody else knows where it is");
        for _ in 0..20 {
            invited(&world, &owner, json!({})).await;
        }
        assert_eq!(invite(&world, &owner, json!({})).await.status, 409, "more than anybody would follow");
        // To the rivals nothing of it is there.
        assert_eq!(world.get("/shares", Some(&rival)).await.body["items"], json!([]));
        assert_ne!(rivals.org, made.org);
        let page = world.get("/shares?limit=15", Some(&owner)).await.body;
        let rest = format!("/shares?cursor={}", page["next_cursor"].as_str().unwrap());
        let rest = world.get(&rest, Some(&owner)).await.body;
        let count = |page: &Value| page["items"].as_array().unwrap().len();
        assert_eq!((count(&page), count(&rest)), (15, 5));
    })
    .await;
}

#[tokio::test]
async fn whoever_has_only_accounts_write_invites_members_and_nobody_new() {
    world::with_owner(|world, made, owner| async move {
        grace(&world, made).await;
        let body = json!({"name": "t", "scopes": ["accounts:write"], "expires_at": "2999-01-01T00:00:00Z"});
        let day = (chrono::Utc::now() + chrono::Duration::days(1)).to_rfc3339();
        let body = json!({"name": body["name"], "scopes": body["scopes"], "expires_at": day});
        let robot =
            world.post("/tokens", Some(&owner), body).await.body["secret"].as_str().unwrap().to_owned();
        invited(&world, &robot, json!({})).await;
        let refused = invite(&world, &robot, json!({"email": "new@example.com"})).await;
        let (status, text) = told(&refused);
        assert!(status == 403 && text.contains("members:write"), "{status} {text}");
        assert_eq!(world.get("/invitations", Some(&owner)).await.body["items"], json!([]));
        // Nor can a program share anything, or begin to.
        let share = invited(&world, &robot, json!({})).await;
        let body = json!({"name": "a", "credential": key("sk-ant-a")});
        assert_eq!(accept(&world, &robot, &share, body).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_serves_whom_it_is_for_once_and_while_it_is_good() {
    world::with_owner(|world, made, owner| async move {
        let (_, person) = grace(&world, made).await;
        world.person(made, Role::Admin, "admin@example.com").await;
        let admin = world.sign_in("admin@example.com").await;
        let body = json!({"name": "Mine", "credential": key("sk-ant-mine")});
        let share = invited(&world, &owner, json!({})).await;
        // Not even who runs the organisation shares in another's name.
        for other in [&owner, &admin] {
            assert_eq!(accept(&world, other, &share, body.clone()).await.status, 404);
        }
        for (bad, field) in [
            (json!({"name": "Mine"}), "credential"),
            (json!({"credential": key("sk-ant-mine")}), "name"),
            (json!({"name": "Mine", "credential": {"kind": "aws", "access_key_id": "a", "secret_access_key": "b",
                "region": "eu-west-1"}}), "credential.kind"),
            (json!({"name": "Mine", "authorization_id": share}), "authorization_id"),
        ] {
            assert_eq!(told(&accept(&world, &person, &share, bad.clone()).await), (422, field.to_owned()), "{bad}");
        }
        // At once: one account comes of it.
        let tries = (0..4).map(|_| accept(&world, &person, &share, body.clone()));
        let answers = futures_util::future::join_all(tries).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
        assert_eq!(world.get("/me/accounts", Some(&person)).await.body.as_array().unwrap().len(), 1);

        let share = invited(&world, &owner, json!({})).await;
        let late = format!("update account_shares set expires_at = now() where id = '{share}'");
        world.meddle("account_shares", &late).await;
        assert_eq!(world.get("/me/shares", Some(&person)).await.body, json!([]));
        assert!(told(&accept(&world, &person, &share, body.clone()).await).1.contains("expired"));
        assert_eq!(world.get("/shares", Some(&owner)).await.body["items"][0]["state"], "expired");
        let remind = format!("/shares/{share}/remind");
        let again = world.post(&remind, Some(&owner), json!({"expires_in_days": 2})).await;
        assert_eq!(
            (&again.body["state"], &again.body["link"]),
            (&json!("open"), &json!(format!("http://localhost:3000/web/share?invitation={share}")))
        );
        let declined = world.post(&format!("/me/shares/{share}/decline"), Some(&person), Value::Null).await;
        assert_eq!(declined.status, 204, "{}", declined.body);
        assert!(told(&accept(&world, &person, &share, body.clone()).await).1.contains("declined"));
        assert_eq!(world.post(&remind, Some(&owner), json!({})).await.status, 409);

        let share = invited(&world, &owner, json!({})).await;
        let path = format!("/shares/{share}");
        assert_eq!(call(&world, Method::DELETE, &path, &owner, None).await.status, 204);
        assert!(told(&accept(&world, &person, &share, body).await).1.contains("taken back"));
        assert_eq!(call(&world, Method::DELETE, &path, &owner, None).await.status, 409);
        let states: Vec<Value> = world.get("/shares", Some(&person)).await.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|share| share["state"].clone())
            .collect();
        assert_eq!(states, ["revoked", "declined", "accepted"], "who was invited sees their own");
    })
    .await;
}

#[tokio::test]
async fn the_link_of_somebody_new_ends_with_their_invitation_to_share() {
    world::with_owner(|world, _, owner| async move {
        let first = invite(&world, &owner, json!({})).await.body;
        // A second one makes the link anew: there is one invitation into the organisation.
        let second = invite(&world, &owner, json!({})).await.body;
        let preview = async |link: &Value| {
            let token = link.as_str().unwrap().split('#').nth(1).unwrap();
            let answer = world.post("/join/invitation/preview", None, json!({"token": token})).await;
            answer.body["code"].as_str().unwrap_or("open").to_owned()
        };
        assert_eq!(
            (preview(&first["link"]).await, preview(&second["link"]).await),
            ("link_unknown".into(), "open".into())
        );
        let path = format!("/shares/{}", second["id"].as_str().unwrap());
        assert_eq!(call(&world, Method::DELETE, &path, &owner, None).await.status, 204);
        assert_eq!(preview(&second["link"]).await, "link_revoked");
        // Whoever is invited as more than that stays invited.
        let more = json!({"email": "grace@example.com", "role": "member"});
        world.post("/invitations", Some(&owner), more).await;
        let third = invite(&world, &owner, json!({})).await.body;
        let path = format!("/shares/{}", third["id"].as_str().unwrap());
        assert_eq!(call(&world, Method::DELETE, &path, &owner, None).await.status, 204);
        assert_eq!(preview(&third["link"]).await, "open");
        assert_eq!(world.get("/invitations", Some(&owner)).await.body["items"][0]["role"], "member");
    })
    .await;
}

#[tokio::test]
async fn people_renew_and_withdraw_their_own_and_nobody_elses() {
    world::with_owner(|world, made, owner| async move {
        let (id, person) = grace(&world, made).await;
        world.person(made, Role::Member, "mallory@example.com").await;
        let mallory = world.sign_in("mallory@example.com").await;
        let account = shared(&world, &owner, &person).await;
        let (renew, own) = (format!("/me/accounts/{account}/credential"), format!("/me/accounts/{account}"));
        let anew = Some(json!({"credential": key("sk-ant-anew-7777")}));
        for other in [&mallory, &owner] {
            assert_eq!(call(&world, Method::PUT, &renew, other, anew.clone()).await.status, 404);
            assert_eq!(call(&world, Method::DELETE, &own, other, None).await.status, 404);
        }
        assert_eq!(
            told(&call(&world, Method::PUT, &renew, &person, Some(json!({}))).await),
            (422, "credential".into())
        );
        let renewed = call(&world, Method::PUT, &renew, &person, anew.clone()).await;
        assert_eq!((renewed.status.as_u16(), &renewed.body["credential_hint"]), (200, &json!("…7777")));
        assert_eq!(renewed.body["contributed_by"], json!(id));

        // Whom an administrator names looks after it: sees and renews it, and cannot take it away.
        let organisations = world.account(&owner).await;
        let named =
            world.patch(&format!("/accounts/{organisations}"), Some(&owner), json!({"owner_id": id})).await;
        assert_eq!(named.status, 200);
        assert_eq!(world.get("/me/accounts", Some(&person)).await.body.as_array().unwrap().len(), 2);
        let path = format!("/me/accounts/{organisations}");
        let (status, text) = told(&call(&world, Method::DELETE, &path, &person, None).await);
        assert!(status == 403 && text.contains("do not share it"), "{status} {text}");
        let path = format!("{path}/credential");
        assert_eq!(call(&world, Method::PUT, &path, &person, anew).await.status, 200);

        // Keys that are bound to it do not hold it.
        let bound = json!({"name": "k", "account_id": account});
        assert_eq!(world.post("/keys", Some(&owner), bound).await.status, 201);
        assert_eq!(call(&world, Method::DELETE, &own, &person, None).await.status, 204);
        assert_eq!(world.get(&format!("/accounts/{account}"), Some(&owner)).await.status, 404);
        assert_eq!(call(&world, Method::DELETE, &own, &person, None).await.status, 404, "twice");
        let ended = world.get("/shares", Some(&owner)).await.body["items"][0].clone();
        assert_eq!((&ended["state"], &ended["account_id"]), (&json!("accepted"), &Value::Null));
        let mut database = world.database().await;
        sqlx::query("alter table upstream_accounts no force row level security")
            .execute(&mut database)
            .await
            .unwrap();
        let left: Vec<u8> =
            sqlx::query_scalar("select credential from upstream_accounts where id::text = $1")
                .bind(&account)
                .fetch_one(&mut database)
                .await
                .unwrap();
        assert!(left.is_empty(), "the credential is erased");
        let lines = world.get("/audit", Some(&owner)).await.body;
        assert_eq!(
            (&lines["items"][0]["action"], &lines["items"][0]["after"]),
            (&json!("account.withdraw"), &json!({"bound_keys": 1}))
        );
    })
    .await;
}

#[tokio::test]
async fn a_credential_that_an_administrator_enters_is_the_organisations() {
    world::with_owner(|world, made, owner| async move {
        let (_, person) = grace(&world, made).await;
        let account = shared(&world, &owner, &person).await;
        let path = format!("/accounts/{account}");
        let renamed = world.patch(&path, Some(&owner), json!({"name": "Renamed"})).await;
        assert!(renamed.body["contributed_by"].is_string(), "{}", renamed.body);
        let entered = world.patch(&path, Some(&owner), json!({"credential": key("sk-ant-ours")})).await;
        assert_eq!(entered.body["contributed_by"], Value::Null);
        // They look after it still.
        let own = format!("/me/accounts/{account}");
        assert_eq!(call(&world, Method::DELETE, &own, &person, None).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn whoever_leaves_takes_what_they_shared_along() {
    world::with_owner(|world, made, owner| async move {
        let (id, person) = grace(&world, made).await;
        let account = shared(&world, &owner, &person).await;
        let organisations = world.account(&owner).await;
        let waits = invited(&world, &owner, json!({})).await;
        let elsewhere = invite(&world, &owner, json!({"email": "new@example.com"})).await.body["id"].clone();
        let left = world.post("/me/leave", Some(&person), Value::Null).await;
        assert_eq!(left.status, 204, "{}", left.body);
        assert_eq!(world.get(&format!("/accounts/{account}"), Some(&owner)).await.status, 404);
        assert_eq!(world.get(&format!("/accounts/{organisations}"), Some(&owner)).await.status, 200);
        let line = world.get("/audit", Some(&owner)).await.body["items"][0].clone();
        let taken = (&line["after"]["accounts_withdrawn"], &line["after"]["shares_revoked"]);
        assert_eq!((&line["action"], taken), (&json!("member.leave"), (&json!(1), &json!(1))));
        assert_eq!(line["actor"]["id"], json!(id), "{line}");
        // What waited for them asks nobody any more; what waits for others still does.
        let shares = world.get("/shares", Some(&owner)).await.body;
        let state = |id: &Value| {
            let items = shares["items"].as_array().unwrap();
            items.iter().find(|share| share["id"] == *id).unwrap()["state"].clone()
        };
        assert_eq!((state(&json!(waits)), state(&elsewhere)), (json!("revoked"), json!("open")), "{shares}");
    })
    .await;
}

#[tokio::test]
async fn mails_ask_remind_and_tell_of_a_withdrawal() {
    world::with_mail(|world, made, owner, mut sink| async move {
        world.patch("/me", Some(&owner), json!({"name": "Ada"})).await;
        // Somebody new: one mail, with the link into the organisation.
        let sent =
            invite(&world, &owner, json!({"email": "new@example.com", "message": "until March"})).await.body;
        assert_eq!((&sent["mailed"], &sent["link"]), (&json!(true), &Value::Null));
        let mail = sink.next().await;
        assert!(
            mail.to == "new@example.com" && mail.subject.contains("share an account"),
            "{}",
            mail.subject
        );
        assert!(mail.text.contains("They write: until March"), "{}", mail.text);
        assert!(mail.link().starts_with("http://localhost:3000/web/accept#"), "{}", mail.text);
        assert!(sink.is_empty());
        // A member: the deep link.
        let (_, person) = grace(&world, made).await;
        world.patch("/me", Some(&person), json!({"name": "Grace", "locale": "zh"})).await;
        let share = invited(&world, &owner, json!({})).await;
        let mail = sink.next().await;
        assert!(mail.subject.contains("共享账户"), "{}", mail.subject);
        assert_eq!(mail.link(), format!("http://localhost:3000/web/share?invitation={share}"));
        let body = json!({"name": "Mine", "credential": key("sk-ant-mine")});
        let account = accept(&world, &person, &share, body).await.body["id"].as_str().unwrap().to_owned();
        // "Remind now", a few times an hour.
        let remind = format!("/accounts/{account}/remind");
        let told = call(&world, Method::POST, &remind, &owner, None).await.body;
        assert_eq!((&told["name"], &told["mailed"]), (&json!("Grace"), &json!(true)), "{told}");
        let mail = sink.next().await;
        assert_eq!(mail.link(), format!("http://localhost:3000/web/share?renew={account}"));
        for _ in 0..2 {
            assert_eq!(call(&world, Method::POST, &remind, &owner, None).await.status, 200);
            sink.next().await;
        }
        assert_eq!(call(&world, Method::POST, &remind, &owner, None).await.status, 429);
        // Whoever asked for it hears that it is gone.
        assert_eq!(
            call(&world, Method::DELETE, &format!("/me/accounts/{account}"), &person, None).await.status,
            204
        );
        let mail = sink.next().await;
        assert!(mail.to == "owner@example.com" && mail.text.contains("Grace has withdrawn"), "{}", mail.text);
        assert!(sink.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_reminder_needs_somebody_to_remind() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Admin, "admin@example.com").await;
        let admin = world.sign_in("admin@example.com").await;
        let account = world.account(&admin).await;
        let remind = format!("/accounts/{account}/remind");
        // Whoever has added it, where nobody is named.
        let told = call(&world, Method::POST, &remind, &owner, None).await.body;
        assert_eq!(
            (&told["mailed"], &told["link"]),
            (&json!(false), &json!("http://localhost:3000/web/accounts")),
            "{told}"
        );
        assert_eq!(world.post("/me/leave", Some(&admin), Value::Null).await.status, 204);
        let (status, text) = self::told(&call(&world, Method::POST, &remind, &owner, None).await);
        assert!(status == 409 && text.contains("owner_id"), "{status} {text}");
    })
    .await;
}
