//! Who belongs to an organisation, and as what.

use crate::world::{self, World};
use causeway_admin::people::Created;
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

/// People of these roles, each with their id and an access token.
async fn people(world: &World, made: Created, roles: &[(Role, &str)]) -> Vec<(String, String)> {
    let mut people = Vec::new();
    for (role, name) in roles {
        let email = format!("{name}@example.com");
        let id = world.person(made, *role, &email).await;
        people.push((id.to_string(), world.sign_in(&email).await));
    }
    people
}

async fn set_role(world: &World, token: &str, member: &str, role: &str) -> (u16, Value) {
    let answer = world.patch(&format!("/members/{member}"), Some(token), json!({"role": role})).await;
    (answer.status.as_u16(), answer.body)
}

async fn remove(world: &World, token: &str, member: &str) -> u16 {
    let path = format!("/members/{member}");
    world.call(Method::DELETE, &path, Some(token), None, &[]).await.status.as_u16()
}

async fn actions(world: &World, token: &str) -> Vec<String> {
    let lines = world.get("/audit", Some(token)).await.body;
    lines["items"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_role_counts_from_the_next_call_on() {
    world::with_owner(|world, made, owner| async move {
        let [(member, token)] = &people(&world, made, &[(Role::Member, "m")]).await[..] else { panic!() };
        assert_eq!(world.get("/audit", Some(token)).await.status, 403);
        let (status, body) = set_role(&world, &owner, member, "admin").await;
        assert_eq!((status, &body["role"]), (200, &json!("admin")));
        assert_eq!(world.get("/audit", Some(token)).await.status, 200);
        assert_eq!(set_role(&world, &owner, member, "viewer").await.0, 200);
        assert_eq!(world.get("/audit", Some(token)).await.status, 403);
        assert_eq!(world.post("/keys", Some(token), json!({"name": "a"})).await.status, 403);
        let line = &world.get("/audit", Some(&owner)).await.body["items"][0];
        assert_eq!(
            (&line["action"], &line["before"]["role"], &line["after"]["role"]),
            (&json!("member.update"), &json!("admin"), &json!("viewer"))
        );
    })
    .await;
}

#[tokio::test]
async fn an_admin_neither_makes_nor_touches_owners() {
    world::with_owner(|world, made, owner| async move {
        let found =
            people(&world, made, &[(Role::Admin, "a"), (Role::Member, "m"), (Role::Owner, "o")]).await;
        let [(_, admin), (member, _), (second, _)] = &found[..] else { panic!() };
        assert_eq!(set_role(&world, admin, member, "owner").await.0, 403);
        assert_eq!(set_role(&world, admin, second, "member").await.0, 403);
        assert_eq!(remove(&world, admin, second).await, 403);
        let path = format!("/members/{member}/transfer");
        assert_eq!(world.call(Method::POST, &path, Some(admin), None, &[]).await.status, 403);
        let invite = json!({"email": "new@example.com", "role": "owner"});
        assert_eq!(world.post("/invitations", Some(admin), invite.clone()).await.status, 403);
        assert_eq!(world.post("/invitations", Some(&owner), invite).await.status, 201);
        // What owners may do to each other.
        assert_eq!(set_role(&world, &owner, second, "admin").await.0, 200);
        assert_eq!(set_role(&world, admin, second, "member").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn the_last_owner_can_neither_step_down_nor_leave_nor_be_removed() {
    world::with_owner(|world, made, owner| async move {
        let me = made.user.to_string();
        for (status, body) in [
            set_role(&world, &owner, &me, "admin").await,
            (remove(&world, &owner, &me).await, json!({"code": "last_owner"})),
        ] {
            assert_eq!((status, &body["code"]), (409, &json!("last_owner")));
        }
        let left = world.call(Method::POST, "/me/leave", Some(&owner), None, &[]).await;
        assert_eq!((left.status.as_u16(), &left.body["code"]), (409, &json!("last_owner")));
        people(&world, made, &[(Role::Owner, "o")]).await;
        assert_eq!(world.call(Method::POST, "/me/leave", Some(&owner), None, &[]).await.status, 204);
        assert_eq!(world.get("/me", Some(&owner)).await.status, 403, "out with the next call");
    })
    .await;
}

#[tokio::test]
async fn of_two_owners_who_demote_each_other_at_once_one_stays() {
    world::with_owner(|world, made, first| async move {
        let me = made.user.to_string();
        let [(second, other)] = &people(&world, made, &[(Role::Owner, "o")]).await[..] else { panic!() };
        for round in 0..5 {
            let (one, two) =
                tokio::join!(set_role(&world, &first, second, "member"), set_role(&world, other, &me, "member"));
            let mut statuses = [one.0, two.0];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 403], "round {round}: {one:?} {two:?}");
            let (owner, demoted) = if one.0 == 200 { (&first, second.as_str()) } else { (other, me.as_str()) };
            assert_eq!(set_role(&world, owner, demoted, "owner").await.0, 200);
        }
        // The same by leaving.
        let leave = |token: String| {
            let world = world.clone();
            async move { world.call(Method::POST, "/me/leave", Some(&token), None, &[]).await.status.as_u16() }
        };
        let (one, two) = tokio::join!(leave(first.clone()), leave(other.clone()));
        let mut statuses = [one, two];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    })
    .await;
}

#[tokio::test]
async fn handing_over_makes_one_an_owner_and_the_other_an_admin() {
    world::with_owner(|world, made, owner| async move {
        let found = people(&world, made, &[(Role::Member, "m"), (Role::Member, "n")]).await;
        let [(member, theirs), (third, _)] = &found[..] else { panic!() };
        let transfer = |token: String, to: String| {
            let world = world.clone();
            async move {
                world.call(Method::POST, &format!("/members/{to}/transfer"), Some(&token), None, &[]).await
            }
        };
        assert_eq!(transfer(owner.clone(), made.user.to_string()).await.status, 409);
        let done = transfer(owner.clone(), member.clone()).await;
        assert_eq!((done.status.as_u16(), &done.body["role"]), (200, &json!("owner")));
        assert_eq!(world.get("/me", Some(&owner)).await.body["role"], json!("admin"));
        assert_eq!(world.get("/me", Some(theirs)).await.body["role"], json!("owner"));
        assert_eq!(transfer(owner.clone(), third.clone()).await.status, 403, "it is no longer theirs");
        assert_eq!(actions(&world, theirs).await[0], "organization.transfer");
    })
    .await;
}

#[tokio::test]
async fn an_owner_who_hands_over_twice_at_once_hands_over_once() {
    world::with_owner(|world, made, owner| async move {
        let found = people(&world, made, &[(Role::Member, "m"), (Role::Member, "n")]).await;
        let give = |to: &str| {
            let (world, owner, path) = (world.clone(), owner.clone(), format!("/members/{to}/transfer"));
            async move { world.call(Method::POST, &path, Some(&owner), None, &[]).await.status.as_u16() }
        };
        let (one, two) = tokio::join!(give(&found[0].0), give(&found[1].0));
        let mut statuses = [one, two];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403]);
        let list = world.get("/members", Some(&owner)).await.body;
        let owners = list["items"].as_array().unwrap().iter().filter(|m| m["role"] == json!("owner"));
        assert_eq!(owners.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_removed_member_is_out_at_once_and_their_keys_are_switched_off() {
    world::with_owner(|world, made, owner| async move {
        let [(admin, theirs)] = &people(&world, made, &[(Role::Admin, "a")]).await[..] else { panic!() };
        let (key, _) = world.key(theirs, "theirs").await;
        let (own, _) = world.key(&owner, "owner's").await;
        let invited = world.post("/invitations", Some(theirs), json!({"email": "new@example.com"})).await;
        let token = invited.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();

        assert_eq!(remove(&world, &owner, admin).await, 204);
        assert_eq!(world.get("/me", Some(theirs)).await.status, 403);
        assert_eq!(remove(&world, &owner, admin).await, 404);
        let shown = world.get(&format!("/keys/{key}"), Some(&owner)).await.body;
        assert_eq!((&shown["status"], &shown["owner"]["member"]), (&json!("disabled"), &json!(false)));
        let shown = world.get(&format!("/keys/{own}"), Some(&owner)).await.body;
        assert_eq!((&shown["status"], &shown["owner"]["member"]), (&json!("active"), &json!(true)));
        let preview = world.post("/join/invitation/preview", None, json!({"token": token})).await;
        assert_eq!(
            preview.body["code"],
            json!("link_revoked"),
            "nobody comes in by their invitation any more"
        );
        let line = &world.get("/audit", Some(&owner)).await.body["items"][0];
        assert_eq!(
            (&line["action"], &line["after"]),
            (
                &json!("member.remove"),
                &json!({"keys_disabled": 1, "invitations_revoked": 1, "accounts_withdrawn": 0, "shares_revoked": 0})
            )
        );
    })
    .await;
}

#[tokio::test]
async fn who_is_made_less_loses_the_invitations_they_could_not_make_any_more() {
    world::with_owner(|world, made, owner| async move {
        let [(second, theirs)] = &people(&world, made, &[(Role::Owner, "o")]).await[..] else { panic!() };
        for role in ["owner", "admin", "member"] {
            let invite = json!({"email": format!("{role}@new.example.com"), "role": role});
            assert_eq!(world.post("/invitations", Some(theirs), invite).await.status, 201);
        }
        let open = || async {
            let list = world.get("/invitations", Some(&owner)).await.body;
            list["items"].as_array().unwrap().iter().map(|i| i["role"].clone()).collect::<Vec<_>>()
        };
        set_role(&world, &owner, second, "admin").await;
        assert_eq!(open().await, ["member", "admin"]);
        set_role(&world, &owner, second, "member").await;
        assert_eq!(open().await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn limits_and_role_change_together_or_not_at_all() {
    world::with_owner(|world, made, owner| async move {
        let found = people(&world, made, &[(Role::Admin, "a"), (Role::Member, "m")]).await;
        let [(_, admin), (member, _)] = &found[..] else { panic!() };
        let both = json!({"role": "owner", "limits": {"concurrency": 1}});
        let path = format!("/members/{member}");
        assert_eq!(world.patch(&path, Some(admin), both.clone()).await.status, 403);
        assert_eq!(world.get(&path, Some(&owner)).await.body["limits"], json!({}));
        let done = world.patch(&path, Some(&owner), both).await.body;
        assert_eq!((&done["role"], &done["limits"]), (&json!("owner"), &json!({"concurrency": 1})));
    })
    .await;
}
