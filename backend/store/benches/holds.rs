//! What one request costs Redis: microseconds of its one core for reserving and settling, by how many of the request's
//! scopes are limited and by how many settle in one call. `cargo bench -p causeway-store`; needs redis-server.
//!
//! Measured by Redis itself (`INFO commandstats`), so neither the network nor this program is in it. Redis measures by
//! the clock: what it waits for a core counts, so the median of all calls is told beside their mean.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program for people who can read its backtrace"
)]

use causeway_domain::{AccountId, KeyId, OrgId, RequestId, UserId, window::WindowKind};
use causeway_store::{
    Cache,
    hold::{
        self, Ask, LoadedWindow, ReserveScript, Reserved, Scope, ScopeId, ScopeWindow, SettleMode,
        Settlement, Totals,
    },
    policy,
    tenant::PolicyChange,
};
use futures_util::future::join_all;
use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
    time::Duration,
};
use uuid::Uuid;

/// Requests of one line of the table.
const REQUESTS: usize = 8_192;
/// Of which so many are on their way at once: Redis is busy, as it is when it matters.
const ROUND: usize = 256;
/// Keys that they come from, each with an own member and account.
const CALLERS: usize = 8;
/// In the year 2096.
const FAR: i64 = 4_000_000_000_000;

/// Ends with the program.
struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Bench {
    cache: Cache,
    stats: redis::aio::MultiplexedConnection,
    script: ReserveScript,
    org: OrgId,
    epoch: i64,
}

/// What limits each limited scope has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limits {
    Budget,
    Everything,
}

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run());
}

async fn run() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("redis.sock");
    let child = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec"])
        .arg("--unixsocket")
        .arg(&socket)
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .stdin(Stdio::null())
        .spawn()
        .expect("redis-server");
    let _redis = Redis(child);
    let url = format!("redis+unix://{}", socket.display());
    let client = redis::Client::open(url.as_str()).unwrap();
    let stats = loop {
        match client.get_multiplexed_async_connection().await {
            Ok(connection) => break connection,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let cache = Cache::connect(&url.into()).await.unwrap();
    let script = ReserveScript::new("bench");
    script.load(&cache).await.unwrap();
    let org = OrgId(Uuid::now_v7());
    let closed = hold::look(&cache, org.shard(), 0).await.unwrap();
    let open = hold::open(&cache, org.shard(), closed.epoch, 0, &BTreeSet::new()).await.unwrap();
    policy::publish(&cache, PolicyChange { org, version: 1 }).await.unwrap();
    let bench = Bench { cache, stats, script, org, epoch: open.epoch };
    println!("µs of Redis' CPU for one request");
    println!(
        "{:<12} {:>7} {:>7} {:>9} {:>9} {:>9} {:>9}",
        "limits", "scopes", "batch", "reserve", "settle", "forget", "together"
    );
    for limits in [Limits::Budget, Limits::Everything] {
        for scopes in [0, 1, 2, 4] {
            for batch in [1, 8, 32] {
                bench.line(limits, scopes, batch).await;
            }
        }
    }
}

impl Bench {
    async fn line(&self, limits: Limits, scopes: usize, batch: usize) {
        let callers: Vec<Ask> = (0..CALLERS).map(|_| self.ask(limits, scopes)).collect();
        for ask in &callers {
            // As in life: of what is not limited nobody reads the totals.
            for scope in ask.scopes.iter().chain(&ask.candidates).filter(|s| !s.windows.is_empty()) {
                self.load(scope).await;
            }
        }
        let (mut reserving, mut settling, mut forgetting) = (vec![], vec![], vec![]);
        for round in 0..REQUESTS / ROUND {
            let asks: Vec<Ask> = (0..ROUND).map(|i| again(&callers[(round + i) % CALLERS])).collect();
            let before = self.spent("evalsha").await;
            let (cache, script, epoch) = (&self.cache, &self.script, self.epoch);
            let calls = asks.chunks(batch).map(|asks| hold::reserve_all(cache, script, asks, epoch));
            for answer in join_all(calls).await.into_iter().flat_map(Result::unwrap) {
                assert!(matches!(answer, Reserved::Held { .. }), "{answer:?}");
            }
            let between = self.spent("evalsha").await;
            let ends: Vec<Settlement> = asks.iter().map(|ask| end(ask.request)).collect();
            let shard = self.org.shard();
            let calls = ends.chunks(batch).map(|ends| hold::settle(cache, shard, ends));
            join_all(calls).await.into_iter().for_each(|done| assert!(done.is_ok()));
            let after = self.spent("evalsha").await;
            let deleted = self.spent("hdel").await;
            let ids: Vec<RequestId> = asks.iter().map(|ask| ask.request).collect();
            hold::confirm(&self.cache, shard, &ids).await.unwrap();
            reserving.push(between - before);
            settling.push(after - between);
            forgetting.push(self.spent("hdel").await - deleted);
        }
        let tenths = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
        let mean = |all: &[u64]| all.iter().sum::<u64>() * 10 / REQUESTS as u64;
        let median = |all: &mut [u64]| {
            all.sort_unstable();
            all[all.len() / 2] * 10 / ROUND as u64
        };
        let means = mean(&reserving) + mean(&settling);
        let medians = [median(&mut reserving), median(&mut settling), median(&mut forgetting)];
        let name = if limits == Limits::Budget { "one budget" } else { "everything" };
        println!(
            "{name:<12} {scopes:>7} {batch:>7} {:>9} {:>9} {:>9} {:>9} {:>9}",
            tenths(medians[0]),
            tenths(medians[1]),
            tenths(medians[2]),
            tenths(medians[0] + medians[1]),
            tenths(means)
        );
    }

    fn ask(&self, limits: Limits, limited: usize) -> Ask {
        let id = Uuid::now_v7;
        let account = ScopeId::Account(AccountId(id()));
        let all = [ScopeId::Key(KeyId(id())), account, ScopeId::Organisation, ScopeId::Member(UserId(id()))];
        let scope = |id: ScopeId| {
            let is_limited = all[..limited].contains(&id);
            let counted = matches!(id, ScopeId::Key(_));
            if is_limited {
                limited_scope(id, counted, limits)
            } else {
                Scope { counted, ..Scope::unlimited(id) }
            }
        };
        Ask {
            org: self.org,
            request: RequestId(id()),
            boot: id().simple().to_string().into(),
            policy_version: 1,
            // About as long as what the relay keeps for the row.
            payload: "x".repeat(700),
            scopes: vec![scope(all[0]), scope(all[3]), scope(all[2])],
            candidates: vec![scope(account)],
            conversation: None,
        }
    }

    async fn load(&self, scope: &Scope) {
        let window = |kind| LoadedWindow { kind, end: FAR, base_nanos: 0, base_tokens: 0, base_requests: 0 };
        let windows = scope.windows.iter().map(|w| window(w.kind)).collect();
        let generation =
            hold::begin_load(&self.cache, self.org, scope.id, self.epoch).await.unwrap().unwrap();
        let totals = Totals { windows, ..Totals::default() };
        hold::load(&self.cache, self.org, scope.id, self.epoch, generation, &totals).await.unwrap();
    }

    /// Microseconds that Redis has spent in a command so far.
    async fn spent(&self, command: &str) -> u64 {
        let text: String =
            redis::cmd("INFO").arg("commandstats").query_async(&mut self.stats.clone()).await.unwrap();
        let line = text.lines().find_map(|l| l.strip_prefix(&format!("cmdstat_{command}:")));
        let micros = line.and_then(|l| l.split(',').find_map(|f| f.strip_prefix("usec=")));
        micros.map_or(0, |m| m.parse().unwrap())
    }
}

fn limited_scope(id: ScopeId, counted: bool, limits: Limits) -> Scope {
    let window =
        |kind| ScopeWindow { kind, end: FAR, next_end: FAR + 1, usd: 1 << 52, tokens: 0, requests: 0 };
    let budget = Scope {
        counted,
        nanos: 1_234_567,
        tokens: 2_345,
        windows: vec![window(WindowKind::Day)],
        ..Scope::unlimited(id)
    };
    match limits {
        Limits::Budget => budget,
        Limits::Everything => Scope {
            requests_per_minute: u32::MAX,
            tokens_per_minute: 1 << 52,
            concurrency: 1_000_000,
            windows: vec![window(WindowKind::Day), window(WindowKind::Month)],
            ..budget
        },
    }
}

fn again(ask: &Ask) -> Ask {
    Ask {
        org: ask.org,
        request: RequestId(Uuid::now_v7()),
        boot: ask.boot.clone(),
        policy_version: ask.policy_version,
        payload: ask.payload.clone(),
        scopes: ask.scopes.clone(),
        candidates: ask.candidates.clone(),
        conversation: None,
    }
}

fn end(request: RequestId) -> Settlement {
    Settlement {
        request,
        mode: SettleMode::Settle,
        charged: 1_000_000,
        real: 900_000,
        tokens: 2_000,
        figures: "y".repeat(400),
    }
}
