//! Usage over time.

use super::{
    figures, narrowed,
    range::{DAYS, HOURS, LONGEST, Range},
    sum,
};
use crate::{
    docs,
    error::ApiError,
    extract::{Params, Place},
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::span::Step;
use causeway_openapi::{UsageFilter, UsagePoint, UsageSeries, UsageStep};
use causeway_store::reports;
use chrono::{DateTime, Utc};

/// Usage over time
///
/// Requests, errors, tokens and dollars for each hour (at most 31 days), day (400 days) or month (ten years) of a range of
/// the organisation's days; a member's own only. The points add up to the totals exactly, also where clocks change.
#[utoipa::path(
    get, path = "/usage/series/{step}", tag = "usage", operation_id = "usageSeries",
    params(("step" = UsageStep, Path, description = "How long a point is"), UsageFilter),
    responses(
        (status = 200, description = "The series", body = UsageSeries),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Place(step): Place<UsageStep>,
    Params(filter): Params<UsageFilter>,
) -> Result<Json<UsageSeries>, ApiError> {
    Ok(Json(series(&state, &caller, step, &filter).await?))
}

/// The series, for whoever shows it.
pub(super) async fn series(
    state: &AdminState,
    caller: &Caller,
    step: UsageStep,
    filter: &UsageFilter,
) -> Result<UsageSeries, ApiError> {
    let (kind, longest) = match step {
        UsageStep::Hour => (Step::Hour, HOURS),
        UsageStep::Day => (Step::Day, DAYS),
        UsageStep::Month => (Step::Month, LONGEST),
    };
    let range = Range::of(&caller.calendar, filter.from, filter.to, filter.days, longest, Utc::now())?;
    let spans = caller.calendar.spans(kind, range.from, range.to);
    let (_, last) = range.ends(&caller.calendar);
    let edges: Vec<DateTime<Utc>> = spans.iter().map(|span| span.start).chain([last]).collect();
    let mut tx = caller.begin(state).await?;
    let sums = reports::per_span(&mut tx, &edges, &narrowed(filter, caller.sees())).await?;
    let point = |(span, sums): (causeway_domain::span::Span, _)| UsagePoint {
        label: span.label,
        start: span.start,
        end: span.end,
        figures: figures(&sums),
    };
    let points: Vec<UsagePoint> = spans.into_iter().zip(sums).map(point).collect();
    Ok(UsageSeries {
        from: range.from,
        to: range.to,
        time_zone: caller.calendar.time_zone.name().to_owned(),
        step,
        totals: sum(points.iter().map(|point| &point.figures)),
        points,
    })
}
