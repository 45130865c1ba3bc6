//! What is kept of attempts that failed: at the account where they did, and nothing of those that did not.

use crate::app::{self, App, MODEL, hello, scripted};
use causeway_domain::AccountId;
use causeway_store::failures::{self, Became, Failure};
use chrono::{TimeDelta, Utc};
use std::time::{Duration, Instant};

impl App {
    /// The failures of an account, newest first, once there are so many.
    async fn failures(&self, account: AccountId, n: usize) -> Vec<Failure> {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let mut tx = self.tx().await;
            let found = failures::list(&mut tx, account, None, 100).await.unwrap();
            if found.len() >= n {
                assert_eq!(found.len(), n, "{found:?}");
                return found;
            }
            assert!(Instant::now() < until, "{found:?}");
            drop(tx);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn counted(&self, account: AccountId) -> Vec<(String, u64)> {
        let mut tx = self.tx().await;
        let since = Utc::now() - TimeDelta::hours(1);
        failures::counted(&mut tx, &[account], since).await.unwrap().remove(&account).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_failure_counts_at_its_account_and_the_one_that_answers_has_none() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let other = app.add_account(&app.sim.url(), "sk-sim-other").await;
        app.script("sk-sim-test", 1, "status=529");
        let answer = app.post(&key, &hello(false)).await;
        assert_eq!(answer.status(), 200);
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let failure = app.failures(app.account, 1).await.remove(0);
        assert_eq!(failure.request.to_string(), id);
        assert_eq!(
            (failure.cause.as_str(), failure.status, failure.became),
            ("overloaded", Some(529), Became::MovedOn)
        );
        assert_eq!((failure.model.as_str(), failure.instance.as_str()), (MODEL, app.relay.boot()));
        assert!(failure.until.is_some_and(|until| until > failure.at), "{failure:?}");
        assert!(failure.message.contains("overloaded"), "{failure:?}");
        assert_eq!(app.counted(app.account).await, [("overloaded".to_owned(), 1)]);
        app.rows(1).await;
        // What goes straight to its account leaves no trace.
        assert_eq!(app.post(&key, &hello(true)).await.status(), 200);
        app.rows(2).await;
        assert_eq!(app.failures(other, 0).await, []);
        assert_eq!(app.counted(other).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_failure_that_its_client_is_told_of_and_one_in_the_middle_of_an_answer_are_told_apart() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.script("sk-sim-test", 1, "status=500,message=key sk-sim-test is bad");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 500);
        let failure = app.failures(app.account, 1).await.remove(0);
        assert_eq!((failure.cause.as_str(), failure.became), ("provider_error", Became::GivenUp));
        assert!(!failure.message.contains("sk-sim-test"), "no credential is kept: {failure:?}");
        app.recover().await;
        let answer = app.post(&key, &scripted(true, "events=20,interval=20,cut=reset@5")).await;
        assert_eq!(answer.status(), 200);
        let _ = answer.bytes().await;
        let failure = app.failures(app.account, 2).await.remove(0);
        assert_eq!(
            (failure.cause.as_str(), failure.became, failure.status),
            ("provider_error", Became::BrokeOff, None)
        );
        assert_eq!(app.counted(app.account).await, [("provider_error".to_owned(), 2)]);
    })
    .await;
}

#[tokio::test]
async fn what_the_caller_asked_for_wrongly_is_no_failure_of_the_account() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        app.script("sk-sim-test", 1, "status=400,message=max_tokens: too large");
        assert_eq!(app.post(&key, &hello(false)).await.status(), 400);
        app.rows(1).await;
        // Whatever was to be written has been when a later failure is there.
        app.script("sk-sim-test", 1, "status=529");
        app.post(&key, &hello(false)).await;
        assert_eq!(app.failures(app.account, 1).await[0].cause, "overloaded");
    })
    .await;
}
