//! What was said of one model's price: by the table, and by the organisation, newest first.

use causeway_openapi::{PriceFigures, PriceState, PriceVersion, TablePrice};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        loaded::{ListSkeleton, Loaded},
        table::{Cell, Column, Table},
    },
};

/// The history within the dialog.
#[component]
pub(crate) fn History(
    model: RwSignal<String>,
    /// The installation's, and not the organisation's own.
    #[prop(optional)]
    global: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let history = Query::new(move || {
        let model = model.get();
        async move { if global { api.global_price_history(model).await } else { api.price_history(model).await } }
    });
    let columns = move || {
        vec![
            Column::text(text!(i18n, prices.state)),
            Column::text(text!(i18n, prices.from)),
            Column::number(text!(i18n, prices.input)),
            Column::number(text!(i18n, prices.output)),
            Column::text(text!(i18n, prices.recorded)),
        ]
    };
    view! {
        <Loaded query=history skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:history>
            <h3 class="mb-2 text-sm font-semibold">{t!(i18n, prices.own_versions)}</h3>
            {if history.versions.is_empty() {
                view! { <p class="mb-5 text-sm text-base-content/70">{t!(i18n, prices.no_versions)}</p> }.into_any()
            } else {
                view! {
                    <div class="mb-5 rounded-box border border-base-300">
                        <Table caption=text!(i18n, prices.own_versions) columns=columns() testid="price-versions">
                            {history.versions.into_iter().map(|version| view! { <Version version/> }).collect_view()}
                        </Table>
                    </div>
                }
                .into_any()
            }}
            <h3 class="mb-2 text-sm font-semibold">{t!(i18n, prices.of_table)}</h3>
            {if history.table.is_empty() {
                view! { <p class="text-sm text-base-content/70">{t!(i18n, prices.not_in_table)}</p> }.into_any()
            } else {
                history.table.into_iter().map(|price| view! { <InTable price/> }).collect_view().into_any()
            }}
        </Loaded>
    }
}

#[component]
fn Version(version: PriceVersion) -> impl IntoView {
    let i18n = use_i18n();
    let removal = version.price.is_none();
    let (tone, label) = match version.state {
        PriceState::InForce => (Tone::Good, text!(i18n, prices.in_force)),
        PriceState::Planned => (Tone::Info, text!(i18n, prices.to_come)),
        PriceState::Past if removal => (Tone::Neutral, text!(i18n, prices.removal)),
        PriceState::Past => (Tone::Neutral, text!(i18n, prices.past)),
    };
    let money = |get: fn(&PriceFigures) -> causeway_domain::Nanos| {
        let now = version.price.as_ref().map(get);
        let before = version.before.as_ref().map(get).filter(|old| Some(*old) != now);
        view! {
            <div>{now.map_or_else(|| "—".to_owned(), format::dollars_exact)}</div>
            {before.map(|old| view! {
                <div class="text-xs text-base-content/70 line-through">{format::dollars_exact(old)}</div>
            })}
        }
    };
    let (input, output) = (money(|p| p.input), money(|p| p.output));
    let (from, at) = (version.from, version.recorded_at);
    let who = version.recorded_by;
    let provider = version.provider.map(|p| p.to_string());
    view! {
        <tr>
            <Cell label=text!(i18n, prices.state)>
                <Badge tone>{move || label.get()}</Badge>
                {provider.map(|name| view! {
                    <div class="mt-0.5 text-xs text-base-content/70">{t!(i18n, prices.only_for, name = name)}</div>
                })}
            </Cell>
            <Cell label=text!(i18n, prices.from)>
                <span class="whitespace-nowrap tabular-nums" title=format::moment_exact(from)>
                    {move || format::moment(from, i18n.get_locale())}
                </span>
            </Cell>
            <Cell label=text!(i18n, prices.input) numeric=true>{input}</Cell>
            <Cell label=text!(i18n, prices.output) numeric=true>{output}</Cell>
            <Cell label=text!(i18n, prices.recorded)>
                <div class="break-words">{who.unwrap_or_else(|| "—".to_owned())}</div>
                <div class="text-xs text-base-content/70 whitespace-nowrap" title=format::moment_exact(at)>
                    {move || format::moment(at, i18n.get_locale())}
                </div>
            </Cell>
        </tr>
    }
}

#[component]
fn InTable(price: TablePrice) -> impl IntoView {
    let i18n = use_i18n();
    let (input, output) =
        (format::dollars_exact(price.price.input), format::dollars_exact(price.price.output));
    let (provider, from) = (price.provider, price.from);
    view! {
        <p class="text-sm text-base-content/80">
            {move || {
                let (input, output, provider) = (input.clone(), output.clone(), provider.clone());
                match from {
                    None => t_string!(i18n, prices.table_line, provider = provider, input = input, output = output),
                    Some(from) => {
                        let moment = format::moment(from, i18n.get_locale());
                        t_string!(i18n, prices.table_line_from, provider = provider, input = input, output = output, moment = moment)
                    }
                }
            }}
        </p>
    }
}
