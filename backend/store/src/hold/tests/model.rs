//! What the scripts must do, written down a second time. There are no totals and no counters here: only requests, and
//! where a scope stands is counted from them each time somebody asks. Time stands still but for what Redis says: the
//! cases are over within seconds, and windows end in the far past or the far future.

use super::*;
use std::collections::BTreeMap;

/// In the year 2096.
pub(super) const FAR: i64 = 4_000_000_000_000;

/// A request that is over, as its row in Postgres has it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) scopes: Vec<ScopeId>,
    /// What other accounts bill for attempts that failed.
    pub(super) failed: Vec<(ScopeId, i64)>,
    pub(super) charged: i64,
    pub(super) real: i64,
    pub(super) tokens: i64,
    pub(super) figures: String,
}

/// What a hold counts for in one scope.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) scope: ScopeId,
    /// An attempt that failed: no request, and its reservation is its bill.
    failed: bool,
    pub(super) nanos: i64,
    pub(super) tokens: i64,
    mode: ask::Mode,
    /// The second in whose minute its tokens, and itself, are counted.
    token_second: Option<i64>,
    request_second: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) held: Held,
    pub(super) epoch: i64,
    pub(super) parts: Vec<Part>,
    pub(super) settled: Option<String>,
    pub(super) check: Option<String>,
}

/// What the shard's hash of holds has under an id.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Taken(Taken),
    /// Of a release that found nothing.
    Mark,
}

/// What only a scope's hash knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    epoch: i64,
    pub(super) loaded: bool,
    /// Changes whenever totals that were read before are no longer good.
    pub(super) stamp: u64,
    /// When it was loaded, as the script has noted it.
    pub(super) loaded_at: i64,
    windows: BTreeMap<WindowKind, LoadedWindow>,
    watched: BTreeSet<WindowKind>,
    minute_loaded: bool,
    requests: BTreeMap<i64, i64>,
    tokens: BTreeMap<i64, i64>,
}

/// One organisation, alone in its shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) epoch: i64,
    pub(super) open: bool,
    pub(super) version: i64,
    pub(super) scopes: BTreeMap<ScopeId, Counted>,
    pub(super) entries: BTreeMap<RequestId, Entry>,
    pub(super) rows: BTreeMap<RequestId, Row>,
    pub(super) lines: BTreeMap<ScopeId, Vec<RequestId>>,
    pub(super) stamps: u64,
}

/// Why a scope has no room.
enum No {
    Load,
    Stale,
    Full { refusal: Refusal, place: Option<usize> },
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap()
}

pub(super) fn parts(held: &Held) -> Vec<Part> {
    let second = held.at / 1000;
    let of = |scope: &Scope| {
        let mode = scope.mode();
        let counts = mode != ask::Mode::Noted;
        let account = matches!(scope.id, ScopeId::Account(_));
        let grown = if account { held.grown.real } else { held.grown.charged };
        Part {
            scope: scope.id,
            failed: false,
            nanos: if counts { scope.nanos.max(grown) } else { 0 },
            tokens: if counts { number(scope.tokens.max(held.grown.tokens)) } else { 0 },
            mode,
            token_second: (scope.tokens_per_minute > 0).then_some(second),
            request_second: (scope.requests_per_minute > 0).then_some(second),
        }
    };
    let failed = held.failed.iter().map(|(account, nanos)| {
        let asked = held.ask.candidates.iter().find(|c| c.id == ScopeId::Account(*account)).unwrap();
        of(asked).left(*nanos)
    });
    let account = held.ask.candidates.get(held.candidate).map(of);
    held.ask.scopes.iter().map(of).chain(failed).chain(account).collect()
}

impl Part {
    /// What is left of it at an account that may bill so much.
    fn left(&self, billed: i64) -> Self {
        let nanos = if self.mode == ask::Mode::Noted { 0 } else { billed };
        Self { failed: true, nanos, tokens: 0, token_second: None, request_second: None, ..self.clone() }
    }
}

impl Model {
    /// Nano-dollars, tokens and requests of all that is over.
    pub(super) fn totals(&self, scope: ScopeId) -> [i64; 3] {
        let failed = self.rows.values().flat_map(|row| &row.failed).filter(|(account, _)| *account == scope);
        let failed: i64 = failed.map(|(_, nanos)| nanos).sum();
        let rows = self.rows.values().filter(|row| row.scopes.contains(&scope));
        rows.fold([failed, 0, 0], |[nanos, tokens, requests], row| {
            let bill = if matches!(scope, ScopeId::Account(_)) { row.real } else { row.charged };
            [nanos + bill, tokens + row.tokens, requests + 1]
        })
    }

    /// Open requests, nano-dollars and tokens that they have reserved.
    fn reserved(&self, scope: ScopeId) -> [i64; 3] {
        let taken = self.entries.values().filter_map(|entry| match entry {
            Entry::Taken(t) if t.epoch == self.epoch && t.settled.is_none() => Some(&t.parts),
            _ => None,
        });
        let parts = taken.flatten().filter(|p| p.scope == scope && p.mode != ask::Mode::Noted);
        parts.fold([0; 3], |[open, nanos, tokens], p| {
            [open + i64::from(!p.failed), nanos + p.nanos, tokens + p.tokens]
        })
    }

    fn counted(&self, scope: ScopeId) -> Counted {
        self.scopes.get(&scope).filter(|c| c.epoch == self.epoch).cloned().unwrap_or_default()
    }

    /// The scope's hash, of this epoch from now on.
    pub(super) fn renewed(&mut self, scope: ScopeId) -> &mut Counted {
        let counted = self.scopes.entry(scope).or_default();
        if counted.epoch != self.epoch {
            self.stamps += 1;
            *counted = Counted { epoch: self.epoch, stamp: self.stamps, ..Counted::default() };
        }
        counted
    }

    /// As `standing` must have it. Totals are known only of what is loaded.
    pub(super) fn standing(&self, scope: ScopeId) -> Standing {
        if self.scopes.get(&scope).is_none_or(|c| c.epoch != self.epoch) {
            return Standing::default();
        }
        let counted = self.counted(scope);
        let [nanos, tokens, requests] = self.totals(scope);
        let [open, reserved_nanos, reserved_tokens] = self.reserved(scope);
        Standing {
            loaded: counted.loaded,
            nanos,
            tokens,
            requests,
            reserved_nanos,
            reserved_tokens,
            open,
            requests_in_minute: counted.requests.values().sum(),
            tokens_in_minute: counted.tokens.values().sum(),
            windows: counted.watched.iter().map(|kind| counted.windows[kind]).collect(),
        }
    }

    /// What the reservation script must answer. Of a refusal the time to wait is left open, of a hold the moment.
    pub(super) fn judge(&self, ask: &Ask, epoch: i64) -> Reserved {
        if epoch != self.epoch || !self.open {
            return Reserved::Closed;
        }
        match self.entries.get(&ask.request) {
            Some(Entry::Mark) => return Reserved::Gone,
            Some(Entry::Taken(t)) if t.epoch == self.epoch => {
                return Reserved::Held { candidate: t.held.candidate, at: t.held.at, facts: vec![] };
            }
            _ => {}
        }
        if ask.policy_version < self.version {
            return Reserved::Stale;
        }
        let mut facts = Vec::new();
        for (index, scope) in ask.scopes.iter().enumerate() {
            match self.room(scope, ask.request) {
                Ok(stand) => facts.push(stand),
                Err(No::Load) => return Reserved::Load(index),
                Err(No::Stale) => return Reserved::Stale,
                Err(No::Full { refusal, place: Some(place) }) => {
                    return Reserved::Queued { scope: index, place, limit: refusal.limit };
                }
                Err(No::Full { refusal, .. }) => {
                    return Reserved::Refused(Refusal { scope: index, ..refusal });
                }
            }
        }
        self.choose(ask, 0, ask.scopes.len(), facts)
    }

    /// What the script must answer to a request that wants to move on, to this candidate or a later one.
    pub(super) fn judge_move(&self, ask: &Ask, epoch: i64, first: usize) -> Reserved {
        if epoch != self.epoch || !self.open {
            return Reserved::Closed;
        }
        match self.entries.get(&ask.request) {
            Some(Entry::Taken(t)) if t.epoch == self.epoch => {
                if t.held.candidate >= first {
                    return Reserved::Held { candidate: t.held.candidate, at: t.held.at, facts: vec![] };
                }
                if t.settled.is_some() {
                    return Reserved::Gone;
                }
            }
            _ => return Reserved::Gone,
        }
        if ask.policy_version < self.version {
            return Reserved::Stale;
        }
        self.choose(ask, first, 0, vec![])
    }

    /// The first account with room.
    fn choose(&self, ask: &Ask, first: usize, scopes: usize, mut facts: Vec<ScopeFacts>) -> Reserved {
        let mut reasons = Vec::new();
        for (candidate, account) in ask.candidates.iter().enumerate().skip(first) {
            match self.room(account, ask.request) {
                Ok(stand) => {
                    facts.push(stand);
                    return Reserved::Held { candidate, at: 0, facts };
                }
                Err(No::Load) => return Reserved::Load(scopes + candidate - first),
                Err(No::Stale) => return Reserved::Stale,
                Err(No::Full { refusal, .. }) => {
                    let reason = match refusal.by {
                        RefusedBy::RequestsPerMinute => "requests_per_minute",
                        RefusedBy::TokensPerMinute => "tokens_per_minute",
                        RefusedBy::Concurrency => "concurrency",
                        RefusedBy::Usd(_) => "usd",
                        RefusedBy::Tokens(_) => "tokens",
                        RefusedBy::Requests(_) => "requests",
                    };
                    reasons.push(NoCandidate { reason: reason.into(), retry_ms: None });
                }
            }
        }
        Reserved::NoCandidate(reasons)
    }

    fn room(&self, scope: &Scope, request: RequestId) -> Result<ScopeFacts, No> {
        let mode = scope.mode();
        if mode == ask::Mode::Noted {
            return Ok(ScopeFacts::default());
        }
        let counted = self.counted(scope.id);
        let unknown = |w: &ScopeWindow| !counted.watched.contains(&w.kind);
        if (mode == ask::Mode::Loaded && !counted.loaded) || scope.windows.iter().any(unknown) {
            return Err(No::Load);
        }
        let [open, reserved_nanos, reserved_tokens] = self.reserved(scope.id);
        let full = |by, spent, reserved, limit: i64, place| {
            let refusal = Refusal { scope: 0, by, spent, reserved, limit, retry_ms: None };
            Err(No::Full { refusal, place })
        };
        if scope.concurrency > 0 {
            let empty = Vec::new();
            let line = self.lines.get(&scope.id).filter(|_| scope.queue > 0).unwrap_or(&empty);
            let place = line.iter().position(|id| *id == request);
            let before = place.unwrap_or(line.len());
            if open + number(before as u64) + 1 > i64::from(scope.concurrency) {
                let may = place.or((line.len() < scope.queue as usize).then_some(line.len()));
                return full(RefusedBy::Concurrency, open, 0, scope.concurrency.into(), may);
            }
        }
        let per_minute: i64 = counted.requests.values().sum();
        let rpm = i64::from(scope.requests_per_minute);
        if rpm > 0 && per_minute + 1 > rpm {
            return full(RefusedBy::RequestsPerMinute, per_minute, 0, rpm, None);
        }
        let tokens_per_minute: i64 = counted.tokens.values().sum();
        let (tpm, tokens) = (number(scope.tokens_per_minute), number(scope.tokens));
        if tpm > 0 && tokens_per_minute + tokens > tpm {
            return full(RefusedBy::TokensPerMinute, tokens_per_minute, 0, tpm, None);
        }
        let totals = self.totals(scope.id);
        let mut windows = Vec::new();
        for window in &scope.windows {
            let now = rolled(counted.windows[&window.kind], window, totals, FAR - 1)?;
            let nanos = totals[0] - now.base_nanos;
            let used = totals[1] - now.base_tokens;
            let requests = totals[2] - now.base_requests;
            if window.usd > 0 && nanos + reserved_nanos + scope.nanos > window.usd {
                return full(RefusedBy::Usd(window.kind), nanos, reserved_nanos, window.usd, None);
            }
            let limit = number(window.tokens);
            if limit > 0 && used + reserved_tokens + tokens > limit {
                return full(RefusedBy::Tokens(window.kind), used, reserved_tokens, limit, None);
            }
            let limit = number(window.requests);
            if limit > 0 && requests + open + 1 > limit {
                return full(RefusedBy::Requests(window.kind), requests, open, limit, None);
            }
            windows.push(WindowFacts { end: now.end, nanos, tokens: used, requests });
        }
        Ok(ScopeFacts {
            open: open + 1,
            requests_in_minute: if rpm > 0 { per_minute + 1 } else { 0 },
            tokens_in_minute: if tpm > 0 { tokens_per_minute + tokens } else { 0 },
            reserved_nanos: reserved_nanos + scope.nanos,
            reserved_tokens: reserved_tokens + tokens,
            windows,
        })
    }

    /// A reservation that was granted.
    pub(super) fn take(&mut self, held: Held) {
        let parts = parts(&held);
        for scope in held.ask.scopes.iter().chain(held.ask.candidates.get(held.candidate)) {
            self.watch(scope, held.at);
            if scope.concurrency > 0
                && scope.queue > 0
                && let Some(line) = self.lines.get_mut(&scope.id)
            {
                line.retain(|id| *id != held.ask.request);
            }
        }
        self.count_minutes(&parts);
        let taken = Taken { epoch: self.epoch, parts, settled: None, check: None, held };
        self.entries.insert(taken.held.ask.request, Entry::Taken(taken));
    }

    /// A reservation in a scope begins the windows that are over.
    fn watch(&mut self, scope: &Scope, at: i64) {
        if scope.mode() == ask::Mode::Noted {
            return;
        }
        let totals = self.totals(scope.id);
        let counted = self.renewed(scope.id);
        for window in &scope.windows {
            let known = counted.windows.get_mut(&window.kind).unwrap();
            let Ok(now) = rolled(*known, window, totals, at) else { panic!("{window:?}") };
            *known = now;
        }
        counted.watched = scope.windows.iter().map(|w| w.kind).collect();
    }

    /// A request that has moved on to another account, at this moment, from one that may bill so much.
    pub(super) fn moved(&mut self, held: &Held, billed: i64) {
        let account = &held.ask.candidates[held.candidate];
        self.watch(account, held.at);
        let now = parts(&Held { grown: Growth::default(), ..held.clone() }).pop().unwrap();
        self.count_minutes(std::slice::from_ref(&now));
        let Some(Entry::Taken(taken)) = self.entries.get_mut(&held.ask.request) else { panic!() };
        taken.held = Held { at: taken.held.at, grown: taken.held.grown, ..held.clone() };
        let before = std::mem::replace(taken.parts.last_mut().unwrap(), now);
        if billed > 0 {
            taken.parts.insert(taken.parts.len() - 1, before.left(billed));
        }
        let left = self.renewed(before.scope);
        if let Some(second) = before.token_second {
            *left.tokens.entry(second).or_default() -= before.tokens;
        }
        if let Some(second) = before.request_second {
            *left.requests.entry(second).or_default() -= 1;
        }
    }

    fn count_minutes(&mut self, parts: &[Part]) {
        for part in parts.iter().filter(|p| p.mode != ask::Mode::Noted) {
            let counted = self.renewed(part.scope);
            if let Some(second) = part.token_second {
                *counted.tokens.entry(second).or_default() += part.tokens;
            }
            if let Some(second) = part.request_second {
                *counted.requests.entry(second).or_default() += 1;
            }
        }
    }

    /// What settling must answer, and what it does.
    pub(super) fn settle(&mut self, one: &Settlement) -> SettledAs {
        let used = one.mode == SettleMode::Settle;
        let taken = match self.entries.get_mut(&one.request) {
            None => {
                if !used {
                    self.entries.insert(one.request, Entry::Mark);
                }
                return SettledAs::Missing;
            }
            Some(Entry::Mark) => return if used { SettledAs::Missing } else { SettledAs::Before },
            Some(Entry::Taken(taken)) => taken,
        };
        if taken.epoch != self.epoch {
            if used {
                return SettledAs::OtherEpoch;
            }
            if taken.settled.is_some() {
                return SettledAs::Before;
            }
            self.entries.insert(one.request, Entry::Mark);
            return SettledAs::OtherEpoch;
        }
        match &taken.settled {
            Some(figures) if used && *figures != one.figures => return SettledAs::Missing,
            Some(_) => return SettledAs::Before,
            None => {}
        }
        let done = taken.clone();
        if used {
            taken.settled = Some(one.figures.clone());
        } else {
            self.entries.remove(&one.request);
        }
        for part in &done.parts {
            self.stamps += 1;
            let stamp = self.stamps;
            let Some(counted) = self.scopes.get_mut(&part.scope).filter(|c| c.epoch == self.epoch) else {
                continue;
            };
            if let Some(second) = part.token_second {
                let bill = if used { number(one.tokens) } else { 0 };
                *counted.tokens.entry(second).or_default() += bill - part.tokens;
            }
            if let Some(second) = part.request_second.filter(|_| !used) {
                *counted.requests.entry(second).or_default() -= 1;
            }
            if used && !counted.loaded {
                counted.stamp = stamp;
            }
            if used && counted.loaded && part.mode == ask::Mode::Noted && done.held.at > counted.loaded_at {
                counted.watched.clear();
            }
        }
        SettledAs::Now
    }

    pub(super) fn checkpoint(&mut self, one: &Checkpoint) {
        let Some(Entry::Taken(taken)) = self.entries.get_mut(&one.request) else { return };
        if taken.settled.is_some() {
            return;
        }
        taken.check = Some(one.figures.clone());
        let Some(growth) = one.at_least.filter(|_| taken.epoch == self.epoch) else { return };
        let mut more = Vec::new();
        for part in taken.parts.iter_mut().filter(|p| p.mode != ask::Mode::Noted && !p.failed) {
            let wanted = if matches!(part.scope, ScopeId::Account(_)) { growth.real } else { growth.charged };
            part.nanos = part.nanos.max(wanted);
            let tokens = part.tokens.max(number(growth.tokens));
            more.extend(part.token_second.map(|second| (part.scope, second, tokens - part.tokens)));
            part.tokens = tokens;
        }
        for (scope, second, tokens) in more {
            *self.renewed(scope).tokens.entry(second).or_default() += tokens;
        }
    }

    pub(super) fn forget(&mut self, scope: ScopeId) {
        self.stamps += 1;
        if let Some(counted) = self.scopes.get_mut(&scope) {
            counted.loaded = false;
            counted.stamp = self.stamps;
        }
    }

    /// Totals that were read when the scope bore this stamp.
    pub(super) fn load(&mut self, scope: ScopeId, stamp: u64, totals: &Totals) -> Loaded {
        let counted = self.renewed(scope);
        let fresh = !counted.loaded;
        if fresh && counted.stamp != stamp {
            return Loaded::Outdated;
        }
        counted.loaded = true;
        if fresh {
            counted.watched.clear();
        }
        for window in &totals.windows {
            if counted.watched.insert(window.kind) {
                counted.windows.insert(window.kind, *window);
            }
        }
        if fresh && !std::mem::replace(&mut counted.minute_loaded, true) {
            for one in &totals.minute {
                *counted.requests.entry(one.second).or_default() += one.requests;
                *counted.tokens.entry(one.second).or_default() += one.tokens;
            }
        }
        Loaded::Done
    }

    /// A hold that is counted again in the new epoch, with what it reserved then.
    pub(super) fn register(&mut self, held: &Held, parts: Vec<Part>) {
        let id = held.ask.request;
        let (mut settled, mut check) = (None, None);
        match self.entries.get(&id) {
            Some(Entry::Mark) => return,
            Some(Entry::Taken(t)) if t.epoch == self.epoch || t.settled.is_some() => return,
            Some(Entry::Taken(t)) => (settled, check) = (t.settled.clone(), t.check.clone()),
            None => {}
        }
        self.count_minutes(&parts);
        let taken = Taken { held: held.clone(), epoch: self.epoch, parts, settled, check };
        self.entries.insert(id, Entry::Taken(taken));
    }
}

/// A window as it is at its next use. `now` is later than any end in the past, and earlier than any in the future.
fn rolled(known: LoadedWindow, asked: &ScopeWindow, totals: [i64; 3], now: i64) -> Result<LoadedWindow, No> {
    let past = |end: i64| end > 0 && end < FAR / 4;
    if !past(known.end) {
        return Ok(known);
    }
    let end = match (asked.end, asked.next_end) {
        (length, _) if length < 0 => now - length,
        (first, _) if !past(first) => first,
        (_, second) if !past(second) => second,
        _ => return Err(No::Stale),
    };
    let [base_nanos, base_tokens, base_requests] = totals;
    Ok(LoadedWindow { end, base_nanos, base_tokens, base_requests, ..known })
}
