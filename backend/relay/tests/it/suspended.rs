//! A suspended organisation: what is new is refused, what runs ends, on every instance and soon.

use crate::app::{self, App, Key, hello, scripted};
use causeway_store::{TenantTx, tenants};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// Within this everything of a suspended organisation has to be over.
const BOUND: Duration = Duration::from_secs(2);

impl App {
    /// Suspends the organisation or serves it again, as the operator would.
    pub(crate) async fn set_suspended(&self, suspended: bool) {
        let mut tx = TenantTx::begin_as_operator(&self.store.operator, self.org, None).await.unwrap();
        let mut tenant = tenants::lock(&mut tx).await.unwrap();
        tenant.suspended = suspended;
        tenant.suspended_reason = suspended.then(|| "Unpaid".to_owned());
        tenants::update(&mut tx, &tenant).await.unwrap();
        self.commit(tx).await;
    }
}

/// Reads a stream up to its end or its breaking off.
async fn rest(mut response: reqwest::Response) -> (String, bool) {
    let mut all = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => all.extend_from_slice(&chunk),
            Ok(None) => return (String::from_utf8_lossy(&all).into_owned(), true),
            Err(_) => return (String::from_utf8_lossy(&all).into_owned(), false),
        }
    }
}

async fn code(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json::<Value>().await.unwrap()["error"]["causeway"]["code"].take())
}

/// Sends a request that takes its provider very long to answer.
fn waiting(app: &Arc<App>, url: &str, key: &Key) -> tokio::task::JoinHandle<reqwest::Response> {
    let (app, url, key) = (app.clone(), url.to_owned(), key.clone());
    tokio::spawn(async move { app.post_to(&url, &key, &scripted(false, "delay=60000")).await })
}

#[tokio::test]
async fn what_runs_on_two_instances_ends_within_two_seconds_and_nothing_new_begins() {
    app::run(async |app| {
        app.set_drain(0).await;
        let key = app.key(Default::default()).await;
        let (second, second_url) = app.second_instance().await;
        let urls = [app.url.clone(), second_url];
        let endless = scripted(true, "events=100000,interval=50");
        let mut streams = Vec::new();
        let mut waits = Vec::new();
        for url in &urls {
            let mut stream = app.post_to(url, &key, &endless).await;
            assert_eq!(stream.status(), 200);
            assert!(stream.chunk().await.unwrap().is_some(), "it streams");
            streams.push(stream);
            waits.push(waiting(&app, url, &key));
        }
        // All four are with the provider.
        let until = Instant::now() + Duration::from_secs(10);
        while app.sim.ledger().entries().len() < 4 {
            assert!(Instant::now() < until, "{:#?}", app.sim.ledger().entries());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }

        app.set_suspended(true).await;
        let everything = async {
            for url in &urls {
                let refused = code(app.post_to(url, &key, &hello(false)).await).await;
                assert_eq!(refused, (401, "organization_suspended".into()));
            }
            for stream in streams {
                let (text, clean) = rest(stream).await;
                assert!(!clean && text.contains("organization_suspended"), "{text}");
            }
            for wait in waits {
                assert_eq!(code(wait.await.unwrap()).await, (401, "organization_suspended".into()));
            }
        };
        timeout(BOUND, everything).await.unwrap();
        // What was used is in the ledger, and nothing is reserved any more.
        let rows = app.rows(4).await;
        assert!(rows.iter().all(|row| row.outcome == "client_left"), "{rows:#?}");
        assert_eq!(app.open_holds().await, 0);

        app.set_suspended(false).await;
        for url in &urls {
            assert_eq!(app.post_to(url, &key, &hello(true)).await.status(), 200);
        }
        second.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn the_suspension_of_one_organisation_leaves_alone_what_another_has_running() {
    app::run(async |app| {
        let key = app.key(Default::default()).await;
        let mut stream = app.post(&key, &scripted(true, "events=40,interval=50")).await;
        assert!(stream.chunk().await.unwrap().is_some());
        let other = causeway_domain::OrgId(uuid::Uuid::now_v7());
        let mut tx = TenantTx::begin(&app.store.app, other, None).await.unwrap();
        causeway_store::organisations::insert(&mut tx, "Other", chrono_tz::UTC).await.unwrap();
        app.commit(tx).await;
        let mut tx = TenantTx::begin_as_operator(&app.store.operator, other, None).await.unwrap();
        let mut tenant = tenants::lock(&mut tx).await.unwrap();
        tenant.suspended = true;
        tenants::update(&mut tx, &tenant).await.unwrap();
        app.commit(tx).await;
        let (text, clean) = rest(stream).await;
        assert!(clean && text.contains("message_stop"), "{text}");
        assert_eq!(app.row().await.outcome, "completed");
    })
    .await;
}
