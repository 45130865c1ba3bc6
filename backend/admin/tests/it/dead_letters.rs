//! Requests that the database would not take: written after all, or given up, by the operator and by nobody else.

use crate::world;
use causeway_domain::Nanos;
use causeway_store::ledger;
use serde_json::{Value, json};
use sqlx::Executor;

#[tokio::test]
async fn what_could_not_be_written_is_written_once_nothing_stands_in_its_way() {
    world::with_owner(|world, _, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let account = world.account(&rival).await;
        let (key, _) = world.key(&rival, "laptop").await;
        let mut lost = world.event(rivals, &key, &account);
        (lost.cost, lost.charged) = (Nanos(7), Nanos(5));
        ledger::bury(&world.store.jobs, &lost, "no partition").await.unwrap();

        let listed = world.get("/operator/dead-letters", Some(&operator)).await.body;
        let letter = &listed["items"][0];
        assert_eq!(
            (&letter["organization"]["name"], &letter["error"]),
            (&json!("Rivals"), &json!("no partition"))
        );
        assert_eq!(letter["request_id"], json!(lost.request.to_string()));
        let place = format!("/operator/dead-letters/{}", lost.request);
        let write = async |token: &str| world.post(&format!("{place}/write"), Some(token), Value::Null).await;
        assert_eq!(write(&rival).await.status, 403);

        let mut database = world.database().await;
        database.execute("alter table usage add constraint refuses check (not stream)").await.unwrap();
        let refused = write(&operator).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        let letters = world.get("/ledger/dead-letters", Some(&rival)).await.body;
        assert!(letters["items"][0]["error"].as_str().unwrap().contains("refuses"), "{letters}");

        database.execute("alter table usage drop constraint refuses").await.unwrap();
        assert_eq!(write(&operator).await.status, 204);
        assert_eq!(write(&operator).await.status, 404);
        let row = world.get(&format!("/requests/{}", lost.request), Some(&rival)).await;
        assert_eq!((row.status.as_u16(), &row.body["cost_usd"]), (200, &json!("0.000000005")));
        let sum = world.get("/usage/summary", Some(&rival)).await.body;
        assert_eq!(sum["totals"]["cost_usd"], json!("0.000000005"), "{sum}");
        assert_eq!(world.get("/ledger", Some(&rival)).await.body["dead_letters"], json!(0));
        assert_eq!(world.get("/operator/dead-letters", Some(&operator)).await.body["items"], json!([]));
        let log = world.get("/audit?action=dead_letter", Some(&rival)).await.body;
        assert_eq!(log["items"][0]["action"], json!("dead_letter.write"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn what_will_not_be_written_is_closed_for_a_reason_that_its_organisation_finds() {
    world::with_owner(|world, made, operator| async move {
        let account = world.account(&operator).await;
        let (key, _) = world.key(&operator, "laptop").await;
        let lost = world.event(made, &key, &account);
        ledger::bury(&world.store.jobs, &lost, "value out of range").await.unwrap();
        let place = format!("/operator/dead-letters/{}/close", lost.request);
        for reason in ["", " ", &"x".repeat(501)] {
            let answer = world.post(&place, Some(&operator), json!({ "reason": reason })).await;
            assert_eq!(answer.status, 422, "{reason}");
        }
        let answer = world.post(&place, Some(&operator), json!({"reason": "counted by hand"})).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        assert_eq!(world.get("/ledger", Some(&operator)).await.body["dead_letters"], json!(0));
        assert_eq!(world.get(&format!("/requests/{}", lost.request), Some(&operator)).await.status, 404);
        let log = world.get("/audit?action=dead_letter", Some(&operator)).await.body;
        assert_eq!(log["items"][0]["after"]["because"], json!("counted by hand"), "{log}");
    })
    .await;
}
