//! The scripts against a real Redis. Each test has an organisation of its own, so they can run at once.

use super::*;
use crate::{Cache, policy, tenant::PolicyChange};
use causeway_domain::{OrgId, RequestId, window::WindowKind};
use redis::AsyncCommands;
use std::collections::BTreeSet;
use uuid::Uuid;

mod cluster;
mod conversation;
mod epochs;
mod history;
mod interleaving;
mod model;
mod property;
mod queue;
mod restart;
mod scopes;
mod server;
mod together;
mod windows;

struct Fixture {
    cache: Cache,
    org: OrgId,
    key: KeyId,
    account: AccountId,
    script: ReserveScript,
    epoch: i64,
}

fn request() -> RequestId {
    RequestId(Uuid::now_v7())
}

fn unlimited(id: ScopeId) -> Scope {
    Scope::unlimited(id)
}

fn total(usd: i64) -> ScopeWindow {
    ScopeWindow { kind: WindowKind::Total, end: 0, next_end: 0, usd, tokens: 0, requests: 0 }
}

/// Brings a shard into an epoch that is open, whoever closed it.
async fn opened(cache: &Cache, shard: u8) -> i64 {
    loop {
        let stand = look(cache, shard, 0).await.unwrap();
        let stand = open(cache, shard, stand.epoch, 0, &BTreeSet::new()).await.unwrap();
        if stand.open {
            return stand.epoch;
        }
    }
}

impl Fixture {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told where Redis is by the command that runs them"
    )]
    async fn new() -> Self {
        let url = std::env::var("REDIS_URL")
            .expect("REDIS_URL: run the tests through `make test` or `causeway services`");
        Self::with(Cache::connect(&url.into()).await.unwrap()).await
    }

    async fn with(cache: Cache) -> Self {
        let new = Uuid::now_v7;
        let script = ReserveScript::new("boot");
        script.load(&cache).await.unwrap();
        let org = OrgId(new());
        let epoch = opened(&cache, org.shard()).await;
        let fixture = Self { cache, org, key: KeyId(new()), account: AccountId(new()), script, epoch };
        policy::publish(&fixture.cache, PolicyChange { org: fixture.org, version: 1 }).await.unwrap();
        fixture
    }

    fn budget(&self, usd: i64, nanos: i64) -> Scope {
        Scope { nanos, windows: vec![total(usd)], ..unlimited(ScopeId::Key(self.key)) }
    }

    async fn loaded(self, nanos: i64) -> Self {
        let window =
            LoadedWindow { kind: WindowKind::Total, end: 0, base_nanos: 0, base_tokens: 0, base_requests: 0 };
        let totals = Totals { nanos, windows: vec![window], ..Totals::default() };
        self.load(&totals).await;
        self
    }

    async fn load(&self, totals: &Totals) {
        let scope = ScopeId::Key(self.key);
        let generation = begin_load(&self.cache, self.org, scope, self.epoch).await.unwrap().unwrap();
        let loaded = load(&self.cache, self.org, scope, self.epoch, generation, totals).await.unwrap();
        assert_eq!(loaded, Loaded::Done);
    }

    async fn take(&self, id: RequestId, scope: Scope) -> Reserved {
        self.take_from(id, &[scope], &[unlimited(ScopeId::Account(self.account))], 1).await
    }

    async fn take_from(
        &self,
        id: RequestId,
        scopes: &[Scope],
        candidates: &[Scope],
        policy_version: i64,
    ) -> Reserved {
        let ask = self.ask(id, scopes, candidates, policy_version);
        reserve(&self.cache, &self.script, &ask, self.epoch).await.unwrap()
    }

    fn ask(&self, request: RequestId, scopes: &[Scope], candidates: &[Scope], policy_version: i64) -> Ask {
        Ask {
            org: self.org,
            request,
            boot: "boot".into(),
            policy_version,
            payload: "{\"a\":\n1}".into(),
            scopes: scopes.to_vec(),
            candidates: candidates.to_vec(),
            conversation: None,
        }
    }

    async fn settle(&self, request: RequestId, mode: SettleMode, nanos: i64) -> SettledAs {
        let one = Settlement { request, mode, charged: nanos, real: nanos, tokens: 0, figures: "{}".into() };
        settle(&self.cache, self.org.shard(), &[one]).await.unwrap().1[0]
    }

    async fn state(&self) -> state::State {
        let key = format!("{}{}", crate::cache::tenant_prefix(self.org), ScopeId::Key(self.key).suffix());
        let packed: Option<Vec<u8>> = self.cache.connection.clone().hget(key, state::FIELD).await.unwrap();
        packed.map(|packed| state::State::unpack(&packed).unwrap()).unwrap_or_default()
    }

    async fn field(&self, field: &str) -> i64 {
        let state = self.state().await;
        match field {
            "c" => state.open,
            "ru" => state.reserved_nanos,
            "rt" => state.reserved_tokens,
            "u" => state.nanos,
            "qn" => state.minute_requests,
            "e:five_hours" => {
                state.windows.iter().find(|w| w.kind == WindowKind::FiveHours).map_or(0, |w| w.end)
            }
            other => panic!("{other}"),
        }
    }
}

fn noted(request: RequestId, figures: &str) -> Checkpoint {
    Checkpoint { request, figures: figures.into(), at_least: None }
}

fn held(answer: &Reserved) -> bool {
    matches!(answer, Reserved::Held { .. })
}

#[tokio::test]
async fn a_request_that_is_released_has_not_been_made() {
    let f = Fixture::new().await.loaded(0).await;
    let scope = || Scope { requests_per_minute: 1, ..f.budget(1_000, 1) };
    let first = request();
    assert!(held(&f.take(first, scope()).await));
    assert!(matches!(f.take(request(), scope()).await, Reserved::Refused(_)));
    assert_eq!(f.settle(first, SettleMode::Release, 0).await, SettledAs::Now);
    let second = request();
    assert!(held(&f.take(second, scope()).await), "it reached nobody");
    assert_eq!(f.settle(second, SettleMode::Settle, 1).await, SettledAs::Now);
    assert!(matches!(f.take(request(), scope()).await, Reserved::Refused(_)), "this one did");
}

#[tokio::test]
async fn a_budget_is_never_overshot_however_many_ask_at_once() {
    let f = Fixture::new().await.loaded(0).await;
    let tries: Vec<_> = (0..200).map(|_| (request(), f.budget(1_000, 30))).collect();
    let answers =
        futures_util::future::join_all(tries.into_iter().map(|(id, scope)| f.take(id, scope))).await;
    assert_eq!(answers.iter().filter(|a| held(a)).count(), 33);
    let Some(Reserved::Refused(refusal)) = answers.iter().find(|a| !held(a)) else { panic!("{answers:?}") };
    assert_eq!(refusal.by, RefusedBy::Usd(WindowKind::Total));
    assert_eq!((refusal.spent, refusal.reserved, refusal.limit, refusal.retry_ms), (0, 990, 1_000, None));
}

#[tokio::test]
async fn settling_gives_the_difference_back_and_counts_once() {
    let f = Fixture::new().await.loaded(100).await;
    let id = request();
    assert!(held(&f.take(id, f.budget(1_000, 900)).await));
    assert!(!held(&f.take(request(), f.budget(1_000, 1)).await));
    assert_eq!(f.settle(id, SettleMode::Settle, 250).await, SettledAs::Now);
    assert_eq!(f.settle(id, SettleMode::Settle, 250).await, SettledAs::Before);
    assert_eq!((f.field("u").await, f.field("ru").await, f.field("c").await), (350, 0, 0));
    confirm(&f.cache, f.org.shard(), &[id]).await.unwrap();
    assert_eq!(f.settle(id, SettleMode::Settle, 250).await, SettledAs::Missing);
    assert_eq!(f.field("u").await, 350);
}

#[tokio::test]
async fn asking_twice_with_one_id_reserves_once_and_answers_alike() {
    let f = Fixture::new().await.loaded(0).await;
    let id = request();
    let first = f.take(id, f.budget(1_000, 100)).await;
    let Reserved::Held { candidate, at, .. } = first else { panic!() };
    assert_eq!(f.take(id, f.budget(1_000, 100)).await, Reserved::Held { candidate, at, facts: vec![] });
    assert_eq!(f.field("ru").await, 100);
}

#[tokio::test]
async fn a_reservation_that_arrives_after_its_release_takes_nothing() {
    let f = Fixture::new().await.loaded(0).await;
    let id = request();
    assert_eq!(f.settle(id, SettleMode::Release, 0).await, SettledAs::Missing);
    assert_eq!(f.take(id, f.budget(1_000, 100)).await, Reserved::Gone);
    assert_eq!(f.field("ru").await, 0);
}

#[tokio::test]
async fn a_release_gives_everything_back_and_leaves_no_hold() {
    let f = Fixture::new().await.loaded(0).await;
    let id = request();
    assert!(held(&f.take(id, f.budget(1_000, 100)).await));
    assert_eq!(f.settle(id, SettleMode::Release, 0).await, SettledAs::Now);
    assert_eq!((f.field("u").await, f.field("ru").await, f.field("c").await), (0, 0, 0));
    let holds = open_holds(&f.cache, f.org.shard()).await.unwrap();
    assert!(holds.iter().all(|h| h.request != id));
}

#[tokio::test]
async fn an_older_policy_is_stale_and_a_lost_one_too() {
    let f = Fixture::new().await.loaded(0).await;
    policy::publish(&f.cache, PolicyChange { org: f.org, version: 7 }).await.unwrap();
    policy::publish(&f.cache, PolicyChange { org: f.org, version: 5 }).await.unwrap();
    let account = [unlimited(ScopeId::Account(f.account))];
    assert_eq!(f.take_from(request(), &[], &account, 6).await, Reserved::Stale);
    assert!(held(&f.take_from(request(), &[], &account, 7).await));
    let () = f.cache.connection.clone().del(policy::key(f.org)).await.unwrap();
    assert_eq!(f.take_from(request(), &[], &account, 7).await, Reserved::Stale);
}

#[tokio::test]
async fn totals_that_redis_does_not_have_are_asked_for() {
    let f = Fixture::new().await;
    assert_eq!(f.take(request(), f.budget(1_000, 1)).await, Reserved::Load(0));
    let f = f.loaded(0).await;
    assert!(held(&f.take(request(), f.budget(1_000, 1)).await));
    // A window that is limited for the first time is loaded too.
    let mut scope = f.budget(1_000, 1);
    let end = 4_000_000_000_000;
    scope.windows.push(ScopeWindow {
        kind: WindowKind::Day,
        end,
        next_end: end + 1,
        usd: 5,
        tokens: 0,
        requests: 0,
    });
    assert_eq!(f.take(request(), scope).await, Reserved::Load(0));
}

#[tokio::test]
async fn a_window_that_is_over_begins_again_and_keeps_what_is_still_open() {
    let f = Fixture::new().await;
    let past =
        LoadedWindow { kind: WindowKind::Day, end: 1_000, base_nanos: 0, base_tokens: 0, base_requests: 0 };
    let totals = Totals { nanos: 500, windows: vec![past], ..Totals::default() };
    f.load(&totals).await;
    let day = ScopeWindow {
        kind: WindowKind::Day,
        end: 2_000,
        next_end: 4_000_000_000_000,
        usd: 100,
        tokens: 0,
        requests: 0,
    };
    let scope = |nanos| Scope { windows: vec![day], ..f.budget(0, nanos) };
    assert!(held(&f.take(request(), scope(60)).await), "the 500 of yesterday do not count");
    let Reserved::Refused(refusal) = f.take(request(), scope(50)).await else {
        panic!("60 are still reserved")
    };
    assert_eq!((refusal.spent, refusal.reserved), (0, 60));
    assert!(refusal.retry_ms.is_some_and(|ms| ms > 1_000_000_000));
}

#[tokio::test]
async fn five_hours_begin_with_the_first_use() {
    let f = Fixture::new().await;
    let idle =
        LoadedWindow { kind: WindowKind::FiveHours, end: 1, base_nanos: 0, base_tokens: 0, base_requests: 0 };
    f.load(&Totals { windows: vec![idle], ..Totals::default() }).await;
    let length = causeway_domain::window::FIVE_HOURS_MS;
    let window = ScopeWindow {
        kind: WindowKind::FiveHours,
        end: -length,
        next_end: 0,
        usd: 10,
        tokens: 0,
        requests: 0,
    };
    let scope = Scope { windows: vec![window], ..f.budget(0, 10) };
    let Reserved::Held { at, .. } = f.take(request(), scope.clone()).await else { panic!() };
    assert_eq!(f.field("e:five_hours").await, at + length);
    let Reserved::Refused(refusal) = f.take(request(), scope).await else { panic!() };
    let retry = i64::try_from(refusal.retry_ms.unwrap()).unwrap();
    assert!((length - 5_000..=length).contains(&retry), "{retry}");
}

#[tokio::test]
async fn per_minute_limits_hold_in_a_burst_and_say_when_to_come_back() {
    let f = Fixture::new().await.loaded(0).await;
    let scope = Scope { requests_per_minute: 20, ..unlimited(ScopeId::Key(f.key)) };
    let answers = futures_util::future::join_all((0..100).map(|_| f.take(request(), scope.clone()))).await;
    assert_eq!(answers.iter().filter(|a| held(a)).count(), 20);
    let Some(Reserved::Refused(refusal)) = answers.iter().find(|a| !held(a)) else { panic!() };
    assert_eq!((refusal.by, refusal.spent), (RefusedBy::RequestsPerMinute, 20));
    assert!((55_000..=61_000).contains(&refusal.retry_ms.unwrap()), "{refusal:?}");
}

#[tokio::test]
async fn tokens_per_minute_are_corrected_when_the_bill_is_known() {
    let f = Fixture::new().await.loaded(0).await;
    let scope = |tokens| Scope { tokens, tokens_per_minute: 100, ..unlimited(ScopeId::Key(f.key)) };
    let id = request();
    assert!(held(&f.take(id, scope(90)).await));
    assert!(!held(&f.take(request(), scope(20)).await));
    let one = Settlement {
        request: id,
        mode: SettleMode::Settle,
        charged: 0,
        real: 0,
        tokens: 30,
        figures: "{}".into(),
    };
    settle(&f.cache, f.org.shard(), &[one]).await.unwrap();
    assert!(held(&f.take(request(), scope(70)).await));
    assert!(!held(&f.take(request(), scope(1)).await));
}

#[tokio::test]
async fn a_full_or_cooling_account_is_passed_over_for_the_next() {
    let f = Fixture::new().await;
    let second = AccountId(Uuid::now_v7());
    let candidates = [
        Scope { concurrency: 1, ..unlimited(ScopeId::Account(f.account)) },
        Scope { concurrency: 1, ..unlimited(ScopeId::Account(second)) },
    ];
    let choose = async || match f.take_from(request(), &[], &candidates, 1).await {
        Reserved::Held { candidate, .. } => candidate,
        other => panic!("{other:?}"),
    };
    assert_eq!(choose().await, 0);
    assert_eq!(choose().await, 1);
    let key = format!("{}{}", crate::cache::tenant_prefix(f.org), ScopeId::Account(second).suffix());
    let () = f.cache.connection.clone().hset(key, "cool", 4_000_000_000_000_i64).await.unwrap();
    let Reserved::NoCandidate(reasons) = f.take_from(request(), &[], &candidates, 1).await else { panic!() };
    assert_eq!(reasons.iter().map(|r| r.reason.as_str()).collect::<Vec<_>>(), ["concurrency", "cooling"]);
}

#[tokio::test]
async fn nothing_is_written_when_one_of_several_limits_refuses() {
    let f = Fixture::new().await.loaded(0).await;
    let candidates = [Scope { concurrency: 1, ..unlimited(ScopeId::Account(f.account)) }];
    let scopes = [Scope { requests_per_minute: 1, ..f.budget(1_000, 10) }];
    assert!(held(&f.take_from(request(), &scopes, &candidates, 1).await));
    let before = (f.field("ru").await, f.field("c").await, f.field("qn").await);
    assert!(!held(&f.take_from(request(), &scopes, &candidates, 1).await));
    assert_eq!((f.field("ru").await, f.field("c").await, f.field("qn").await), before);
}

#[tokio::test]
async fn a_hold_gives_back_its_payload_and_its_last_figures() {
    let f = Fixture::new().await;
    let id = request();
    assert!(held(&f.take(id, unlimited(ScopeId::Key(f.key))).await));
    checkpoint(&f.cache, f.org.shard(), &[noted(id, "so far")]).await.unwrap();
    let holds = open_holds(&f.cache, f.org.shard()).await.unwrap();
    let hold = holds.iter().find(|h| h.request == id).unwrap();
    assert_eq!((hold.payload.as_str(), hold.boot.as_str()), ("{\"a\":\n1}", "boot"));
    assert_eq!((hold.checkpoint.as_deref(), hold.settled.as_deref()), (Some("so far"), None));
}

#[tokio::test]
async fn amounts_beyond_what_a_double_holds_stay_exact() {
    let big = (1_i64 << 60) + 1;
    let f = Fixture::new().await;
    let window = LoadedWindow {
        kind: WindowKind::Total,
        end: 0,
        base_nanos: big - 100,
        base_tokens: 0,
        base_requests: 0,
    };
    let totals = Totals { nanos: big, windows: vec![window], ..Totals::default() };
    f.load(&totals).await;
    let id = request();
    assert!(held(&f.take(id, f.budget(100_000, 3)).await));
    assert_eq!(f.settle(id, SettleMode::Settle, 3).await, SettledAs::Now);
    assert_eq!(f.field("u").await, big + 3);
}

#[tokio::test]
async fn totals_read_before_something_was_settled_are_not_taken() {
    let f = Fixture::new().await.loaded(0).await;
    let id = request();
    assert!(held(&f.take(id, f.budget(1_000, 100)).await));
    let scope = ScopeId::Key(f.key);
    forget(&f.cache, f.org, scope).await.unwrap();
    let before = begin_load(&f.cache, f.org, scope, f.epoch).await.unwrap().unwrap();
    assert_eq!(f.settle(id, SettleMode::Settle, 50).await, SettledAs::Now);
    let stale = Totals::default();
    assert_eq!(load(&f.cache, f.org, scope, f.epoch, before, &stale).await.unwrap(), Loaded::Outdated);
    f.load(&Totals { nanos: 50, ..Totals::default() }).await;
    assert_eq!((f.field("u").await, f.field("ru").await), (50, 0));
}

#[tokio::test]
async fn an_owner_who_was_swept_is_told_that_the_figures_differ() {
    let f = Fixture::new().await.loaded(0).await;
    let id = request();
    assert!(held(&f.take(id, f.budget(1_000, 100)).await));
    let with = |figures: &str| Settlement {
        request: id,
        mode: SettleMode::Settle,
        charged: 1,
        real: 1,
        tokens: 0,
        figures: figures.into(),
    };
    let result = async |figures| settle(&f.cache, f.org.shard(), &[with(figures)]).await.unwrap().1[0];
    assert_eq!(result("swept").await, SettledAs::Now);
    assert_eq!(result("swept").await, SettledAs::Before);
    assert_eq!(result("own").await, SettledAs::Missing);
}

#[tokio::test]
async fn a_request_that_no_minute_could_hold_is_not_told_to_come_back() {
    let f = Fixture::new().await.loaded(0).await;
    let scope = Scope { tokens: 101, tokens_per_minute: 100, ..unlimited(ScopeId::Key(f.key)) };
    let Reserved::Refused(refusal) = f.take(request(), scope).await else { panic!() };
    assert_eq!(refusal.retry_ms, None);
}

#[tokio::test]
async fn a_checkpoint_that_comes_after_the_end_leaves_nothing() {
    let f = Fixture::new().await;
    let id = request();
    checkpoint(&f.cache, f.org.shard(), &[noted(id, "late")]).await.unwrap();
    let checks = ShardKeys::new(f.org.shard()).checks;
    let noted: bool = f.cache.connection.clone().hexists(checks, id.0.simple().to_string()).await.unwrap();
    assert!(!noted);
}

#[tokio::test]
async fn a_reservation_grows_with_what_a_stream_uses_and_is_given_back_whole() {
    let f = Fixture::new().await.loaded(0).await;
    let id = request();
    assert!(held(&f.take(id, f.budget(1_000, 100)).await));
    let grown = |charged| Checkpoint {
        at_least: Some(Growth { charged, real: charged, tokens: 7 }),
        ..noted(id, "so far")
    };
    checkpoint(&f.cache, f.org.shard(), &[grown(300), grown(250)]).await.unwrap();
    assert_eq!((f.field("ru").await, f.field("rt").await), (300, 7));
    assert!(!held(&f.take(request(), f.budget(1_000, 701)).await));
    assert_eq!(f.settle(id, SettleMode::Settle, 280).await, SettledAs::Now);
    checkpoint(&f.cache, f.org.shard(), &[grown(900)]).await.unwrap();
    assert_eq!((f.field("u").await, f.field("ru").await, f.field("rt").await), (280, 0, 0));
}
