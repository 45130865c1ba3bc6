//! The price list, to look things up. Prices are changed through the API in this version.

use causeway_domain::Nanos;
use causeway_openapi::{PriceFigures, PriceQuery, PriceRow};
use leptos::prelude::*;
use leptos_use::signal_debounced;

use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        field::TextField,
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
    },
};

/// Rows drawn at once. The table knows some thousand models; nobody reads them all.
const SHOWN: usize = 100;

/// The page.
#[component]
pub(crate) fn Prices() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let search = RwSignal::new("claude".to_owned());
    let settled: Signal<String> = signal_debounced(search, 250.0);
    let prices = Query::new(move || {
        let text = settled.get().trim().to_owned();
        let query = PriceQuery { query: (!text.is_empty()).then_some(text), ..PriceQuery::default() };
        async move {
            let wanted = query.query.clone().unwrap_or_default();
            let mut list = api.prices(query).await?;
            // Names that begin with what was typed come before those that only contain it.
            list.items.sort_by_key(|row| !row.model.starts_with(&wanted));
            Ok(list)
        }
    });
    let columns = move || {
        vec![
            Column::text(text!(i18n, prices.model)),
            Column::number(text!(i18n, prices.input)),
            Column::number(text!(i18n, prices.output)),
            Column::number(text!(i18n, prices.cache_read)),
            Column::number(text!(i18n, prices.write_5m)),
            Column::number(text!(i18n, prices.write_1h)),
            Column::number(text!(i18n, prices.context)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, prices.title) text=text!(i18n, prices.text)/>
        <div class="mb-4 max-w-sm">
            <TextField label=text!(i18n, prices.search) placeholder="claude" value=search kind="search" testid="price-search"/>
        </div>
        <Card flush=true>
            <Loaded query=prices skeleton=|| view! { <ListSkeleton rows=8/> }.into_any() let:list>
                {if list.items.is_empty() {
                    view! { <Empty icon=Icon::Search title=text!(i18n, prices.none) text=text!(i18n, prices.none_text)/> }.into_any()
                } else {
                    let more = list.items.len().saturating_sub(SHOWN);
                    view! {
                        <Table caption=text!(i18n, prices.title) columns=columns() testid="prices">
                            {list.items.into_iter().take(SHOWN).map(|row| view! { <Row row/> }).collect_view()}
                        </Table>
                        <p class="border-t border-base-300 px-5 py-3 text-xs text-base-content/70">
                            {(more > 0).then(|| view! { {t!(i18n, prices.more, count = more)} " " })}
                            {t!(i18n, prices.source, source = list.source)}
                        </p>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
    }
}

#[component]
fn Row(row: PriceRow) -> impl IntoView {
    let i18n = use_i18n();
    let own = row.own.is_some();
    let figures: Option<PriceFigures> = row.own.map(|own| own.price).or(row.table);
    let price = |get: fn(&PriceFigures) -> Option<Nanos>| {
        figures.as_ref().and_then(get).map_or_else(|| "—".to_owned(), format::dollars_exact)
    };
    let (input, output) = (price(|f| Some(f.input)), price(|f| Some(f.output)));
    let (cache_read, write_5m, write_1h) =
        (price(|f| f.cache_read), price(|f| f.cache_write_5m), price(|f| f.cache_write_1h));
    let tiers = figures.as_ref().map(|f| f.long_context.clone()).unwrap_or_default();
    view! {
        <tr>
            <Cell label=text!(i18n, prices.model)>
                <div class="font-mono text-xs break-all">{row.model}</div>
                <div class="flex flex-wrap items-center gap-2 text-xs text-base-content/70">
                    {row.provider}
                    {own.then(|| view! { <Badge tone=Tone::Info>{t!(i18n, prices.own)}</Badge> })}
                </div>
                {tiers
                    .into_iter()
                    .map(|tier| {
                        let above = format::compact(tier.above_tokens);
                        let (input, output) = (format::dollars_exact(tier.input), format::dollars_exact(tier.output));
                        view! {
                            <div class="text-xs text-base-content/70">
                                {move || t_string!(i18n, prices.tier, above = above.clone(), input = input.clone(), output = output.clone())}
                            </div>
                        }
                    })
                    .collect_view()}
            </Cell>
            <Cell label=text!(i18n, prices.input) numeric=true>{input}</Cell>
            <Cell label=text!(i18n, prices.output) numeric=true>{output}</Cell>
            <Cell label=text!(i18n, prices.cache_read) numeric=true>{cache_read}</Cell>
            <Cell label=text!(i18n, prices.write_5m) numeric=true>{write_5m}</Cell>
            <Cell label=text!(i18n, prices.write_1h) numeric=true>{write_1h}</Cell>
            <Cell label=text!(i18n, prices.context) numeric=true>
                {row.context.map_or_else(|| "—".to_owned(), format::compact)}
            </Cell>
        </tr>
    }
}
