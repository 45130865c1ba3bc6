//! Usage split by key, member, model, account, provider or client.

use super::{
    by, figures, narrowed,
    range::{LONGEST, Range},
    sum,
};
use crate::{
    clients, docs,
    error::ApiError,
    extract::{Params, Place},
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{UsageBreakdown, UsageDimension, UsageFilter, UsageOthers, UsageRow};
use causeway_store::reports;
use chrono::Utc;
use std::collections::BTreeMap;

/// Parts with a row of their own.
const ROWS: usize = 1000;

/// Split usage
///
/// Requests, errors, tokens and dollars over a range of the organisation's days (at most ten years), split into parts,
/// dearest first; a member's own only. The rows and the others add up to the totals exactly.
#[utoipa::path(
    get, path = "/usage/by/{dimension}", tag = "usage", operation_id = "splitUsage",
    params(("dimension" = UsageDimension, Path, description = "What a row stands for"), UsageFilter),
    responses(
        (status = 200, description = "The parts", body = UsageBreakdown),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Place(dimension): Place<UsageDimension>,
    Params(filter): Params<UsageFilter>,
) -> Result<Json<UsageBreakdown>, ApiError> {
    let mut whole = breakdown(&state, &caller, dimension, &filter).await?;
    if whole.rows.len() > ROWS {
        let rest = whole.rows.split_off(ROWS);
        let count = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        whole.others = Some(UsageOthers { count, figures: sum(rest.iter().map(|row| &row.figures)) });
    }
    Ok(Json(whole))
}

/// Every part, for whoever shows them.
pub(super) async fn breakdown(
    state: &AdminState,
    caller: &Caller,
    dimension: UsageDimension,
    filter: &UsageFilter,
) -> Result<UsageBreakdown, ApiError> {
    let range = Range::of(&caller.calendar, filter.from, filter.to, filter.days, LONGEST, Utc::now())?;
    let (first, last) = range.ends(&caller.calendar);
    let mut tx = caller.begin(state).await?;
    let parts = reports::split(&mut tx, by(dimension), first, last, &narrowed(filter, caller.sees())).await?;
    // The log keeps what clients are called in rules; people read what the rules call them by now.
    let named = match dimension {
        UsageDimension::Client => clients::names(&causeway_store::clients::get(&mut tx).await?.rules),
        _ => BTreeMap::new(),
    };
    let row = |(key, label, sums): (String, String, reports::Sums)| {
        let label = named.get(&key).cloned().unwrap_or(label);
        UsageRow { key, label, figures: figures(&sums) }
    };
    let rows: Vec<UsageRow> = parts.into_iter().map(row).collect();
    Ok(UsageBreakdown {
        from: range.from,
        to: range.to,
        time_zone: caller.calendar.time_zone.name().to_owned(),
        dimension,
        totals: sum(rows.iter().map(|row| &row.figures)),
        rows,
        others: None,
    })
}
