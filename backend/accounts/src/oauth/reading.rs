//! What an issuer's answer means: tokens, or one of three kinds of refusal.

use super::{
    call::Answer,
    token::{GrantError, Tokens},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

/// Errors after which no further try can succeed: the grant is over. The first is RFC 6749's; the others are what issuers
/// say that are more exact.
const OVER: [&str; 5] = [
    "invalid_grant",
    "refresh_token_expired",
    "refresh_token_reused",
    "refresh_token_invalidated",
    "token_revoked",
];
/// Errors that pass by themselves.
const PASSING: [&str; 3] = ["server_error", "temporarily_unavailable", "slow_down"];

/// The tokens in an answer, or what the issuer says instead.
pub(super) fn tokens(answer: Answer, now: DateTime<Utc>) -> Result<Tokens, GrantError> {
    if let Some(refused) = refusal(&answer) {
        return Err(refused);
    }
    let text = |name: &str| Some(answer.body.get(name)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    // Where a token is exchanged for another, that one may be called just `token`.
    let Some(access) = text("access_token").or_else(|| text("token")) else {
        let reason = "the issuer answered without an access token".to_owned();
        return Err(GrantError::Unavailable { reason, retry_after: None });
    };
    let number = |name: &str| number(answer.body.get(name)?);
    let expires_at = number("expires_in")
        .and_then(|seconds| now.checked_add_signed(Duration::try_seconds(seconds)?))
        .or_else(|| DateTime::from_timestamp(number("expires_at")?, 0));
    Ok(Tokens { access, refresh: text("refresh_token"), expires_at, answer: answer.body })
}

/// What an answer refuses, if it does. Some issuers do so with a status of 200.
pub(super) fn refusal(answer: &Answer) -> Option<GrantError> {
    let said = error(&answer.body);
    let busy = answer.status >= 500 || matches!(answer.status, 408 | 429);
    let retry_after = answer.retry_after;
    let Some((code, words)) = said else {
        // A page instead of an answer, as of something in between: nothing is known of the grant.
        return (!(200..300).contains(&answer.status)).then(|| GrantError::Unavailable {
            reason: format!("the issuer answered with {}", answer.status),
            retry_after,
        });
    };
    let reason = if words.is_empty() { code.clone() } else { format!("{code}: {words}") };
    Some(if busy || PASSING.contains(&code.as_str()) {
        GrantError::Unavailable { reason, retry_after }
    } else if OVER.contains(&code.as_str()) {
        GrantError::Dead { reason }
    } else {
        GrantError::Refused { code, reason }
    })
}

/// The error's code and its words: as RFC 6749 has them, or as an object, which issuers that also have an API like.
pub(super) fn error(body: &Value) -> Option<(String, String)> {
    let text = |value: &Value, name: &str| Some(said(value.get(name)?.as_str()?));
    match body.get("error")? {
        Value::String(code) => {
            let words = text(body, "error_description").or_else(|| text(body, "message"));
            Some((said(code), words.unwrap_or_default()))
        }
        object @ Value::Object(_) => {
            let code = ["code", "type", "status"].iter().find_map(|name| text(object, name));
            Some((code.unwrap_or_else(|| "error".to_owned()), text(object, "message").unwrap_or_default()))
        }
        _ => None,
    }
}

/// Seconds, which some issuers write as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An issuer's words, as far as they are fit to be shown and kept.
pub(super) fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(status: u16, body: Value) -> Result<Tokens, GrantError> {
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        tokens(Answer { status, body, retry_after: None }, now)
    }

    #[test]
    fn tokens_are_read_whatever_way_their_end_is_told() {
        for (body, end) in [
            (json!({"access_token": "a", "expires_in": 60}), Some(1_060)),
            (json!({"access_token": "a", "expires_in": "60"}), Some(1_060)),
            (json!({"token": "a", "expires_at": 5_000}), Some(5_000)),
            (json!({"access_token": "a"}), None),
        ] {
            let tokens = read(200, body).ok().unwrap();
            assert_eq!((tokens.access.as_str(), tokens.refresh.as_deref()), ("a", None));
            assert_eq!(tokens.expires_at.map(|at| at.timestamp()), end);
        }
    }

    #[test]
    fn a_grant_that_is_over_is_told_from_a_refusal_and_from_an_outage() {
        let dead = |error: &GrantError| matches!(error, GrantError::Dead { .. });
        let refused = |error: &GrantError| matches!(error, GrantError::Refused { .. });
        let away = |error: &GrantError| matches!(error, GrantError::Unavailable { .. });
        type Kind<'a> = &'a dyn Fn(&GrantError) -> bool;
        let rows: [(u16, Value, Kind<'_>, &str); 9] = [
            (400, json!({"error": "invalid_grant", "error_description": "No\u{7} such"}), &dead, "No such"),
            (401, json!({"error": {"code": "refresh_token_reused", "message": "Used"}}), &dead, "Used"),
            (401, json!({"error": "invalid_client"}), &refused, "invalid_client"),
            (200, json!({"error": "bad_verification_code"}), &refused, "bad_verification_code"),
            (503, json!({"error": "temporarily_unavailable"}), &away, "temporarily"),
            (429, json!({"error": "invalid_grant"}), &away, "invalid_grant"),
            (403, Value::Null, &away, "403"),
            (302, Value::Null, &away, "302"),
            (200, json!({}), &away, "without an access token"),
        ];
        for (status, body, kind, words) in rows {
            let error = read(status, body.clone()).err().unwrap();
            assert!(kind(&error) && error.to_string().contains(words), "{status} {body}: {error:?}");
        }
    }
}
