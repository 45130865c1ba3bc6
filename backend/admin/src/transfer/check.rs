//! Whether a line is a request that may enter.
//!
//! The organisation is the caller's, whatever a file says. Keys, accounts and members must be this organisation's, deleted
//! ones included: rows of others would move budgets that nobody here has, and figures of a stranger's key would be a way
//! into another organisation's limits.

use causeway_domain::{Nanos, OrgId, RequestId, TokenCounts, price::Snapshot};
use causeway_openapi::UsageRecord;
use causeway_store::{
    ledger::{Outcome, Revision, UsageEvent},
    references::References,
};
use chrono::{DateTime, Duration, Utc};
use std::sync::Arc;

/// Why not: the field, and what is wrong with it.
pub(super) type Refusal = (&'static str, String);

/// Far more than any model reads or writes at once, and far from where sums overflow.
const MOST_TOKENS: u64 = 1_000_000_000;
const DEAREST: Nanos = Nanos(1_000_000 * causeway_domain::money::PER_DOLLAR);
/// When the first of these programs cannot yet have been used, in milliseconds since the epoch: 2020.
const EARLIEST_MS: i64 = 1_577_836_800_000;

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Result<UsageRecord, (String, String)> {
    // Serde would also fill a record from an array, by place.
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err((String::new(), "is no JSON object".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(line);
    let record = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let text = error.inner().to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        // The names of all those fields say less than the one.
        let message =
            message.split_once(", expected one of").map_or(message, |(message, _)| message).to_owned();
        let named = ["unknown field `", "missing field `"]
            .iter()
            .find_map(|start| message.strip_prefix(start)?.split_once('`').map(|(name, _)| name.to_owned()));
        (named.unwrap_or(if path == "." || path == "?" { String::new() } else { path }), message)
    })?;
    reader.end().map_err(|_| (String::new(), "has more than one JSON value".to_owned()))?;
    Ok(record)
}

/// Whether its id can be looked up at all, which comes before everything that needs the database.
pub(super) fn identified(record: &UsageRecord, now: DateTime<Utc>) -> Result<(), Refusal> {
    let (id, ms) = (record.request_id.0, record.request_id.started_ms());
    if id.get_version_num() != 7 {
        return Err(("request_id", "is no UUID of version 7".to_owned()));
    }
    if ms < EARLIEST_MS || ms > (now + Duration::minutes(1)).timestamp_millis() {
        return Err(("request_id", "carries a time before 2020 or in the future".to_owned()));
    }
    if (record.started_at.timestamp_millis() - ms).abs() > 60_000 {
        return Err(("started_at", "is not the time that request_id carries".to_owned()));
    }
    Ok(())
}

/// The request, if everything about it is acceptable.
pub(super) fn checked(org: OrgId, record: UsageRecord, known: &References) -> Result<UsageEvent, Refusal> {
    if !known.keys.contains(&record.key_id) {
        return Err(("key_id", "is no key of this organisation".to_owned()));
    }
    match known.accounts.get(&record.account_id) {
        None => return Err(("account_id", "is no account of this organisation".to_owned())),
        Some(provider) if *provider != record.provider => {
            return Err(("provider", format!("is not the account's, which is {provider}")));
        }
        Some(_) => {}
    }
    if record.member_id.is_some_and(|id| !known.users.contains(&id)) {
        return Err((
            "member_id",
            "is nobody who belongs to this organisation or had a key in it".to_owned(),
        ));
    }
    numbers(&record)?;
    texts(&record)?;
    let price: Snapshot = serde_json::from_str(&record.price.to_string())
        .map_err(|error| ("price", format!("is no price: {error}")))?;
    let wanted = record.outcome.as_str();
    let outcome = Outcome::ALL.into_iter().find(|o| o.as_str() == wanted);
    Ok(UsageEvent {
        request: RequestId(record.request_id.0),
        org,
        rev: match record.written_by {
            causeway_openapi::WrittenBy::Owner => Revision::Own,
            causeway_openapi::WrittenBy::Sweeper => Revision::Swept,
        },
        key: record.key_id,
        user: record.member_id,
        account: record.account_id,
        dialect: record.dialect,
        provider: record.provider,
        model: record.model,
        tier: record.service_tier,
        stream: record.stream,
        status: record.status,
        outcome: outcome.ok_or_else(|| ("outcome", "is not known".to_owned()))?,
        estimated: record.estimated,
        tokens: TokenCounts {
            input: record.input_tokens,
            output: record.output_tokens,
            cache_read: record.cache_read_tokens,
            cache_write_5m: record.cache_write_5m_tokens,
            cache_write_1h: record.cache_write_1h_tokens,
            reasoning: record.reasoning_tokens,
        },
        web_searches: record.web_searches,
        cost: record.provider_cost_usd,
        charged: record.cost_usd,
        factor: record.multiplier,
        price: Arc::new(price),
        started_at: record.started_at,
        first_byte_ms: record.first_byte_ms,
        duration_ms: record.duration_ms,
        upstream_request_id: record.upstream_request_id,
        client: record.client,
        client_id: record.client_id,
        client_facts: String::new(),
        error: record.error,
        // A window of five hours that was open then is over, or begins with the next use.
        failed: Vec::new(),
        five_hours: Vec::new(),
    })
}

fn numbers(record: &UsageRecord) -> Result<(), Refusal> {
    for (field, count) in [
        ("input_tokens", record.input_tokens),
        ("output_tokens", record.output_tokens),
        ("cache_read_tokens", record.cache_read_tokens),
        ("cache_write_5m_tokens", record.cache_write_5m_tokens),
        ("cache_write_1h_tokens", record.cache_write_1h_tokens),
        ("reasoning_tokens", record.reasoning_tokens),
        ("web_searches", u64::from(record.web_searches)),
        ("first_byte_ms", record.first_byte_ms.unwrap_or(0).into()),
        ("duration_ms", record.duration_ms.into()),
    ] {
        if count > MOST_TOKENS {
            return Err((field, format!("must be at most {MOST_TOKENS}")));
        }
    }
    for (field, amount) in [("provider_cost_usd", record.provider_cost_usd), ("cost_usd", record.cost_usd)] {
        if !(Nanos::ZERO..=DEAREST).contains(&amount) {
            return Err((field, "must be between 0 and 1000000 dollars".to_owned()));
        }
    }
    if record.status > 999 {
        return Err(("status", "must be an HTTP status, or 0".to_owned()));
    }
    Ok(())
}

fn texts(record: &UsageRecord) -> Result<(), Refusal> {
    let none = String::new();
    for (field, text, least, most) in [
        ("dialect", &record.dialect, 1, 100),
        ("model", &record.model, 1, 200),
        ("client", &record.client, 0, 500),
        ("client_id", &record.client_id, 0, 40),
        ("upstream_request_id", record.upstream_request_id.as_ref().unwrap_or(&none), 0, 500),
        ("error", record.error.as_ref().unwrap_or(&none), 0, 10_000),
    ] {
        if !(least..=most).contains(&text.chars().count()) {
            return Err((field, format!("must have {least} to {most} characters")));
        }
        // Postgres has no way to keep it.
        if text.contains('\0') {
            return Err((field, "must not contain a zero character".to_owned()));
        }
    }
    Ok(())
}
