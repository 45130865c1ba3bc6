//! Pools over HTTP: which account serves a request, where its conversation stays, and what becomes of it when that account
//! does not.

use crate::app::{self, App, Key, hello, scripted};
use causeway_domain::{
    AccountId, PoolId,
    pool::{Member, STICKY_SECONDS, Strategy},
};
use causeway_store::{accounts, pools};
use chrono::Utc;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// The credential of the account that every installation here has.
const FIRST: &str = "sk-sim-test";

/// After this, every instance knows what has changed or how busy accounts are.
pub(crate) const HEARD: Duration = Duration::from_millis(1200);

pub(crate) fn member(account: AccountId, weight: u16, priority: u16) -> Member {
    Member { account, weight, priority }
}

impl App {
    pub(crate) async fn pool(&self, strategy: Strategy, sticky: Option<u32>, members: &[Member]) -> PoolId {
        let now = Utc::now();
        let pool = pools::Pool {
            id: PoolId(Uuid::now_v7()),
            name: Uuid::now_v7().to_string(),
            strategy,
            sticky_seconds: sticky,
            active: (strategy == Strategy::ActiveFirst).then_some(members[0].account),
            proxy: Default::default(),
            members: members.to_vec(),
            keys: 0,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.tx().await;
        pools::insert(&mut tx, &pool).await.unwrap();
        self.commit(tx).await;
        pool.id
    }

    pub(crate) async fn key_of(&self, pools: &[PoolId]) -> Key {
        let key = self.key(Default::default()).await;
        self.change_key(&key, |row| row.pools = pools.to_vec()).await;
        key
    }

    async fn change_account(&self, id: AccountId, change: impl FnOnce(&mut accounts::Account)) {
        let mut tx = self.tx().await;
        let mut row = accounts::get(&mut tx, id, true).await.unwrap();
        change(&mut row);
        accounts::update(&mut tx, &row).await.unwrap();
        self.commit(tx).await;
    }

    /// Takes another turn of a conversation, and says which account's credential it was answered with.
    async fn turn(&self, url: &str, key: &Key, talk: &mut Talk) -> String {
        let (status, by) = self.try_turn(url, key, talk).await;
        assert_eq!(status, 200);
        by
    }

    async fn try_turn(&self, url: &str, key: &Key, talk: &mut Talk) -> (u16, String) {
        let response = self.post_to(url, key, &talk.next()).await;
        let status = response.status().as_u16();
        response.bytes().await.unwrap();
        (status, self.sim.ledger().last().unwrap().key.unwrap())
    }
}

/// A conversation as a client without a session of its own has it: each request repeats what was said.
pub(crate) struct Talk(Value);

impl Talk {
    pub(crate) fn about(what: &impl ToString) -> Self {
        let mut body = hello(false);
        body["messages"] =
            json!([{"role": "user", "content": format!("Tell me about {}.", what.to_string())}]);
        Self(body)
    }

    /// The next request.
    pub(crate) fn next(&mut self) -> Value {
        let body = self.0.clone();
        let turns = self.0["messages"].as_array_mut().unwrap();
        turns.push(json!({"role": "assistant", "content": "Well."}));
        turns.push(json!({"role": "user", "content": format!("And then? ({})", turns.len())}));
        body
    }
}

#[tokio::test]
async fn the_next_pool_serves_what_the_first_cannot_and_only_then() {
    app::run(async |app| {
        let other = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let first = app.pool(Strategy::RoundRobin, None, &[member(app.account, 1, 0)]).await;
        let second = app.pool(Strategy::RoundRobin, None, &[member(other, 1, 0)]).await;
        let (forth, back) = (app.key_of(&[first, second]).await, app.key_of(&[second, first]).await);
        let mut talk = Talk::about(&"ships");
        for _ in 0..3 {
            assert_eq!(app.turn(&app.url, &forth, &mut talk).await, FIRST);
            assert_eq!(app.turn(&app.url, &back, &mut talk).await, "sk-sim-b");
        }
        app.script(FIRST, 1, "status=529");
        assert_eq!(app.turn(&app.url, &forth, &mut talk).await, "sk-sim-b");
        assert_eq!(app.asked(FIRST), 4, "it was asked and failed");
        app.cooldowns(1).await;
        assert_eq!(app.turn(&app.url, &forth, &mut talk).await, "sk-sim-b");
        assert_eq!(app.asked(FIRST), 4, "it rests");
        app.reset(app.account).await;
        assert_eq!(app.turn(&app.url, &forth, &mut talk).await, FIRST);
        // A key whose pools have nobody is not served by anybody else.
        app.disable_account(app.account).await;
        let alone = app.key_of(&[first]).await;
        let refused = app.post(&alone, &hello(false)).await;
        assert_eq!(refused.status(), 503);
        let told = refused.text().await.unwrap();
        assert!(told.contains("the pools of this API key have no upstream account"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn weights_are_the_shares_of_what_is_asked() {
    app::run(async |app| {
        let (b, c) = (
            app.add_account(&app.sim.url(), "sk-sim-b").await,
            app.add_account(&app.sim.url(), "sk-sim-c").await,
        );
        let shares = [member(app.account, 6, 0), member(b, 3, 0), member(c, 1, 0)];
        let key = app.key_of(&[app.pool(Strategy::Weighted, Some(STICKY_SECONDS), &shares).await]).await;
        let mut counts = BTreeMap::new();
        for n in 0..30 {
            // New conversations are spread; what stays with its account takes no turn from them that would be noticed.
            *counts.entry(app.turn(&app.url, &key, &mut Talk::about(&n)).await).or_insert(0) += 1;
        }
        let all = [("sk-sim-b", 9), ("sk-sim-c", 3), (FIRST, 18)];
        assert_eq!(counts, all.into_iter().map(|(name, n)| (name.to_owned(), n)).collect());
    })
    .await;
}

#[tokio::test]
async fn what_stays_with_its_account_takes_no_turn_from_what_is_new() {
    app::run(async |app| {
        let (b, c) = (
            app.add_account(&app.sim.url(), "sk-sim-b").await,
            app.add_account(&app.sim.url(), "sk-sim-c").await,
        );
        let shares = [member(app.account, 1, 0), member(b, 1, 0), member(c, 1, 0)];
        let names = [FIRST, "sk-sim-b", "sk-sim-c"];
        let (relay, url) = app.second_instance().await;
        for strategy in [Strategy::RoundRobin, Strategy::Weighted] {
            let pool = app.pool(strategy, Some(STICKY_SECONDS), &shares).await;
            let key = app.key_of(&[pool]).await;
            let mut old = Talk::about(&format!("an old story for {strategy}"));
            let home = app.turn(&app.url, &key, &mut old).await;
            // As many turns of the old one as there are accounts less one: were they counted, all would go to one account.
            let mut counts = BTreeMap::new();
            for n in 0..6 {
                for _ in 0..2 {
                    assert_eq!(app.turn(&app.url, &key, &mut old).await, home);
                }
                *counts.entry(app.turn(&app.url, &key, &mut Talk::about(&n)).await).or_insert(0) += 1;
            }
            assert_eq!(counts, names.map(|name| (name.to_owned(), 2)).into(), "{strategy}");
            // Nor at an instance that does not know yet where it is, which takes a turn and gives it back.
            let mut counts = BTreeMap::new();
            for n in 10..13 {
                let mut new = Talk::about(&n);
                app.turn(&app.url, &key, &mut new).await;
                app.turn(&url, &key, &mut new).await;
                *counts
                    .entry(app.turn(&url, &key, &mut Talk::about(&format!("{n} there"))).await)
                    .or_insert(0) += 1;
            }
            assert_eq!(counts, names.map(|name| (name.to_owned(), 1)).into(), "{strategy} at the other");
        }
        relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn who_cannot_be_served_is_told_what_an_admin_can_do_about_it() {
    app::run(async |app| {
        let pool = app.pool(Strategy::RoundRobin, None, &[member(app.account, 1, 0)]).await;
        let (open, pooled, bound) =
            (app.key_of(&[]).await, app.key_of(&[pool]).await, app.key(Default::default()).await);
        app.change_key(&bound, |key| key.account_id = Some(app.account)).await;
        let lost = app.key_of(&[PoolId(Uuid::now_v7())]).await;
        let told = async |key: &Key| {
            let refused = app.post(key, &hello(false)).await;
            assert_eq!(refused.status(), 503);
            refused.text().await.unwrap()
        };
        let says = |told: String, part: &str| assert!(told.contains(part), "{told}");
        says(told(&lost).await, "the pools that this API key names are gone");
        app.change_account(app.account, |account| account.draining = true).await;
        says(told(&bound).await, "bound to is draining");
        says(told(&pooled).await, "is draining: it keeps the conversations that it has");
        says(told(&open).await, "is draining: it keeps the conversations that it has");
        app.disable_account(app.account).await;
        says(told(&bound).await, "bound to is disabled or deleted");
        says(told(&pooled).await, "the pools of this API key have no upstream account that is switched on");
        says(told(&open).await, "this organisation has no upstream account that is switched on");
    })
    .await;
}

#[tokio::test]
async fn a_conversation_stays_with_its_account_at_every_instance_and_moves_once_when_that_dies() {
    app::run(async |app| {
        let names = [FIRST, "sk-sim-b", "sk-sim-c"];
        let mut members = vec![member(app.account, 1, 0)];
        for name in &names[1..] {
            members.push(member(app.add_account(&app.sim.url(), name).await, 1, 0));
        }
        let pool = app.pool(Strategy::RoundRobin, Some(STICKY_SECONDS), &members).await;
        let key = app.key_of(&[pool]).await;
        let (relay, url) = app.second_instance().await;
        let urls = [&app.url, &url];
        let mut talks: Vec<_> = (0..6).map(|n| Talk::about(&n)).collect();
        let mut homes = Vec::new();
        for (n, talk) in talks.iter_mut().enumerate() {
            homes.push(app.turn(urls[n % 2], &key, talk).await);
        }
        for name in names {
            assert!(homes.iter().any(|home| home == name), "{name} has a conversation: {homes:?}");
        }
        for round in 0..4 {
            for (n, talk) in talks.iter_mut().enumerate() {
                let by = app.turn(urls[(n + round) % 2], &key, talk).await;
                assert_eq!(by, homes[n], "conversation {n} in round {round}");
            }
        }

        // One account dies. Its conversations move, the others do not notice.
        let dead = homes[0].clone();
        app.script(&dead, 1000, "status=401");
        let before = app.asked(&dead);
        let mut now = Vec::new();
        for (n, talk) in talks.iter_mut().enumerate() {
            now.push(app.turn(urls[(n + 1) % 2], &key, talk).await);
            if n == 0 {
                tokio::time::sleep(HEARD).await;
            }
        }
        assert_eq!(app.asked(&dead), before + 1, "it was asked once more, and by one instance");
        for (home, now) in homes.iter().zip(&now) {
            assert_eq!(home != now, *home == dead, "{homes:?} {now:?}");
        }
        // Back again it has lost them: where they are now, their prompts are cached.
        app.sim.clear_rules();
        app.reset(members[names.iter().position(|name| *name == dead).unwrap()].account).await;
        for round in 0..4 {
            for (n, talk) in talks.iter_mut().enumerate() {
                let by = app.turn(urls[(n + round) % 2], &key, talk).await;
                assert_eq!(by, now[n], "conversation {n} in round {round} after its move");
            }
        }
        relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn clients_that_name_their_session_keep_it_whatever_they_say_and_keys_share_none() {
    app::run(async |app| {
        let b = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let members = [member(app.account, 1, 0), member(b, 1, 0)];
        let pool = app.pool(Strategy::RoundRobin, Some(STICKY_SECONDS), &members).await;
        let (key, other) = (app.key_of(&[pool]).await, app.key_of(&[pool]).await);
        let by = async |key: &Key, session: &str, what: &str| {
            let call = app.http.post(format!("{}/api/v1/messages", app.url));
            let call = call.header("x-api-key", &key.secret).header("x-claude-code-session-id", session);
            assert_eq!(call.json(&Talk::about(&what).next()).send().await.unwrap().status(), 200);
            app.sim.ledger().last().unwrap().key.unwrap()
        };
        let (one, two) = (by(&key, "one", "a").await, by(&key, "two", "a").await);
        assert_ne!(one, two, "the same words in two sessions are two conversations");
        for what in ["b", "c", "d"] {
            assert_eq!(
                (by(&key, "one", what).await, by(&key, "two", what).await),
                (one.clone(), two.clone())
            );
        }
        // Until it is the turn of the account where the session is not.
        for n in 0.. {
            if by(&key, &format!("more {n}"), "a").await == one {
                break;
            }
        }
        let theirs = by(&other, "one", "a").await;
        assert_ne!(theirs, one, "of another key it is another session");
        assert_eq!((by(&other, "one", "b").await, by(&key, "one", "e").await), (theirs, one));
    })
    .await;
}

#[tokio::test]
async fn a_dedicated_account_serves_only_keys_that_name_it_or_its_pool() {
    app::run(async |app| {
        let own = app.add_account(&app.sim.url(), "sk-sim-own").await;
        app.change_account(own, |account| account.dedicated = true).await;
        let pool = app.pool(Strategy::RoundRobin, None, &[member(own, 1, 0)]).await;
        let (open, pooled, bound) =
            (app.key_of(&[]).await, app.key_of(&[pool]).await, app.key(Default::default()).await);
        app.change_key(&bound, |key| key.account_id = Some(own)).await;
        for n in 0..4 {
            assert_eq!(app.turn(&app.url, &open, &mut Talk::about(&n)).await, FIRST);
        }
        assert_eq!(app.turn(&app.url, &pooled, &mut Talk::about(&"a pool")).await, "sk-sim-own");
        assert_eq!(app.turn(&app.url, &bound, &mut Talk::about(&"an account")).await, "sk-sim-own");
        // Nor when the others are gone.
        app.script(FIRST, 1, "status=529");
        assert_eq!(app.post(&open, &hello(false)).await.status(), 529);
        app.disable_account(app.account).await;
        assert_eq!(app.post(&open, &hello(false)).await.status(), 503);
        assert_eq!(app.asked("sk-sim-own"), 2);
        app.change_account(own, |account| account.dedicated = false).await;
        assert_eq!(app.turn(&app.url, &open, &mut Talk::about(&"it")).await, "sk-sim-own");
    })
    .await;
}

#[tokio::test]
async fn a_draining_account_keeps_its_conversations_and_takes_no_new_ones() {
    app::run(async |app| {
        let b = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let members = [member(app.account, 1, 0), member(b, 1, 1)];
        let pool = app.pool(Strategy::FillFirst, Some(STICKY_SECONDS), &members).await;
        let key = app.key_of(&[pool]).await;
        let (relay, url) = app.second_instance().await;
        let mut old = Talk::about(&"the old days");
        assert_eq!(app.turn(&app.url, &key, &mut old).await, FIRST);
        app.change_account(app.account, |account| account.draining = true).await;
        for n in 0..3 {
            for url in [&url, &app.url] {
                assert_eq!(app.turn(url, &key, &mut old).await, FIRST, "round {n}");
                assert_eq!(app.turn(url, &key, &mut Talk::about(&format!("{url}{n}"))).await, "sk-sim-b");
            }
        }
        // Nothing new goes there even where nobody else is left.
        app.disable_account(b).await;
        assert_eq!(app.post(&key, &Talk::about(&"news").next()).await.status(), 503);
        assert_eq!(app.turn(&url, &key, &mut old).await, FIRST);
        relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

/// Requests that run until they are read to their end.
struct Running<'a> {
    app: &'a App,
    all: Vec<reqwest::Response>,
}

impl Running<'_> {
    /// Starts one, and says where it runs.
    async fn start(&mut self, url: &str, key: &Key) -> String {
        let mut response = self.app.post_to(url, key, &scripted(true, "events=2,interval=5000")).await;
        assert_eq!(response.status(), 200);
        response.chunk().await.unwrap();
        self.all.push(response);
        self.app.sim.ledger().last().unwrap().key.unwrap()
    }

    async fn end(self) {
        for response in self.all {
            response.bytes().await.unwrap();
        }
        assert_eq!(self.app.open_holds().await, 0);
    }
}

#[tokio::test]
async fn who_has_the_fewest_requests_for_its_weight_is_asked_next() {
    app::run(async |app| {
        let b = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let members = [member(app.account, 3, 0), member(b, 1, 0)];
        let key = app.key_of(&[app.pool(Strategy::LeastBusy, None, &members).await]).await;
        let mut running = Running { app: &app, all: Vec::new() };
        let mut counts = BTreeMap::new();
        for _ in 0..8 {
            *counts.entry(running.start(&app.url, &key).await).or_insert(0) += 1;
        }
        assert_eq!(counts, BTreeMap::from([(FIRST.to_owned(), 6), ("sk-sim-b".to_owned(), 2)]));
        running.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_runs_at_another_instance_counts_as_busy() {
    app::run(async |app| {
        let b = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let first = [member(app.account, 1, 0)];
        let only = app.key_of(&[app.pool(Strategy::LeastBusy, None, &first).await]).await;
        let both = [member(app.account, 1, 0), member(b, 1, 0)];
        let both = app.key_of(&[app.pool(Strategy::LeastBusy, None, &both).await]).await;
        let (relay, url) = app.second_instance().await;
        let mut running = Running { app: &app, all: Vec::new() };
        for _ in 0..4 {
            running.start(&app.url, &only).await;
        }
        // From when it first has to choose, it looks at what runs there.
        assert_eq!(app.post_to(&url, &both, &hello(false)).await.status(), 200);
        tokio::time::sleep(HEARD).await;
        for n in 0..3 {
            assert_eq!(running.start(&url, &both).await, "sk-sim-b", "request {n}");
        }
        running.end().await;
        tokio::time::sleep(HEARD).await;
        let mut talks: Vec<_> = (0..4).map(|n| Talk::about(&n)).collect();
        let mut served = Vec::new();
        for talk in &mut talks {
            served.push(app.turn(&url, &both, talk).await);
        }
        assert!(served.iter().any(|by| by == FIRST), "it is free again: {served:?}");
        relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn a_conversation_whose_account_has_no_room_is_a_guest_elsewhere_and_comes_back() {
    app::run(async |app| {
        let b = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let limits = serde_json::from_value(json!({"concurrency": 1})).unwrap();
        app.change_account(app.account, |account| account.limits = limits).await;
        let members = [member(app.account, 1, 0), member(b, 1, 1)];
        let key = app.key_of(&[app.pool(Strategy::FillFirst, Some(STICKY_SECONDS), &members).await]).await;
        let mut talk = Talk::about(&"rooms");
        assert_eq!(app.turn(&app.url, &key, &mut talk).await, FIRST);
        // It has room again once what ended is settled, which is a moment later.
        assert_eq!(app.open_holds().await, 0);
        let mut running = Running { app: &app, all: Vec::new() };
        assert_eq!(running.start(&app.url, &key).await, FIRST, "it is full now");
        for _ in 0..2 {
            assert_eq!(app.turn(&app.url, &key, &mut talk).await, "sk-sim-b");
        }
        running.end().await;
        let (relay, url) = app.second_instance().await;
        for url in [&url, &app.url] {
            assert_eq!(app.turn(url, &key, &mut talk).await, FIRST);
            assert_eq!(app.open_holds().await, 0);
        }
        relay.close(Duration::from_secs(5)).await;
    })
    .await;
}

#[tokio::test]
async fn switching_the_active_account_takes_its_conversations_along_and_nobody_stands_in_for_it() {
    app::run(async |app| {
        let b = app.add_account(&app.sim.url(), "sk-sim-b").await;
        let members = [member(app.account, 1, 0), member(b, 1, 1)];
        let pool = app.pool(Strategy::ActiveFirst, Some(STICKY_SECONDS), &members).await;
        let key = app.key_of(&[pool]).await;
        let mut talk = Talk::about(&"both");
        assert_eq!(app.turn(&app.url, &key, &mut talk).await, FIRST);
        app.script(FIRST, 1, "status=529");
        let (status, by) = app.try_turn(&app.url, &key, &mut talk).await;
        assert_eq!((status, by.as_str()), (529, FIRST));
        let mut tx = app.tx().await;
        let mut row = pools::get(&mut tx, pool, true).await.unwrap();
        row.active = Some(b);
        pools::update(&mut tx, &row).await.unwrap();
        app.commit(tx).await;
        for _ in 0..2 {
            assert_eq!(app.turn(&app.url, &key, &mut talk).await, "sk-sim-b");
        }
    })
    .await;
}
