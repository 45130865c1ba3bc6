//! How limits stand at this moment: used, reserved, remaining and when they reset, for people to look at.
//!
//! Live from Redis, where every running request is counted. What Redis does not have (it is away, it was restarted, or
//! nothing was asked of the scope since) is what Postgres has recorded: without the requests that are running, and a
//! second or two behind. [`Stood::live`] says which. Nothing here decides anything: requests are let in by
//! [`hold::reserve`] alone.

use crate::{
    Cache, StoreResult, TenantTx,
    hold::{self, LoadedWindow, ScopeId, Standing, Totals},
    totals,
};
use causeway_domain::{
    Limits,
    window::{Calendar, WindowKind},
};
use chrono::{DateTime, Utc};

/// What is counted. The order is the one in which limits are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nano-dollars in a window.
    Usd,
    /// Tokens in a window.
    Tokens,
    /// Requests in a window.
    Requests,
    /// Requests in 60 seconds.
    RequestsPerMinute,
    /// Tokens in 60 seconds.
    TokensPerMinute,
    /// Requests that are running.
    Concurrency,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What is counted.
    pub unit: Unit,
    /// In which window; `None` where there is none.
    pub window: Option<WindowKind>,
    /// The limit.
    pub limit: i64,
    /// Used so far.
    pub used: i64,
    /// Held by requests that are running, on top of what is used.
    pub reserved: i64,
    /// When the window ends; `None` where it never does, or has not begun.
    pub resets_at: Option<DateTime<Utc>>,
}

impl State {
    /// What is left, never below nothing.
    pub fn remaining(&self) -> i64 {
        self.limit.saturating_sub(self.used).saturating_sub(self.reserved).max(0)
    }
}

/// All limits of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// False where a figure is what Postgres has recorded.
    pub live: bool,
    /// Requests that are running; `None` when Redis is away.
    pub running: Option<i64>,
    /// The limits that are set.
    pub states: Vec<State>,
}

/// How these limits of a scope of the transaction's organisation stand.
pub async fn of(
    cache: &Cache,
    tx: &mut TenantTx,
    scope: ScopeId,
    limits: &Limits,
    calendar: &Calendar,
) -> StoreResult<Stood> {
    let (org, now) = (tx.org(), Utc::now());
    // A page that shows limits must not fail because Redis has: that is when people look at it.
    let live = match hold::standing(cache, org, scope).await {
        Ok(live) => Some(live),
        Err(error) => {
            tracing::warn!(%org, %error, "limits are shown as recorded, because Redis cannot be read");
            None
        }
    };
    let known = live.as_ref().is_some_and(|live| knows(live, limits));
    let recorded = if known {
        Totals::default()
    } else {
        let kinds: Vec<_> = limits.windows().collect();
        totals::read(tx.conn(), org, scope, calendar, &kinds, now).await?
    };
    Ok(Stood {
        live: known,
        running: live.as_ref().map(|live| live.open),
        states: states(limits, &live.unwrap_or_default(), &recorded, calendar, now),
    })
}

/// Whether Redis has all that these limits are about.
fn knows(live: &Standing, limits: &Limits) -> bool {
    let has = |kind| live.windows.iter().any(|w| w.kind == kind);
    let counts = limits.requests_per_minute.is_some() || limits.tokens_per_minute.is_some();
    live.loaded && limits.windows().all(has) || limits.windows().next().is_none() && !counts
}

fn states(
    limits: &Limits,
    live: &Standing,
    recorded: &Totals,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Vec<State> {
    let mut states = Vec::new();
    let mut add = |unit: Unit, kind: WindowKind, limit: i64| {
        let of = |windows: &[LoadedWindow]| windows.iter().find(|w| w.kind == kind).copied();
        let live_window = of(&live.windows).filter(|_| live.loaded);
        let Some(w) = live_window.or_else(|| of(&recorded.windows)) else { return };
        let (source, base) = match unit {
            Unit::Usd => ((live.nanos, recorded.nanos, live.reserved_nanos), w.base_nanos),
            Unit::Tokens => ((live.tokens, recorded.tokens, live.reserved_tokens), w.base_tokens),
            _ => ((live.requests, recorded.requests, live.open), w.base_requests),
        };
        let total = if live_window.is_some() { source.0 } else { source.1 };
        // A window that is over begins anew with the next request.
        let over = w.end > 0 && w.end <= now.timestamp_millis();
        let end = if over { calendar.ends(kind, now).map_or(0, |ends| ends.end) } else { w.end };
        states.push(State {
            unit,
            window: Some(kind),
            limit,
            used: if over { 0 } else { total - base },
            reserved: source.2,
            resets_at: DateTime::from_timestamp_millis(end).filter(|_| end > 0),
        });
    };
    limits.usd.iter().for_each(|(kind, limit)| add(Unit::Usd, kind, limit.0));
    limits.tokens.iter().for_each(|(kind, limit)| add(Unit::Tokens, kind, signed(limit)));
    limits.requests.iter().for_each(|(kind, limit)| add(Unit::Requests, kind, signed(limit)));
    let minute = |count: fn(&hold::LoadedSecond) -> i64| recorded.minute.iter().map(count).sum();
    let (requests, tokens) = if live.loaded {
        (live.requests_in_minute, live.tokens_in_minute)
    } else {
        (minute(|s| s.requests), minute(|s| s.tokens))
    };
    for (unit, limit, used) in [
        (Unit::RequestsPerMinute, limits.requests_per_minute.map(i64::from), requests),
        (Unit::TokensPerMinute, limits.tokens_per_minute.map(signed), tokens),
        (Unit::Concurrency, limits.concurrency.map(i64::from), live.open),
    ] {
        if let Some(limit) = limit {
            states.push(State { unit, window: None, limit, used, reserved: 0, resets_at: None });
        }
    }
    states
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::{Nanos, limits::Windows};

    fn day(end: i64, base_nanos: i64) -> LoadedWindow {
        LoadedWindow { kind: WindowKind::Day, end, base_nanos, base_tokens: 0, base_requests: 0 }
    }

    fn limits() -> Limits {
        Limits { usd: Windows { day: Some(Nanos(100)), ..Default::default() }, ..Default::default() }
    }

    #[test]
    fn what_is_left_is_never_below_nothing() {
        let state = |limit, used, reserved| State {
            unit: Unit::Usd,
            window: None,
            limit,
            used,
            reserved,
            resets_at: None,
        };
        assert_eq!(state(10, 3, 2).remaining(), 5);
        // A limit that was lowered below what is used.
        assert_eq!(state(10, 30, 2).remaining(), 0);
        assert_eq!(state(10, i64::MAX, i64::MAX).remaining(), 0);
    }

    #[test]
    fn a_window_that_is_over_is_empty_and_ends_with_the_one_that_runs() {
        const DAY: i64 = 86_400_000;
        let live = Standing {
            loaded: true,
            nanos: 70,
            reserved_nanos: 9,
            windows: vec![day(DAY, 50)],
            ..Default::default()
        };
        let at = |ms| {
            let now = DateTime::from_timestamp_millis(ms).unwrap();
            let state = states(&limits(), &live, &Totals::default(), &Calendar::default(), now)[0];
            (state.used, state.reserved, state.resets_at.unwrap().timestamp_millis())
        };
        assert_eq!([at(DAY - 1), at(DAY)], [(20, 9, DAY), (0, 9, 2 * DAY)]);
    }

    #[test]
    fn what_redis_does_not_have_is_not_taken_for_nothing() {
        let recorded = Totals { nanos: 60, windows: vec![day(0, 20)], ..Default::default() };
        let used = |live: &Standing| {
            (
                knows(live, &limits()),
                states(&limits(), live, &recorded, &Calendar::default(), Utc::now())[0].used,
            )
        };
        let unloaded = Standing { nanos: 70, windows: vec![day(0, 0)], ..Default::default() };
        assert_eq!(used(&unloaded), (false, 40));
        assert_eq!(used(&Standing { loaded: true, nanos: 70, ..Default::default() }), (false, 40));
        assert_eq!(used(&Standing { loaded: true, ..unloaded }), (true, 70));
    }
}
