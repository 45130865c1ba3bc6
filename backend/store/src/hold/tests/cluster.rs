//! Every script of this crate on a Redis in cluster mode, watched: whatever one script touches carries one hash tag.

use super::{
    scopes::from_zero,
    server::{CLUSTER, Server},
    *,
};
use crate::{boots, lease};
use futures_util::StreamExt;
use std::{collections::BTreeMap, time::Duration};

/// Everything that is done with Redis, at least once on every path that touches a key of its own.
async fn everything(f: &Fixture) {
    let (cache, shard) = (&f.cache, f.org.shard());
    let key = ScopeId::Key(f.key);
    let scopes = [key, ScopeId::Member(UserId(Uuid::now_v7())), ScopeId::Organisation];
    let second = Uuid::now_v7();
    let accounts = [ScopeId::Account(f.account), ScopeId::Account(AccountId(second))];
    let minute = vec![LoadedSecond { second: 1, requests: 1, tokens: 1 }];
    for scope in scopes.iter().chain(&accounts) {
        let generation = begin_load(cache, f.org, *scope, f.epoch).await.unwrap().unwrap();
        let totals = Totals { minute: minute.clone(), ..from_zero() };
        load(cache, f.org, *scope, f.epoch, generation, &totals).await.unwrap();
        assert!(unwritten(cache, f.org, *scope).await.unwrap().is_empty());
    }
    let full = |id| Scope {
        nanos: 5,
        tokens: 5,
        requests_per_minute: 5,
        tokens_per_minute: 500,
        concurrency: 1,
        windows: vec![total(1_000)],
        ..unlimited(id)
    };
    let asked: Vec<Scope> = scopes.iter().map(|id| Scope { queue: 2, concurrency: 2, ..full(*id) }).collect();
    let candidates: Vec<Scope> = accounts.iter().map(|id| full(*id)).collect();
    let (first, other, waits) = (request(), request(), request());
    let ask = f.ask(first, &asked, &candidates, 1);
    assert!(held(&reserve(cache, &f.script, &ask, f.epoch).await.unwrap()));
    assert!(held(&f.take_from(other, &asked, &candidates, 1).await));
    let queued = f.take_from(waits, &asked, &candidates, 1).await;
    assert!(matches!(queued, Reserved::Queued { .. }), "{queued:?}");
    leave(cache, f.org, &scopes, waits).await.unwrap();
    let crowded: Vec<Scope> = asked.iter().map(|s| Scope { concurrency: 0, ..s.clone() }).collect();
    let none = f.take_from(request(), &crowded, &candidates, 1).await;
    assert!(matches!(none, Reserved::NoCandidate(_)), "{none:?}");
    let moved = move_on(cache, &f.script, &ask, f.epoch, (1, false), ask.policy_version, 0).await.unwrap();
    assert!(matches!(moved, Reserved::NoCandidate(_)), "{moved:?}");
    assert_eq!(f.settle(other, SettleMode::Settle, 3).await, SettledAs::Now);
    let moved = move_on(cache, &f.script, &ask, f.epoch, (1, false), ask.policy_version, 0).await.unwrap();
    let Reserved::Held { candidate, at, .. } = moved else { panic!("{moved:?}") };
    let grown = Growth { charged: 9, real: 9, tokens: 9 };
    checkpoint(cache, shard, &[Checkpoint { at_least: Some(grown), ..noted(first, "so far") }])
        .await
        .unwrap();
    assert_eq!(f.settle(request(), SettleMode::Release, 0).await, SettledAs::Missing);
    confirm(cache, shard, &[other]).await.unwrap();
    forget(cache, f.org, key).await.unwrap();
    standing(cache, f.org, key).await.unwrap();
    open_holds(cache, shard).await.unwrap();
    // A new epoch.
    let held = Held::new(std::sync::Arc::new(ask), candidate, at);
    let epoch = close(cache, shard, f.epoch).await.unwrap().epoch;
    assert!(register(cache, shard, epoch, &[held]).await.unwrap());
    assert!(join(cache, shard, epoch, "boot").await.unwrap());
    let alive = BTreeSet::from(["boot".to_owned()]);
    let found = remembered(cache, shard, epoch, "boot", &alive).await.unwrap();
    keep(cache, shard, epoch, &found.left).await.unwrap();
    assert!(open(cache, shard, epoch, 0, &alive).await.unwrap().open);
    // What is not about holds.
    policy::publish(cache, PolicyChange { org: f.org, version: 2 }).await.unwrap();
    assert!(lease::take(cache, "jobs", "me", Duration::from_secs(1)).await.unwrap());
    assert!(lease::take(cache, "jobs", "me", Duration::from_secs(1)).await.unwrap());
    lease::give_up(cache, "jobs", "me").await.unwrap();
    boots::beat(cache, "boot").await.unwrap();
    boots::alarm(cache).await.unwrap();
    boots::alive(cache).await.unwrap();
    boots::end(cache, "boot").await.unwrap();
    boots::bury(cache, "boot").await.unwrap();
}

/// The words of a line of MONITOR: `1700000000.000001 [0 lua] "hget" "key" "field"`.
fn words(line: &str) -> (bool, Vec<String>) {
    let lua = line.contains(" lua] \"");
    let words = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    (lua, words)
}

/// What decides on the slot.
fn tag(key: &str) -> &str {
    key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or(key, |(tag, _)| tag)
}

#[tokio::test]
async fn no_script_touches_keys_of_two_slots() {
    let server = Server::start(CLUSTER).await;
    let mut monitor = server.monitor().await.into_on_message::<String>();
    let f = Fixture::on(&server).await;
    everything(&f).await;
    let mut marker = server.connection().await;
    let () = redis::cmd("GET").arg("the end").query_async(&mut marker).await.unwrap();
    let mut scripts: BTreeMap<String, usize> = BTreeMap::new();
    let mut of: Option<String> = None;
    let mut touched = 0;
    while let Some(line) = monitor.next().await {
        let (lua, words) = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["GET", "the end"] => break,
            [command, hash, ..] if command.eq_ignore_ascii_case("evalsha") => {
                let count: usize = words[2].parse().unwrap();
                let declared: BTreeSet<&str> = words[3..3 + count].iter().map(|k| tag(k)).collect();
                assert_eq!(declared.len(), 1, "{line}");
                of = declared.first().map(|t| (*t).to_owned());
                *scripts.entry(hash.to_owned()).or_default() += 1;
            }
            [command, key, ..] if lua && !command.eq_ignore_ascii_case("time") => {
                assert_eq!(Some(tag(key)), of.as_deref(), "{line}");
                touched += 1;
            }
            _ => {}
        }
    }
    assert!(touched > 100, "{touched}");
    // Reserve, settle, checkpoint, begin, load, forget, freeze, register, join, open; policy; lease and its end.
    assert_eq!(scripts.len(), 13, "a script is missing here: {scripts:?}");
}
