//! Sums for the dashboard, over days of the organisation.

use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{Nanos, window::Calendar};
use causeway_openapi::{UsageFigures, UsageGroup, UsageQuery, UsageRow, UsageSummary};
use causeway_store::reports::{self, By, Sums};
use chrono::{DateTime, Days, NaiveDate, Utc};

/// The longest range, in days.
const LONGEST: i64 = 400;

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
    let (from, to) = range(&caller.calendar, &query, Utc::now())?;
    let days: Vec<NaiveDate> = from.iter_days().take_while(|day| *day <= to).collect();
    let mut edges: Vec<DateTime<Utc>> = days.iter().map(|day| caller.calendar.day_start(*day)).collect();
    edges.push(caller.calendar.day_start(to + Days::new(1)));
    let (first, last) = (edges[0], edges[edges.len() - 1]);
    let group = query.group.unwrap_or_default();
    let mut tx = caller.begin(&state).await?;
    let per_day = reports::per_span(&mut tx, &edges, caller.sees()).await?;
    let totals = per_day.iter().map(figures).fold(UsageFigures::default(), plus);
    let by = match group {
        UsageGroup::Day => None,
        UsageGroup::Model => Some(By::Model),
        UsageGroup::Key => Some(By::Key),
        UsageGroup::Account => Some(By::Account),
    };
    let groups = match by {
        None => days
            .iter()
            .zip(&per_day)
            .map(|(day, sums)| UsageRow {
                key: day.to_string(),
                label: day.to_string(),
                figures: figures(sums),
            })
            .collect(),
        Some(by) => reports::split(&mut tx, by, first, last, caller.sees())
            .await?
            .into_iter()
            .map(|(key, label, sums)| UsageRow { key, label, figures: figures(&sums) })
            .collect(),
    };
    let time_zone = caller.calendar.time_zone.name().to_owned();
    Ok(Json(UsageSummary { from, to, time_zone, totals, group, groups }))
}

/// The days asked for; the last thirty when none are named.
fn range(
    calendar: &Calendar,
    query: &UsageQuery,
    now: DateTime<Utc>,
) -> Result<(NaiveDate, NaiveDate), ApiError> {
    let local = now.with_timezone(&calendar.time_zone).naive_local();
    let today = (local - chrono::Duration::minutes(calendar.day_start_minute.into())).date();
    let to = query.to.unwrap_or(today);
    let from = query.from.or_else(|| to.checked_sub_days(Days::new(29))).unwrap_or(to);
    // Far from the ends of the calendar, where days have no neighbours.
    let known = |day: NaiveDate| (2000..3000).contains(&chrono::Datelike::year(&day));
    if !known(from) || !known(to) {
        return Err(ApiError::field("from", "must be a date of this millennium"));
    }
    match (to - from).num_days() {
        ..0 => Err(ApiError::field("to", "must not be before from")),
        LONGEST.. => Err(ApiError::field("from", "must be at most 400 days before to")),
        _ => Ok((from, to)),
    }
}

fn figures(sums: &Sums) -> UsageFigures {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    UsageFigures {
        requests: count(sums.requests),
        errors: count(sums.errors),
        input_tokens: count(sums.input_tokens),
        output_tokens: count(sums.output_tokens),
        cache_read_tokens: count(sums.cache_read_tokens),
        cache_write_5m_tokens: count(sums.cache_write_5m_tokens),
        cache_write_1h_tokens: count(sums.cache_write_1h_tokens),
        cost_usd: Nanos(sums.charged_nanos),
    }
}

fn plus(a: UsageFigures, b: UsageFigures) -> UsageFigures {
    UsageFigures {
        requests: a.requests + b.requests,
        errors: a.errors + b.errors,
        input_tokens: a.input_tokens + b.input_tokens,
        output_tokens: a.output_tokens + b.output_tokens,
        cache_read_tokens: a.cache_read_tokens + b.cache_read_tokens,
        cache_write_5m_tokens: a.cache_write_5m_tokens + b.cache_write_5m_tokens,
        cache_write_1h_tokens: a.cache_write_1h_tokens + b.cache_write_1h_tokens,
        cost_usd: a.cost_usd.saturating_add(b.cost_usd),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_the_organisations_and_not_the_servers() {
        let calendar =
            Calendar { time_zone: chrono_tz::Asia::Tokyo, day_start_minute: 240, ..Default::default() };
        let at = |text: &str| range(&calendar, &UsageQuery::default(), text.parse().unwrap()).unwrap();
        // 03:59 in Tokyo is still the day before, where days begin at four.
        assert_eq!(at("2026-11-19T18:59:00Z").1.to_string(), "2026-11-19");
        assert_eq!(at("2026-11-19T19:00:00Z").1.to_string(), "2026-11-20");
        assert_eq!(at("2026-11-19T19:00:00Z").0.to_string(), "2026-10-22");
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused() {
        let day = |text: &str| Some(text.parse().unwrap());
        for (from, to) in
            [("2026-11-02", "2026-11-01"), ("2024-01-01", "2026-01-01"), ("0001-01-01", "0001-01-02")]
        {
            let query = UsageQuery { from: day(from), to: day(to), group: None };
            assert!(range(&Calendar::default(), &query, Utc::now()).is_err(), "{from}");
        }
    }
}
