//! The provider's own quota of an account, as the headers of its answers tell: for people to see.

use causeway_accounts::catalogue::QuotaHeaders;
use causeway_domain::{AccountId, OrgId};
use causeway_store::{Store, StoreError, health};
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// What was told last, until it is written.
#[derive(Default)]
pub(super) struct Quotas {
    told: Mutex<HashMap<AccountId, (OrgId, Quota)>>,
    /// What is left of the scarcest window of each account, in ten-thousandths, as this instance was told.
    left: Mutex<HashMap<AccountId, u16>>,
}

/// How an account's windows stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Quota {
    at: DateTime<Utc>,
    windows: Vec<Window>,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Window {
    /// `5h`, `7d`, or with a family of models: `7d_opus`.
    window: String,
    /// Used, in ten-thousandths; `None` = not told.
    utilization: Option<u32>,
    status: String,
    resets_at: Option<DateTime<Utc>>,
}

impl Quota {
    fn left(&self) -> Option<u16> {
        let used = self.windows.iter().filter_map(|window| window.utilization).max()?;
        u16::try_from(10_000_u32.saturating_sub(used)).ok()
    }
}

impl Quotas {
    /// Nothing is made where nothing is told, which is what API keys get.
    pub(super) fn note(&self, org: OrgId, account: AccountId, told: (&[QuotaHeaders], &HeaderMap)) {
        let at = Utc::now();
        let quota = Quota { at, windows: windows(told, at) };
        if !quota.windows.is_empty() {
            if let Some(left) = quota.left() {
                self.left.lock().unwrap_or_else(PoisonError::into_inner).insert(account, left);
            }
            self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(account, (org, quota));
        }
    }

    /// What is left of an account's scarcest window, in ten-thousandths, if its provider has told this instance.
    pub(super) fn left(&self, account: AccountId) -> Option<u16> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).get(&account).copied()
    }

    /// Writes what was told since the last time.
    pub(super) async fn save(&self, store: &Store) -> Result<(), StoreError> {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        if told.is_empty() {
            return Ok(());
        }
        let news = told.iter().map(|(account, (org, quota))| {
            let quota = serde_json::to_value(quota).ok();
            (*org, *account, health::News { last_error: None, quota })
        });
        let mut news: Vec<_> = news.collect();
        news.sort_by_key(|(org, account, _)| (*org, *account));
        // What is lost when this fails is told again by the next answer.
        health::save(&store.jobs, &news).await
    }
}

fn windows((families, headers): (&[QuotaHeaders], &HeaderMap), now: DateTime<Utc>) -> Vec<Window> {
    let mut windows = Vec::new();
    for family in families {
        // What every window has; a status says more than a figure.
        let Some(ending) = family.status.as_ref().or(family.used.as_ref()) else { continue };
        windows.extend(headers.keys().filter_map(|name| {
            let window = name.as_str().strip_prefix(&family.prefix)?.strip_suffix(ending.as_str())?;
            // Others are about what may be bought beyond a window.
            let known = family.windows.iter().any(|known| window.starts_with(known)) && window.len() <= 40;
            known.then(|| read(family, window, headers, now))
        }));
    }
    windows.sort_by(|a, b| a.window.cmp(&b.window));
    windows
}

/// One window as its headers tell.
fn read(family: &QuotaHeaders, window: &str, headers: &HeaderMap, now: DateTime<Utc>) -> Window {
    let text = |ending: &Option<String>| {
        let name = format!("{}{window}{}", family.prefix, ending.as_ref()?);
        Some(headers.get(name)?.to_str().ok()?.trim())
    };
    let used = text(&family.used).and_then(ten_thousandths).map(|used| used / family.whole.max(1));
    let status = match text(&family.status) {
        Some(status) => status.chars().take(40).collect(),
        None if used.is_some_and(|used| used >= 10_000) => "rejected".to_owned(),
        None => "allowed".to_owned(),
    };
    let at = text(&family.resets_at).and_then(moment);
    let after = text(&family.resets_after).and_then(|text| TimeDelta::try_seconds(text.parse().ok()?));
    let length = text(&family.minutes).and_then(|minutes| length(minutes.parse().ok()?));
    Window {
        window: length.unwrap_or_else(|| window.to_owned()),
        utilization: used,
        status,
        resets_at: at.or_else(|| now.checked_add_signed(after?)),
    }
}

/// Seconds since the epoch, or RFC 3339.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    match text.parse() {
        Ok(seconds) => DateTime::from_timestamp(seconds, 0),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
    }
}

/// 300 → `5h`, 10080 → `7d`.
fn length(minutes: u32) -> Option<String> {
    match minutes {
        0 => None,
        n if n % 1440 == 0 => Some(format!("{}d", n / 1440)),
        n if n % 60 == 0 => Some(format!("{}h", n / 60)),
        n => Some(format!("{n}m")),
    }
}

/// `0.4203` → 4203. More than all of it is told too.
fn ten_thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    whole.checked_mul(10_000)?.checked_add(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_accounts::Catalogue;
    use causeway_domain::provider::Provider;
    use http::{HeaderName, HeaderValue};

    fn families(provider: Provider) -> Vec<QuotaHeaders> {
        Catalogue::shipped().unwrap().get(provider).unwrap().quota.clone()
    }

    #[test]
    fn a_provider_that_tells_lengths_and_hundredths_is_read_too() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-codex-primary-used-percent", "42.5"),
            ("x-codex-primary-window-minutes", "300"),
            ("x-codex-primary-reset-after-seconds", "60"),
            ("x-codex-secondary-used-percent", "100"),
            ("x-codex-secondary-window-minutes", "10080"),
            ("x-codex-secondary-reset-at", "1795219200"),
            ("x-codex-credits-used-percent", "1"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let read = windows((&families(Provider::CODEX), &headers), now);
        let read: Vec<_> = read
            .iter()
            .map(|w| (w.window.as_str(), w.utilization, w.status.as_str(), w.resets_at.unwrap().timestamp()))
            .collect();
        let expected =
            [("5h", Some(4_250), "allowed", 1_795_000_060), ("7d", Some(10_000), "rejected", 1_795_219_200)];
        assert_eq!(read, expected);
        assert!(windows((&[], &headers), now).is_empty());
    }

    #[test]
    fn the_windows_of_a_subscription_are_read_and_nothing_else() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("anthropic-ratelimit-unified-status", "allowed"),
            ("anthropic-ratelimit-unified-5h-status", "allowed_warning"),
            ("anthropic-ratelimit-unified-5h-utilization", "0.9"),
            ("anthropic-ratelimit-unified-5h-reset", "1795219200"),
            ("anthropic-ratelimit-unified-7d-status", "allowed"),
            ("anthropic-ratelimit-unified-7d-utilization", "1.05"),
            ("anthropic-ratelimit-unified-overage-status", "rejected"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let read = windows((&families(Provider::ANTHROPIC), &headers), Utc::now());
        let read: Vec<_> =
            read.iter().map(|w| (w.window.as_str(), w.utilization, w.status.as_str())).collect();
        assert_eq!(read, [("5h", Some(9_000), "allowed_warning"), ("7d", Some(10_500), "allowed")]);
        assert_eq!(ten_thousandths(".12345"), Some(1234));
        assert_eq!(ten_thousandths("much"), None);
    }
}
