//! Taking a hold: all limits and the choice of the account in one script, one round trip.

use super::{
    answer,
    ask::{Ask, Scope},
    question,
};
use crate::{Cache, StoreError, StoreResult};
use causeway_domain::{AccountId, window::WindowKind};
use redis::{ErrorKind, RedisError, Script, ServerErrorKind, Value};
use std::{borrow::Borrow, ops::Range};

const TEXT: &str = with_holds!("reserve.lua");

/// The reservation script of one life of an instance.
///
/// Its text names the life, so Redis knows it only from that life's own loading of it. Redis forgets scripts when it
/// restarts and hands none to a replica: a script that is unknown is the one sure sign, in the very call that would
/// have reserved, that Redis may have lost what was reserved before.
pub struct ReserveScript(Script);

impl ReserveScript {
    /// For one life.
    pub fn new(boot: &str) -> Self {
        Self(Script::new(&format!("-- {boot}\n{TEXT}")))
    }

    /// Makes it known to Redis. What was lost before this call has to be dealt with after it.
    pub async fn load(&self, cache: &Cache) -> StoreResult<()> {
        self.0.load_async(&mut cache.connection.clone()).await?;
        Ok(())
    }

    /// Whether Redis still knows it.
    pub async fn is_known(&self, cache: &Cache) -> StoreResult<bool> {
        let mut connection = cache.connection.clone();
        let known: Vec<bool> =
            redis::cmd("SCRIPT").arg("EXISTS").arg(self.0.get_hash()).query_async(&mut connection).await?;
        Ok(known == [true])
    }
}

/// The script's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Held.
    Held {
        /// Index into the candidates.
        candidate: usize,
        /// By Redis' clock, milliseconds since the epoch.
        at: i64,
        /// How each scope stands now, the account last; empty when the same request was held before.
        facts: Vec<ScopeFacts>,
    },
    /// The caller's policy is older than the one in force: reload and try again.
    Stale,
    /// The shard is closed or of another epoch: Redis is new, or has lost something. Recover and try again.
    Closed,
    /// Redis has restarted since this life last loaded its script: close, recover and try again.
    Restarted,
    /// A scope's totals are not in Redis: load them and try again. Scopes first, then candidates.
    Load(usize),
    /// The conversation is at this account, and not at the first candidate's: offer that one first, or none but others.
    Bound(AccountId),
    /// A scope's window is of another calendar than the caller's: forget its totals, load them and try again.
    Recount(usize),
    /// This request was released before this call arrived.
    Gone,
    /// Waiting for a place: ask again soon, or leave the queue.
    Queued {
        /// Index into the scopes.
        scope: usize,
        /// How many come before.
        place: usize,
        /// The limit of concurrency.
        limit: i64,
    },
    /// A limit would be exceeded.
    Refused(Refusal),
    /// No candidate has room.
    NoCandidate(Vec<NoCandidate>),
}

/// How a scope stands once the request is held. Nothing is known of scopes that were not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeFacts {
    /// Requests open, this one included.
    pub open: i64,
    /// Requests in the last minute, where they are limited.
    pub requests_in_minute: i64,
    /// Tokens in the last minute, where they are limited.
    pub tokens_in_minute: i64,
    /// Nano-dollars reserved.
    pub reserved_nanos: i64,
    /// Tokens reserved.
    pub reserved_tokens: i64,
    /// In the order of the scope's windows.
    pub windows: Vec<WindowFacts>,
}

/// How a window stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowFacts {
    /// When it ends, ms since the epoch; 0 = never.
    pub end: i64,
    /// Nano-dollars spent.
    pub nanos: i64,
    /// Tokens used.
    pub tokens: i64,
    /// Requests finished.
    pub requests: i64,
}

/// Which limit refused, and when to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Index into the scopes.
    pub scope: usize,
    /// Which limit.
    pub by: RefusedBy,
    /// Used so far, in the limit's own unit.
    pub spent: i64,
    /// Reserved by requests that are still running.
    pub reserved: i64,
    /// The limit.
    pub limit: i64,
    /// Milliseconds until it can be tried again; `None` = never by itself.
    pub retry_ms: Option<u64>,
}

/// The kinds of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedBy {
    /// Requests in the last minute.
    RequestsPerMinute,
    /// Tokens in the last minute.
    TokensPerMinute,
    /// Requests open.
    Concurrency,
    /// Dollars in a window.
    Usd(WindowKind),
    /// Tokens in a window.
    Tokens(WindowKind),
    /// Requests in a window.
    Requests(WindowKind),
}

/// Why one candidate was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCandidate {
    /// `cooling`, or the name of a limit of the account's own.
    pub reason: String,
    /// Milliseconds until it can be tried again; `None` = never by itself.
    pub retry_ms: Option<u64>,
}

/// Runs the script, for a shard that is in this epoch.
pub async fn reserve(cache: &Cache, script: &ReserveScript, ask: &Ask, epoch: i64) -> StoreResult<Reserved> {
    let answers = reserve_all(cache, script, &[ask], epoch).await?;
    answers.into_iter().next().ok_or_else(|| StoreError::corrupt("answer of the reservation script", "none"))
}

/// The same for several requests of one shard and one life, in one call: one after the other, as if each had been asked
/// for alone. What they share, such as the limits of their organisation, is sent, read and written once for all of them.
/// Either each of them has its answer, or nothing is known of any.
pub async fn reserve_all<A: Borrow<Ask>>(
    cache: &Cache,
    script: &ReserveScript,
    asks: &[A],
    epoch: i64,
) -> StoreResult<Vec<Reserved>> {
    let questions = asks.iter().map(|ask| {
        let ask = ask.borrow();
        Question { ask, offered: 0..ask.candidates.len(), policy: ask.policy_version, billed: 0 }
    });
    run(cache, script, &questions.collect::<Vec<_>>(), epoch).await
}

/// Moves a request that is held on to another account: the candidate `first` or, unless `only` that one will do, the
/// next one with room. What was reserved in all other scopes stays. [`Reserved::Gone`] when it is not held in this epoch,
/// [`Reserved::NoCandidate`] when it stays where it is. `policy` is the version that the move was decided on; `billed`,
/// what the account that it leaves may bill all the same, which stays reserved there and is spent once the request is
/// settled.
pub async fn move_on(
    cache: &Cache,
    script: &ReserveScript,
    ask: &Ask,
    epoch: i64,
    (first, only): (usize, bool),
    policy: i64,
    billed: i64,
) -> StoreResult<Reserved> {
    let last = if only { first.saturating_add(1) } else { ask.candidates.len() };
    if first == 0 || first >= ask.candidates.len() {
        return Ok(Reserved::NoCandidate(Vec::new()));
    }
    let answers =
        run(cache, script, &[Question { ask, offered: first..last, policy, billed }], epoch).await?;
    Ok(answers.into_iter().next().unwrap_or(Reserved::Gone))
}

/// What the script is asked about one request.
pub(super) struct Question<'a> {
    pub ask: &'a Ask,
    /// Which of its candidates.
    pub offered: Range<usize>,
    /// The version that it was decided on.
    pub policy: i64,
    /// What the account before may bill all the same.
    pub billed: i64,
}

impl<'a> Question<'a> {
    /// The scopes that are not its accounts'; a request that moves on has them already.
    pub(super) fn own(&self) -> &'a [Scope] {
        if self.offered.start == 0 { &self.ask.scopes } else { &[] }
    }

    pub(super) fn candidates(&self) -> &'a [Scope] {
        self.ask.candidates.get(self.offered.clone()).unwrap_or_default()
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = &'a Scope> + use<'a> {
        self.own().iter().chain(self.candidates())
    }
}

/// Asks in as few calls as can be.
async fn run(
    cache: &Cache,
    script: &ReserveScript,
    mut questions: &[Question<'_>],
    epoch: i64,
) -> StoreResult<Vec<Reserved>> {
    let mut all = Vec::with_capacity(questions.len());
    while !questions.is_empty() {
        let (call, entries) = question::call(script.0.get_hash(), questions, epoch);
        let (asked, rest) = questions.split_at(entries.questions());
        questions = rest;
        let answer: Result<Vec<Value>, RedisError> = call.query_async(&mut cache.connection.clone()).await;
        match answer {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                all.extend(vec![Reserved::Restarted; asked.len()]);
            }
            other => all.extend(answer::read(&other?, asked, &entries)?),
        }
    }
    Ok(all)
}
