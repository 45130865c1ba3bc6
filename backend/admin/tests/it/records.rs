//! How accounts have fared: failures, rates and times, as the relay has written them down.

use crate::world;
use causeway_domain::{AccountId, KeyId, OrgId, RequestId, Role};
use causeway_store::{
    failures::{self, Became, Failure},
    ledger, testing, upkeep,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

fn failure(org: OrgId, account: AccountId, cause: &str, became: Became) -> Failure {
    let at = DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap();
    Failure {
        id: Uuid::now_v7(),
        org,
        account,
        request: RequestId(Uuid::now_v7()),
        at,
        model: "claude-x".to_owned(),
        cause: cause.to_owned(),
        status: Some(529),
        message: "busy".to_owned(),
        took_ms: 12,
        until: Some(at + TimeDelta::minutes(1)),
        became,
        instance: "0123".to_owned(),
    }
}

#[tokio::test]
async fn failures_of_an_account_are_listed_page_by_page_for_its_own_organisation() {
    world::with_owner(|world, made, token| async move {
        let account = world.account(&token).await;
        let id: AccountId = account.parse::<Uuid>().unwrap().into();
        let path = format!("/accounts/{account}/failures");
        assert_eq!(world.get(&path, Some(&token)).await.body, json!({"items": [], "next_cursor": null}));
        let all = Became::ALL.map(|became| failure(made.org, id, "overloaded", became));
        failures::save(&world.store.jobs, &all).await.unwrap();
        let mut seen: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        for _ in 0..5 {
            let page = world.get(&format!("{path}?limit=2{cursor}"), Some(&token)).await.body;
            seen.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let became: Vec<_> = seen.iter().map(|failure| failure["became"].as_str().unwrap()).collect();
        assert_eq!(became, ["broke_off", "given_up", "grant_dead", "refreshed", "moved_on"]);
        let (first, newest) = (&seen[0], &all[4]);
        assert_eq!(first["request_id"], json!(newest.request));
        assert_eq!(
            (&first["cause"], &first["status"], &first["message"], &first["model"], &first["took_ms"]),
            (&json!("overloaded"), &json!(529), &json!("busy"), &json!("claude-x"), &json!(12))
        );
        assert_eq!(first["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), newest.at);
        let until = first["rests_until"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        assert_eq!((Some(until), &first["instance"]), (newest.until, &json!("0123")));

        for (query, field) in [("limit=0", "limit"), ("limit=201", "limit"), ("cursor=x", "cursor")] {
            let bad = world.get(&format!("{path}?{query}"), Some(&token)).await;
            assert_eq!(
                (bad.status.as_u16(), &bad.body["errors"][0]["field"]),
                (422, &json!(field)),
                "{query}"
            );
        }
        let other = world.owner("Others", "other@example.com").await;
        let stranger = world.sign_in("other@example.com").await;
        assert_ne!(other.org, made.org);
        for what in ["failures", "health", "checks"] {
            let path = format!("/accounts/{account}/{what}");
            assert_eq!(world.get(&path, Some(&stranger)).await.status, 404, "{what}");
            assert_eq!(world.get(&path, None).await.status, 401, "{what}");
            let none = format!("/accounts/{}/{what}", Uuid::now_v7());
            assert_eq!(world.get(&none, Some(&token)).await.status, 404, "{what}");
            assert_eq!(world.get(&format!("/accounts/x/{what}"), Some(&token)).await.status, 404, "{what}");
        }
        world.person(made, Role::Viewer, "v@example.com").await;
        let viewer = world.sign_in("v@example.com").await;
        assert_eq!(world.get(&path, Some(&viewer)).await.body["items"].as_array().unwrap().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn what_failed_counts_where_it_failed_and_what_was_answered_where_it_was() {
    world::with_owner(|world, made, token| async move {
        upkeep::make_partitions(&world.store.jobs).await.unwrap();
        let account = world.account(&token).await;
        let id: AccountId = account.parse::<Uuid>().unwrap().into();
        let now = Utc::now();
        let key = KeyId(Uuid::now_v7());
        let event = |ago: TimeDelta, ms: u32| ledger::UsageEvent {
            first_byte_ms: Some(ms),
            duration_ms: ms * 2,
            ..testing::event(made.org, key, id, now - ago)
        };
        let events = [
            event(TimeDelta::minutes(5), 100),
            event(TimeDelta::minutes(6), 300),
            event(TimeDelta::hours(5), 900),
        ];
        ledger::write(&world.store.jobs, &events).await.unwrap();
        let failed = ["overloaded", "silent", "overloaded", "of another version"];
        let failed = failed.map(|cause| failure(made.org, id, cause, Became::MovedOn));
        failures::save(&world.store.jobs, &failed).await.unwrap();
        let told = world.get(&format!("/accounts/{account}/health"), Some(&token)).await.body;
        let [hour, day, week] = told["spans"].as_array().unwrap().as_slice() else { unreachable!("{told}") };
        assert_eq!((&hour["hours"], &day["hours"], &week["hours"]), (&json!(1), &json!(24), &json!(168)));
        assert_eq!(hour["rate"], json!({"answered": 2, "failed": 4, "success": 3333}));
        assert_eq!(day["rate"], json!({"answered": 3, "failed": 4, "success": 4285}));
        assert_eq!(day["rate"], week["rate"]);
        // What is not known here is counted and not named.
        let causes = json!([{"cause": "overloaded", "count": 2}, {"cause": "silent", "count": 1}]);
        assert_eq!(hour["causes"], causes);
        assert_eq!((&hour["measured"], &day["measured"]), (&json!(2), &json!(3)));
        assert_eq!(hour["first_token_ms"], json!({"p50": 100, "p95": 300, "p99": 300}));
        assert_eq!(day["total_ms"], json!({"p50": 600, "p95": 1800, "p99": 1800}));
        let board = world.get("/accounts", Some(&token)).await.body;
        assert_eq!(board["items"][0]["health"]["last_hour"], hour["rate"]);

        let fresh =
            world.get(&format!("/accounts/{}/health", world.account(&token).await), Some(&token)).await;
        let span = &fresh.body["spans"][2];
        assert_eq!(span["rate"], json!({"answered": 0, "failed": 0, "success": null}));
        assert_eq!(
            (&span["first_token_ms"], &span["total_ms"], &span["measured"]),
            (&Value::Null, &Value::Null, &json!(0))
        );
    })
    .await;
}
