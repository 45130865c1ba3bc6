//! Many at once, each on a connection of its own, while totals are forgotten and loaded and shards are closed and opened:
//! at no moment is more taken than the limits allow, and at the end the sums are those of what was settled.

use super::{
    scopes::from_zero,
    server::{PLAIN, Server},
    *,
};
use rand::RngExt;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::sync::RwLock;

const CALLERS: usize = 8;
const CALLS: usize = 250;

const KEY_USD: i64 = 40_000;
const MEMBER_USD: i64 = 32_000;
const ORGANISATION_USD: i64 = 56_000;
const ACCOUNT_USD: i64 = 24_000;
const ACCOUNT_OPEN: u32 = 3;
const KEY_OPEN: u32 = 5;

/// A row that is written.
struct Row {
    charged: i64,
    real: i64,
    tokens: i64,
    scopes: Vec<ScopeId>,
}

/// What Postgres is to the real thing: rows of what is over, and what instances have in their memory.
struct World {
    server: Server,
    org: OrgId,
    keys: [ScopeId; 2],
    member: ScopeId,
    accounts: [ScopeId; 2],
    script: ReserveScript,
    epoch: AtomicI64,
    rows: Mutex<BTreeMap<RequestId, Row>>,
    held: Mutex<BTreeMap<RequestId, Held>>,
    /// Held in common by those who settle and write; taken whole by those who must see nothing on its way.
    writing: RwLock<()>,
    over: AtomicBool,
    granted: AtomicUsize,
    refused: AtomicUsize,
}

impl World {
    fn scopes(&self) -> Vec<ScopeId> {
        let mut all = vec![self.member, ScopeId::Organisation];
        all.extend(self.keys.iter().chain(&self.accounts));
        all
    }

    fn limit(&self, scope: ScopeId) -> (i64, u32) {
        match scope {
            ScopeId::Key(_) => (KEY_USD, KEY_OPEN),
            ScopeId::Member(_) => (MEMBER_USD, 0),
            ScopeId::Organisation => (ORGANISATION_USD, 0),
            ScopeId::Account(_) => (ACCOUNT_USD, ACCOUNT_OPEN),
        }
    }

    fn asked(&self, scope: ScopeId, nanos: i64) -> Scope {
        let (usd, concurrency) = self.limit(scope);
        Scope { nanos, tokens: 7, concurrency, windows: vec![total(usd)], ..unlimited(scope) }
    }

    fn totals(&self, scope: ScopeId) -> Totals {
        let rows = self.rows.lock().unwrap();
        let mut totals = from_zero();
        for Row { charged, real, tokens, scopes } in rows.values() {
            if scopes.contains(&scope) {
                totals.nanos += if matches!(scope, ScopeId::Account(_)) { real } else { charged };
                totals.tokens += tokens;
                totals.requests += 1;
            }
        }
        totals
    }

    /// As `relay::load`: announce, wait for what is settled to be written, read, put in unless it is outdated.
    async fn load(&self, cache: &Cache, scope: ScopeId) {
        for _ in 0..50 {
            let epoch = self.epoch.load(SeqCst);
            let Some(generation) = begin_load(cache, self.org, scope, epoch).await.unwrap() else { return };
            while !unwritten(cache, self.org, scope).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let totals = self.totals(scope);
            match load(cache, self.org, scope, epoch, generation, &totals).await.unwrap() {
                Loaded::Outdated => {}
                _ => return,
            }
        }
    }

    async fn call(&self, cache: &Cache) {
        let shard = self.org.shard();
        let (key, first, nanos, mode, pause, hesitation) = {
            let mut random = rand::rng();
            let settle = random.random_bool(0.8);
            let mode = if settle { SettleMode::Settle } else { SettleMode::Release };
            (
                random.random_range(0..2),
                random.random_range(0..2),
                random.random_range(20..200),
                mode,
                random.random_range(0..4),
                random.random_range(0..3),
            )
        };
        let mut scopes = vec![self.asked(self.keys[key], nanos), self.asked(ScopeId::Organisation, nanos)];
        if key == 0 {
            scopes.insert(1, self.asked(self.member, nanos));
        }
        let accounts = [self.accounts[first], self.accounts[1 - first]];
        let ask = Arc::new(Ask {
            org: self.org,
            request: request(),
            boot: "boot".into(),
            policy_version: 1,
            payload: String::new(),
            scopes,
            candidates: accounts.iter().map(|a| self.asked(*a, nanos / 2)).collect(),
            conversation: None,
        });
        let held = loop {
            let epoch = self.epoch.load(SeqCst);
            match reserve(cache, &self.script, &ask, epoch).await.unwrap() {
                Reserved::Held { candidate, at, .. } => {
                    let held = Held::new(ask.clone(), candidate, at);
                    self.held.lock().unwrap().insert(ask.request, held.clone());
                    if self.epoch.load(SeqCst) == epoch {
                        break held;
                    }
                    self.held.lock().unwrap().remove(&ask.request);
                }
                Reserved::Load(index) => {
                    let scope = ask.scopes.iter().chain(&ask.candidates).nth(index).unwrap().id;
                    self.load(cache, scope).await;
                }
                Reserved::Closed => tokio::time::sleep(Duration::from_millis(2)).await,
                Reserved::Refused(_) | Reserved::NoCandidate(_) => {
                    self.refused.fetch_add(1, SeqCst);
                    return;
                }
                other => panic!("{other:?}"),
            }
        };
        self.granted.fetch_add(1, SeqCst);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let bill = |scope: &Scope| scope.nanos * 3 / 4;
        let account = &ask.candidates[held.candidate];
        let one = Settlement {
            request: ask.request,
            mode,
            charged: bill(&ask.scopes[0]),
            real: bill(account),
            tokens: 5,
            figures: "{}".into(),
        };
        // As `relay::Ledger::settle`: on its way, no longer held, and only then settled; with all of it apart.
        let _on_its_way = self.writing.read().await;
        self.held.lock().unwrap().remove(&ask.request);
        tokio::time::sleep(Duration::from_millis(hesitation)).await;
        let results = settle(cache, shard, &[one.clone(), one.clone()]).await.unwrap().1;
        if mode == SettleMode::Release {
            return;
        }
        let mut counted: Vec<ScopeId> = ask.scopes.iter().map(|s| s.id).collect();
        counted.push(account.id);
        let row = Row { charged: one.charged, real: one.real, tokens: 5, scopes: counted.clone() };
        assert!(self.rows.lock().unwrap().insert(ask.request, row).is_none());
        if results[0] != SettledAs::Now {
            // As `relay::ledger::writer`: what Redis did not count is in the rows; what it may count yet is given back.
            for scope in &counted {
                forget(cache, self.org, *scope).await.unwrap();
            }
            let release = Settlement { mode: SettleMode::Release, ..one };
            let marked = settle(cache, shard, &[release]).await.unwrap().1[0] != SettledAs::Now;
            for scope in &counted {
                forget(cache, self.org, *scope).await.unwrap();
            }
            if marked {
                return;
            }
        }
        confirm(cache, shard, &[ask.request]).await.unwrap();
    }

    /// As `relay::ledger::recovery`, for an instance that is alone.
    async fn lose_and_recover(&self, cache: &Cache, wipe: bool) {
        let shard = self.org.shard();
        let last = self.epoch.load(SeqCst);
        if wipe {
            let () = redis::cmd("FLUSHALL").query_async(&mut cache.connection.clone()).await.unwrap();
        }
        let stand = close(cache, shard, last).await.unwrap();
        self.epoch.store(0, SeqCst);
        let holds: Vec<Held> = self.held.lock().unwrap().values().cloned().collect();
        for some in holds.chunks(3) {
            let still: Vec<Held> = some
                .iter()
                .filter(|h| self.held.lock().unwrap().contains_key(&h.ask.request))
                .cloned()
                .collect();
            assert!(register(cache, shard, stand.epoch, &still).await.unwrap());
        }
        // Everything that was settled is written.
        drop(self.writing.write().await);
        let alive = BTreeSet::from(["boot".to_owned()]);
        let found = remembered(cache, shard, stand.epoch, "boot", &alive).await.unwrap();
        confirm(cache, shard, &found.own).await.unwrap();
        policy::publish(cache, PolicyChange { org: self.org, version: 1 }).await.unwrap();
        assert!(join(cache, shard, stand.epoch, "boot").await.unwrap());
        assert!(open(cache, shard, stand.epoch, 0, &alive).await.unwrap().open);
        self.epoch.store(stand.epoch, SeqCst);
    }

    /// What anybody who looks at any moment must find.
    async fn look_around(&self, cache: &Cache) {
        for scope in self.scopes() {
            let stand = standing(cache, self.org, scope).await.unwrap();
            let (usd, concurrency) = self.limit(scope);
            let counts = [stand.nanos, stand.reserved_nanos, stand.reserved_tokens, stand.open];
            assert!(counts.into_iter().all(|n| n >= 0), "{scope:?} {stand:?}");
            assert!(concurrency == 0 || stand.open <= concurrency.into(), "{scope:?} {stand:?}");
            if stand.loaded {
                assert!(stand.nanos + stand.reserved_nanos <= usd, "{scope:?} {stand:?}");
            }
        }
    }
}

async fn run(losses: &'static [bool]) {
    let server = Server::start(PLAIN).await;
    let f = Fixture::on(&server).await;
    let new = Uuid::now_v7;
    let world = Arc::new(World {
        server,
        org: f.org,
        keys: [ScopeId::Key(KeyId(new())), ScopeId::Key(KeyId(new()))],
        member: ScopeId::Member(UserId(new())),
        accounts: [ScopeId::Account(AccountId(new())), ScopeId::Account(AccountId(new()))],
        script: f.script,
        epoch: AtomicI64::new(f.epoch),
        rows: Mutex::default(),
        held: Mutex::default(),
        writing: RwLock::default(),
        over: AtomicBool::new(false),
        granted: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (world, cache) = (world.clone(), world.server.cache().await);
        tasks.spawn(async move {
            for _ in 0..CALLS {
                world.call(&cache).await;
            }
        });
    }
    let mut others = tokio::task::JoinSet::new();
    let (w, cache) = (world.clone(), world.server.cache().await);
    others.spawn(async move {
        while !w.over.load(SeqCst) {
            w.look_around(&cache).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let (w, cache) = (world.clone(), world.server.cache().await);
    others.spawn(async move {
        let scopes = w.scopes();
        for scope in scopes.iter().cycle() {
            if w.over.load(SeqCst) {
                return;
            }
            forget(&cache, w.org, *scope).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let (w, cache) = (world.clone(), world.server.cache().await);
    others.spawn(async move {
        for wipe in losses.iter().cycle() {
            if w.over.load(SeqCst) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
            w.lose_and_recover(&cache, *wipe).await;
        }
    });
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    world.over.store(true, SeqCst);
    while let Some(done) = others.join_next().await {
        done.unwrap();
    }
    assert!(world.granted.load(SeqCst) > CALLERS * CALLS / 10 && world.refused.load(SeqCst) > 0);
    let cache = world.server.cache().await;
    for scope in world.scopes() {
        let left = standing(&cache, world.org, scope).await.unwrap();
        assert!(!left.loaded || left.nanos == world.totals(scope).nanos, "{scope:?} {left:?}");
        world.load(&cache, scope).await;
        let (stand, totals) = (standing(&cache, world.org, scope).await.unwrap(), world.totals(scope));
        assert_eq!((stand.open, stand.reserved_nanos, stand.reserved_tokens), (0, 0, 0), "{scope:?}");
        let sums = (stand.nanos, stand.tokens, stand.requests);
        assert_eq!(sums, (totals.nanos, totals.tokens, totals.requests), "{scope:?}");
        assert!(stand.nanos <= world.limit(scope).0);
    }
    let left = open_holds(&cache, world.org.shard()).await.unwrap();
    assert!(left.iter().all(|h| h.boot == "-"), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_at_every_moment_while_totals_are_forgotten_and_loaded() {
    run(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_at_every_moment_while_shards_are_closed_and_opened() {
    run(&[false]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_at_every_moment_while_redis_is_wiped_again_and_again() {
    run(&[true, false]).await;
}
