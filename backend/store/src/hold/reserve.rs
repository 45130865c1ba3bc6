//! Taking a hold: all limits and the choice of the account in one script, one round trip.

use super::{
    ShardKeys,
    ask::{Ask, Mode, Scope},
    state,
};
use crate::{Cache, StoreError, StoreResult, cache::write_tenant_prefix, policy};
use causeway_domain::{AccountId, window::WindowKind};
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind, Value};
use std::{borrow::Borrow, ops::Range};
use uuid::Uuid;

/// Where conversations are remembered, behind the organisation's prefix.
const CONVERSATION: &str = "s:";

const TEXT: &str = concat!(include_str!("scope.lua"), include_str!("reserve.lua"));

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
/// for alone. What they share, such as the limits of their organisation, is read and written once for all of them. Either
/// each of them has its answer, or nothing is known of any.
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
struct Question<'a> {
    ask: &'a Ask,
    /// Which of its candidates.
    offered: Range<usize>,
    /// The version that it was decided on.
    policy: i64,
    /// What the account before may bill all the same.
    billed: i64,
}

impl Question<'_> {
    /// The scopes that are not its accounts'; a request that moves on has them already.
    fn own(&self) -> &[Scope] {
        if self.offered.start == 0 { &self.ask.scopes } else { &[] }
    }

    fn candidates(&self) -> &[Scope] {
        self.ask.candidates.get(self.offered.clone()).unwrap_or_default()
    }

    fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.own().iter().chain(self.candidates())
    }
}

async fn run(
    cache: &Cache,
    script: &ReserveScript,
    questions: &[Question<'_>],
    epoch: i64,
) -> StoreResult<Vec<Reserved>> {
    let Some(call) = command(script, questions, epoch) else { return Ok(Vec::new()) };
    let answer: Result<Vec<Vec<Value>>, RedisError> = call.query_async(&mut cache.connection.clone()).await;
    match answer {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            Ok(vec![Reserved::Restarted; questions.len()])
        }
        Ok(answers) if answers.len() != questions.len() => {
            Err(StoreError::corrupt("answer of the reservation script", format!("{answers:?}")))
        }
        other => questions
            .iter()
            .zip(other?)
            .map(|(question, answer)| read_answer(&answer, question.ask, question.offered.start))
            .collect(),
    }
}

/// The call, written straight into one buffer: this is the one that every request waits for.
fn command(script: &ReserveScript, questions: &[Question<'_>], epoch: i64) -> Option<Cmd> {
    let one = questions.first()?.ask;
    let scopes = |q: &Question<'_>| q.own().len() + q.candidates().len();
    let counts = || questions.iter().map(scopes);
    let keys = |q| 1 + scopes(q) + usize::from(q.ask.conversation.is_some());
    let payloads: usize = questions.iter().map(|q| q.ask.payload.len()).sum();
    let all: usize = counts().sum();
    let mut call = Cmd::with_capacity(
        7 + 7 * questions.len() + 3 * all,
        120 + 280 * questions.len() + 400 * all + payloads,
    );
    let shard = ShardKeys::of(one.org.shard());
    let number = 2 + questions.iter().map(keys).sum::<usize>();
    call.arg("EVALSHA").arg(script.0.get_hash()).arg(number).arg(&shard.meta).arg(&shard.holds);
    let mut text = String::with_capacity(128);
    for question in questions {
        let ask = question.ask;
        text.clear();
        write_tenant_prefix(&mut text, ask.org);
        let prefix = text.len();
        text.push_str(policy::SUFFIX);
        call.arg(&text);
        for scope in question.scopes() {
            text.truncate(prefix);
            scope.id.write_suffix(&mut text);
            call.arg(&text);
        }
        if let Some(conversation) = &ask.conversation {
            text.truncate(prefix);
            text.push_str(CONVERSATION);
            text.push_str(&conversation.key);
            call.arg(&text);
        }
    }
    call.arg(&*one.boot).arg(epoch);
    let mut id = Uuid::encode_buffer();
    let mut numbers = Numbers::default();
    for question in questions {
        let ask = question.ask;
        call.arg(&*ask.request.0.simple().encode_lower(&mut id));
        call.arg(&*ask.org.0.simple().encode_lower(&mut id)).arg(&ask.payload).arg(question.billed);
        let sizes = [question.own().len(), question.candidates().len(), question.offered.start];
        let conversation = ask.conversation.as_ref();
        numbers.clear();
        numbers.push(question.policy).all(sizes.map(|size| i64::try_from(size).unwrap_or(i64::MAX)));
        numbers.push(conversation.map_or(0, |c| at_most(c.remembered_ms.max(1))));
        numbers.push(i64::from(conversation.is_some_and(|c| c.elsewhere)));
        call.arg(numbers.bytes());
        for scope in question.scopes() {
            text.clear();
            scope.write_amounts(&mut text);
            arguments(&mut numbers, scope);
            call.arg(&text).arg(numbers.bytes());
        }
    }
    Some(call)
}

fn arguments(numbers: &mut Numbers, scope: &Scope) {
    let mode = scope.mode();
    numbers.clear();
    numbers.push(mode as i64);
    if mode == Mode::Noted {
        return;
    }
    numbers.push(scope.nanos).push(at_most(scope.tokens)).push(scope.requests_per_minute.into());
    numbers.push(at_most(scope.tokens_per_minute)).push(scope.concurrency.into()).push(scope.queue.into());
    numbers.push(i64::try_from(scope.windows.len()).unwrap_or(i64::MAX));
    for window in &scope.windows {
        let limits = [window.usd, at_most(window.tokens), at_most(window.requests)];
        numbers.push(state::number_of(window.kind)).push(window.end).push(window.next_end).all(limits);
    }
}

fn at_most(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Numbers as the script reads them: doubles, which is what Lua computes with, the least byte first.
#[derive(Default)]
struct Numbers(Vec<u8>);

impl Numbers {
    fn push(&mut self, n: i64) -> &mut Self {
        self.0.extend_from_slice(&state::rounded(n).to_le_bytes());
        self
    }

    fn all(&mut self, some: [i64; 3]) {
        for n in some {
            self.push(n);
        }
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn read_answer(answer: &[Value], ask: &Ask, first: usize) -> StoreResult<Reserved> {
    let bad = || StoreError::corrupt("answer of the reservation script", format!("{answer:?}"));
    let text = |i: usize| answer.get(i).and_then(|v| String::from_redis_value_ref(v).ok()).ok_or_else(bad);
    let number = |i: usize| text(i)?.parse::<i64>().map_err(|_| bad());
    let index = |i: usize| usize::try_from(number(i)?).map_err(|_| bad());
    let scope_of = |i: usize| ask.scopes.get(i).ok_or_else(bad);
    Ok(match text(0)?.as_str() {
        "OK" => {
            let candidate = index(1)?;
            let own = if first == 0 { &ask.scopes[..] } else { &[] };
            let facts = match answer.get(3) {
                None => Vec::new(),
                Some(Value::BulkString(packed)) => {
                    facts(packed, own.iter().chain(ask.candidates.get(candidate))).ok_or_else(bad)?
                }
                Some(_) => return Err(bad()),
            };
            Reserved::Held { candidate, at: number(2)?, facts }
        }
        "STALE" => Reserved::Stale,
        "CLOSED" => Reserved::Closed,
        "GONE" => Reserved::Gone,
        "BOUND" => {
            Reserved::Bound(text(1)?.strip_prefix("a:").and_then(|id| id.parse().ok()).ok_or_else(bad)?)
        }
        "LOAD" => Reserved::Load(index(1)?),
        "RECOUNT" => Reserved::Recount(index(1)?),
        "QUEUED" => {
            let scope = index(1)?;
            Reserved::Queued { scope, place: index(2)?, limit: scope_of(scope)?.concurrency.into() }
        }
        "LIMIT" => {
            let index = index(1)?;
            let scope = scope_of(index)?;
            let kind = state::window_of(number(3)?);
            let window =
                || kind.and_then(|kind| scope.windows.iter().find(|w| w.kind == kind)).ok_or_else(bad);
            let (by, limit) = match text(2)?.as_str() {
                "requests_per_minute" => (RefusedBy::RequestsPerMinute, scope.requests_per_minute.into()),
                "tokens_per_minute" => (RefusedBy::TokensPerMinute, at_most(scope.tokens_per_minute)),
                "concurrency" => (RefusedBy::Concurrency, scope.concurrency.into()),
                "usd" => window().map(|w| (RefusedBy::Usd(w.kind), w.usd))?,
                "tokens" => window().map(|w| (RefusedBy::Tokens(w.kind), at_most(w.tokens)))?,
                "requests" => window().map(|w| (RefusedBy::Requests(w.kind), at_most(w.requests)))?,
                _ => return Err(bad()),
            };
            let retry_ms = u64::try_from(number(6)?).ok();
            Reserved::Refused(Refusal {
                scope: index,
                by,
                spent: number(4)?,
                reserved: number(5)?,
                limit,
                retry_ms,
            })
        }
        "NONE" => Reserved::NoCandidate(
            (1..answer.len())
                .step_by(2)
                .map(|i| Ok(NoCandidate { reason: text(i)?, retry_ms: u64::try_from(number(i + 1)?).ok() }))
                .collect::<StoreResult<_>>()?,
        ),
        _ => return Err(bad()),
    })
}

/// Unpacks what the script has packed: doubles, in the order of [`ScopeFacts`].
fn facts<'a>(packed: &[u8], scopes: impl Iterator<Item = &'a Scope>) -> Option<Vec<ScopeFacts>> {
    let (numbers, []) = packed.as_chunks::<8>() else { return None };
    let mut numbers = numbers.iter().map(|bytes| state::whole(f64::from_le_bytes(*bytes)));
    let all = scopes.map(|scope| scope_facts(scope, &mut numbers)).collect::<Option<_>>();
    all.filter(|_| numbers.next().is_none())
}

fn scope_facts(scope: &Scope, numbers: &mut impl Iterator<Item = i64>) -> Option<ScopeFacts> {
    if scope.mode() == Mode::Noted {
        return Some(ScopeFacts::default());
    }
    Some(ScopeFacts {
        open: numbers.next()?,
        requests_in_minute: numbers.next()?,
        tokens_in_minute: numbers.next()?,
        reserved_nanos: numbers.next()?,
        reserved_tokens: numbers.next()?,
        windows: (scope.windows.iter())
            .map(|_| {
                let (end, nanos) = (numbers.next()?, numbers.next()?);
                Some(WindowFacts { end, nanos, tokens: numbers.next()?, requests: numbers.next()? })
            })
            .collect::<Option<_>>()?,
    })
}
