//! Taking a hold: all limits and the choice of the account in one script, one round trip.

use super::{ScopeId, ShardKeys};
use crate::{Cache, StoreError, StoreResult, cache::tenant_prefix, policy};
use causeway_domain::{OrgId, RequestId, window::WindowKind};
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, Script, ServerErrorKind, Value};
use std::sync::LazyLock;
use uuid::Uuid;

static RESERVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("reserve.lua")));

/// What one request asks of the script.
pub struct ReserveRequest<'a> {
    /// Organisation.
    pub org: OrgId,
    /// Made by us; asking again with the same one changes nothing and gives the same answer.
    pub request: RequestId,
    /// The life of this instance: when it ends, its holds are swept.
    pub boot: &'a str,
    /// The policy version that the caller decided on.
    pub policy_version: i64,
    /// What a usage row needs besides the figures. Opaque here, without a zero byte.
    pub payload: &'a str,
    /// Scopes that must all have room.
    pub scopes: &'a [Scope],
    /// Accounts in order of preference; the first with room is taken.
    pub candidates: &'a [Scope],
}

/// One scope's limits, and what the request could use of them at most.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Whose.
    pub id: ScopeId,
    /// Nano-dollars to reserve.
    pub nanos: i64,
    /// Tokens to reserve.
    pub tokens: u64,
    /// Whether totals are kept for this scope.
    pub tracked: bool,
    /// 0 = unlimited.
    pub requests_per_minute: u32,
    /// 0 = unlimited.
    pub tokens_per_minute: u64,
    /// 0 = unlimited.
    pub concurrency: u32,
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
}

/// The script's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Held; the candidate's index and the time by Redis' clock in ms.
    Held {
        /// Index into the candidates.
        candidate: usize,
        /// Milliseconds since the epoch.
        at: i64,
    },
    /// The caller's policy is older than the one in force: reload and try again.
    Stale,
    /// The shard is new or was lost: open it and try again.
    Unopened,
    /// A scope's totals are not in Redis: load them and try again. Scopes first, then candidates.
    Load(usize),
    /// This request was released before this call arrived.
    Gone,
    /// A limit would be exceeded.
    Refused(Refusal),
    /// No candidate has room.
    NoCandidate(Vec<NoCandidate>),
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
    /// Requests in a minute.
    RequestsPerMinute,
    /// Tokens in a minute.
    TokensPerMinute,
    /// Requests open at once.
    Concurrency,
    /// Nano-dollars in a window.
    Usd(WindowKind),
    /// Tokens in a window.
    Tokens(WindowKind),
}

/// Why one candidate was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCandidate {
    /// `cooling`, or the name of a limit of the account's own.
    pub reason: String,
    /// Milliseconds until it can be tried again.
    pub retry_ms: u64,
}

/// Runs the script.
pub async fn reserve(cache: &Cache, ask: &ReserveRequest<'_>) -> StoreResult<Reserved> {
    let call = command(ask);
    let mut connection = cache.connection.clone();
    let answer: Result<Vec<Value>, RedisError> = call.query_async(&mut connection).await;
    let answer = match answer {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            RESERVE.load_async(&mut connection).await?;
            call.query_async(&mut connection).await?
        }
        other => other?,
    };
    read_answer(&answer)
}

/// The call, written straight into one buffer: this is the one that every request waits for.
fn command(ask: &ReserveRequest<'_>) -> Cmd {
    let scopes = || ask.scopes.iter().chain(ask.candidates);
    let windows: usize = scopes().map(|s| s.windows.len()).sum();
    let count = ask.scopes.len() + ask.candidates.len();
    let mut call = Cmd::with_capacity(13 + 9 * count + 5 * windows, 600 + 120 * count + ask.payload.len());
    let shard = ShardKeys::new(ask.org.shard());
    let mut key = tenant_prefix(ask.org);
    let prefix = key.len();
    call.arg("EVALSHA").arg(RESERVE.get_hash()).arg(3 + count).arg(&shard.meta).arg(&shard.holds);
    key.push_str(policy::SUFFIX);
    call.arg(&key);
    for scope in scopes() {
        key.truncate(prefix);
        scope.id.write_suffix(&mut key);
        call.arg(&key);
    }
    let mut id = Uuid::encode_buffer();
    call.arg(&*ask.request.0.simple().encode_lower(&mut id)).arg(ask.boot).arg(ask.policy_version);
    call.arg(&*ask.org.0.simple().encode_lower(&mut id)).arg(ask.payload);
    call.arg(ask.scopes.len()).arg(ask.candidates.len());
    for scope in scopes() {
        key.clear();
        scope.id.write_suffix(&mut key);
        call.arg(&key)
            .arg(scope.nanos)
            .arg(scope.tokens)
            .arg(u8::from(scope.tracked))
            .arg(scope.requests_per_minute)
            .arg(scope.tokens_per_minute)
            .arg(scope.concurrency)
            .arg(scope.windows.len());
        for window in &scope.windows {
            call.arg(window.kind.as_str())
                .arg(window.end)
                .arg(window.next_end)
                .arg(window.usd)
                .arg(window.tokens);
        }
    }
    call
}

fn read_answer(answer: &[Value]) -> StoreResult<Reserved> {
    let bad = || StoreError::corrupt("answer of the reservation script", format!("{answer:?}"));
    let text = |i: usize| answer.get(i).and_then(|v| String::from_redis_value_ref(v).ok()).ok_or_else(bad);
    let number = |i: usize| text(i)?.parse::<i64>().map_err(|_| bad());
    let index = |i: usize| usize::try_from(number(i)?).map_err(|_| bad());
    Ok(match text(0)?.as_str() {
        "OK" => Reserved::Held { candidate: index(1)?, at: number(2)? },
        "STALE" => Reserved::Stale,
        "NEW" => Reserved::Unopened,
        "GONE" => Reserved::Gone,
        "LOAD" => Reserved::Load(index(1)?),
        "LIMIT" => {
            let window = || {
                let name = text(3)?;
                WindowKind::ALL.into_iter().find(|k| k.as_str() == name).ok_or_else(bad)
            };
            let by = match text(2)?.as_str() {
                "requests_per_minute" => RefusedBy::RequestsPerMinute,
                "tokens_per_minute" => RefusedBy::TokensPerMinute,
                "concurrency" => RefusedBy::Concurrency,
                "usd" => RefusedBy::Usd(window()?),
                "tokens" => RefusedBy::Tokens(window()?),
                _ => return Err(bad()),
            };
            Reserved::Refused(Refusal {
                scope: index(1)?,
                by,
                spent: number(4)?,
                reserved: number(5)?,
                limit: number(6)?,
                retry_ms: u64::try_from(number(7)?).ok(),
            })
        }
        "NONE" => Reserved::NoCandidate(
            (1..answer.len())
                .step_by(2)
                .map(|i| {
                    Ok(NoCandidate { reason: text(i)?, retry_ms: u64::try_from(number(i + 1)?).unwrap_or(0) })
                })
                .collect::<StoreResult<_>>()?,
        ),
        _ => return Err(bad()),
    })
}
