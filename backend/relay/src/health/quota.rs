//! The provider's own quota of an account, as the headers of its answers tell: for people to see.

use causeway_domain::{AccountId, OrgId};
use causeway_store::{Store, StoreError, health};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName};
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Every answer with any quota has this one.
static SIGN: HeaderName = HeaderName::from_static("anthropic-ratelimit-unified-status");

const PREFIX: &str = "anthropic-ratelimit-unified-";

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
    /// One look-up where nothing is told, which is what API keys get.
    pub(super) fn note(&self, org: OrgId, account: AccountId, headers: &HeaderMap) {
        if !headers.contains_key(&SIGN) {
            return;
        }
        let quota = Quota { at: Utc::now(), windows: windows(headers) };
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

fn windows(headers: &HeaderMap) -> Vec<Window> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let named = headers.iter().filter_map(|(name, value)| {
        let window = name.as_str().strip_prefix(PREFIX)?.strip_suffix("-status")?;
        // Others are about what may be bought beyond a window.
        if !(window.starts_with("5h") || window.starts_with("7d")) || window.len() > 40 {
            return None;
        }
        let reset = text(&format!("{PREFIX}{window}-reset"));
        Some(Window {
            window: window.to_owned(),
            utilization: text(&format!("{PREFIX}{window}-utilization")).and_then(ten_thousandths),
            status: value.to_str().ok()?.chars().take(40).collect(),
            resets_at: reset.and_then(|r| DateTime::from_timestamp(r.parse().ok()?, 0)),
        })
    });
    let mut windows: Vec<_> = named.collect();
    windows.sort_by(|a, b| a.window.cmp(&b.window));
    windows
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
    use http::HeaderValue;

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
        let read = windows(&headers);
        let read: Vec<_> =
            read.iter().map(|w| (w.window.as_str(), w.utilization, w.status.as_str())).collect();
        assert_eq!(read, [("5h", Some(9_000), "allowed_warning"), ("7d", Some(10_500), "allowed")]);
        assert_eq!(ten_thousandths(".12345"), Some(1234));
        assert_eq!(ten_thousandths("much"), None);
    }
}
