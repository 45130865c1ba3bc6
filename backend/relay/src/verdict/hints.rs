//! When a provider says that a limit ends: in one of half a dozen headers, or in the body.

use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// A hint is never taken for shorter than this.
const SHORTEST: Duration = Duration::from_secs(1);

/// When it ends, and for which models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hint {
    /// From now.
    pub after: Duration,
    /// The word in the names of the models that are limited; `None` = all of them.
    pub family: Option<String>,
}

/// What an answer says. The windows of a subscription come first, for they say which models they are about; then the
/// header that is made for this, then limits that are used up, then the body.
pub(crate) fn read(headers: &HeaderMap, body: &Value, now: DateTime<Utc>) -> Option<Hint> {
    if let Some((after, family)) = unified(headers, now) {
        return Some(Hint { after: after.max(SHORTEST), family });
    }
    let after = retry_after(headers, now)
        .or_else(|| used_up(headers, now))
        .or_else(|| openai_headers(headers, now))
        .or_else(|| in_body(body, now))?;
    Some(Hint { after: after.max(SHORTEST), family: None })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// From now until a moment, told as seconds since the epoch or as RFC 3339; zero when it is over.
fn until(moment: &str, now: DateTime<Utc>) -> Option<Duration> {
    let at = match moment.parse::<i64>() {
        Ok(seconds) => DateTime::from_timestamp(seconds, 0)?,
        Err(_) => DateTime::parse_from_rfc3339(moment).ok()?.to_utc(),
    };
    Some((at - now).to_std().unwrap_or(Duration::ZERO))
}

/// `anthropic-ratelimit-unified-{5h,7d,7d_opus}-{status,reset}`: the last of the windows that refuse. It names a family
/// where only windows of that family do.
fn unified(headers: &HeaderMap, now: DateTime<Utc>) -> Option<(Duration, Option<String>)> {
    const PREFIX: &str = "anthropic-ratelimit-unified-";
    let refusing = headers.iter().filter_map(|(name, value)| {
        let window = name.as_str().strip_prefix(PREFIX)?.strip_suffix("-status")?;
        let refuses = value.to_str().is_ok_and(|status| status.trim() == "rejected");
        refuses
            .then(|| text(headers, &format!("{PREFIX}{window}-reset")))?
            .and_then(|reset| Some((window, until(reset, now)?)))
    });
    let refusing: Vec<(&str, Duration)> = refusing.collect();
    let of_all = refusing.iter().filter(|(window, _)| family(window).is_none());
    if let Some((_, after)) = of_all.max_by_key(|(_, after)| *after) {
        return Some((*after, None));
    }
    if let Some((window, after)) = refusing.iter().max_by_key(|(_, after)| *after) {
        return Some((*after, family(window)));
    }
    if text(headers, "anthropic-ratelimit-unified-status") != Some("rejected") {
        return None;
    }
    let after = until(text(headers, "anthropic-ratelimit-unified-reset")?, now)?;
    let claim = text(headers, "anthropic-ratelimit-unified-representative-claim");
    Some((after, claim.and_then(|claim| family(claim.strip_prefix("seven_day")?))))
}

/// `7d_opus` → `opus`; `5h` → none.
fn family(window: &str) -> Option<String> {
    let (_, family) = window.split_once('_')?;
    // It is kept: a provider must not make it as long as it likes.
    let known = (1..=40).contains(&family.len()) && family.bytes().all(|b| b.is_ascii_alphanumeric());
    known.then(|| family.to_owned())
}

/// `retry-after` in seconds or as a date, and its cousin in milliseconds.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    if let Some(ms) = text(headers, "retry-after-ms").and_then(|v| v.parse().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let value = text(headers, "retry-after")?;
    seconds(value).or_else(|| {
        let at = DateTime::parse_from_rfc2822(value).ok()?;
        Some((at.to_utc() - now).to_std().unwrap_or(Duration::ZERO))
    })
}

/// Seconds, perhaps with a fraction.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// `anthropic-ratelimit-*-reset` of those limits of which nothing remains: the last of them. The others come with every
/// answer and mean nothing.
fn used_up(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let ends = headers.iter().filter_map(|(name, value)| {
        let limit = name.as_str().strip_prefix("anthropic-ratelimit-")?.strip_suffix("-reset")?;
        let left = text(headers, &format!("anthropic-ratelimit-{limit}-remaining"))?;
        (left == "0").then(|| until(value.to_str().ok()?, now)).flatten()
    });
    ends.max()
}

/// `x-ratelimit-reset-{requests,tokens}` as `6m0s`, unless something remains.
fn openai_headers(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let ends = ["requests", "tokens"].into_iter().filter_map(|limit| {
        let left = text(headers, &format!("x-ratelimit-remaining-{limit}"));
        let reset = text(headers, &format!("x-ratelimit-reset-{limit}"))?;
        if left.is_some_and(|left| left != "0") {
            return None;
        }
        length(reset).or_else(|| until(reset, now))
    });
    ends.max()
}

/// `1h2m3.5s`, `120ms`, `27s`.
fn length(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..unit_end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(amount * unit).ok()?)?;
        rest = &after[unit_end..];
    }
    Some(total)
}

/// OpenAI's `resets_at` and `resets_in_seconds`, Google's `RetryInfo.retryDelay` and `quotaResetDelay`.
fn in_body(body: &Value, now: DateTime<Utc>) -> Option<Duration> {
    let error = body.get("error").unwrap_or(body);
    if let Some(after) = error.get("resets_in_seconds").and_then(Value::as_f64) {
        return Duration::try_from_secs_f64(after).ok();
    }
    if let Some(at) = error.get("resets_at") {
        return until(&at.as_i64().map(|n| n.to_string()).or_else(|| at.as_str().map(str::to_owned))?, now);
    }
    let details = error.get("details")?.as_array()?;
    let delays = details.iter().filter_map(|detail| {
        let delay = detail.get("retryDelay").or_else(|| detail.get("metadata")?.get("quotaResetDelay"))?;
        length(delay.as_str()?)
    });
    delays.max()
}

#[cfg(test)]
mod tests;
