//! What the key has used: over its life, the last days, and request by request.

use leptos::prelude::*;

use super::data::{Day, Recent as Data, Request, Usage};
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
        zone,
    },
    ui::{
        badge::{Badge, Tone},
        bars::{BarList, Part},
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// Both cards.
#[component]
pub(super) fn Recent(usage: Usage, recent: Data, zone: String) -> impl IntoView {
    let i18n = use_i18n();
    let zone = StoredValue::new(zone);
    let Data { days, requests } = recent;
    let none = requests.is_empty();
    let parts = move || {
        let locale = i18n.get_locale();
        let part = |day: &Day| Part {
            name: day
                .day
                .and_hms_opt(0, 0, 0)
                .map(|at| format::day(at.and_utc(), locale))
                .unwrap_or_default(),
            size: day.usd.0,
            figure: format::dollars(day.usd),
            note: t_string!(i18n, keys.requests_count, count = format::compact(day.requests)),
        };
        days.iter().rev().map(part).collect::<Vec<_>>()
    };
    let total = move || {
        let (usd, requests) = (format::dollars(usage.total_usd), format::compact(usage.total_requests));
        t_string!(
            i18n,
            my_key.in_all,
            usd = usd,
            requests = requests,
            tokens = format::compact(usage.total_tokens)
        )
    };
    let columns = move || {
        vec![
            Column::text(text!(i18n, my_key.when)),
            Column::text(text!(i18n, my_key.model)),
            Column::text(text!(i18n, my_key.status)),
            Column::number(text!(i18n, my_key.tokens)),
            Column::number(text!(i18n, my_key.cost)),
        ]
    };
    view! {
        <Card title=text!(i18n, my_key.use_title)>
            <p class="mb-4 text-sm text-base-content/70" data-testid="my-total">{total}</p>
            {move || view! { <BarList parts=parts()/> }}
        </Card>
        <Card title=text!(i18n, my_key.requests) flush=true>
            {if none {
                view! { <p class="px-5 pb-5 text-sm text-base-content/70">{t!(i18n, my_key.no_requests)}</p> }.into_any()
            } else {
                view! {
                    <Table caption=text!(i18n, my_key.requests) columns=columns() testid="my-requests">
                        {requests.into_iter().map(|request| view! { <Row request zone/> }).collect_view()}
                    </Table>
                }
                .into_any()
            }}
        </Card>
    }
}

#[component]
fn Row(request: Request, zone: StoredValue<String>) -> impl IntoView {
    let i18n = use_i18n();
    let Request { at, model, status, tokens, usd } = request;
    let tone = if (200..300).contains(&status) { Tone::Good } else { Tone::Warning };
    view! {
        <tr>
            <Cell label=text!(i18n, my_key.when)>
                <span class="text-sm tabular-nums" title=format::moment_exact(at)>
                    {move || zone.with_value(|zone| zone::moment(at, zone, i18n.get_locale()))}
                </span>
            </Cell>
            <Cell label=text!(i18n, my_key.model)><span class="font-mono text-xs break-all">{model}</span></Cell>
            <Cell label=text!(i18n, my_key.status)>
                <Badge tone>{if status == 0 { "—".to_owned() } else { status.to_string() }}</Badge>
            </Cell>
            <Cell label=text!(i18n, my_key.tokens) numeric=true>{format::compact(tokens)}</Cell>
            <Cell label=text!(i18n, my_key.cost) numeric=true>
                <span title=format::dollars_exact(usd)>{format::dollars(usd)}</span>
            </Cell>
        </tr>
    }
}
