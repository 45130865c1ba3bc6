//! How an account has fared for some time.

use super::health;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::{AccountRate, AccountRecord, AccountSpan, CauseCount, Percentiles};
use causeway_store::{
    TenantTx, accounts, failures,
    performance::{self, Times},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// The spans, in hours.
const SPANS: [u32; 3] = [1, 24, 7 * 24];

/// What sums are kept by, in seconds.
const QUARTER: i64 = 15 * 60;

/// Read how an account has fared
///
/// How often it answered and how fast, over the last hour, 24 hours and 7 days. An attempt counts at the account where it was
/// made: what failed before another account answered is a failure of the first, and its time is no time of the second.
#[utoipa::path(
    get, path = "/accounts/{id}/health", tag = "accounts", operation_id = "getAccountHealth",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "How it has fared", body = AccountRecord),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<AccountId>,
) -> Result<Json<AccountRecord>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    accounts::get(&mut tx, id, false).await?;
    let now = Utc::now();
    let mut spans = Vec::new();
    for hours in SPANS {
        spans.push(span(&mut tx, id, hours, now).await?);
    }
    Ok(Json(AccountRecord { account_id: id, spans }))
}

async fn span(
    tx: &mut TenantTx,
    id: AccountId,
    hours: u32,
    now: DateTime<Utc>,
) -> Result<AccountSpan, ApiError> {
    let from = begin(now, hours);
    let answered = performance::answered(tx, &[id], from).await?.remove(&id).unwrap_or(0);
    let counted = failures::counted(tx, &[id], from).await?.remove(&id).unwrap_or_default();
    let speed = performance::speed(tx, id, from, now).await?;
    let known =
        |(cause, count): &(String, u64)| Some(CauseCount { cause: health::cause(cause)?, count: *count });
    Ok(AccountSpan {
        hours,
        from,
        rate: AccountRate::of(answered, counted.iter().map(|(_, count)| count).sum()),
        causes: counted.iter().filter_map(known).collect(),
        measured: u32::try_from(speed.answers).unwrap_or(0),
        first_token_ms: speed.first.map(percentiles),
        total_ms: speed.total.map(percentiles),
    })
}

/// How often some accounts have answered in the last hour.
pub(super) async fn last_hour(
    tx: &mut TenantTx,
    ids: &[AccountId],
) -> Result<BTreeMap<AccountId, AccountRate>, ApiError> {
    let from = begin(Utc::now(), 1);
    let answered = performance::answered(tx, ids, from).await?;
    let counted = failures::counted(tx, ids, from).await?;
    let rate = |id: &AccountId| {
        let failed = counted.get(id).map_or(0, |causes| causes.iter().map(|(_, count)| count).sum());
        (*id, AccountRate::of(answered.get(id).copied().unwrap_or(0), failed))
    };
    Ok(ids.iter().map(rate).collect())
}

/// The quarter of an hour in which a span begins.
fn begin(now: DateTime<Utc>, hours: u32) -> DateTime<Utc> {
    let at = now - TimeDelta::hours(hours.into());
    DateTime::from_timestamp(at.timestamp().div_euclid(QUARTER) * QUARTER, 0).unwrap_or(at)
}

fn percentiles(times: Times) -> Percentiles {
    let ms = |n: i64| u64::try_from(n).unwrap_or(0);
    Percentiles { p50: ms(times.p50), p95: ms(times.p95), p99: ms(times.p99) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_begins_with_a_quarter_of_an_hour() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(begin(at("2026-11-30T01:44:59Z"), 1), at("2026-11-30T00:30:00Z"));
        assert_eq!(begin(at("2026-11-30T01:45:00Z"), 24), at("2026-11-29T01:45:00Z"));
    }
}
