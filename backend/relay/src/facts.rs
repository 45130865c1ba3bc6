//! How the limits stand, as the holder of a key may see it: on every answer, in refusals, and on the key's own page.

use causeway_domain::{
    Limits, Nanos, money,
    window::{Calendar, WindowKind},
};
use causeway_store::hold::{LoadedWindow, ScopeFacts, ScopeId, Standing, WindowFacts};
use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

/// The header of a successful answer: a list of `scope-unit[-window];limit=…;used=…;reserved=…[;reset=seconds since the
/// epoch]`, of everything that is limited but the organisation's dollars.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-causeway-limits");

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Usd,
    Tokens,
    Requests,
    RequestsPerMinute,
    TokensPerMinute,
    Concurrency,
}

impl Unit {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Usd => "usd",
            Self::Tokens => "tokens",
            Self::Requests => "requests",
            Self::RequestsPerMinute => "requests_per_minute",
            Self::TokensPerMinute => "tokens_per_minute",
            Self::Concurrency => "concurrency",
        }
    }

    /// An amount as people read it: dollars as a decimal string, everything else as a number.
    pub(crate) fn value(self, amount: i64) -> Value {
        if self == Self::Usd { json!(Nanos(amount)) } else { json!(amount) }
    }
}

/// One limit, and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// `key`, `member` or `organization`.
    pub scope: &'static str,
    pub unit: Unit,
    pub window: Option<WindowKind>,
    pub limit: i64,
    pub used: i64,
    pub reserved: i64,
    /// Milliseconds since the epoch; `None` = never.
    pub resets: Option<i64>,
}

/// Every limit of a scope, added to those of others.
pub(crate) fn add(facts: &mut Vec<Fact>, scope: &'static str, limits: &Limits, stand: &ScopeFacts) {
    let mut add = |unit, window, limit: Option<i64>, used, reserved, resets| {
        if let Some(limit) = limit {
            facts.push(Fact { scope, unit, window, limit, used, reserved, resets });
        }
    };
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    for (kind, window) in limits.windows().zip(&stand.windows) {
        let resets = (window.end > 0).then_some(window.end);
        let usd = limits.usd.get(kind).map(|n| n.0);
        add(Unit::Usd, Some(kind), usd, window.nanos, stand.reserved_nanos, resets);
        let tokens = limits.tokens.get(kind).map(signed);
        add(Unit::Tokens, Some(kind), tokens, window.tokens, stand.reserved_tokens, resets);
        let requests = limits.requests.get(kind).map(signed);
        add(Unit::Requests, Some(kind), requests, window.requests, stand.open, resets);
    }
    let rpm = limits.requests_per_minute.map(i64::from);
    add(Unit::RequestsPerMinute, None, rpm, stand.requests_in_minute, 0, None);
    add(Unit::TokensPerMinute, None, limits.tokens_per_minute.map(signed), stand.tokens_in_minute, 0, None);
    add(Unit::Concurrency, None, limits.concurrency.map(i64::from), stand.open, 0, None);
}

/// The end of its window of five hours, if it has one: no calendar knows it, so it is written down with the row.
pub(crate) fn five_hours(id: ScopeId, limits: &Limits, stand: &ScopeFacts) -> Option<(ScopeId, i64)> {
    let mut windows = limits.windows().zip(&stand.windows);
    windows.find(|(kind, _)| *kind == WindowKind::FiveHours).map(|(_, window)| (id, window.end))
}

/// How a scope stands that nothing was reserved in just now. A window that is over is empty, and is the one that the calendar
/// has now: the next request will find it so. One of five hours begins with that request.
pub(crate) fn standing(
    limits: &Limits,
    stand: &Standing,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> ScopeFacts {
    let window = |kind| {
        let runs = |w: &&LoadedWindow| w.kind == kind && (w.end == 0 || now.timestamp_millis() < w.end);
        match stand.windows.iter().find(runs) {
            Some(w) => WindowFacts {
                end: w.end,
                nanos: stand.nanos - w.base_nanos,
                tokens: stand.tokens - w.base_tokens,
                requests: stand.requests - w.base_requests,
            },
            None => WindowFacts {
                end: calendar.ends(kind, now).map_or(0, |ends| ends.end),
                ..WindowFacts::default()
            },
        }
    };
    ScopeFacts {
        open: stand.open,
        requests_in_minute: stand.requests_in_minute,
        tokens_in_minute: stand.tokens_in_minute,
        reserved_nanos: stand.reserved_nanos,
        reserved_tokens: stand.reserved_tokens,
        windows: limits.windows().map(window).collect(),
    }
}

/// As the value of [`HEADER`]; `None` when nothing is limited. Without the organisation's dollars: what it may spend is not
/// for everybody who has one of its keys.
pub(crate) fn header(facts: &[Fact]) -> Option<HeaderValue> {
    let told = |fact: &&Fact| fact.unit != Unit::Usd || fact.scope != "organization";
    if !facts.iter().any(|fact| told(&fact)) {
        return None;
    }
    // Digits by hand: this is made for every answer.
    let (mut text, mut number) = (String::with_capacity(96 * facts.len()), itoa::Buffer::new());
    let mut dollars = money::Buffer::default();
    for fact in facts.iter().filter(told) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(fact.scope);
        text.push('-');
        text.push_str(fact.unit.as_str());
        if let Some(kind) = fact.window {
            text.push('-');
            text.push_str(kind.as_str());
        }
        for (name, amount) in [(";limit=", fact.limit), (";used=", fact.used), (";reserved=", fact.reserved)]
        {
            text.push_str(name);
            match fact.unit {
                Unit::Usd => text.push_str(Nanos(amount).format(&mut dollars)),
                _ => text.push_str(number.format(amount)),
            }
        }
        if let Some(ms) = fact.resets {
            text.push_str(";reset=");
            text.push_str(number.format(ms.div_euclid(1000) + i64::from(ms % 1000 != 0)));
        }
    }
    HeaderValue::try_from(text).ok()
}

/// As JSON, for the key's own page.
pub(crate) fn json(fact: &Fact) -> Value {
    let left = fact.limit.saturating_sub(fact.used).saturating_sub(fact.reserved).max(0);
    json!({
        "scope": fact.scope,
        "unit": fact.unit.as_str(),
        "window": fact.window,
        "limit": fact.unit.value(fact.limit),
        "used": fact.unit.value(fact.used),
        "reserved": fact.unit.value(fact.reserved),
        "remaining": fact.unit.value(left),
        "resets_at": fact.resets.and_then(DateTime::from_timestamp_millis).map(|t| t.to_rfc3339()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scope: &'static str, limits: &Limits, stand: &ScopeFacts) -> Vec<Fact> {
        let mut facts = Vec::new();
        add(&mut facts, scope, limits, stand);
        facts
    }

    #[test]
    fn a_window_that_is_over_is_empty_and_tells_when_the_present_one_ends() {
        let now: DateTime<Utc> = "2026-11-27T10:00:00Z".parse().unwrap();
        let hour = 3_600_000;
        let limits: Limits = serde_json::from_value(
            json!({"usd": {"five_hours": "1", "day": "5", "month": "50", "total": "99"}}),
        )
        .unwrap();
        let window = |kind, end| LoadedWindow { kind, end, base_nanos: 10, base_tokens: 0, base_requests: 0 };
        let (day_over, month_runs) = (now.timestamp_millis() - 34 * hour, now.timestamp_millis() + 86 * hour);
        let stand = Standing {
            nanos: 100,
            windows: vec![
                window(WindowKind::FiveHours, now.timestamp_millis() - hour),
                window(WindowKind::Day, day_over),
                window(WindowKind::Month, month_runs),
                window(WindowKind::Total, 0),
            ],
            ..Default::default()
        };
        let facts = of("key", &limits, &standing(&limits, &stand, &Calendar::default(), now));
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap().timestamp_millis());
        let told: Vec<_> = facts.iter().map(|f| (f.window.unwrap(), f.used, f.resets)).collect();
        assert_eq!(
            told,
            [
                (WindowKind::FiveHours, 0, None),
                (WindowKind::Day, 0, at("2026-11-28T00:00:00Z")),
                (WindowKind::Month, 90, Some(month_runs)),
                (WindowKind::Total, 90, None),
            ]
        );
    }

    #[test]
    fn every_limit_is_told_in_one_header_and_nothing_when_there_is_none() {
        let limits: Limits =
            serde_json::from_str(r#"{"requests_per_minute":60,"usd":{"day":"5"},"requests":{"total":9}}"#)
                .unwrap();
        let stand = ScopeFacts {
            open: 2,
            requests_in_minute: 7,
            reserved_nanos: 250_000_000,
            windows: vec![
                WindowFacts { end: 1_795_219_200_001, nanos: 1_500_000_000, ..Default::default() },
                WindowFacts { requests: 3, ..Default::default() },
            ],
            ..Default::default()
        };
        let facts = of("key", &limits, &stand);
        assert_eq!(
            header(&facts).unwrap().to_str().unwrap(),
            "key-usd-day;limit=5.00;used=1.50;reserved=0.25;reset=1795219201, \
             key-requests-total;limit=9;used=3;reserved=2, key-requests_per_minute;limit=60;used=7;reserved=0"
        );
        assert_eq!(json(&facts[0])["remaining"], "3.25");
        assert!(header(&of("key", &Limits::default(), &stand)).is_none());
        let of_all = header(&of("organization", &limits, &stand)).unwrap();
        let of_all = of_all.to_str().unwrap();
        assert!(
            of_all.starts_with("organization-requests-total;limit=9") && !of_all.contains("usd"),
            "{of_all}"
        );
    }
}
