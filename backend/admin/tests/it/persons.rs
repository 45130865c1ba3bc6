//! People as the operator sees and changes them.

use crate::world::{self, Answer, World};
use causeway_domain::{Role, UserId};
use serde_json::{Value, json};

async fn change(world: &World, token: &str, person: UserId, body: Value) -> Answer {
    world.patch(&format!("/operator/people/{person}"), Some(token), body).await
}

#[tokio::test]
async fn people_are_found_by_name_and_address_with_where_they_belong() {
    world::with_owner(|world, made, operator| async move {
        world.person(made, Role::Viewer, "grace@example.com").await;
        world.owner("Rivals", "rival@example.org").await;
        let found = async |query: &str| {
            let answer = world.get(&format!("/operator/people?{query}"), Some(&operator)).await;
            let items = answer.body["items"].as_array().unwrap().clone();
            items.iter().map(|p| p["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("").await, ["rival@example.org", "grace@example.com", "owner@example.com"]);
        assert_eq!(found("query=EXAMPLE.ORG").await, ["rival@example.org"]);
        assert_eq!(found("query=lovelace").await, ["rival@example.org", "owner@example.com"]);
        assert_eq!(found("operators=true").await, ["owner@example.com"]);
        assert_eq!(found("disabled=true").await, Vec::<String>::new());
        let grace = world.get("/operator/people?query=grace", Some(&operator)).await;
        let where_to = &grace.body["items"][0]["organizations"][0];
        assert_eq!((&where_to["name"], &where_to["role"]), (&json!("Engines"), &json!("viewer")));
    })
    .await;
}

#[tokio::test]
async fn whoever_is_locked_out_is_out_at_once_and_comes_back_when_let_in() {
    world::with_owner(|world, made, operator| async move {
        let grace = world.person(made, Role::Admin, "grace@example.com").await;
        let token = world.sign_in("grace@example.com").await;
        let locked = change(&world, &operator, grace, json!({"disabled": true})).await;
        assert!(locked.status == 200 && locked.body["disabled_at"].is_string(), "{}", locked.body);
        assert_eq!(world.get("/me", Some(&token)).await.status, 401);
        let credentials = json!({"email": "grace@example.com", "password": world::PASSWORD});
        assert_eq!(world.post("/auth/sign-in", None, credentials).await.status, 401);
        change(&world, &operator, grace, json!({"disabled": false})).await;
        assert_eq!(world.get("/me", Some(&token)).await.status, 401, "what was ended stays ended");
        world.sign_in("grace@example.com").await;
        let log = world.get("/operator/audit?target_kind=user", Some(&operator)).await;
        let actions: Vec<_> =
            log.body["items"].as_array().unwrap().iter().map(|l| l["action"].clone()).collect();
        assert_eq!(actions, [json!("user.enable"), json!("user.disable")]);
    })
    .await;
}

#[tokio::test]
async fn there_is_always_an_operator_left() {
    world::with_owner(|world, made, operator| async move {
        let last = change(&world, &operator, made.user, json!({"is_operator": false})).await;
        assert_eq!(last.status, 409, "{}", last.body);
        let own = change(&world, &operator, made.user, json!({"disabled": true})).await;
        assert_eq!((own.status.as_u16(), &own.body["errors"][0]["field"]), (422, &json!("disabled")));
        let grace = world.person(made, Role::Viewer, "grace@example.com").await;
        assert_eq!(change(&world, &operator, grace, json!({"is_operator": true})).await.status, 200);
        let token = world.sign_in("grace@example.com").await;
        // Both at once: one of them stays.
        let (one, two) = tokio::join!(
            change(&world, &operator, grace, json!({"is_operator": false})),
            change(&world, &token, made.user, json!({"is_operator": false}))
        );
        let done = [one, two].iter().filter(|a| a.status == 200).count();
        assert_eq!(done, 1);
        let left = world.get("/me", Some(&operator)).await.body["is_operator"] == json!(true);
        let other = world.get("/me", Some(&token)).await.body["is_operator"] == json!(true);
        assert!(left != other);
        for body in [json!({"disabled": null}), json!({"is_operator": "yes"}), json!({"role": "owner"})] {
            assert_eq!(change(&world, if left { &operator } else { &token }, grace, body).await.status, 422);
        }
    })
    .await;
}
