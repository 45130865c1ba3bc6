//! Limits of members, organisations and accounts beside those of keys; and how all of them are told.

use crate::app::{self, App, Key, hello, scripted, tokens};
use causeway_domain::{CreditKind, Limits, Nanos};
use causeway_store::{TenantTx, credits, testing};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinSet;

impl App {
    /// Sets a column of a table of settings, as the admin would.
    async fn set(&self, statement: &str) {
        let mut tx = self.tx().await;
        testing::change(&mut tx, statement).await;
        self.commit(tx).await;
    }

    /// Gives credit, as the operator would.
    async fn credit(&self, nanos: i64) {
        let mut tx = TenantTx::begin_as_operator(&self.store.operator, self.org, None).await.unwrap();
        let kind = CreditKind::Credit;
        let entry =
            credits::NewEntry { kind, amount: Nanos(nanos), note: "", actor: None, idempotency_key: None };
        credits::add(&mut tx, entry).await.unwrap();
        self.commit(tx).await;
    }

    async fn info(&self, key: &Key) -> Value {
        let url = format!("{}/api/v1/key-info", self.url);
        self.http.get(url).header("x-api-key", &key.secret).send().await.unwrap().json().await.unwrap()
    }
}

async fn refusal(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json::<Value>().await.unwrap()["error"]["causeway"].take())
}

#[tokio::test]
async fn a_members_limit_holds_over_all_of_its_keys() {
    app::run(async |app| {
        let (one, two) = (app.key(Limits::default()).await, app.key(Limits::default()).await);
        let (org, user) = (app.org, app.user);
        let limits = r#"{"requests_per_minute": 4}"#;
        app.set(&format!("insert into memberships values ('{org}', '{user}', 'member', now(), '{limits}')"))
            .await;
        let body = hello(false);
        let answers = join_all((0..12).map(|i| app.post(if i % 2 == 0 { &one } else { &two }, &body))).await;
        assert_eq!(answers.iter().filter(|a| a.status() == 200).count(), 4);
        let refused = answers.into_iter().find(|a| a.status() != 200).unwrap();
        let (status, facts) = refusal(refused).await;
        assert_eq!(
            (status, facts["code"].as_str(), facts["scope"].as_str()),
            (429, Some("requests_per_minute"), Some("member"))
        );
    })
    .await;
}

#[tokio::test]
async fn an_organisations_budget_and_its_balance_hold_over_everybody() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.set(r#"update organisations set limits = '{"usd": {"day": "0.001"}}'"#).await;
        let (status, facts) = refusal(app.post(&key, &hello(false)).await).await;
        assert_eq!(
            (status, facts["code"].as_str(), facts["scope"].as_str()),
            (402, Some("budget_usd"), Some("organization"))
        );
        app.set("update organisations set limits = '{}'").await;
        app.credit(1_000_000).await;
        let (status, facts) = refusal(app.post(&key, &hello(false)).await).await;
        assert_eq!((status, facts["code"].as_str()), (402, Some("balance")));
        app.credit(999_000_000).await;
        // A total of its own below that is no matter of paying.
        app.set(r#"update organisations set limits = '{"usd": {"total": "0.002"}}'"#).await;
        let (status, facts) = refusal(app.post(&key, &hello(false)).await).await;
        assert_eq!((status, facts["code"].as_str()), (402, Some("budget_usd")));
        assert_eq!(facts["limit"], "0.002");
        app.set("update organisations set limits = '{}'").await;
        assert_eq!(app.post(&key, &hello(false)).await.status(), 200);
        assert_eq!(app.sim.ledger().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_account_without_room_is_passed_over_and_its_dollars_are_the_providers() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        let second = app.add_account(&app.sim.url(), "sk-sim-second").await;
        let first = app.account;
        app.set(&format!(
            r#"update upstream_accounts set limits = '{{"requests": {{"day": 2}}}}' where id = '{first}'"#
        ))
        .await;
        app.set("update api_keys set multiplier = 15000").await;
        for _ in 0..4 {
            app.post(&key, &hello(false)).await.bytes().await.unwrap();
        }
        let rows = app.rows(4).await;
        assert_eq!(rows.iter().filter(|r| r.account_id == first.0).count(), 2);
        assert_eq!(rows.iter().filter(|r| r.account_id == second.0).count(), 2);
        for row in rows {
            let charged = (i128::from(app.cost(app::MODEL, &tokens(&row)).0) * 15 + 5).div_euclid(10);
            assert_eq!(
                i128::from(row.charged_nanos),
                charged,
                "one and a half times {}",
                Nanos(row.charged_nanos)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn answers_and_the_keys_own_page_say_how_the_limits_stand() {
    app::run(async |app| {
        let limits = json!({"requests_per_minute": 60, "usd": {"five_hours": "1", "total": "2"}, "requests": {"day": 9}});
        let key = app.key(serde_json::from_value(limits).unwrap()).await;
        app.set(r#"update organisations set limits = '{"concurrency": 7, "usd": {"day": "77"}}'"#).await;
        let answer = app.post(&key, &hello(false)).await;
        let header = answer.headers()["x-causeway-limits"].to_str().unwrap().to_owned();
        answer.bytes().await.unwrap();
        let row = app.row().await;
        assert!(header.contains("key-usd-total;limit=2.00;used=0.00;reserved=0.00"), "{header}");
        assert!(header.contains("key-requests-day;limit=9;used=0;reserved=1;reset="), "{header}");
        assert!(header.contains("organization-concurrency;limit=7;used=1"), "{header}");
        assert!(!header.contains("organization-usd"), "{header}");
        let info = app.info(&key).await;
        let limits = info["limits"].as_array().unwrap();
        assert_eq!(limits.len(), 4, "{info}");
        assert!(limits.iter().all(|l| l["scope"] == "key"), "the organisation's are none of a key's: {info}");
        let of = |unit: &str, window: Value| {
            limits.iter().find(|l| l["unit"] == unit && l["window"] == window).unwrap()
        };
        let spent = Nanos(row.charged_nanos);
        assert_eq!(of("usd", json!("total"))["used"], json!(spent));
        assert_eq!(of("usd", json!("five_hours"))["remaining"], json!(Nanos(1_000_000_000 - spent.0)));
        assert!(of("usd", json!("five_hours"))["resets_at"].is_string());
        assert_eq!(of("requests", json!("day"))["used"], 1);
        assert_eq!(of("requests_per_minute", Value::Null)["used"], 1);
        assert_eq!(info["usage"]["total_usd"], json!(spent));
    })
    .await;
}

#[tokio::test]
async fn those_who_may_wait_are_served_in_turn_and_those_who_leave_free_their_place() {
    app::run(async |app| {
        let limits = json!({"concurrency": 1, "queue": {"length": 1, "wait_seconds": 20}});
        let key = app.key(serde_json::from_value(limits).unwrap()).await;
        let running = app.post(&key, &scripted(true, "events=20,interval=50")).await;
        let body = hello(false);
        let leaving = tokio::time::timeout(Duration::from_millis(300), app.post(&key, &body)).await;
        assert!(leaving.is_err(), "it should have waited");
        let patient = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            app.post(&key, &body).await
        };
        let refused = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            app.post(&key, &body).await
        };
        let (patient, refused, _) = tokio::join!(patient, refused, running.bytes());
        assert_eq!((patient.status().as_u16(), refused.status().as_u16()), (200, 429));
        patient.bytes().await.unwrap();
        assert_eq!(app.post(&key, &body).await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn those_who_wait_keep_their_places_whatever_changes_of_the_policy_meanwhile() {
    app::run(async |app| {
        app.set_drain(50).await;
        let limits = json!({"concurrency": 1, "queue": {"length": 4, "wait_seconds": 60}});
        let key = app.key(serde_json::from_value(limits).unwrap()).await;
        let running = app.post(&key, &scripted(true, "events=400,interval=100")).await;
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = JoinSet::new();
        for i in 0..4 {
            let (app, key, served) = (app.clone(), key.clone(), served.clone());
            waiting.spawn(async move {
                let answer = app.post(&key, &hello(false)).await;
                assert_eq!(answer.status(), 200);
                served.lock().unwrap().push(i);
                answer.bytes().await.unwrap();
            });
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        // More often than a request begins anew for any other reason. Each time the line is as long as it may be.
        for _ in 0..6 {
            app.key(Limits::default()).await;
            tokio::time::sleep(Duration::from_millis(700)).await;
            assert_eq!(app.post(&key, &hello(false)).await.status(), 429);
        }
        drop(running);
        while let Some(one) = waiting.join_next().await {
            one.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_place_that_never_comes_free_is_a_429_that_says_how_long_was_waited() {
    app::run(async |app| {
        let limits = json!({"concurrency": 1, "queue": {"length": 5, "wait_seconds": 1}});
        let key = app.key(serde_json::from_value(limits).unwrap()).await;
        let running = app.post(&key, &scripted(true, "events=40,interval=100")).await;
        let response = app.post(&key, &hello(false)).await;
        assert!(response.headers().contains_key("retry-after"));
        let text = response.text().await.unwrap();
        assert!(text.contains("no place became free in 1 seconds"), "{text}");
        drop(running);
    })
    .await;
}

#[tokio::test]
async fn an_organisation_may_reserve_what_is_expected_and_a_stream_that_needs_more_gets_it() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "10"}})).unwrap()).await;
        app.set("update organisations set hold_mode = 'expected'").await;
        let body = |script: &str| {
            let mut body = scripted(true, script);
            body["max_tokens"] = json!(60_000);
            body
        };
        for _ in 0..20 {
            app.post(&key, &body("in=10,out=40")).await.bytes().await.unwrap();
        }
        app.rows(20).await;
        let mut long = app.post(&key, &body("in=10,out=9000,events=60,interval=60")).await;
        long.chunk().await.unwrap();
        let small = app.standing(&key).await.reserved_nanos;
        assert!((1..5_000_000).contains(&small), "the worst case would be thirty cents: {}", Nanos(small));
        let mut grown = small;
        for _ in 0..50 {
            if grown > small {
                break;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
            let _ = long.chunk().await;
            grown = app.standing(&key).await.reserved_nanos;
        }
        assert!(grown > small, "what it uses is reserved as it goes: {}", Nanos(grown));
        long.bytes().await.unwrap();
        let spent: i64 = app.rows(21).await.iter().map(|r| r.charged_nanos).sum();
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos), (spent, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_reserved_grows_with_what_the_account_pays_even_if_nothing_is_charged() {
    app::run(async |app| {
        let key = app.key(Limits::default()).await;
        app.set("update organisations set hold_mode = 'expected'").await;
        app.set("update api_keys set multiplier = 0").await;
        let total = r#"{"usd": {"total": "100"}}"#;
        app.set(&format!("update upstream_accounts set limits = '{total}' where id = '{}'", app.account))
            .await;
        let body = |script: &str| {
            let mut body = scripted(true, script);
            body["max_tokens"] = json!(60_000);
            body
        };
        for _ in 0..20 {
            app.post(&key, &body("in=10,out=40")).await.bytes().await.unwrap();
        }
        app.rows(20).await;
        let mut long = app.post(&key, &body("in=10,out=9000,events=60,interval=60")).await;
        long.chunk().await.unwrap();
        let small = app.account_standing(app.account).await.reserved_nanos;
        let mut grown = small;
        for _ in 0..50 {
            if grown > small {
                break;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
            let _ = long.chunk().await;
            grown = app.account_standing(app.account).await.reserved_nanos;
        }
        assert!(small > 0 && grown > small, "{} → {}", Nanos(small), Nanos(grown));
        long.bytes().await.unwrap();
        let rows = app.rows(21).await;
        assert!(rows.iter().all(|r| r.charged_nanos == 0));
        let standing = app.account_standing(app.account).await;
        assert_eq!((standing.nanos, standing.reserved_nanos), (rows.iter().map(|r| r.cost_nanos).sum(), 0));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_cannot_be_sent_to_one_account_goes_to_the_next_and_is_counted_there() {
    app::run(async |app| {
        let key = app.key(serde_json::from_value(json!({"usd": {"total": "10"}})).unwrap()).await;
        app.disable_account(app.account).await;
        // Nobody listens there: a port that was free a moment ago.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        app.add_account(&address, "sk-sim-dead").await;
        let second = app.add_account(&app.sim.url(), "sk-sim-second").await;
        let answer = app.post(&key, &hello(true)).await;
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
        let row = app.row().await;
        assert_eq!((row.account_id, row.outcome.as_str()), (second.0, "completed"));
        let standing = app.standing(&key).await;
        assert_eq!((standing.nanos, standing.reserved_nanos, standing.open), (row.charged_nanos, 0, 0));
        assert_eq!(app.open_holds().await, 0);
    })
    .await;
}
