//! The range as bars.

use causeway_openapi::{UsagePoint, UsageSeries, UsageStep};
use chrono::{DateTime, FixedOffset, NaiveDate, Offset, Utc};
use leptos::prelude::*;

use super::filters::View;
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
    },
    pages::dashboard::data::Metric,
    ui::{
        chart::{Period, TimeChart, start_of},
        page::Card,
        tabs::Tabs,
    },
};

/// The chart, of whichever figure and step is chosen.
#[component]
pub(super) fn Chart(
    series: UsageSeries,
    looked_at: Memo<View>,
    /// Where a choice of the step goes.
    chosen: RwSignal<Option<UsageStep>>,
    metric: RwSignal<Metric>,
) -> impl IntoView {
    let i18n = use_i18n();
    let step = RwSignal::new(series.step);
    Effect::new(move |earlier: Option<UsageStep>| {
        let now = step.get();
        if earlier.is_some_and(|earlier| earlier != now) {
            chosen.set(Some(now));
        }
        now
    });
    let name = move |metric: Metric| match metric {
        Metric::Cost => t_string!(i18n, dashboard.cost),
        Metric::Tokens => t_string!(i18n, dashboard.tokens),
        Metric::Requests => t_string!(i18n, dashboard.requests),
    };
    let metrics =
        Metric::ALL.map(|choice| (choice, Signal::derive(move || name(choice).to_owned()))).to_vec();
    let step_name = move |step: UsageStep| match step {
        UsageStep::Hour => text!(i18n, usage.hours),
        UsageStep::Day => text!(i18n, usage.days),
        UsageStep::Month => text!(i18n, usage.months),
    };
    let steps =
        looked_at.with_untracked(View::steps).into_iter().map(|step| (step, step_name(step))).collect();
    let zone = series.time_zone.clone();
    let points = StoredValue::new(series.points);
    let period = match series.step {
        UsageStep::Hour => Period::Hour,
        UsageStep::Day => Period::Day,
        UsageStep::Month => Period::Month,
    };
    let chart = move || {
        let metric = metric.get();
        let locale = i18n.get_locale();
        let bars: Vec<_> =
            points.with_value(|points| points.iter().map(|p| (place(p), metric.of(&p.figures))).collect());
        let offsets = points.with_value(|points| points.iter().filter_map(offset).collect::<Vec<_>>());
        let total: i64 = bars.iter().map(|(_, n)| n).sum();
        let describe =
            t_string!(i18n, usage.chart_description, name = name(metric), total = metric.written(total));
        view! {
            <TimeChart
                points=bars
                period
                name=name(metric)
                describe=Signal::stored(describe)
                figure=metric.writer()
                moment=move |at| match period {
                    Period::Hour => format::hour(local(at, &offsets)),
                    Period::Month => format::month(at, locale),
                    _ => format::day(at, locale),
                }
                at_least=metric.smallest_axis()
            />
        }
    };
    view! {
        <Card>
            <div class="mb-4 flex flex-wrap items-center justify-between gap-3">
                <h2 class="text-sm font-semibold">{t!(i18n, usage.over_time, zone = zone)}</h2>
                <div class="flex flex-wrap gap-2">
                    <Tabs label=text!(i18n, usage.step) value=step options=steps small=true testid="usage-step"/>
                    <Tabs label=text!(i18n, dashboard.metric) value=metric options=metrics small=true testid="usage-metric"/>
                </div>
            </div>
            {chart}
        </Card>
    }
}

/// Where a point stands on the axis: hours at their instant, so that none covers another where clocks change; days and
/// months at midnight of their own date.
fn place(point: &UsagePoint) -> DateTime<Utc> {
    let dated = |text: &str| text.parse::<NaiveDate>().ok().map(start_of);
    dated(&point.label).or_else(|| dated(&format!("{}-01", point.label))).unwrap_or(point.start)
}

/// From when on which offset holds.
fn offset(point: &UsagePoint) -> Option<(DateTime<Utc>, FixedOffset)> {
    DateTime::parse_from_rfc3339(&point.label).ok().map(|at| (point.start, *at.offset()))
}

fn local(at: DateTime<Utc>, offsets: &[(DateTime<Utc>, FixedOffset)]) -> DateTime<FixedOffset> {
    let offset = offsets.iter().rev().find(|(from, _)| *from <= at).or(offsets.first());
    at.with_timezone(&offset.map_or_else(|| Utc.fix(), |(_, offset)| *offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::UsageFigures;

    fn point(label: &str, start: &str) -> UsagePoint {
        let start = start.parse().unwrap();
        UsagePoint { label: label.to_owned(), start, end: start, figures: UsageFigures::default() }
    }

    #[test]
    fn hours_are_written_by_the_offset_that_holds_then() {
        let points = [
            point("2026-10-25T02:00:00+02:00", "2026-10-25T00:00:00Z"),
            point("2026-10-25T02:00:00+01:00", "2026-10-25T01:00:00Z"),
        ];
        let offsets: Vec<_> = points.iter().filter_map(offset).collect();
        let written = |at: &str| local(at.parse().unwrap(), &offsets).format("%H:%M %:z").to_string();
        assert_eq!(written("2026-10-25T00:30:00Z"), "02:30 +02:00");
        assert_eq!(written("2026-10-25T01:30:00Z"), "02:30 +01:00");
    }

    #[test]
    fn days_and_months_stand_at_their_own_midnight() {
        let midnight = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(place(&point("2026-11-20", "2026-11-19T15:00:00Z")), midnight("2026-11-20T00:00:00Z"));
        assert_eq!(place(&point("2026-11", "2026-10-31T15:00:00Z")), midnight("2026-11-01T00:00:00Z"));
    }
}
