//! What one request asks for: its scopes with their limits, and how its hold is written down.

use super::{Growth, ScopeId};
use causeway_domain::{AccountId, OrgId, RequestId, window::WindowKind};
use std::{fmt::Write as _, sync::Arc};

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
#[derive(Clone, Copy, Debug)]
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

    /// How a hold remembers what is reserved, as far as it is known before it is.
    pub(super) fn write_amounts(&self, to: &mut String) {
        self.write_reserved(to, self.nanos, self.tokens);
    }

    fn write_reserved(&self, to: &mut String, nanos: i64, tokens: u64) {
        self.id.write_suffix(to);
        let _ = match self.mode() {
            Mode::Noted => write!(to, ",0,0,0,"),
            mode => write!(to, ",{nanos},{tokens},{},", mode as u8),
        };
    }

    /// As a hold remembers it, once it has grown; the scripts write the same.
    fn write_part(&self, to: &mut String, at: i64, grown: &Growth) {
        if self.mode() == Mode::Noted {
            self.write_amounts(to);
            to.push(',');
            return;
        }
        let second = at / 1000;
        let nanos = if matches!(self.id, ScopeId::Account(_)) { grown.real } else { grown.charged };
        let (nanos, tokens) = (self.nanos.max(nanos), self.tokens.max(grown.tokens));
        self.write_reserved(to, nanos, tokens);
        if self.tokens_per_minute > 0 {
            let _ = write!(to, "{second}");
        }
        to.push(',');
        if self.requests_per_minute > 0 {
            let _ = write!(to, "{second}");
        }
    }
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
    pub(super) fn text(&self, epoch: i64) -> String {
        let ask = &self.ask;
        let mut text = String::with_capacity(160 + ask.payload.len());
        let _ =
            write!(text, "{}\n{}\n{}\n{}\n{epoch}\n", ask.boot, self.candidate, self.at, ask.org.0.simple());
        for scope in &ask.scopes {
            scope.write_part(&mut text, self.at, &self.grown);
            text.push(';');
        }
        for (account, nanos) in &self.failed {
            let id = ScopeId::Account(*account);
            let asked = ask.candidates.iter().find(|c| c.id == id);
            let reserved = if asked.is_some_and(|c| c.mode() != Mode::Noted) { *nanos } else { 0 };
            id.write_suffix(&mut text);
            let _ = write!(text, ",{reserved},{nanos},3,,;");
        }
        if let Some(account) = ask.candidates.get(self.candidate) {
            account.write_part(&mut text, self.at, &self.grown);
        }
        text.push('\n');
        text.push_str(&ask.payload);
        text
    }
}
