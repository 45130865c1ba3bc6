//! What the reservation script says.

use super::{
    ask::{Ask, Mode, Scope, at_most},
    question::Entries,
    reserve::{NoCandidate, Question, Refusal, RefusedBy, Reserved, ScopeFacts, WindowFacts},
    state,
};
use crate::{StoreError, StoreResult};
use redis::{FromRedisValue, Value};

/// Reads the answers to some questions. How scopes stood before the first of them is told once: what each has taken, the
/// next one finds taken.
pub(super) fn read(
    answer: &[Value],
    questions: &[Question<'_>],
    entries: &Entries<'_>,
) -> StoreResult<Vec<Reserved>> {
    let bad = || StoreError::corrupt("answer of the reservation script", format!("{answer:?}"));
    let [Value::Int(at), Value::BulkString(packed), answers @ ..] = answer else { return Err(bad()) };
    if answers.len() != questions.len() {
        return Err(bad());
    }
    let mut stands = stands(packed, &entries.scopes).ok_or_else(bad)?;
    let each = questions.iter().zip(answers).zip(&entries.of);
    each.map(|((question, answer), of)| match answer {
        Value::Int(candidate) => {
            let candidate = usize::try_from(*candidate).map_err(|_| bad())?;
            let account = candidate.checked_sub(question.offered.start).ok_or_else(bad)?;
            let own = question.own().len();
            let taken = of.iter().take(own).chain(of.get(own + account));
            let scopes = question.own().iter().chain(question.ask.candidates.get(candidate));
            let facts = scopes.zip(taken).map(|(scope, entry)| take(scope, *entry, &mut stands));
            Ok(Reserved::Held { candidate, at: *at, facts: facts.collect::<Option<_>>().ok_or_else(bad)? })
        }
        Value::Array(words) => in_words(words, question.ask),
        _ => Err(bad()),
    })
    .collect()
}

/// How each entry stood, as far as it was looked at: doubles, the least byte first.
fn stands(packed: &[u8], entries: &[&Scope]) -> Option<Vec<Option<ScopeFacts>>> {
    let (numbers, []) = packed.as_chunks::<8>() else { return None };
    let mut numbers = numbers.iter().map(|bytes| state::whole(f64::from_le_bytes(*bytes)));
    let mut stands = vec![None; entries.len()];
    while let Some(number) = numbers.next() {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let windows = entries.get(index)?.windows.len();
        stands[index] = Some(ScopeFacts {
            open: numbers.next()?,
            requests_in_minute: numbers.next()?,
            tokens_in_minute: numbers.next()?,
            reserved_nanos: numbers.next()?,
            reserved_tokens: numbers.next()?,
            windows: (0..windows)
                .map(|_| {
                    let (end, nanos) = (numbers.next()?, numbers.next()?);
                    Some(WindowFacts { end, nanos, tokens: numbers.next()?, requests: numbers.next()? })
                })
                .collect::<Option<_>>()?,
        });
    }
    Some(stands)
}

/// How a scope stands once a request has taken what it asked for.
fn take(scope: &Scope, entry: u16, stands: &mut [Option<ScopeFacts>]) -> Option<ScopeFacts> {
    if scope.mode() == Mode::Noted {
        return Some(ScopeFacts::default());
    }
    let stand = stands.get_mut(usize::from(entry).checked_sub(1)?)?.as_mut()?;
    stand.open += 1;
    stand.reserved_nanos = stand.reserved_nanos.saturating_add(scope.nanos);
    stand.reserved_tokens = stand.reserved_tokens.saturating_add(at_most(scope.tokens));
    let (by_requests, by_tokens) = (scope.requests_per_minute > 0, scope.tokens_per_minute > 0);
    stand.requests_in_minute += i64::from(by_requests);
    stand.tokens_in_minute += if by_tokens { at_most(scope.tokens) } else { 0 };
    let mut facts = stand.clone();
    if !by_requests {
        facts.requests_in_minute = 0;
    }
    if !by_tokens {
        facts.tokens_in_minute = 0;
    }
    Some(facts)
}

/// An answer in words.
fn in_words(answer: &[Value], ask: &Ask) -> StoreResult<Reserved> {
    let bad = || StoreError::corrupt("answer of the reservation script", format!("{answer:?}"));
    let text = |i: usize| answer.get(i).and_then(|v| String::from_redis_value_ref(v).ok()).ok_or_else(bad);
    let number = |i: usize| text(i)?.parse::<i64>().map_err(|_| bad());
    let index = |i: usize| usize::try_from(number(i)?).map_err(|_| bad());
    let scope_of = |i: usize| ask.scopes.get(i).ok_or_else(bad);
    Ok(match text(0)?.as_str() {
        "OK" => Reserved::Held { candidate: index(1)?, at: number(2)?, facts: Vec::new() },
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
