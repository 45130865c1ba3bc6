//! What people are told by a banner.

use crate::world;
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn an_announcement_reaches_whom_it_is_for_while_it_lasts() {
    world::with_owner(|world, made, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let shown = async |token: &str| {
            let answer = world.get("/announcements", Some(token)).await;
            let items = answer.body["items"].as_array().unwrap().clone();
            items.iter().map(|a| a["text_en"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let say = async |body: Value| {
            let answer = world.post("/operator/announcements", Some(&operator), body).await;
            assert_eq!(answer.status, 201, "{}", answer.body);
            answer.body["id"].as_str().unwrap().to_owned()
        };
        let all = say(json!({"level": "info", "text_en": "To all", "text_zh": "致所有人"})).await;
        say(json!({"level": "critical", "text_en": "To rivals", "organization_id": rivals.org})).await;
        say(json!({"level": "info", "text_en": "Later", "starts_at": "2999-01-01T00:00:00Z"})).await;
        assert_eq!(shown(&operator).await, ["To all"]);
        assert_eq!(shown(&rival).await, ["To rivals", "To all"], "the most important first");
        // An organisation's own.
        let own = json!({"level": "warning", "text_zh": "周五不上班"});
        let own = world.post("/organization/announcements", Some(&rival), own).await;
        assert_eq!((own.status.as_u16(), &own.body["by_operator"]), (201, &json!(false)));
        assert_eq!(shown(&rival).await, ["To rivals", "", "To all"]);
        assert_eq!(shown(&operator).await, ["To all"]);
        world.person(made, Role::Member, "member@example.com").await;
        let member = world.sign_in("member@example.com").await;
        assert_eq!(shown(&member).await, ["To all"]);
        // Taken back by who may, and by nobody else.
        let take_back = async |path: String, token: &str| {
            world.call(Method::DELETE, &path, Some(token), None, &[]).await.status.as_u16()
        };
        assert_eq!(take_back(format!("/organization/announcements/{all}"), &rival).await, 404);
        assert_eq!(take_back(format!("/operator/announcements/{all}"), &rival).await, 403);
        assert_eq!(take_back(format!("/operator/announcements/{all}"), &operator).await, 204);
        assert_eq!(
            take_back(format!("/operator/announcements/{all}"), &operator).await,
            404,
            "it is back already"
        );
        assert_eq!(shown(&operator).await, Vec::<String>::new());
        let listed = world.get("/operator/announcements", Some(&operator)).await;
        assert_eq!(
            listed.body["items"].as_array().unwrap().len(),
            3,
            "the organisation's own is not the operator's"
        );
        assert!(listed.body["items"][2]["withdrawn_at"].is_string());
        let log = world.get("/operator/audit?action=announcement", Some(&operator)).await;
        assert_eq!(log.body["items"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn announcements_that_make_no_sense_are_refused_by_their_fields() {
    world::with_owner(|world, _, operator| async move {
        for (body, field) in [
            (json!({"level": "info"}), "text_en"),
            (json!({"level": "info", "text_en": " ", "text_zh": ""}), "text_en"),
            (json!({"level": "info", "text_zh": "x".repeat(2001)}), "text_zh"),
            (json!({"level": "loud", "text_en": "a"}), "level"),
            (json!({"text_en": "a"}), "level"),
            (json!({"level": "info", "text_en": "a", "ends_at": "2020-01-01T00:00:00Z"}), "ends_at"),
            (json!({"level": "info", "text_en": "a", "starts_at": "2999-01-02T00:00:00Z", "ends_at": "2999-01-01T00:00:00Z"}), "ends_at"),
            (json!({"level": "info", "text_en": "a", "organization_id": uuid::Uuid::now_v7()}), "organization_id"),
        ] {
            let answer = world.post("/operator/announcements", Some(&operator), body.clone()).await;
            let fields: Vec<_> = answer.body["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
            assert_eq!((answer.status.as_u16(), fields), (422, vec![json!(field)]), "{body}: {}", answer.body);
        }
    })
    .await;
}
