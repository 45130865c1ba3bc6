//! Sums for the dashboard, over days of the organisation.

use super::{
    figures,
    range::{DAYS, Range},
    sum,
};
use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::span::Step;
use causeway_openapi::{UsageFigures, UsageGroup, UsageQuery, UsageRow, UsageSummary};
use causeway_store::reports::{self, By, Filter};
use chrono::{DateTime, Utc};

/// Rows of a split that are shown.
const ROWS: usize = 1000;

/// Sum usage
///
/// Requests, errors, tokens and dollars over a range of the organisation's days, split by day, model, key or account; a
/// member's own only. A second or two behind. A quarter of an hour is the finest that is kept.
#[utoipa::path(
    get, path = "/usage/summary", tag = "usage", operation_id = "sumUsage", params(UsageQuery),
    responses(
        (status = 200, description = "The sums", body = UsageSummary),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Params(query): Params<UsageQuery>,
) -> Result<Json<UsageSummary>, ApiError> {
    let range = Range::new(&caller.calendar, query.from, query.to, DAYS, Utc::now())?;
    let days = caller.calendar.spans(Step::Day, range.from, range.to);
    let (first, last) = range.ends(&caller.calendar);
    let edges: Vec<DateTime<Utc>> = days.iter().map(|day| day.start).chain([last]).collect();
    let filter = Filter { sees: caller.sees(), ..Filter::default() };
    let group = query.group.unwrap_or_default();
    let mut tx = caller.begin(&state).await?;
    let per_day = reports::per_span(&mut tx, &edges, &filter).await?;
    let per_day: Vec<UsageFigures> = per_day.iter().map(figures).collect();
    let totals = sum(per_day.iter());
    let by = match group {
        UsageGroup::Day => None,
        UsageGroup::Model => Some(By::Model),
        UsageGroup::Key => Some(By::Key),
        UsageGroup::Account => Some(By::Account),
    };
    let groups = match by {
        None => days
            .into_iter()
            .zip(per_day)
            .map(|(day, figures)| UsageRow { key: day.label.clone(), label: day.label, figures })
            .collect(),
        Some(by) => reports::split(&mut tx, by, first, last, &filter)
            .await?
            .into_iter()
            .take(ROWS)
            .map(|(key, label, sums)| UsageRow { key, label, figures: figures(&sums) })
            .collect(),
    };
    let time_zone = caller.calendar.time_zone.name().to_owned();
    Ok(Json(UsageSummary { from: range.from, to: range.to, time_zone, totals, group, groups }))
}
