//! Many sessions over many accounts and three instances: each stays with its account, and moves once when that dies. Ten
//! thousand of them are for `causeway-bench --pools`; here there are as many as a build for debugging can do in some
//! seconds.

use crate::app::{self, App, Key, hello};
use crate::pools::member;
use causeway_domain::pool::{STICKY_SECONDS, Strategy};
use futures_util::StreamExt;
use serde_json::json;
use std::{collections::HashMap, sync::Arc, time::Duration};

const SESSIONS: usize = 400;
const ACCOUNTS: usize = 20;
/// How many ask at the same time.
const AT_ONCE: usize = 30;

/// Every session asks once, each at another instance than in the round before; the accounts that answered them.
async fn round(app: &Arc<App>, urls: &[String], key: &Key, round: usize) -> HashMap<usize, String> {
    let all = (0..SESSIONS).map(|n| {
        let (app, key, url) = (app.clone(), key.clone(), urls[(n + round) % urls.len()].clone());
        async move {
            let mut body = hello(false);
            body["metadata"] = json!({"user_id": format!("sim:tag=r{round}s{n}")});
            let call = app.http.post(format!("{url}/api/v1/messages")).header("x-api-key", &key.secret);
            let call = call.header("x-claude-code-session-id", format!("session-{n}"));
            let response = call.json(&body).send().await.unwrap();
            let status = response.status();
            let text = response.text().await.unwrap();
            assert_eq!(status, 200, "session {n} in round {round}: {text}");
        }
    });
    futures_util::stream::iter(all).buffer_unordered(AT_ONCE).collect::<()>().await;
    let mut by = HashMap::new();
    for entry in app.sim.ledger().entries().into_iter().filter(|entry| entry.status == Some(200)) {
        let tag = entry.tag.unwrap_or_default();
        if let Some(n) = tag.strip_prefix(&format!("r{round}s")) {
            let before = by.insert(n.parse().unwrap(), entry.key.unwrap());
            assert_eq!(before, None, "session {n} was answered twice in round {round}");
        }
    }
    assert_eq!(by.len(), SESSIONS);
    by
}

#[tokio::test]
async fn sessions_stay_with_their_accounts_at_three_instances_and_move_once_when_one_dies() {
    app::run(async |app| {
        let mut members = vec![member(app.account, 1, 0)];
        for n in 1..ACCOUNTS {
            members.push(member(app.add_account(&app.sim.url(), &format!("sk-sim-{n:02}")).await, 1, 0));
        }
        let pool = app.pool(Strategy::RoundRobin, Some(STICKY_SECONDS), &members).await;
        let key = app.key_of(&[pool]).await;
        let (second, third) = (app.second_instance().await, app.second_instance().await);
        let urls = [app.url.clone(), second.1, third.1];

        let homes = round(&app, &urls, &key, 0).await;
        let mut counts = HashMap::<&String, usize>::new();
        for home in homes.values() {
            *counts.entry(home).or_default() += 1;
        }
        assert_eq!(counts.len(), ACCOUNTS);
        let even = SESSIONS / ACCOUNTS;
        assert!(counts.values().all(|n| (even / 2..=even * 2).contains(n)), "spread evenly: {counts:?}");
        assert!(round(&app, &urls, &key, 1).await == homes, "each stays, at every instance");

        let dead = "sk-sim-07";
        app.script(dead, 1_000_000, "status=401");
        let moved = round(&app, &urls, &key, 2).await;
        let mut where_to = HashMap::<&String, usize>::new();
        for (n, home) in &homes {
            let now = &moved[n];
            assert_eq!(now != home, home == dead, "session {n} was with {home} and is with {now}");
            if home == dead {
                *where_to.entry(now).or_default() += 1;
            }
        }
        assert!(where_to.len() > 3, "not all to the same: {where_to:?}");
        // Back again it has lost them.
        app.sim.clear_rules();
        app.reset(members[7].account).await;
        assert!(round(&app, &urls, &key, 3).await == moved, "each has moved once");
        assert_eq!(app.open_holds().await, 0);
        second.0.close(Duration::from_secs(5)).await;
        third.0.close(Duration::from_secs(5)).await;
    })
    .await;
}
