//! Every way in which a provider is known to say when to come back.

use super::*;
use http::{HeaderName, HeaderValue};
use serde_json::json;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap().to_utc()
}

fn hint(headers: &[(&'static str, &str)], body: &Value) -> Option<(u64, Option<String>)> {
    let map: HeaderMap = headers
        .iter()
        .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_str(v).unwrap()))
        .collect();
    read(&map, body, now()).map(|h| (h.after.as_secs(), h.family))
}

#[test]
fn each_header_that_names_a_time_is_understood() {
    let epoch = (now().timestamp() + 5 * 3600).to_string();
    let week = (now().timestamp() + 6 * 86_400).to_string();
    let cases: [(&[(&'static str, &str)], u64); 9] = [
        (&[("retry-after", "37")], 37),
        (&[("retry-after", "2.5")], 2),
        (&[("retry-after", "0")], 1),
        (&[("retry-after-ms", "4000")], 4),
        (&[("retry-after", "Fri, 20 Nov 2026 12:01:30 GMT")], 90),
        (
            &[
                ("anthropic-ratelimit-tokens-remaining", "0"),
                ("anthropic-ratelimit-tokens-reset", "2026-11-20T12:00:45Z"),
                ("anthropic-ratelimit-requests-remaining", "17"),
                ("anthropic-ratelimit-requests-reset", "2026-11-20T13:00:00Z"),
            ],
            45,
        ),
        (
            &[
                ("anthropic-ratelimit-unified-5h-status", "rejected"),
                ("anthropic-ratelimit-unified-5h-reset", &epoch),
            ],
            5 * 3600,
        ),
        (&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0.5s")], 360),
        (
            &[
                ("anthropic-ratelimit-unified-status", "rejected"),
                ("anthropic-ratelimit-unified-reset", &week),
            ],
            6 * 86_400,
        ),
    ];
    for (headers, seconds) in cases {
        assert_eq!(hint(headers, &Value::Null), Some((seconds, None)), "{headers:?}");
    }
}

#[test]
fn a_window_of_one_family_concerns_that_family_only_unless_a_wider_one_refuses_too() {
    let at = (now().timestamp() + 100).to_string();
    let opus = [
        ("anthropic-ratelimit-unified-5h-status", "allowed"),
        ("anthropic-ratelimit-unified-5h-reset", "1"),
        ("anthropic-ratelimit-unified-7d_opus-status", "rejected"),
        ("anthropic-ratelimit-unified-7d_opus-reset", at.as_str()),
    ];
    assert_eq!(hint(&opus, &Value::Null), Some((100, Some("opus".to_owned()))));
    let mut both = opus.to_vec();
    both[0].1 = "rejected";
    assert_eq!(hint(&both, &Value::Null), Some((1, None)));
    let claim = [
        ("anthropic-ratelimit-unified-status", "rejected"),
        ("anthropic-ratelimit-unified-reset", at.as_str()),
        ("anthropic-ratelimit-unified-representative-claim", "seven_day_opus"),
    ];
    assert_eq!(hint(&claim, &Value::Null), Some((100, Some("opus".to_owned()))));
}

#[test]
fn each_body_that_names_a_time_is_understood() {
    let cases = [
        (json!({"error": {"resets_in_seconds": 12}}), 12),
        (json!({"error": {"resets_at": now().timestamp() + 33}}), 33),
        (
            json!({"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s"}]}}),
            27,
        ),
        (json!({"error": {"details": [{"metadata": {"quotaResetDelay": "1h2m3s"}}]}}), 3723),
    ];
    for (body, seconds) in cases {
        assert_eq!(hint(&[], &body), Some((seconds, None)), "{body}");
    }
}

#[test]
fn limits_of_which_something_remains_are_no_hint() {
    let headers = [
        ("anthropic-ratelimit-requests-remaining", "3999"),
        ("anthropic-ratelimit-requests-reset", "2026-11-20T12:01:00Z"),
        ("x-ratelimit-remaining-requests", "5"),
        ("x-ratelimit-reset-requests", "1s"),
        ("anthropic-ratelimit-unified-5h-status", "allowed_warning"),
        ("anthropic-ratelimit-unified-5h-reset", "1795219200"),
    ];
    assert_eq!(hint(&headers, &json!({"error": {"message": "slow down"}})), None);
    assert_eq!(hint(&[("retry-after", "soon")], &Value::Null), None);
}
