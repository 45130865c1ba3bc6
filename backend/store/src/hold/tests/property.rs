//! Random histories of one organisation, on the real scripts and on the [model](super::model) side by side.
//!
//! After every step both must stand alike, no counter may be negative, what was granted must fit into the limits it was
//! granted under, and what is settled must not take up more room than what was reserved for it.

use super::{
    history::{Asked, Clock, End, Limited, Loss, Op, limited, op},
    model::{Entry, FAR, Model, Row, Taken, parts},
    server::{PLAIN, Server},
    *,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};
use std::sync::Arc;

/// Cases, unless `PROPTEST_CASES` asks for more.
const CASES: u32 = 40;

const LIVES: [&str; 2] = ["boot", "other"];

/// One history as it is lived.
struct Life {
    f: Fixture,
    model: Model,
    universe: [ScopeId; 7],
    limits: Vec<Limited>,
    /// Every question there was.
    asks: Vec<Arc<Ask>>,
    /// Every hold that was granted, and by now may be over.
    granted: Vec<Held>,
    /// A load that has begun: scope, generation, stamp, epoch, totals, the second.
    begun: Option<(ScopeId, i64, u64, i64, [i64; 3], i64)>,
    /// What an instance has found in its memory, to be registered some time later.
    looked_up: Vec<Held>,
}

impl Life {
    async fn new(server: &Server, mut f: Fixture) -> Self {
        let () = redis::cmd("FLUSHALL").query_async(&mut server.connection().await).await.unwrap();
        policy::publish(&f.cache, PolicyChange { org: f.org, version: 1 }).await.unwrap();
        f.epoch = opened(&f.cache, f.org.shard()).await;
        let id = |n| Uuid::from_u128(n);
        let universe = [
            ScopeId::Key(KeyId(id(1))),
            ScopeId::Key(KeyId(id(2))),
            ScopeId::Member(UserId(id(3))),
            ScopeId::Organisation,
            ScopeId::Account(AccountId(id(4))),
            ScopeId::Account(AccountId(id(5))),
            ScopeId::Account(AccountId(id(6))),
        ];
        let model = Model { epoch: f.epoch, open: true, version: 1, ..Model::default() };
        let limits = vec![Limited::default(); universe.len()];
        Self { f, model, universe, limits, asks: vec![], granted: vec![], begun: None, looked_up: vec![] }
    }

    fn scope(&self, index: usize, nanos: i64, tokens: u64, clock: Clock) -> Scope {
        let limits = &self.limits[index];
        let account = index > 3;
        let (end, next_end) = match clock {
            Clock::Right => (FAR, FAR + 1),
            Clock::Slow => (2_000, FAR),
            Clock::Stopped => (2_000, 3_000),
        };
        let window = |kind, usd| ScopeWindow { kind, end: 0, next_end: 0, usd, tokens: 0, requests: 0 };
        let length = causeway_domain::window::FIVE_HOURS_MS;
        let five =
            limits.five_hours.map(|usd| ScopeWindow { end: -length, ..window(WindowKind::FiveHours, usd) });
        let day = limits.day.map(|(usd, tokens)| ScopeWindow {
            end,
            next_end,
            tokens,
            ..window(WindowKind::Day, usd)
        });
        let total =
            limits.total.map(|(usd, requests)| ScopeWindow { requests, ..window(WindowKind::Total, usd) });
        Scope {
            id: self.universe[index],
            counted: index < 2,
            nanos: if account { nanos / 2 } else { nanos },
            tokens,
            requests_per_minute: limits.rpm,
            tokens_per_minute: limits.tpm,
            concurrency: limits.concurrency,
            queue: if account { 0 } else { limits.queue },
            windows: [five, day, total].into_iter().flatten().collect(),
        }
    }

    async fn step(&mut self, op: Op) {
        match op {
            Op::Limit(scope, limits) => self.limits[scope] = limits,
            Op::Ask(asked) => {
                let ask = Arc::new(self.question(&asked));
                self.asks.push(ask.clone());
                self.ask(ask).await;
            }
            Op::Together(all) => {
                let boot: Arc<str> = LIVES[all[0].life].into();
                let asks = all.iter().map(|asked| Ask { boot: boot.clone(), ..self.question(asked) });
                let asks: Vec<Arc<Ask>> = asks.map(Arc::new).collect();
                self.asks.extend(asks.iter().cloned());
                self.together(asks).await;
            }
            Op::AskStale(which) => {
                let Some(ask) = pick(&self.asks, which).cloned() else { return };
                let fresh =
                    Ask { request: request(), policy_version: self.model.version - 1, ..Ask::clone(&ask) };
                self.ask(Arc::new(fresh)).await;
            }
            Op::AskAgain(which) => {
                let Some(ask) = pick(&self.asks, which).cloned() else { return };
                // Nobody asks again for what is over.
                if !self.model.rows.contains_key(&ask.request) {
                    self.ask(ask).await;
                }
            }
            Op::MoveOn(which) => self.move_on(which).await,
            Op::Settle(ends) => {
                let chosen = |end: End| Some((self.held(end.which)?, end));
                let ends = ends.into_iter().filter_map(chosen).collect();
                self.settle(ends).await;
            }
            Op::Confirm(which) => {
                let Some(held) = pick(&self.granted, which) else { return };
                let id = held.ask.request;
                // Only what is in Postgres, and what was settled here or is counted nowhere any more.
                let running =
                    matches!(self.model.entries.get(&id), Some(Entry::Taken(t)) if t.settled.is_none());
                if self.model.rows.contains_key(&id) && !running {
                    confirm(&self.f.cache, self.f.org.shard(), &[id]).await.unwrap();
                    self.model.entries.remove(&id);
                    self.looked_up.retain(|h| h.ask.request != id);
                }
            }
            Op::Checkpoint(which, growth) => {
                let Some(held) = pick(&self.granted, which) else { return };
                let at_least =
                    growth.map(|n| Growth { charged: n, real: n / 2, tokens: u64::try_from(n / 3).unwrap() });
                let one = Checkpoint { at_least, ..noted(held.ask.request, &format!("{which}")) };
                self.model.checkpoint(&one);
                self.grow(one.request, at_least.unwrap_or_default());
                checkpoint(&self.f.cache, self.f.org.shard(), &[one]).await.unwrap();
            }
            Op::Leave(which) => {
                let Some(ask) = pick(&self.asks, which) else { return };
                leave(&self.f.cache, self.f.org, &self.universe[..4], ask.request).await.unwrap();
                self.model.lines.values_mut().for_each(|line| line.retain(|id| *id != ask.request));
            }
            Op::Forget(scope) => self.forget(self.universe[scope]).await,
            Op::Begin(scope) => self.begin(self.universe[scope]).await,
            Op::Load(over, spent) => self.load(over, spent).await,
            Op::LoadNow(scope, over) => {
                self.begin(self.universe[scope]).await;
                self.load(over, true).await;
            }
            Op::Policy => {
                self.model.version += 1;
                self.publish().await;
            }
            Op::Close(loss) => self.close(loss).await,
            Op::LookUp => self.looked_up = self.running(),
            Op::Register => {
                let holds = std::mem::take(&mut self.looked_up);
                self.register(&holds).await;
            }
            Op::Recover => self.recover().await,
            Op::Keep => self.keep().await,
        }
    }

    /// A hold as its instance knows it: where it has moved to, not where it came from.
    fn held(&self, which: usize) -> Option<Held> {
        let request = pick(&self.granted, which)?.ask.request;
        self.granted.iter().rev().find(|held| held.ask.request == request).cloned()
    }

    /// The instance remembers what it has asked for.
    fn grow(&mut self, request: RequestId, growth: Growth) {
        for held in self.granted.iter_mut().filter(|held| held.ask.request == request) {
            let known = held.grown;
            held.grown = Growth {
                charged: known.charged.max(growth.charged),
                real: known.real.max(growth.real),
                tokens: known.tokens.max(growth.tokens),
            };
        }
    }

    async fn publish(&self) {
        let change = PolicyChange { org: self.f.org, version: self.model.version };
        policy::publish(&self.f.cache, change).await.unwrap();
    }

    fn question(&self, asked: &Asked) -> Ask {
        let mut scopes = vec![asked.key, 3];
        if asked.member {
            scopes.insert(1, 2);
        }
        let scope = |i: &usize| self.scope(*i, asked.nanos, asked.tokens, asked.clock);
        let scopes: Vec<Scope> = scopes.iter().map(scope).collect();
        let candidates: Vec<Scope> = asked.accounts.iter().map(|a| scope(&(a + 4))).collect();
        let boot = LIVES[asked.life].into();
        Ask { boot, ..self.f.ask(request(), &scopes, &candidates, self.model.version) }
    }

    async fn ask(&mut self, ask: Arc<Ask>) {
        // As the relay does: load what is missing and ask again.
        for _ in 0..9 {
            let answer = reserve(&self.f.cache, &self.f.script, &ask, self.f.epoch).await.unwrap();
            if let Some(candidate) = self.answered(&ask, &answer).await {
                self.fits(&ask, candidate).await;
            }
            let (Reserved::Load(index) | Reserved::Recount(index)) = answer else { return };
            let scope = ask.scopes.iter().chain(&ask.candidates).nth(index).unwrap().id;
            self.begin(scope).await;
            self.load(index % 2 == 0, true).await;
        }
        // Windows of the ask that are not limited any more are not loaded: it is of an older policy.
    }

    /// Asked for in one call, they are answered as if one had been asked for after the other.
    async fn together(&mut self, asks: Vec<Arc<Ask>>) {
        let answers = reserve_all(&self.f.cache, &self.f.script, &asks, self.f.epoch).await.unwrap();
        assert_eq!(answers.len(), asks.len());
        for (ask, answer) in asks.iter().zip(&answers) {
            self.answered(ask, answer).await;
        }
        self.compare().await;
        for (ask, answer) in asks.into_iter().zip(answers) {
            if matches!(answer, Reserved::Load(_) | Reserved::Recount(_)) {
                self.ask(ask).await;
            }
        }
    }

    /// It is what the model says, which goes on from there. Returns the candidate if it is newly held.
    async fn answered(&mut self, ask: &Arc<Ask>, answer: &Reserved) -> Option<usize> {
        let expected = self.model.judge(ask, self.f.epoch);
        assert_eq!(comparable(answer, None), comparable(&expected, Some(answer)), "{ask:?}");
        match *answer {
            Reserved::Held { candidate, at, ref facts } => {
                let again = matches!(self.model.entries.get(&ask.request),
                    Some(Entry::Taken(t)) if t.epoch == self.model.epoch);
                if !again {
                    assert_eq!(facts.len(), ask.scopes.len() + 1);
                    let held = Held::new(ask.clone(), candidate, at);
                    self.granted.push(held.clone());
                    self.model.take(held);
                    return Some(candidate);
                }
            }
            Reserved::Queued { scope, .. } => {
                let line = self.model.lines.entry(ask.scopes[scope].id).or_default();
                if !line.contains(&ask.request) {
                    line.push(ask.request);
                }
                // The line is ordered by milliseconds, and within one by the requests' ids.
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            _ => {}
        }
        None
    }

    async fn move_on(&mut self, which: usize) {
        let Some(held) = self.held(which) else { return };
        let (ask, first) = (held.ask.clone(), held.candidate + 1);
        if first >= ask.candidates.len() {
            return;
        }
        // Every other attempt that failed may be billed.
        let billed = i64::try_from(which % 2).unwrap() * (1 + ask.candidates[held.candidate].nanos / 3);
        let (script, policy) = (&self.f.script, ask.policy_version);
        let expected = self.model.judge_move(&ask, self.f.epoch, first);
        let before = matches!(self.model.entries.get(&ask.request),
            Some(Entry::Taken(t)) if t.held.candidate >= first);
        let answer =
            move_on(&self.f.cache, script, &ask, self.f.epoch, (first, false), policy, billed).await.unwrap();
        assert_eq!(comparable(&answer, None), comparable(&expected, Some(&answer)), "{ask:?}");
        if let Reserved::Held { candidate, at, .. } = answer
            && !before
        {
            let mut failed = held.failed;
            if let (true, ScopeId::Account(account)) = (billed > 0, ask.candidates[held.candidate].id) {
                failed.push((account, billed));
            }
            let held = Held { failed, grown: held.grown, ..Held::new(ask.clone(), candidate, at) };
            self.model.moved(&held, billed);
            // It was looked up before it moved: its instance would not register it as it was.
            self.looked_up.retain(|h| h.ask.request != ask.request);
            self.granted.push(held);
            let account = Ask { scopes: vec![], ..Ask::clone(&ask) };
            self.fits(&account, candidate).await;
        }
    }

    /// What has just been granted is within every limit that it was granted under.
    async fn fits(&self, ask: &Ask, candidate: usize) {
        for scope in ask.scopes.iter().chain(ask.candidates.get(candidate)) {
            let stand = standing(&self.f.cache, self.f.org, scope.id).await.unwrap();
            let within =
                |n: i64, limit: i64| assert!(limit == 0 || n <= limit, "{n} > {limit}: {scope:?} {stand:?}");
            within(stand.open, scope.concurrency.into());
            within(stand.requests_in_minute, scope.requests_per_minute.into());
            within(stand.tokens_in_minute, i64::try_from(scope.tokens_per_minute).unwrap());
            for window in &scope.windows {
                let now = stand.windows.iter().find(|w| w.kind == window.kind).unwrap();
                within(stand.nanos - now.base_nanos + stand.reserved_nanos, window.usd);
                let tokens = stand.tokens - now.base_tokens + stand.reserved_tokens;
                within(tokens, i64::try_from(window.tokens).unwrap());
                let requests = stand.requests - now.base_requests + stand.open;
                within(requests, i64::try_from(window.requests).unwrap());
            }
        }
    }

    async fn settle(&mut self, ends: Vec<(Held, End)>) {
        let mut batch: Vec<(Settlement, Held)> = Vec::new();
        for (held, end) in ends {
            let id = held.ask.request;
            let (part, account) = match self.model.entries.get(&id) {
                Some(Entry::Taken(t)) => (t.parts[0].clone(), t.parts.last().unwrap().clone()),
                _ => (parts(&held)[0].clone(), parts(&held).last().unwrap().clone()),
            };
            let row = self.model.rows.get(&id);
            // Of what is in Postgres and yet counted as running, only the reservation is left to be given back.
            let counted = matches!(self.model.entries.get(&id), Some(Entry::Taken(t)) if t.settled.is_none());
            let used = end.used && !(row.is_some() && counted);
            if batch.iter().any(|(s, _)| s.request == id && row.is_none()) {
                continue;
            }
            let charged = part.nanos * end.percent / 100;
            let figures = match row {
                Some(row) if !end.other_figures => row.figures.clone(),
                _ => format!("{charged} {}", self.granted.len()),
            };
            let one = Settlement {
                request: id,
                mode: if used { SettleMode::Settle } else { SettleMode::Release },
                charged: row.map_or(charged, |r| r.charged),
                real: row.map_or(account.nanos * end.percent / 100, |r| r.real),
                tokens: u64::try_from(row.map_or(part.tokens * end.percent / 100, |r| r.tokens)).unwrap(),
                figures,
            };
            batch.push((one, held));
        }
        let before = self.room_taken().await;
        let settlements: Vec<Settlement> = batch.iter().map(|(one, _)| one.clone()).collect();
        let (_, answers) = settle(&self.f.cache, self.f.org.shard(), &settlements).await.unwrap();
        let expected: Vec<SettledAs> = settlements.iter().map(|one| self.model.settle(one)).collect();
        assert_eq!(answers, expected, "{settlements:?}");
        let mut wrong = BTreeSet::new();
        for ((one, held), answer) in batch.iter().zip(answers) {
            if one.mode == SettleMode::Release || self.model.rows.contains_key(&one.request) {
                continue;
            }
            let scopes: Vec<ScopeId> = parts_of(held);
            let failed: Vec<(ScopeId, i64)> =
                held.failed.iter().map(|(account, nanos)| (ScopeId::Account(*account), *nanos)).collect();
            if answer != SettledAs::Now {
                wrong.extend(scopes.iter().copied().chain(failed.iter().map(|(account, _)| *account)));
            }
            let row = Row {
                scopes,
                failed,
                charged: one.charged,
                real: one.real,
                tokens: i64::try_from(one.tokens).unwrap(),
                figures: one.figures.clone(),
            };
            self.model.rows.insert(one.request, row);
        }
        for (scope, stand) in self.room_taken().await {
            let unlimited =
                batch.iter().any(|(_, held)| parts(held).iter().any(|p| p.scope == scope && p.nanos == 0));
            if let (Some(now), Some(Some(then)), false) = (stand, before.get(&scope), unlimited) {
                assert!(now <= *then, "settling took up more room: {then} → {now} in {scope:?}");
            }
        }
        // What Redis did not count is in Postgres, where it must be looked up.
        for scope in wrong {
            self.forget(scope).await;
        }
    }

    /// Spent and reserved nano-dollars, where they are known.
    async fn room_taken(&self) -> std::collections::BTreeMap<ScopeId, Option<i64>> {
        let mut all = std::collections::BTreeMap::new();
        for scope in self.universe {
            let stand = standing(&self.f.cache, self.f.org, scope).await.unwrap();
            all.insert(scope, stand.loaded.then_some(stand.nanos + stand.reserved_nanos));
        }
        all
    }

    async fn forget(&mut self, scope: ScopeId) {
        forget(&self.f.cache, self.f.org, scope).await.unwrap();
        self.model.forget(scope);
    }

    async fn begin(&mut self, scope: ScopeId) {
        let generation = begin_load(&self.f.cache, self.f.org, scope, self.f.epoch).await.unwrap();
        let generation = generation.expect("nobody else begins epochs here");
        let stamp = self.model.renewed(scope).stamp;
        let (now, _): (i64, i64) =
            redis::cmd("TIME").query_async(&mut self.f.cache.connection.clone()).await.unwrap();
        self.begun = Some((scope, generation, stamp, self.f.epoch, self.model.totals(scope), now));
    }

    async fn load(&mut self, over: bool, spent: bool) {
        let Some((scope, generation, stamp, epoch, [nanos, tokens, requests], now)) = self.begun.take()
        else {
            return;
        };
        let index = self.universe.iter().position(|s| *s == scope).unwrap();
        let window = |asked: &ScopeWindow| {
            let all = spent || asked.kind == WindowKind::Total;
            LoadedWindow {
                kind: asked.kind,
                end: match asked.kind {
                    WindowKind::Total => 0,
                    _ if over => 1,
                    _ => FAR,
                },
                base_nanos: if all { 0 } else { nanos },
                base_tokens: if all { 0 } else { tokens },
                base_requests: if all { 0 } else { requests },
            }
        };
        let windows = self.scope(index, 0, 0, Clock::Right).windows.iter().map(window).collect();
        let minute = vec![
            LoadedSecond { second: now - 90, requests: 5, tokens: 50 },
            LoadedSecond { second: now - 20, requests: 1, tokens: 3 },
        ];
        let minute = if spent { minute } else { vec![] };
        let totals = Totals { nanos, tokens, requests, windows, minute: minute.clone() };
        let answer = load(&self.f.cache, self.f.org, scope, epoch, generation, &totals).await.unwrap();
        if epoch != self.model.epoch {
            assert_eq!(answer, Loaded::OtherEpoch);
            return;
        }
        // What lies further back than a minute does not count.
        let recent = minute.into_iter().filter(|m| m.second > now - 60).collect();
        let expected = self.model.load(scope, stamp, &Totals { minute: recent, ..totals });
        assert_eq!(answer, expected);
        if answer == Loaded::Done {
            let key = format!("{}{}", crate::cache::tenant_prefix(self.f.org), scope.suffix());
            let packed: Vec<u8> = self.f.cache.connection.clone().hget(key, state::FIELD).await.unwrap();
            self.model.renewed(scope).loaded_at = state::State::unpack(&packed).unwrap().loaded_at;
        }
    }

    async fn close(&mut self, loss: Loss) {
        let mut connection = self.f.cache.connection.clone();
        match loss {
            Loss::Nothing => {}
            Loss::Organisation => {
                let pattern = format!("{}*", crate::cache::tenant_prefix(self.f.org));
                let keys: Vec<String> = connection.keys(pattern).await.unwrap();
                for key in keys {
                    let () = connection.del(key).await.unwrap();
                }
            }
            Loss::Everything => {
                let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
                self.model.entries.clear();
            }
        }
        if !matches!(loss, Loss::Nothing) {
            self.model.scopes.clear();
            self.model.lines.clear();
        }
        self.publish().await;
        let before = self.f.epoch;
        let closed = close(&self.f.cache, self.f.org.shard(), before).await.unwrap();
        assert!(closed.epoch > before && !closed.open);
        // Whoever was in the old epoch is refused from here on.
        if let Some(held) = self.granted.last() {
            let late = reserve(&self.f.cache, &self.f.script, &held.ask, before).await.unwrap();
            assert_eq!(late, Reserved::Closed);
        }
        self.f.epoch = closed.epoch;
        self.model.epoch = closed.epoch;
        self.model.open = false;
    }

    /// What instances have in their memory: granted, and neither settled nor given back.
    fn running(&self) -> Vec<Held> {
        let over = |held: &&Held| {
            let id = held.ask.request;
            self.model.rows.contains_key(&id) || matches!(self.model.entries.get(&id), Some(Entry::Mark))
        };
        let mut seen = BTreeSet::new();
        let newest = self.granted.iter().rev().filter(|held| seen.insert(held.ask.request));
        newest.filter(|held| !over(held)).cloned().collect()
    }

    async fn register(&mut self, holds: &[Held]) {
        assert!(register(&self.f.cache, self.f.org.shard(), self.f.epoch, holds).await.unwrap());
        for held in holds {
            self.model.register(held, parts(held));
        }
    }

    async fn recover(&mut self) {
        let holds = self.running();
        self.register(&holds).await;
        assert!(join(&self.f.cache, self.f.org.shard(), self.f.epoch, "boot").await.unwrap());
        let alive = BTreeSet::from(["boot".to_owned()]);
        let now = open(&self.f.cache, self.f.org.shard(), self.f.epoch, 0, &alive).await.unwrap();
        assert_eq!(now, Shard { epoch: self.f.epoch, open: true });
        self.model.open = true;
    }

    /// Another instance keeps what those have left who are no longer heard of.
    async fn keep(&mut self) {
        let nobody = BTreeSet::new();
        let shard = self.f.org.shard();
        let found = remembered(&self.f.cache, shard, self.f.epoch, "third", &nobody).await.unwrap();
        let left: BTreeSet<RequestId> = found.left.iter().copied().collect();
        let old = self.model.entries.values().filter_map(|entry| match entry {
            Entry::Taken(t) if t.epoch != self.model.epoch && t.settled.is_none() => Some(t.clone()),
            _ => None,
        });
        let old: Vec<Taken> = old.collect();
        assert_eq!(left, old.iter().map(|t| t.held.ask.request).collect());
        assert!(keep(&self.f.cache, shard, self.f.epoch, &found.left).await.unwrap());
        for taken in old {
            self.model.register(&taken.held, taken.parts);
        }
    }

    /// Redis and the model stand alike.
    async fn compare(&self) {
        for scope in self.universe {
            let mut stand = standing(&self.f.cache, self.f.org, scope).await.unwrap();
            let mut expected = self.model.standing(scope);
            if !stand.loaded {
                // What was known once is not good any more.
                (stand.nanos, stand.tokens, stand.requests) = (0, 0, 0);
                (expected.nanos, expected.tokens, expected.requests) = (0, 0, 0);
            }
            assert_eq!(stand, expected, "{scope:?}");
            let counts = [stand.open, stand.reserved_nanos, stand.reserved_tokens, stand.requests_in_minute];
            assert!(counts.into_iter().all(|n| n >= 0) && stand.tokens_in_minute >= 0, "{stand:?}");
        }
        let shard = self.f.org.shard();
        let mut holds = open_holds(&self.f.cache, shard).await.unwrap();
        holds.sort_by_key(|h| h.request);
        assert_eq!(holds.len(), self.model.entries.len());
        let (mut settled, mut checks, mut drafts) = (0_usize, 0_usize, 0_usize);
        for (hold, (id, entry)) in holds.iter().zip(&self.model.entries) {
            assert_eq!(hold.request, *id);
            match entry {
                Entry::Mark => assert_eq!(hold.boot, "-"),
                Entry::Taken(t) => {
                    let ask = &t.held.ask;
                    assert_eq!((hold.boot.as_str(), hold.epoch), (&*ask.boot, t.epoch));
                    assert_eq!((hold.candidate, hold.at), (t.held.candidate, t.held.at));
                    assert_eq!(hold.failed, t.held.failed);
                    assert_eq!((&hold.settled, &hold.checkpoint), (&t.settled, &t.check));
                    assert_eq!(hold.payload, ask.payload);
                    drafts += 1;
                    settled += usize::from(t.settled.is_some());
                    checks += usize::from(t.check.is_some());
                }
            }
        }
        // Nothing stays behind of what is not held.
        let keys = ShardKeys::new(shard);
        let counts: (usize, usize, usize) = redis::pipe()
            .hlen(keys.settled)
            .hlen(keys.checks)
            .hlen(keys.drafts)
            .query_async(&mut self.f.cache.connection.clone())
            .await
            .unwrap();
        assert_eq!(counts, (settled, checks, drafts));
    }

    /// Everything ends, and is written: what is left is nothing, and the sums are those of the rows.
    async fn finish(mut self) {
        self.recover().await;
        let left: Vec<Held> = self.running();
        for (which, held) in left.into_iter().enumerate() {
            let end = End { which, used: which % 3 != 0, percent: 70, other_figures: false };
            self.settle(vec![(held, end)]).await;
        }
        // What was settled while it counted in no epoch, or by a mark.
        let rest: Vec<RequestId> = self.model.entries.keys().copied().collect();
        for id in rest {
            let one = Settlement {
                request: id,
                mode: SettleMode::Release,
                charged: 0,
                real: 0,
                tokens: 0,
                figures: String::new(),
            };
            let (_, answers) =
                settle(&self.f.cache, self.f.org.shard(), std::slice::from_ref(&one)).await.unwrap();
            assert_eq!(answers, [self.model.settle(&one)]);
            confirm(&self.f.cache, self.f.org.shard(), &[id]).await.unwrap();
            self.model.entries.remove(&id);
        }
        for index in 0..self.universe.len() {
            self.forget(self.universe[index]).await;
            self.begin(self.universe[index]).await;
            self.load(false, true).await;
        }
        self.compare().await;
        for scope in self.universe {
            let stand = standing(&self.f.cache, self.f.org, scope).await.unwrap();
            assert_eq!((stand.open, stand.reserved_nanos, stand.reserved_tokens), (0, 0, 0), "{scope:?}");
            assert_eq!([stand.nanos, stand.tokens, stand.requests], self.model.totals(scope));
        }
    }
}

fn pick<T>(all: &[T], which: usize) -> Option<&T> {
    // Mostly the recent ones.
    all.len().checked_sub(1).map(|last| &all[last - which % (last + 1).min(8)])
}

fn parts_of(held: &Held) -> Vec<ScopeId> {
    held.ask.scopes.iter().chain(held.ask.candidates.get(held.candidate)).map(|s| s.id).collect()
}

/// Without what only time can tell; where the model could not know the moment, with that of the answer.
fn comparable(answer: &Reserved, told: Option<&Reserved>) -> Reserved {
    match (answer.clone(), told) {
        (Reserved::Refused(refusal), _) => Reserved::Refused(Refusal { retry_ms: None, ..refusal }),
        (Reserved::NoCandidate(reasons), _) => {
            Reserved::NoCandidate(reasons.into_iter().map(|r| NoCandidate { retry_ms: None, ..r }).collect())
        }
        (Reserved::Held { candidate, at: 0, mut facts }, Some(Reserved::Held { at, .. })) => {
            let length = causeway_domain::window::FIVE_HOURS_MS;
            let windows = facts.iter_mut().flat_map(|f| &mut f.windows);
            windows.filter(|w| w.end > FAR + 1).for_each(|w| w.end = at + length);
            Reserved::Held { candidate, at: *at, facts }
        }
        (other, _) => other,
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests have no command line")]
fn whatever_happens_limits_hold_and_sums_are_those_of_what_was_settled() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(PLAIN));
    let cache = runtime.block_on(server.cache());
    let history = (prop::collection::vec(limited(), 7), prop::collection::vec(op(), 30..120));
    let run = |(limits, ops): (Vec<Limited>, Vec<Op>)| {
        runtime.block_on(async {
            let mut life = Life::new(&server, Fixture::with(cache.clone()).await).await;
            life.limits = limits;
            for op in ops {
                life.step(op).await;
                life.compare().await;
            }
            life.finish().await;
        });
        Ok(())
    };
    match TestRunner::new(config).run(&history, run) {
        Ok(()) => {}
        Err(TestError::Fail(reason, (limits, ops))) => {
            let lines: Vec<String> = ops.iter().map(|op| format!("{op:?}")).collect();
            panic!("{reason}\nlimits: {limits:?}\n{}", lines.join("\n"));
        }
        Err(error) => panic!("{error}"),
    }
}
