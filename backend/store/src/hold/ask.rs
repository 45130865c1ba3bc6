//! What one request asks for: its scopes with their limits, and how its hold is written down.

use super::{
    Growth, ScopeId,
    record::{self, Part, Record},
};
use causeway_domain::{AccountId, OrgId, RequestId, window::WindowKind};
use std::sync::Arc;

/// What one request asks of the reservation script. Kept for as long as it is held, so that the hold can be counted
/// again should Redis lose it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Organisation.
    pub org: OrgId,
    /// Made by us; asking again with the same one changes nothing and gives the same answer.
    pub request: RequestId,
    /// The life of this instance: when it ends, its holds are swept.
    pub boot: Arc<str>,
    /// The policy version that the caller decided on.
    pub policy_version: i64,
    /// What a usage row needs besides the figures. Opaque here, without a zero byte.
    pub payload: String,
    /// Scopes that must all have room.
    pub scopes: Vec<Scope>,
    /// Accounts in order of preference; the first with room is taken.
    pub candidates: Vec<Scope>,
    /// Where the request belongs to a conversation that stays with its account.
    pub conversation: Option<Conversation>,
}

/// A conversation that stays with its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Names it, within the organisation: hexadecimal.
    pub key: String,
    /// For how long after this request it is remembered, in ms. Not 0.
    pub remembered_ms: u64,
    /// Whether it may be at another account than the first candidate's. Then nothing is reserved if it is, and the answer
    /// says where it is ([`super::Reserved::Bound`]). If not, it is at the account that is taken from now on.
    pub elsewhere: bool,
}

/// One scope's limits, and what the request could use of them at most.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose.
    pub id: ScopeId,
    /// Count what is open and reserved even where nothing is limited, for people to see.
    pub counted: bool,
    /// Nano-dollars to reserve.
    pub nanos: i64,
    /// Tokens to reserve.
    pub tokens: u64,
    /// 0 = unlimited.
    pub requests_per_minute: u32,
    /// 0 = unlimited.
    pub tokens_per_minute: u64,
    /// 0 = unlimited.
    pub concurrency: u32,
    /// Requests that may wait for `concurrency`; 0 = none.
    pub queue: u32,
    /// Budgets.
    pub windows: Vec<ScopeWindow>,
}

/// A budget in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeWindow {
    /// Which.
    pub kind: WindowKind,
    /// End of the running window in ms since the epoch; 0 = never; negative = minus the length of a window that
    /// begins with its first use.
    pub end: i64,
    /// End of the one after it.
    pub next_end: i64,
    /// Nano-dollars; 0 = unlimited.
    pub usd: i64,
    /// Tokens; 0 = unlimited.
    pub tokens: u64,
    /// Requests; 0 = unlimited.
    pub requests: u64,
}

/// How much the script does for a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is limited: its totals are kept if they are loaded, and that is all.
    Noted = 0,
    /// What is open is counted.
    Counted = 1,
    /// And what was used before must be known.
    Loaded = 2,
}

impl Scope {
    /// Without any limit.
    pub fn unlimited(id: ScopeId) -> Self {
        Self {
            id,
            counted: false,
            nanos: 0,
            tokens: 0,
            requests_per_minute: 0,
            tokens_per_minute: 0,
            concurrency: 0,
            queue: 0,
            windows: Vec::new(),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        if !self.windows.is_empty() || self.requests_per_minute > 0 || self.tokens_per_minute > 0 {
            Mode::Loaded
        } else if self.counted || self.concurrency > 0 {
            Mode::Counted
        } else {
            Mode::Noted
        }
    }

    /// Its mode as a hold keeps it, with what of it is counted in the minute.
    fn kept_mode(&self) -> u8 {
        let of_tokens = if self.tokens_per_minute > 0 { record::OF_TOKENS } else { 0 };
        let of_requests = if self.requests_per_minute > 0 { record::OF_REQUESTS } else { 0 };
        self.mode() as u8 + of_tokens + of_requests
    }

    /// What is to be reserved, as a hold keeps it.
    pub(super) fn write_amounts(&self, to: &mut Vec<u8>) {
        match self.mode() {
            Mode::Noted => record::write_amounts(to, 0, 0, 0),
            _ => record::write_amounts(to, self.kept_mode(), self.nanos, at_most(self.tokens)),
        }
    }

    /// As a hold keeps it, once it has grown; the scripts write the same.
    fn part(&self, at: i64, grown: &Growth) -> Part {
        let (suffix, mode) = (self.id.suffix(), self.kept_mode());
        if self.mode() == Mode::Noted {
            return Part { suffix, mode, nanos: 0, tokens: 0, second: 0 };
        }
        let nanos = if matches!(self.id, ScopeId::Account(_)) { grown.real } else { grown.charged };
        let minute = self.tokens_per_minute > 0 || self.requests_per_minute > 0;
        Part {
            suffix,
            mode,
            nanos: self.nanos.max(nanos),
            tokens: at_most(self.tokens.max(grown.tokens)),
            second: if minute { u32::try_from(at / 1000).unwrap_or(0) } else { 0 },
        }
    }

    /// Whether the limits are the same: how much of them is to be reserved may differ.
    pub(super) fn limits_like(&self, other: &Self) -> bool {
        let numbers = |s: &Self| (s.requests_per_minute, s.tokens_per_minute, s.concurrency, s.queue);
        self.mode() == other.mode() && numbers(self) == numbers(other) && self.windows == other.windows
    }
}

pub(super) fn at_most(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A reservation that was granted.
#[derive(Clone, Debug)]
pub struct Held {
    /// What was asked for.
    pub ask: Arc<Ask>,
    /// The candidate that was chosen.
    pub candidate: usize,
    /// When, by Redis' clock in ms.
    pub at: i64,
    /// What accounts that it has moved on from may bill for their attempts, in nano-dollars.
    pub failed: Vec<(AccountId, i64)>,
    /// What is reserved at least, where a stream has used more than was asked for.
    pub grown: Growth,
}

impl Held {
    /// As it was granted.
    pub fn new(ask: Arc<Ask>, candidate: usize, at: i64) -> Self {
        Self { ask, candidate, at, failed: Vec::new(), grown: Growth::default() }
    }

    /// The hold as the script would have written it in this epoch.
    pub(super) fn record(&self, epoch: i64) -> Record {
        let ask = &self.ask;
        let failed = self.failed.iter().map(|(account, nanos)| {
            let id = ScopeId::Account(*account);
            let asked = ask.candidates.iter().find(|c| c.id == id);
            let reserved = if asked.is_some_and(|c| c.mode() != Mode::Noted) { *nanos } else { 0 };
            Part { suffix: id.suffix(), mode: record::LEFT, nanos: reserved, tokens: *nanos, second: 0 }
        });
        let own = ask.scopes.iter().map(|scope| scope.part(self.at, &self.grown));
        let account = ask.candidates.get(self.candidate).map(|account| account.part(self.at, &self.grown));
        Record {
            candidate: u16::try_from(self.candidate).unwrap_or(u16::MAX),
            at: self.at,
            epoch,
            org: ask.org.0.simple().to_string(),
            parts: own.chain(failed).chain(account).collect(),
        }
    }
}

impl Ask {
    /// What is kept of it for the row, beside the hold: its life and its payload.
    pub(super) fn draft(&self) -> String {
        draft(&self.boot, &self.payload)
    }
}

pub(super) fn draft(boot: &str, payload: &str) -> String {
    let mut text = String::with_capacity(boot.len() + 1 + payload.len());
    text.push_str(boot);
    text.push('\n');
    text.push_str(payload);
    text
}
