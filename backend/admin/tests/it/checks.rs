//! Scheduled checks: when they are due, who runs them, and what follows from what they find.

use crate::world::{self, World};
use axum::{Router, extract::Request, routing::get};
use causeway_admin::checks::Checks;
use causeway_domain::{AccountId, OrgId, Role};
use causeway_store::{
    cooldowns::{self, Cooldown},
    testing,
};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

const SECRET: &str = "sk-ant-0123456789abcdef";

/// A provider that knows one key, with how often it was asked.
async fn provider() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let models = get(|request: Request| async move {
        count.fetch_add(1, Relaxed);
        match request.headers().get("x-api-key").is_some_and(|key| key == SECRET) {
            true => Ok(axum::Json(json!({"data": [{"id": "claude-haiku-4-5"}]}))),
            false => Err(StatusCode::UNAUTHORIZED),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/models", models)).await });
    (format!("http://{address}"), asked)
}

/// An account with a credential that is or is not good.
async fn account(world: &World, token: &str, base: &str, key: &str) -> String {
    let body = json!({
        "name": "A", "provider": "anthropic-compatible", "base_url": base,
        "credential": {"kind": "api_key", "api_key": key}
    });
    world.post("/accounts", Some(token), body).await.body["id"].as_str().unwrap().to_owned()
}

async fn checked(world: &World, token: &str, account: &str) -> Value {
    world.get(&format!("/accounts/{account}/checks"), Some(token)).await.body
}

/// What an instance does at a moment; how many checks it has run.
async fn tick(checks: &Checks, now: DateTime<Utc>) -> usize {
    match checks.due(now).await.unwrap() {
        Some(due) => checks.run(due).await,
        None => 0,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(Utc::now().timestamp().div_euclid(60) * 60, 0).unwrap()
}

/// A schedule that is due in a minute, in UTC.
fn at(minute: DateTime<Utc>) -> String {
    minute.format("%-M %-H * * *").to_string()
}

fn rest(org: OrgId, account: &str, cause: &str, failed_at: DateTime<Utc>) -> Cooldown {
    Cooldown {
        org,
        account: AccountId(account.parse().unwrap()),
        scope: String::new(),
        cause: cause.to_owned(),
        detail: "told".to_owned(),
        level: 0,
        failed_at,
        until: failed_at + TimeDelta::hours(1),
    }
}

#[tokio::test]
async fn a_check_is_run_once_by_whichever_instance_comes_first_and_its_outcome_is_kept() {
    world::with_owner(|world, _, token| async move {
        let (base, asked) = provider().await;
        let good = account(&world, &token, &base, SECRET).await;
        let bad = account(&world, &token, &base, "sk-ant-wrong").await;
        let minute = now();
        let change = json!({"time_zone": "UTC", "check_schedule": format!(" {} ", at(minute))});
        let org = world.patch("/organization", Some(&token), change).await;
        assert_eq!(
            (org.status.as_u16(), &org.body["check_schedule"]),
            (200, &json!(at(minute))),
            "{}",
            org.body
        );
        let (one, two) = (Checks::new(world.state.clone()), Checks::new(world.state.clone()));
        assert_eq!(tick(&one, minute - TimeDelta::minutes(1)).await, 0);
        assert_eq!(asked.load(Relaxed), 0, "it is not due");
        let (first, second) = tokio::join!(tick(&one, minute), tick(&two, minute + TimeDelta::seconds(30)));
        assert_eq!(first + second, 2);
        assert_eq!(tick(&one, minute + TimeDelta::seconds(59)).await, 0, "it has looked");
        assert_eq!(tick(&Checks::new(world.state.clone()), minute).await, 0, "nor does a third instance");
        assert_eq!(asked.load(Relaxed), 2);
        assert_eq!(tick(&one, minute + TimeDelta::minutes(1)).await, 0);

        let told = checked(&world, &token, &good).await;
        assert_eq!(told["items"].as_array().unwrap().len(), 1, "{told}");
        let item = &told["items"][0];
        assert_eq!(item["due_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), minute);
        assert_eq!((&item["outcome"]["ok"], &item["outcome"]["models"]), (&json!(true), &json!([])));
        assert_eq!((&told["inherited"], &told["time_zone"]), (&json!(true), &json!("UTC")));
        let next: DateTime<Utc> = told["next_at"].as_str().unwrap().parse().unwrap();
        assert!(next > Utc::now() && next - minute <= TimeDelta::days(1), "{told}");
        let told = checked(&world, &token, &bad).await;
        assert_eq!(
            (&told["items"][0]["outcome"]["ok"], &told["items"][0]["outcome"]["status"]),
            (&json!(false), &json!(401))
        );
        // The same as after a test by a person.
        let shown = world.get(&format!("/accounts/{good}"), Some(&token)).await.body;
        assert_eq!(
            (&shown["last_test"]["ok"], &shown["models"]),
            (&json!(true), &json!(["claude-haiku-4-5"]))
        );
        // It tells and does not judge.
        let shown = world.get(&format!("/accounts/{bad}"), Some(&token)).await.body;
        assert_eq!((&shown["health"]["state"], &shown["enabled"]), (&json!("ready"), &json!(true)));
        assert_eq!(shown["credential_state"], json!("ok"));
    })
    .await;
}

#[tokio::test]
async fn a_time_at_which_nothing_ran_is_not_made_up_for() {
    world::with_owner(|world, _, token| async move {
        let (base, asked) = provider().await;
        account(&world, &token, &base, SECRET).await;
        let minute = now() - TimeDelta::minutes(30);
        let change = json!({"time_zone": "UTC", "check_schedule": at(minute)});
        assert_eq!(world.patch("/organization", Some(&token), change).await.status, 200);
        let checks = Checks::new(world.state.clone());
        // The instance was away at the time, or comes to it much too late.
        assert_eq!(tick(&checks, minute - TimeDelta::minutes(1)).await, 0);
        let due = checks.due(minute).await.unwrap().unwrap();
        assert_eq!(checks.run(due).await, 0);
        assert_eq!(tick(&checks, minute + TimeDelta::minutes(1)).await, 0);
        assert_eq!(asked.load(Relaxed), 0);
    })
    .await;
}

#[tokio::test]
async fn an_account_can_differ_from_its_organisation_and_what_is_out_of_use_is_left_alone() {
    world::with_owner(|world, _, token| async move {
        let (base, asked) = provider().await;
        let (own, never, disabled, deleted) = (
            account(&world, &token, &base, SECRET).await,
            account(&world, &token, &base, SECRET).await,
            account(&world, &token, &base, SECRET).await,
            account(&world, &token, &base, SECRET).await,
        );
        let minute = now();
        let patch = async |account: &str, change: Value| {
            let answer = world.patch(&format!("/accounts/{account}"), Some(&token), change).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.body
        };
        assert_eq!(
            tick(&Checks::new(world.state.clone()), minute).await,
            0,
            "off unless somebody says otherwise"
        );
        let other = at(minute + TimeDelta::minutes(7));
        world
            .patch("/organization", Some(&token), json!({"time_zone": "UTC", "check_schedule": other}))
            .await;
        assert_eq!(
            patch(&own, json!({"check_schedule": at(minute)})).await["check_schedule"],
            json!(at(minute))
        );
        assert_eq!(patch(&never, json!({"check_schedule": "off"})).await["check_schedule"], json!("off"));
        patch(&disabled, json!({"check_schedule": at(minute), "enabled": false})).await;
        patch(&deleted, json!({"check_schedule": at(minute)})).await;
        let path = format!("/accounts/{deleted}");
        world.call(http::Method::DELETE, &path, Some(&token), None, &[]).await;
        assert_eq!(tick(&Checks::new(world.state.clone()), minute).await, 1);
        assert_eq!(asked.load(Relaxed), 1);
        assert_eq!(checked(&world, &token, &own).await["items"].as_array().unwrap().len(), 1);
        let told = checked(&world, &token, &never).await;
        assert_eq!(
            (&told["schedule"], &told["inherited"], &told["next_at"]),
            (&Value::Null, &json!(false), &Value::Null)
        );
        let told = checked(&world, &token, &disabled).await;
        assert_eq!((&told["schedule"], &told["next_at"]), (&json!(at(minute)), &Value::Null));
        // Back to what the organisation says, and the log knows.
        assert_eq!(patch(&own, json!({"check_schedule": null})).await["check_schedule"], Value::Null);
        let told = checked(&world, &token, &own).await;
        assert_eq!((&told["schedule"], &told["inherited"]), (&json!(other), &json!(true)));
        let line = world.get("/audit?action=account.update", Some(&token)).await.body["items"][0].clone();
        assert_eq!(
            (&line["before"]["check_schedule"], &line["after"]["check_schedule"]),
            (&json!(at(minute)), &Value::Null)
        );
        testing::as_owner(&world.store, "update organisations set status = 'suspended'").await;
        let checks = Checks::new(world.state.clone());
        assert_eq!(tick(&checks, minute + TimeDelta::minutes(7)).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_check_that_passes_ends_the_time_of_a_rest_that_it_shows_to_be_over_and_of_no_other() {
    world::with_owner(|world, made, token| async move {
        let (base, _) = provider().await;
        let refused = account(&world, &token, &base, SECRET).await;
        let limited = account(&world, &token, &base, SECRET).await;
        let wrong = account(&world, &token, &base, "sk-ant-wrong").await;
        let minute = now();
        let earlier = Utc::now() - TimeDelta::minutes(2);
        let rests = [
            rest(made.org, &refused, "bad_credential", earlier),
            rest(made.org, &limited, "limited_until", earlier),
            rest(made.org, &wrong, "bad_credential", earlier),
        ];
        cooldowns::save(&world.store.jobs, &rests).await.unwrap();
        world
            .patch("/organization", Some(&token), json!({"time_zone": "UTC", "check_schedule": at(minute)}))
            .await;
        let before = cooldowns::version(&world.store.cache).await.unwrap();
        assert_eq!(tick(&Checks::new(world.state.clone()), minute).await, 3);
        assert!(cooldowns::version(&world.store.cache).await.unwrap() > before, "every instance hears of it");
        for (account, state, ended) in
            [(&refused, "half_open", true), (&limited, "cooling", false), (&wrong, "cooling", false)]
        {
            let shown = world.get(&format!("/accounts/{account}"), Some(&token)).await.body;
            assert_eq!(shown["health"]["state"], json!(state), "{shown}");
            assert_eq!(checked(&world, &token, account).await["items"][0]["ended_rest"], json!(ended));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_schedule_is_refused_by_its_field_and_only_admins_set_one() {
    world::with_owner(|world, made, token| async move {
        let account = format!("/accounts/{}", world.account(&token).await);
        for bad in ["", "0 6 * *", "* * * * * *", "@hourly", "60 * * * *", "0 0 30 2 *", "never"] {
            for path in [account.as_str(), "/organization"] {
                let answer = world.patch(path, Some(&token), json!({"check_schedule": bad})).await;
                assert_eq!(
                    (answer.status.as_u16(), &answer.body["errors"][0]["field"]),
                    (422, &json!("check_schedule")),
                    "{path} {bad}"
                );
            }
        }
        let off = world.patch("/organization", Some(&token), json!({"check_schedule": "off"})).await;
        assert_eq!(off.status, 422, "an organisation has no other to differ from: null is off");
        world.person(made, Role::Member, "m@example.com").await;
        let member = world.sign_in("m@example.com").await;
        for path in [account.as_str(), "/organization"] {
            let answer = world.patch(path, Some(&member), json!({"check_schedule": "0 6 * * *"})).await;
            assert_eq!(answer.status, 403, "{path}");
        }
        assert_eq!(world.get(&account, Some(&token)).await.body["check_schedule"], Value::Null);
        let kept = world.patch(&account, Some(&token), json!({"check_schedule": "0  6 *\t* 1-5"})).await;
        assert_eq!(kept.body["check_schedule"], json!("0 6 * * 1-5"));
    })
    .await;
}
