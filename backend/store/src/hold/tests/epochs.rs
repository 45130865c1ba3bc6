//! What Redis may lose, and how it is made good. Each test closes shards, and so has a Redis of its own.

use super::{
    server::{PLAIN, Server},
    *,
};

/// The only life there is.
async fn join_alone(f: &Fixture, epoch: i64) {
    let shard = f.org.shard();
    assert!(join(&f.cache, shard, epoch, "boot").await.unwrap());
    let alive = BTreeSet::from(["boot".to_owned()]);
    assert!(open(&f.cache, shard, epoch, 0, &alive).await.unwrap().open);
}

fn granted(f: &Fixture, ask: Ask, answer: &Reserved) -> Held {
    let Reserved::Held { candidate, at, .. } = *answer else { panic!("{answer:?}") };
    assert_eq!(ask.org, f.org);
    Held::new(std::sync::Arc::new(ask), candidate, at)
}

impl Fixture {
    /// Reserves and remembers, as an instance does.
    async fn hold(&self, scope: Scope) -> Held {
        let account = [unlimited(ScopeId::Account(self.account))];
        let ask = self.ask(request(), &[scope], &account, 1);
        let answer = reserve(&self.cache, &self.script, &ask, self.epoch).await.unwrap();
        granted(self, ask, &answer)
    }

    /// As if Redis had lost all it knew of this organisation, and everybody noticed.
    async fn lose_and_close(&mut self) {
        let pattern = format!("{}*", crate::cache::tenant_prefix(self.org));
        let mut connection = self.cache.connection.clone();
        let keys: Vec<String> = connection.keys(pattern).await.unwrap();
        for key in keys {
            let () = connection.del(key).await.unwrap();
        }
        policy::publish(&self.cache, PolicyChange { org: self.org, version: 1 }).await.unwrap();
        let closed = close(&self.cache, self.org.shard(), self.epoch).await.unwrap();
        assert!(closed.epoch > self.epoch);
        self.epoch = closed.epoch;
    }
}

#[tokio::test]
async fn nothing_is_granted_between_a_loss_and_the_registration_of_what_was_held() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await.loaded(0).await;
    let before = f.epoch;
    let held = f.hold(f.budget(1_000, 600)).await;
    f.lose_and_close().await;
    assert_eq!(f.take(request(), f.budget(1_000, 10)).await, Reserved::Closed);
    let alive = BTreeSet::from(["boot".to_owned(), "other".to_owned()]);
    let shard = f.org.shard();
    assert!(register(&f.cache, shard, f.epoch, std::slice::from_ref(&held)).await.unwrap());
    assert!(
        register(&f.cache, shard, f.epoch, std::slice::from_ref(&held)).await.unwrap(),
        "twice counts once"
    );
    assert!(join(&f.cache, shard, f.epoch, "boot").await.unwrap());
    let stand = open(&f.cache, shard, f.epoch, 0, &alive).await.unwrap();
    assert!(!stand.open, "another life has not registered yet");
    assert!(join(&f.cache, shard, f.epoch, "other").await.unwrap());
    assert!(!open(&f.cache, shard, f.epoch, 3_600_000, &alive).await.unwrap().open, "too soon");
    assert!(open(&f.cache, shard, f.epoch, 0, &alive).await.unwrap().open);
    // Whoever still works in the old epoch is told, and changes nothing.
    let late = f.ask(request(), &[f.budget(1_000, 10)], &[], 1);
    assert_eq!(reserve(&f.cache, &f.script, &late, before).await.unwrap(), Reserved::Closed);
    assert!(!register(&f.cache, shard, before, std::slice::from_ref(&held)).await.unwrap());
    // The totals come from Postgres; what is registered is still reserved.
    assert_eq!(f.take(request(), f.budget(1_000, 10)).await, Reserved::Load(0));
    let f = f.loaded(100).await;
    assert!(!held_ok(&f.take(request(), f.budget(1_000, 301)).await));
    assert!(held_ok(&f.take(request(), f.budget(1_000, 300)).await));
    assert_eq!(f.settle(held.ask.request, SettleMode::Settle, 50).await, SettledAs::Now);
    assert_eq!((f.field("u").await, f.field("ru").await), (150, 300));
}

fn held_ok(answer: &Reserved) -> bool {
    matches!(answer, Reserved::Held { .. })
}

#[tokio::test]
async fn only_the_first_who_notices_closes_a_shard() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await;
    let lost = f.epoch;
    f.lose_and_close().await;
    let second = close(&f.cache, f.org.shard(), lost).await.unwrap();
    assert_eq!((second.epoch, second.open), (f.epoch, false));
    join_alone(&f, f.epoch).await;
    let late = close(&f.cache, f.org.shard(), lost).await.unwrap();
    assert_eq!((late.epoch, late.open), (f.epoch, true), "it was dealt with before");
}

#[tokio::test]
async fn what_was_settled_in_an_epoch_that_is_over_is_not_counted_twice() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await.loaded(0).await;
    let held = f.hold(f.budget(1_000, 600)).await;
    let epoch = f.epoch;
    f.epoch = close(&f.cache, f.org.shard(), epoch).await.unwrap().epoch;
    // Not lost, but not registered in the new epoch: it is told so, and the row in Postgres counts it.
    assert_eq!(f.settle(held.ask.request, SettleMode::Settle, 50).await, SettledAs::OtherEpoch);
    assert!(register(&f.cache, f.org.shard(), f.epoch, std::slice::from_ref(&held)).await.unwrap());
    join_alone(&f, f.epoch).await;
    let f = f.loaded(50).await;
    assert_eq!((f.field("u").await, f.field("ru").await, f.field("c").await), (50, 600, 1));
    assert_eq!(f.settle(held.ask.request, SettleMode::Release, 0).await, SettledAs::Now);
    assert_eq!((f.field("u").await, f.field("ru").await, f.field("c").await), (50, 0, 0));
}

#[tokio::test]
async fn what_has_grown_is_registered_as_it_is_and_so_is_what_failed_attempts_may_be_billed() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await.loaded(0).await;
    let other = AccountId(Uuid::now_v7());
    let counted = |id| Scope { nanos: 40, concurrency: 9, ..unlimited(ScopeId::Account(id)) };
    let ask = f.ask(request(), &[f.budget(1_000, 100)], &[counted(f.account), counted(other)], 1);
    let answer = reserve(&f.cache, &f.script, &ask, f.epoch).await.unwrap();
    let held = granted(&f, ask, &answer);
    let moved = move_on(&f.cache, &f.script, &held.ask, f.epoch, (1, false), 1, 30).await.unwrap();
    assert!(held_ok(&moved), "{moved:?}");
    let at = |id| standing(&f.cache, f.org, ScopeId::Account(id));
    let (left, now) = (at(f.account).await.unwrap(), at(other).await.unwrap());
    assert_eq!((left.reserved_nanos, left.open, now.reserved_nanos, now.open), (30, 0, 40, 1));
    let grown = Growth { charged: 250, real: 90, tokens: 7 };
    let held = Held { candidate: 1, failed: vec![(f.account, 30)], grown, ..held };
    f.lose_and_close().await;
    let shard = f.org.shard();
    assert!(register(&f.cache, shard, f.epoch, std::slice::from_ref(&held)).await.unwrap());
    join_alone(&f, f.epoch).await;
    assert_eq!((f.field("ru").await, f.field("rt").await, f.field("c").await), (250, 7, 1));
    let at = |id| standing(&f.cache, f.org, ScopeId::Account(id));
    let (left, now) = (at(f.account).await.unwrap(), at(other).await.unwrap());
    assert_eq!((left.reserved_nanos, left.open, now.reserved_nanos, now.open), (30, 0, 90, 1));
    assert_eq!(open_holds(&f.cache, shard).await.unwrap()[0].failed, [(f.account, 30)]);
    let scope = ScopeId::Account(f.account);
    let generation = begin_load(&f.cache, f.org, scope, f.epoch).await.unwrap().unwrap();
    load(&f.cache, f.org, scope, f.epoch, generation, &Totals { nanos: 5, ..Totals::default() })
        .await
        .unwrap();
    assert_eq!(f.settle(held.ask.request, SettleMode::Settle, 80).await, SettledAs::Now);
    let (left, now) = (at(f.account).await.unwrap(), at(other).await.unwrap());
    assert_eq!((left.nanos, left.requests, left.reserved_nanos), (35, 0, 0), "spent, but no request");
    assert_eq!((now.reserved_nanos, now.open), (0, 0));
}

#[tokio::test]
async fn what_a_dead_life_held_stays_reserved_in_the_new_epoch() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await.loaded(0).await;
    let held = f.hold(f.budget(1_000, 600)).await;
    let over = f.hold(f.budget(1_000, 100)).await;
    assert_eq!(f.settle(over.ask.request, SettleMode::Settle, 70).await, SettledAs::Now);
    let shard = f.org.shard();
    f.epoch = close(&f.cache, shard, f.epoch).await.unwrap().epoch;
    let alive = BTreeSet::from(["another".to_owned()]);
    let found = remembered(&f.cache, shard, f.epoch, "another", &alive).await.unwrap();
    assert!(found.left.contains(&held.ask.request) && found.own.is_empty());
    assert!(found.settled.iter().any(|h| h.request == over.ask.request));
    let own = remembered(&f.cache, shard, f.epoch, "boot", &alive).await.unwrap().own;
    assert!(own.contains(&held.ask.request));
    assert!(keep(&f.cache, shard, f.epoch, &[held.ask.request]).await.unwrap());
    assert_eq!((f.field("ru").await, f.field("c").await), (600, 1));
    let holds = open_holds(&f.cache, shard).await.unwrap();
    let kept = holds.iter().find(|h| h.request == held.ask.request).unwrap();
    assert_eq!((kept.epoch, kept.payload.as_str()), (f.epoch, "{\"a\":\n1}"));
}

#[tokio::test]
async fn an_account_that_is_cooling_is_cooling_in_the_next_epoch_too() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await.loaded(0).await;
    let account = Scope { concurrency: 1, ..unlimited(ScopeId::Account(f.account)) };
    let ask = f.ask(request(), &[], std::slice::from_ref(&account), 1);
    let answer = reserve(&f.cache, &f.script, &ask, f.epoch).await.unwrap();
    let held = granted(&f, ask, &answer);
    let key = format!("{}{}", crate::cache::tenant_prefix(f.org), ScopeId::Account(f.account).suffix());
    let () = f.cache.connection.clone().hset(key, "cool", 4_000_000_000_000_i64).await.unwrap();
    f.epoch = close(&f.cache, f.org.shard(), f.epoch).await.unwrap().epoch;
    assert!(register(&f.cache, f.org.shard(), f.epoch, &[held]).await.unwrap());
    join_alone(&f, f.epoch).await;
    let Reserved::NoCandidate(reasons) = f.take_from(request(), &[], &[account], 1).await else { panic!() };
    assert_eq!(reasons[0].reason, "cooling");
}

#[tokio::test]
async fn a_script_that_redis_has_forgotten_means_that_it_has_restarted() {
    let f = Fixture::new().await;
    let fresh = ReserveScript::new(&format!("life {}", Uuid::now_v7()));
    assert!(!fresh.is_known(&f.cache).await.unwrap());
    let ask = f.ask(request(), &[], &[], 1);
    assert_eq!(reserve(&f.cache, &fresh, &ask, f.epoch).await.unwrap(), Reserved::Restarted);
    fresh.load(&f.cache).await.unwrap();
    assert!(fresh.is_known(&f.cache).await.unwrap());
}

#[tokio::test]
async fn the_minute_before_a_loss_is_counted_again() {
    let f = Fixture::new().await;
    let now = chrono::Utc::now().timestamp();
    let minute = vec![
        LoadedSecond { second: now - 30, requests: 3, tokens: 40 },
        LoadedSecond { second: now - 10, requests: 1, tokens: 50 },
        LoadedSecond { second: now - 90, requests: 9, tokens: 9 },
    ];
    f.load(&Totals { minute, ..Totals::default() }).await;
    let scope = |rpm, tpm| Scope {
        tokens: 5,
        requests_per_minute: rpm,
        tokens_per_minute: tpm,
        ..unlimited(ScopeId::Key(f.key))
    };
    let Reserved::Refused(refusal) = f.take(request(), scope(4, 0)).await else { panic!() };
    assert_eq!(refusal.spent, 4);
    assert!((29_000..=32_000).contains(&refusal.retry_ms.unwrap()), "{refusal:?}");
    let Reserved::Refused(refusal) = f.take(request(), scope(0, 94)).await else { panic!() };
    assert_eq!(refusal.spent, 90);
    assert!(held_ok(&f.take(request(), scope(5, 95)).await));
}

#[tokio::test]
async fn a_redis_that_is_back_in_an_epoch_before_the_callers_is_closed_again() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await;
    let shard = f.org.shard();
    let before = f.epoch;
    f.epoch = close(&f.cache, shard, before).await.unwrap().epoch;
    join_alone(&f, f.epoch).await;
    // As if the news of the new epoch had been lost: even who only looks must not work in the old one.
    let meta = ShardKeys::new(shard).meta;
    let () = f.cache.connection.clone().hset(meta, "epoch", before).await.unwrap();
    let stand = look(&f.cache, shard, f.epoch).await.unwrap();
    assert!(stand.epoch > f.epoch && !stand.open, "{stand:?}");
    join_alone(&f, stand.epoch).await;
}

#[tokio::test]
async fn a_life_of_another_version_is_known_for_as_long_as_it_lives() {
    use crate::boots;
    let server = Server::start(PLAIN).await;
    let f = Fixture::on(&server).await;
    boots::beat(&f.cache, "new").await.unwrap();
    assert!(!boots::another_version_lives(&f.cache).await.unwrap());
    // As versions before this one have said that they live.
    let mut connection = f.cache.connection.clone();
    let () = connection.sadd("cw:boots", "old").await.unwrap();
    let () = connection.set("cw:boot:old", 1).await.unwrap();
    assert!(boots::another_version_lives(&f.cache).await.unwrap());
    boots::end(&f.cache, "old").await.unwrap();
    assert!(!boots::another_version_lives(&f.cache).await.unwrap());
}

#[tokio::test]
async fn holds_of_a_version_before_are_kept_and_counted_once_more() {
    let server = Server::start(PLAIN).await;
    let mut f = Fixture::on(&server).await.loaded(0).await;
    let (id, shard) = (request(), f.org.shard());
    let (org, key, account) = (f.org.0.simple(), f.key.0.simple(), f.account.0.simple());
    let text = format!(
        "dead\n0\n1700000000123\n{org}\n{}\nk:{key},600,7,2,,;a:{account},0,0,0,,\n{{\"a\":\n1}}",
        f.epoch
    );
    let keys = ShardKeys::new(shard);
    let mut connection = f.cache.connection.clone();
    let () = connection.hset(&keys.holds, id.0.simple().to_string(), text).await.unwrap();
    let () = connection.hset(&keys.meta, "schema", "3").await.unwrap();
    assert!(is_kept_otherwise(&f.cache, shard).await.unwrap());
    let stand = look(&f.cache, shard, f.epoch).await.unwrap();
    assert!(stand.epoch > f.epoch && !stand.open, "what was kept otherwise begins anew: {stand:?}");
    assert!(!is_kept_otherwise(&f.cache, shard).await.unwrap());
    // Who settles it before it is kept finds that it counts in none.
    assert_eq!(f.settle(id, SettleMode::Settle, 5).await, SettledAs::OtherEpoch);
    let found = remembered(&f.cache, shard, stand.epoch, "boot", &BTreeSet::new()).await.unwrap();
    assert_eq!(found.left, [id]);
    assert!(keep(&f.cache, shard, stand.epoch, &found.left).await.unwrap());
    assert!(keep(&f.cache, shard, stand.epoch, &found.left).await.unwrap(), "a second time changes nothing");
    f.epoch = stand.epoch;
    assert_eq!((f.field("ru").await, f.field("c").await), (600, 1));
    let all = open_holds(&f.cache, shard).await.unwrap();
    let kept = all.iter().find(|h| h.request == id).unwrap();
    assert_eq!((kept.boot.as_str(), kept.epoch, kept.at), ("dead", f.epoch, 1_700_000_000_123));
    assert_eq!(kept.payload, "{\"a\":\n1}");
    assert_eq!(f.settle(id, SettleMode::Settle, 500).await, SettledAs::Now);
    assert_eq!((f.field("ru").await, f.field("c").await), (0, 0));
}

#[tokio::test]
async fn a_hold_from_before_there_were_epochs_is_read_and_counts_in_none() {
    let f = Fixture::new().await;
    let id = request();
    let org = f.org.0.simple();
    let text = format!("dead\n0\n17\n{org}\nk:1,5,5,1,\n{{\"payload\":1}}");
    let holds = ShardKeys::new(f.org.shard()).holds;
    let () = f.cache.connection.clone().hset(holds, id.0.simple().to_string(), text).await.unwrap();
    let all = open_holds(&f.cache, f.org.shard()).await.unwrap();
    let old = all.iter().find(|h| h.request == id).unwrap();
    assert_eq!((old.epoch, old.boot.as_str(), old.payload.as_str()), (0, "dead", "{\"payload\":1}"));
    confirm(&f.cache, f.org.shard(), &[id]).await.unwrap();
}
