//! A pool of which a third fails and one account hangs, before three instances: every request is answered, by one account
//! each, and who hangs is asked by nobody once it is known to hang. How long that takes is for the benchmark (B8 of
//! `causeway-bench`) and not for a test.

use crate::app::{self, App, Key};
use crate::pools::{HEARD, Talk, member};
use causeway_domain::{RequestId, pool::Strategy};
use causeway_relay::RelayArgs;
use causeway_simulator::SimulatorConfig;
use causeway_store::{attempts, cooldowns};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Accounts, of which every third fails; the last one hangs after a while.
const ACCOUNTS: usize = 20;
const HANGS: &str = "sk-sim-19";
const FAILS: [&str; 3] = ["status=429", "status=529", "status=429,retry_after=30"];

fn impatient() -> RelayArgs {
    RelayArgs { upstream_first_byte_timeout: 4, ..app::defaults() }
}

/// Asks so often at all instances, nearly at once; the identifiers of the requests. Every one must be answered whole.
async fn ask(app: &Arc<App>, urls: &[String], key: &Key, what: &str, times: usize) -> Vec<RequestId> {
    let all = (0..times).map(|i| {
        let (app, key, url) = (app.clone(), key.clone(), urls[i % urls.len()].clone());
        let mut talk = Talk::about(&format!("{what} {i}"));
        async move {
            tokio::time::sleep(Duration::from_millis(i as u64 * 25)).await;
            let mut body = talk.next();
            body["stream"] = true.into();
            let response = app.post_to(&url, &key, &body).await;
            let id: Uuid = response.headers()["x-request-id"].to_str().unwrap().parse().unwrap();
            let status = response.status().as_u16();
            let text = response.text().await.unwrap();
            assert_eq!((status, text.matches("message_start").count()), (200, 2), "{what} {i}: {text}");
            assert!(text.contains("message_stop"), "{what} {i}: {text}");
            RequestId(id)
        }
    });
    futures_util::future::join_all(all).await
}

#[tokio::test]
async fn with_a_third_of_the_accounts_failing_and_one_hanging_every_request_succeeds_once() {
    app::run_with(impatient(), SimulatorConfig::default(), async |app| {
        let mut members = vec![member(app.account, 1, 0)];
        let mut healthy = vec!["sk-sim-test".to_owned()];
        for n in 1..ACCOUNTS {
            let name = format!("sk-sim-{n:02}");
            members.push(member(app.add_account(&app.sim.url(), &name).await, 1, 0));
            if n % 3 == 1 && name != HANGS {
                app.script(&name, 100_000, FAILS[n % 9 / 3]);
            } else {
                healthy.push(name);
            }
        }
        assert_eq!(healthy.len(), 14);
        let key = app.key_of(&[app.pool(Strategy::RoundRobin, None, &members).await]).await;
        let (second, third) =
            (app.second_instance_with(impatient()).await, app.second_instance_with(impatient()).await);
        let urls = [app.url.clone(), second.1, third.1];
        let asked = |names: &[String]| names.iter().map(|name| app.asked(name)).sum::<usize>();

        let mut ids = ask(&app, &urls, &key, "before", 60).await;
        assert_eq!(asked(&healthy), 60, "one answer each, none begun twice");
        app.script(HANGS, 100_000, "delay=60000");
        let before = app.asked(HANGS);
        ids.extend(ask(&app, &urls, &key, "while it hangs", 240).await);
        let delayed = app.asked(HANGS) - before;
        assert!(delayed > 0);
        assert_eq!(asked(&healthy), 300 + delayed, "each once, and those that waited in vain once more");
        let all = cooldowns::all(&app.store.jobs).await.unwrap();
        assert_eq!(all.iter().filter(|c| c.cause == "silent").count(), 1, "{all:?}");

        tokio::time::sleep(HEARD).await;
        ids.extend(ask(&app, &urls, &key, "after", 60).await);
        assert_eq!(app.asked(HANGS) - before, delayed, "who comes later does not wait for it");
        let rows = app.rows(360).await;
        assert!(rows.iter().all(|row| row.outcome == "completed" && row.status == 200));
        assert_eq!(
            waited_for_silence(&app, &ids).await,
            delayed,
            "it delayed those that were on it, once each"
        );
        assert_eq!(app.open_holds().await, 0);
        second.0.close(Duration::from_secs(5)).await;
        third.0.close(Duration::from_secs(5)).await;
    })
    .await;
}

/// How many of the requests have waited for an account in vain. None may have done so twice.
async fn waited_for_silence(app: &App, ids: &[RequestId]) -> usize {
    let mut waited = 0;
    let mut tx = app.tx().await;
    for id in ids {
        let Some(way) = attempts::get(&mut tx, *id, None).await.unwrap() else { continue };
        let steps = way.steps.as_array().unwrap().clone();
        let silent = steps.iter().filter(|step| step["what"] == "silent" && step["tried"] == true).count();
        assert!(silent <= 1, "{steps:?}");
        waited += silent;
    }
    waited
}
