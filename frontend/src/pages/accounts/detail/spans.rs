//! How often an account answered and how fast, over the last hour, day and week.

use causeway_openapi::{AccountSpan, Percentiles};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
    },
    pages::accounts::health::{cause_name, success},
    ui::{
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// The card.
#[component]
pub(super) fn Spans(spans: Vec<AccountSpan>) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, accounts.span)),
        Column::number(text!(i18n, accounts.success)),
        Column::number(text!(i18n, accounts.answered)),
        Column::number(text!(i18n, accounts.failures)),
        Column::number(text!(i18n, accounts.first_token)),
        Column::number(text!(i18n, accounts.total_time)),
    ];
    view! {
        <Card title=text!(i18n, accounts.record) flush=true>
            <Table caption=text!(i18n, accounts.record) columns testid="account-record">
                {spans.into_iter().map(|span| view! { <Row span/> }).collect_view()}
            </Table>
            <p class="px-5 py-3 text-xs text-base-content/70">{t!(i18n, accounts.record_text)}</p>
        </Card>
    }
}

#[component]
fn Row(span: AccountSpan) -> impl IntoView {
    let i18n = use_i18n();
    let AccountSpan { hours, rate, causes, measured, first_token_ms, total_ms, .. } = span;
    let name = move || match hours {
        1 => t_string!(i18n, accounts.last_hour).to_owned(),
        hours if hours.is_multiple_of(24) && hours > 24 => {
            tu_string!(i18n, accounts.last_days, count = hours / 24)
        }
        hours => tu_string!(i18n, accounts.last_hours, count = hours),
    };
    let told = move || {
        let locale = i18n.get_locale();
        let one = |cause: &causeway_openapi::CauseCount| {
            format!("{} {}", format::grouped(cause.count), cause_name(cause.cause, locale))
        };
        causes.iter().map(one).collect::<Vec<_>>().join(" · ")
    };
    view! {
        <tr data-testid="account-span">
            <Cell label=text!(i18n, accounts.span)>{name}</Cell>
            <Cell label=text!(i18n, accounts.success) numeric=true>
                <span class="font-semibold">{success(rate.success)}</span>
            </Cell>
            <Cell label=text!(i18n, accounts.answered) numeric=true>{format::grouped(rate.answered)}</Cell>
            <Cell label=text!(i18n, accounts.failures) numeric=true>
                <div>{format::grouped(rate.failed)}</div>
                <div class="text-xs text-base-content/70">{told}</div>
            </Cell>
            <Cell label=text!(i18n, accounts.first_token) numeric=true><Times times=first_token_ms/></Cell>
            <Cell label=text!(i18n, accounts.total_time) numeric=true>
                <Times times=total_ms/>
                {(measured > 0).then(|| view! {
                    <div class="text-xs text-base-content/70">
                        {move || tu_string!(i18n, accounts.measured, count = format::grouped(measured.into()))}
                    </div>
                })}
            </Cell>
        </tr>
    }
}

/// The middle one, with the long ones below.
#[component]
fn Times(times: Option<Percentiles>) -> impl IntoView {
    match times {
        None => view! { <span class="text-base-content/70">"—"</span> }.into_any(),
        Some(Percentiles { p50, p95, p99 }) => view! {
            <div>{format::duration_ms(p50)}</div>
            <div class="text-xs text-base-content/70 whitespace-nowrap">
                {format!("p95 {} · p99 {}", format::duration_ms(p95), format::duration_ms(p99))}
            </div>
        }
        .into_any(),
    }
}
