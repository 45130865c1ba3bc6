//! Invitations: one person, by their address, once.

use crate::world::{self, PASSWORD, World};
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

/// Invites somebody; the id of the invitation and the token of its link.
async fn invite(world: &World, token: &str, body: Value) -> (String, String) {
    let answer = world.post("/invitations", Some(token), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let link = answer.body["link"].as_str().unwrap();
    (answer.body["id"].as_str().unwrap().to_owned(), shown(link))
}

fn shown(link: &str) -> String {
    link.strip_prefix("http://localhost:3000/web/accept#").unwrap().to_owned()
}

fn form(token: &str, email: &str) -> Value {
    json!({"token": token, "email": email, "name": "Grace Hopper", "password": PASSWORD})
}

async fn accept(world: &World, body: Value) -> (u16, Value) {
    let answer = world.post("/join/invitation", None, body).await;
    (answer.status.as_u16(), answer.body)
}

async fn expire(world: &World) {
    let mut owner = world.database().await;
    sqlx::query("alter table invitations no force row level security").execute(&mut owner).await.unwrap();
    sqlx::query("update invitations set expires_at = now()").execute(&mut owner).await.unwrap();
    sqlx::query("alter table invitations force row level security").execute(&mut owner).await.unwrap();
}

#[tokio::test]
async fn somebody_new_comes_in_by_a_link_and_is_signed_in() {
    world::with_owner(|world, made, owner| async move {
        let new = json!({"email": "Grace@Example.com", "role": "admin", "expires_in_days": 3});
        let (_, token) = invite(&world, &owner, new).await;
        let preview = world.post("/join/invitation/preview", None, json!({"token": token})).await.body;
        assert_eq!(preview, json!({"organization": "Engines", "role": "admin"}), "and nothing else");
        let (status, body) = accept(&world, form(&token, "grace@example.com")).await;
        assert_eq!((status, &body["role"]), (200, &json!("admin")));
        let access = body["session"]["access_token"].as_str().unwrap();
        let me = world.get("/me", Some(access)).await.body;
        assert_eq!(
            (&me["user"]["name"], &me["organization"]["id"]),
            (&json!("Grace Hopper"), &json!(made.org.to_string()))
        );
        assert_eq!(world.get("/invitations", Some(&owner)).await.body["items"], json!([]));
        let (status, body) = accept(&world, form(&token, "grace@example.com")).await;
        assert_eq!((status, &body["code"]), (422, &json!("link_used")), "a replay");
        let lines = world.get("/audit", Some(&owner)).await.body;
        let actions: Vec<_> =
            lines["items"].as_array().unwrap().iter().map(|l| l["action"].clone()).collect();
        assert_eq!(
            actions[..4],
            ["invitation.refuse", "session.begin", "invitation.accept", "invitation.create"]
        );
        assert!(!lines.to_string().contains(&token), "no token in the log");
    })
    .await;
}

#[tokio::test]
async fn a_link_is_refused_for_what_is_wrong_with_it() {
    world::with_owner(|world, _, owner| async move {
        let (id, token) = invite(&world, &owner, json!({"email": "grace@example.com"})).await;
        let refused = |body: Value| {
            let world = world.clone();
            async move {
                let (status, body) = accept(&world, body).await;
                (status, body["code"].as_str().unwrap().to_owned())
            }
        };
        let wrong = refused(form(&token, "mallory@example.com")).await;
        assert_eq!(wrong, (403, "wrong_address".to_owned()));
        assert_eq!(refused(form("0123", "grace@example.com")).await, (422, "link_unknown".to_owned()));
        let bad = json!({"token": token, "email": "grace@example.com", "password": "short"});
        let (status, body) = accept(&world, bad).await;
        let fields: Vec<_> = body["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!((status, fields), (422, vec![json!("name"), json!("password")]));

        let path = format!("/invitations/{id}/resend");
        let again = world.post(&path, Some(&owner), json!({})).await.body;
        let newer = shown(again["link"].as_str().unwrap());
        assert_eq!(refused(form(&token, "grace@example.com")).await, (422, "link_unknown".to_owned()));
        expire(&world).await;
        assert_eq!(refused(form(&newer, "grace@example.com")).await, (422, "link_expired".to_owned()));
        let again = world.post(&path, Some(&owner), json!({})).await.body;
        let newest = shown(again["link"].as_str().unwrap());
        let path = format!("/invitations/{id}");
        assert_eq!(world.call(Method::DELETE, &path, Some(&owner), None, &[]).await.status, 204);
        assert_eq!(refused(form(&newest, "grace@example.com")).await, (422, "link_revoked".to_owned()));
        for path in ["/join/invitation/preview", "/me/memberships"] {
            let answer = world.post(path, Some(&owner), json!({"token": newest})).await;
            assert_eq!(answer.body["code"], json!("link_revoked"), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_comes_in() {
    world::with_owner(|world, _, owner| async move {
        let (_, token) = invite(&world, &owner, json!({"email": "grace@example.com"})).await;
        let forms = (0..4).map(|_| accept(&world, form(&token, "grace@example.com")));
        let answers = futures_util::future::join_all(forms).await;
        let mut statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        // The others find the link used, or, if they come late, that the address has an account whose password fits.
        assert_eq!(statuses, [200, 422, 422, 422], "{answers:?}");
        assert_eq!(world.get("/members", Some(&owner)).await.body["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn somebody_with_an_account_needs_its_password_and_signs_in_themselves() {
    world::with_owner(|world, _, owner| async move {
        world.owner("Rivals", "rival@example.com").await;
        let (_, token) = invite(&world, &owner, json!({"email": "rival@example.com"})).await;
        let mut guess = form(&token, "rival@example.com");
        guess["password"] = json!("a wrong password");
        for _ in 0..5 {
            assert_eq!(accept(&world, guess.clone()).await.0, 401);
        }
        assert_eq!(accept(&world, guess).await.0, 429, "and does not guess for ever");
        let mut database = world.database().await;
        sqlx::query("delete from sign_in_failures").execute(&mut database).await.unwrap();
        let (status, body) = accept(&world, form(&token, "rival@example.com")).await;
        assert_eq!((status, &body["session"]), (200, &json!(null)));
        let rival = world.sign_in("rival@example.com").await;
        assert_eq!(world.get("/me", Some(&rival)).await.body["memberships"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn somebody_signed_in_accepts_what_is_for_them_and_nothing_else() {
    world::with_owner(|world, made, owner| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let (_, theirs) =
            invite(&world, &owner, json!({"email": "Rival@example.com", "role": "viewer"})).await;
        let (_, other) = invite(&world, &owner, json!({"email": "grace@example.com"})).await;
        let refused = world.post("/me/memberships", Some(&rival), json!({"token": other})).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &json!("wrong_address")));
        let done = world.post("/me/memberships", Some(&rival), json!({"token": theirs})).await;
        assert_eq!((done.status.as_u16(), &done.body["role"]), (200, &json!("viewer")));
        let org = made.org.to_string();
        let me = world.call(Method::GET, "/me", Some(&rival), None, &[("x-organization", &org)]).await;
        assert_eq!(me.body["role"], json!("viewer"));
    })
    .await;
}

#[tokio::test]
async fn an_address_has_one_invitation_at_a_time_and_members_have_none() {
    world::with_owner(|world, made, owner| async move {
        world.person(made, Role::Member, "member@example.com").await;
        let create = |email: &str| world.post("/invitations", Some(&owner), json!({"email": email}));
        assert_eq!(create("Member@example.com").await.status, 409);
        assert_eq!(create("grace@example.com").await.status, 201);
        assert_eq!(create("GRACE@example.com").await.status, 409);
        expire(&world).await;
        assert_eq!(create("grace@example.com").await.status, 201, "an expired one gives way");
        assert_eq!(world.get("/invitations", Some(&owner)).await.body["items"].as_array().unwrap().len(), 1);
        for (body, field) in [
            (json!({"email": "nobody"}), "email"),
            (json!({"email": "a@b.c", "expires_in_days": 0}), "expires_in_days"),
            (json!({"email": "a@b.c", "expires_in_days": 91}), "expires_in_days"),
            (json!({"email": "a@b.c", "delivery": "mail"}), "delivery"),
            (json!({"email": "a@b.c", "role": "boss"}), "role"),
        ] {
            let answer = world.post("/invitations", Some(&owner), body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{body}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_mailed_invitation_shows_its_link_to_its_reader_only() {
    world::with_mail(|world, _, owner, mut sink| async move {
        let answer =
            world.post("/invitations", Some(&owner), json!({"email": "grace@example.com"})).await.body;
        assert_eq!((&answer["mailed"], &answer["link"]), (&json!(true), &json!(null)));
        let mail = sink.next().await;
        assert_eq!(mail.to, "grace@example.com");
        assert!(
            mail.text.contains("Ada Lovelace")
                && mail.text.contains("Engines")
                && mail.text.contains("7 days")
        );
        let (status, _) = accept(&world, form(mail.token(), "grace@example.com")).await;
        assert_eq!(status, 200);
        let by_hand = json!({"email": "alan@example.com", "delivery": "link"});
        let answer = world.post("/invitations", Some(&owner), by_hand).await.body;
        assert_eq!(answer["mailed"], json!(false));
        shown(answer["link"].as_str().unwrap());
        assert!(sink.is_empty());
    })
    .await;
}

#[tokio::test]
async fn nobody_comes_in_beyond_the_plan() {
    world::with_owner(|world, made, owner| async move {
        world.plan(&owner, made, json!({"members": 2})).await;
        let (_, one) = invite(&world, &owner, json!({"email": "one@example.com"})).await;
        let (_, two) = invite(&world, &owner, json!({"email": "two@example.com"})).await;
        let (a, b) = tokio::join!(
            accept(&world, form(&one, "one@example.com")),
            accept(&world, form(&two, "two@example.com"))
        );
        let mut statuses = [a.0, b.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let refused = if a.0 == 409 { a.1 } else { b.1 };
        assert_eq!(refused["code"], json!("plan_limit"));
        // The link is still good, for when there is a place.
        world.plan(&owner, made, json!({"members": 3})).await;
        let (link, email) =
            if statuses[0] == a.0 { (two, "two@example.com") } else { (one, "one@example.com") };
        assert_eq!(accept(&world, form(&link, email)).await.0, 200);
    })
    .await;
}
