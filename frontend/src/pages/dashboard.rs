//! What was used and what it cost: figures, days, models and keys. Leads to the next step while there is nothing.

pub(crate) mod alerts;
mod budgets;
pub(crate) mod data;
pub(crate) mod figures;
mod first_steps;
mod shares;

use std::time::Duration;

use leptos::prelude::*;

use self::data::{Metric, Range};
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        chart::{TimeChart, start_of},
        loaded::Loaded,
        page::{Card, PageHeader},
        tabs::Tabs,
    },
};

/// A second or two after a request is settled it is in the sums; nobody should have to reload to see it.
const REFRESH: Duration = Duration::from_secs(10);

/// The dashboard.
#[component]
pub(crate) fn Dashboard() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let range = RwSignal::new(Range::Week);
    // Lives here, because new data must not change what is looked at.
    let metric = RwSignal::new(Metric::Cost);
    let usage = Query::new(move || data::load(api, range.get())).every(REFRESH);
    view! {
        <PageHeader title=text!(i18n, dashboard.title) text=text!(i18n, dashboard.text)>
            <RangePicker range/>
        </PageHeader>
        <alerts::Alerts/>
        <budgets::Budgets/>
        <Loaded query=usage skeleton=|| view! { <Skeleton/> }.into_any() let:usage>
            {if usage.is_new() {
                view! { <first_steps::FirstSteps/> }.into_any()
            } else {
                view! {
                    <div class="flex flex-col gap-4 sm:gap-6">
                        <figures::Figures figures=usage.totals/>
                        <Days usage=usage.clone() metric/>
                        <shares::Shares usage/>
                    </div>
                }
                .into_any()
            }}
        </Loaded>
    }
}

#[component]
fn RangePicker(range: RwSignal<Range>) -> impl IntoView {
    let i18n = use_i18n();
    let options = vec![
        (Range::Today, text!(i18n, dashboard.today)),
        (Range::Week, text!(i18n, dashboard.week)),
        (Range::Month, text!(i18n, dashboard.month)),
    ];
    view! { <Tabs label=text!(i18n, dashboard.range) value=range options testid="range"/> }
}

/// The days as bars, of whichever figure is chosen.
#[component]
fn Days(usage: data::Usage, metric: RwSignal<Metric>) -> impl IntoView {
    let i18n = use_i18n();
    let name = move |metric: Metric| match metric {
        Metric::Cost => t_string!(i18n, dashboard.cost),
        Metric::Tokens => t_string!(i18n, dashboard.tokens),
        Metric::Requests => t_string!(i18n, dashboard.requests),
    };
    let options =
        Metric::ALL.map(|choice| (choice, Signal::derive(move || name(choice).to_owned()))).to_vec();
    let days = StoredValue::new(usage.days);
    let chart = move || {
        let metric = metric.get();
        let locale = i18n.get_locale();
        let days: Vec<_> =
            days.with_value(|days| days.iter().map(|(d, f)| (start_of(*d), metric.of(f))).collect());
        let total: i64 = days.iter().map(|(_, n)| n).sum();
        let describe =
            t_string!(i18n, dashboard.chart_description, name = name(metric), total = metric.written(total));
        view! {
            <TimeChart
                points=days
                name=name(metric)
                describe=Signal::stored(describe)
                figure=metric.writer()
                moment=move |at| format::day(at, locale)
                at_least=metric.smallest_axis()
            />
        }
    };
    view! {
        <Card>
            <div class="mb-4 flex flex-wrap items-center justify-between gap-3">
                <h2 class="text-sm font-semibold">{move || t_string!(i18n, dashboard.per_day)}</h2>
                <Tabs label=text!(i18n, dashboard.metric) value=metric options small=true testid="metric"/>
            </div>
            {chart}
        </Card>
    }
}

#[component]
fn Skeleton() -> impl IntoView {
    let card = || view! { <div class="skeleton h-27 rounded-box"></div> };
    view! {
        <div class="flex flex-col gap-4 sm:gap-6">
            <div class="grid grid-cols-2 gap-4 lg:grid-cols-4">{(0..4).map(|_| card()).collect_view()}</div>
            <div class="skeleton h-84 rounded-box"></div>
            <div class="grid gap-4 lg:grid-cols-2">
                <div class="skeleton h-52 rounded-box"></div>
                <div class="skeleton h-52 rounded-box"></div>
            </div>
        </div>
    }
}
