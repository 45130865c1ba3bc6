//! What a key has used of late, for its holder.

use crate::{Relay, error::RelayError, tenant::Tenant};
use causeway_domain::KeyId;
use causeway_store::holder;
use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};

/// Days that are summed up, today included.
const DAYS: u64 = 7;

/// Requests that are listed.
const REQUESTS: i64 = 20;

/// Sums of the organisation's last days, oldest first, and the newest requests.
pub(crate) async fn of(
    relay: &Relay,
    tenant: &Tenant,
    key: KeyId,
    now: DateTime<Utc>,
) -> Result<Value, RelayError> {
    let calendar = &tenant.calendar;
    let local = now.with_timezone(&calendar.time_zone).naive_local();
    let today = (local - chrono::Duration::minutes(calendar.day_start_minute.into())).date();
    let names: Vec<_> = (0..DAYS).rev().filter_map(|n| today.checked_sub_days(Days::new(n))).collect();
    let mut edges: Vec<_> = names.iter().map(|day| calendar.day_start(*day)).collect();
    edges.extend(today.checked_add_days(Days::new(1)).map(|day| calendar.day_start(day)));
    let days = holder::days(&relay.store.jobs, tenant.org, key, &edges).await?;
    let requests = holder::requests(&relay.store.jobs, tenant.org, key, REQUESTS).await?;
    let day = |(name, day): (_, &holder::Day)| json!({"day": name, "requests": day.requests, "tokens": day.tokens, "usd": day.charged});
    let request = |request: &holder::Request| {
        json!({
            "at": request.started_at.to_rfc3339(),
            "model": request.model,
            "status": request.status,
            "outcome": request.outcome,
            "tokens": request.tokens,
            "usd": request.charged,
        })
    };
    Ok(json!({
        "days": names.iter().zip(&days).map(day).collect::<Vec<_>>(),
        "requests": requests.iter().map(request).collect::<Vec<_>>(),
    }))
}
