//! The first start.

use crate::world::{self, PASSWORD};
use causeway_store::setup;
use serde_json::{Value, json};

fn input(token: &str) -> Value {
    json!({
        "token": token, "organization": "Analytical Engines", "name": "Ada", "email": "ada@example.com",
        "password": PASSWORD, "time_zone": "Europe/Berlin"
    })
}

#[tokio::test]
async fn the_set_up_link_works_once_and_signs_its_holder_in() {
    world::empty(|world| async move {
        assert_eq!(world.get("/setup", None).await.body, json!({"required": true}));
        let token = setup::issue_token(&world.store.app).await.unwrap().unwrap();
        let other = setup::issue_token(&world.store.app).await.unwrap().unwrap();
        assert_eq!(world.post("/setup", None, input("wrong")).await.status, 403);
        let answer = world.post("/setup", None, input(&token)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let access = answer.body["access_token"].as_str().unwrap();
        let me = world.get("/me", Some(access)).await;
        assert_eq!(
            (&me.body["role"], &me.body["organization"]["slug"]),
            (&json!("owner"), &json!("analytical-engines"))
        );
        let organization = world.get("/organization", Some(access)).await;
        assert_eq!(organization.body["time_zone"], json!("Europe/Berlin"));
        // Dead from now on, the one that was used and the one that was not.
        for token in [token, other] {
            assert_eq!(world.post("/setup", None, input(&token)).await.status, 409);
        }
        assert_eq!(setup::issue_token(&world.store.app).await.unwrap(), None);
        assert_eq!(world.get("/instance", None).await.body["setup_required"], json!(false));
    })
    .await;
}

#[tokio::test]
async fn of_two_people_with_the_link_one_wins() {
    world::empty(|world| async move {
        let token = setup::issue_token(&world.store.app).await.unwrap().unwrap();
        let (one, two) = tokio::join!(
            world.post("/setup", None, input(&token)),
            world.post("/setup", None, input(&token))
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    })
    .await;
}

#[tokio::test]
async fn bad_input_is_named_and_does_not_use_the_link_up() {
    world::empty(|world| async move {
        let token = setup::issue_token(&world.store.app).await.unwrap().unwrap();
        let mut bad = input(&token);
        bad["password"] = json!("short");
        bad["email"] = json!("nowhere");
        let answer = world.post("/setup", None, bad).await;
        let fields: Vec<_> =
            answer.body["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!((answer.status.as_u16(), fields), (422, vec![json!("email"), json!("password")]));
        assert!(!answer.body.to_string().contains("short\""));
        assert_eq!(world.post("/setup", None, input(&token)).await.status, 201);
    })
    .await;
}
