//! A scope as the scripts keep it in Redis: see `scope.lua`, which writes what is read here.

use super::LoadedWindow;
use causeway_domain::window::WindowKind;
use std::collections::HashMap;

/// The field of a scope's hash that has all of its sums.
pub(super) const FIELD: &str = "s";
/// Seconds that a count per minute remembers.
const RING: i64 = 61;
const HEAD: usize = 12;
const WINDOW: usize = 5;

/// How the scripts name a window.
pub(super) fn number_of(kind: WindowKind) -> i64 {
    match kind {
        WindowKind::FiveHours => 0,
        WindowKind::Day => 1,
        WindowKind::Week => 2,
        WindowKind::Month => 3,
        WindowKind::Total => 4,
    }
}

/// The window that the scripts name so.
pub(super) fn window_of(number: i64) -> Option<WindowKind> {
    WindowKind::ALL.into_iter().find(|kind| number_of(*kind) == number)
}

/// As a double, which is what Lua computes with: exact up to 2⁵³.
pub(super) fn rounded(n: i64) -> f64 {
    n as f64
}

/// A double as an integer; the scripts write no fractions.
pub(super) fn whole(n: f64) -> i64 {
    n as i64
}

/// Sums of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The epoch in which it counts.
    pub epoch: i64,
    /// Whether totals and windows are known.
    pub loaded: bool,
    /// When they were loaded, in ms since the epoch of the clock.
    pub loaded_at: i64,
    pub open: i64,
    pub reserved_nanos: i64,
    pub reserved_tokens: i64,
    pub nanos: i64,
    pub tokens: i64,
    pub requests: i64,
    /// The last second in which something was counted per minute; 0 = none yet.
    pub second: i64,
    /// Requests in the minute before it.
    pub minute_requests: i64,
    /// Those that are watched.
    pub windows: Vec<LoadedWindow>,
}

impl State {
    /// `None` for what no script has written.
    pub(super) fn unpack(packed: &[u8]) -> Option<Self> {
        let (numbers, rest) = packed.as_chunks::<8>();
        let numbers: Vec<i64> = match rest {
            [] => numbers.iter().map(|bytes| whole(f64::from_le_bytes(*bytes))).collect(),
            b"l" => numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
            _ => return None,
        };
        let (head, windows) = numbers.split_at_checked(HEAD)?;
        let &[
            epoch,
            loaded,
            loaded_at,
            open,
            reserved_nanos,
            reserved_tokens,
            nanos,
            tokens,
            requests,
            second,
            minute_requests,
            _minute_tokens,
        ] = head
        else {
            return None;
        };
        let (windows, []) = windows.as_chunks::<WINDOW>() else { return None };
        let windows = windows.iter().map(|&[kind, end, base_nanos, base_tokens, base_requests]| {
            Some(LoadedWindow { kind: window_of(kind)?, end, base_nanos, base_tokens, base_requests })
        });
        Some(Self {
            epoch,
            loaded: loaded == 1,
            loaded_at,
            open,
            reserved_nanos,
            reserved_tokens,
            nanos,
            tokens,
            requests,
            second,
            minute_requests,
            windows: windows.collect::<Option<_>>()?,
        })
    }

    /// Requests and tokens of the minute that ends with a second, from the buckets of the scope's hash.
    pub(super) fn minute(&self, fields: &HashMap<String, Vec<u8>>, until: i64) -> (i64, i64) {
        let seconds =
            (0..RING).map(|age| until - age).filter(|s| *s <= self.second && self.second - s < RING);
        seconds.fold((0, 0), |(requests, tokens), second| {
            let (more_requests, more_tokens) = bucket(fields, second).unwrap_or_default();
            (requests + more_requests, tokens + more_tokens)
        })
    }
}

fn bucket(fields: &HashMap<String, Vec<u8>>, second: i64) -> Option<(i64, i64)> {
    let (numbers, []) = fields.get(&format!("r{}", second.rem_euclid(RING)))?.as_chunks::<8>() else {
        return None;
    };
    let &[requests, tokens] = numbers else { return None };
    Some((whole(f64::from_le_bytes(requests)), whole(f64::from_le_bytes(tokens))))
}
