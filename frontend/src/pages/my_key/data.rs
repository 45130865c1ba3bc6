//! What the relay tells the holder of a key.

use causeway_domain::money::Nanos;
use causeway_openapi::{LimitScope, LimitState};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use crate::core::{
    error::ApiError,
    http,
    i18n::{Locale, td_string},
};

/// What the page shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) info: KeyInfo,
    pub(super) models: Vec<String>,
}

/// `GET /api/v1/key-info`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct KeyInfo {
    pub(super) name: String,
    pub(super) organization: Organization,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) limits: Vec<LimitState>,
    pub(super) usage: Usage,
    pub(super) recent: Recent,
}

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Organization {
    pub(super) name: String,
    pub(super) time_zone: String,
}

/// Over the key's whole life.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Usage {
    pub(super) total_usd: Nanos,
    pub(super) total_tokens: u64,
    pub(super) total_requests: u64,
    pub(super) running_requests: u64,
}

/// Of late.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Recent {
    /// Oldest first; the last one is today.
    pub(super) days: Vec<Day>,
    /// Newest first.
    pub(super) requests: Vec<Request>,
}

/// Sums of one day.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Day {
    pub(super) day: NaiveDate,
    pub(super) requests: u64,
    pub(super) tokens: u64,
    pub(super) usd: Nanos,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Request {
    pub(super) at: DateTime<Utc>,
    pub(super) model: String,
    pub(super) status: u16,
    pub(super) tokens: u64,
    pub(super) usd: Nanos,
}

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

/// Asks the relay for both with the key.
pub(super) async fn load(key: String) -> Result<Shown, ApiError> {
    let info = http::with_key("/api/v1/key-info", &key);
    let models = http::with_key::<Models>("/api/v1/models?limit=1000", &key);
    let (info, models) = futures_util::future::join(info, models).await;
    let models = match models {
        // A key that may not be used with the API that lists them has no models there, and still all of the rest.
        Err(ApiError::Told(_)) if info.is_ok() => Vec::new(),
        models => models?.data,
    };
    Ok(Shown { info: info?, models: models.into_iter().map(|m| m.id).collect() })
}

/// The limits of each scope that has some, the narrowest scope first.
pub(super) fn by_scope(limits: Vec<LimitState>) -> Vec<(LimitScope, Vec<LimitState>)> {
    let mut scopes: Vec<(LimitScope, Vec<LimitState>)> = Vec::new();
    for limit in limits {
        match scopes.iter_mut().find(|(scope, _)| *scope == limit.scope) {
            Some((_, list)) => list.push(limit),
            None => scopes.push((limit.scope, vec![limit])),
        }
    }
    scopes
}

/// Whose limits these are, to the holder.
pub(super) fn scope_name(scope: LimitScope, locale: Locale) -> &'static str {
    match scope {
        LimitScope::Key => td_string!(locale, my_key.scope_key),
        LimitScope::Member => td_string!(locale, my_key.scope_member),
        LimitScope::Organization => td_string!(locale, my_key.scope_organization),
        LimitScope::Account => td_string!(locale, my_key.scope_account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::window::WindowKind;
    use causeway_openapi::{Amount, LimitUnit};

    /// As the relay writes it; its own tests hold the form.
    const INFO: &str = r#"{
        "object": "api_key", "id": "01935f3a-6e1c-7c3e-9d0a-5b8f0c2f4a11", "name": "Ada's laptop",
        "organization": {"id": "01935f3a-6e1c-7c3e-9d0a-5b8f0c2f4a12", "name": "Engines", "time_zone": "Europe/Berlin"},
        "expires_at": null, "models": {"allow": [], "deny": []},
        "limits": [
            {"scope": "key", "unit": "usd", "window": "day", "limit": "5.00", "used": "1.20", "reserved": "0.05",
             "remaining": "3.75", "resets_at": "2026-11-21T00:00:00+00:00"},
            {"scope": "organization", "unit": "requests_per_minute", "window": null, "limit": 60, "used": 7, "reserved": 0,
             "remaining": 53, "resets_at": null},
            {"scope": "key", "unit": "tokens", "window": "total", "limit": 1000, "used": 7, "reserved": 0,
             "remaining": 993, "resets_at": null}
        ],
        "usage": {"total_usd": "12.90", "total_tokens": 1904210, "total_requests": 311, "reserved_usd": "0.05",
                  "running_requests": 1},
        "recent": {
            "days": [{"day": "2026-11-20", "requests": 31, "tokens": 190421, "usd": "1.20"}],
            "requests": [{"at": "2026-11-20T16:28:50+00:00", "model": "claude-sonnet-5", "status": 200,
                          "outcome": "completed", "tokens": 6112, "usd": "0.0391"}]
        }
    }"#;

    #[test]
    fn what_the_relay_tells_is_read_and_put_together_by_scope() {
        let info: KeyInfo = serde_json::from_str(INFO).unwrap();
        assert_eq!((info.usage.total_requests, info.recent.requests[0].tokens), (311, 6112));
        let scopes = by_scope(info.limits);
        let shape: Vec<_> = scopes.iter().map(|(scope, limits)| (*scope, limits.len())).collect();
        assert_eq!(shape, [(LimitScope::Key, 2), (LimitScope::Organization, 1)]);
        let first = &scopes[0].1[0];
        assert_eq!((first.unit, first.window), (LimitUnit::Usd, Some(WindowKind::Day)));
        assert_eq!(first.remaining, Amount::Dollars("3.75".parse().unwrap()));
        assert_eq!(scopes[1].1[0].limit, Amount::Count(60));
    }
}
