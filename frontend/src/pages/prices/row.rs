//! One entry of the list: the price that counts, what it stands in for, and what is to come.

use causeway_domain::{Nanos, price::ServiceTier};
use causeway_openapi::{PriceFigures, PriceList, PriceRow};
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        confirm::Confirm,
        icon::{Glyph, Icon},
        menu::{Menu, MenuItem},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(row: PriceRow, prices: Query<PriceList>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    // The organisation's own, else the installation's, else the table's.
    let instead = row.own.as_ref().or(row.installation.as_ref()).map(|set| &set.price);
    let figures = instead.or(row.table.as_ref()).cloned();
    let table = instead.is_some().then(|| row.table.clone()).flatten();
    let price = |label: Signal<String>, get: fn(&PriceFigures) -> Option<Nanos>| {
        let shown = figures.as_ref().and_then(get);
        let replaced = table.as_ref().and_then(get).filter(|old| Some(*old) != shown);
        view! {
            <Cell label numeric=true>
                <div>{shown.map_or_else(|| "—".to_owned(), format::dollars_exact)}</div>
                {replaced.map(|old| view! {
                    <div class="text-xs text-base-content/70 line-through" title=text!(i18n, prices.of_table)>
                        {format::dollars_exact(old)}
                    </div>
                })}
            </Cell>
        }
    };
    let cells = (
        price(text!(i18n, prices.input), |f| Some(f.input)),
        price(text!(i18n, prices.output), |f| Some(f.output)),
        price(text!(i18n, prices.cache_read), |f| f.cache_read),
        price(text!(i18n, prices.write_5m), |f| f.cache_write_5m),
        price(text!(i18n, prices.write_1h), |f| f.cache_write_1h),
    );
    let named = (row.clone(), figures.clone());
    let context = row.context.map_or_else(|| "—".to_owned(), format::compact);
    view! {
        <tr data-testid="price">
            <Cell label=text!(i18n, prices.model)><Name row=named.0 figures=named.1/></Cell>
            {cells}
            <Cell label=text!(i18n, prices.context) numeric=true>{context}</Cell>
            <Cell label=text!(i18n, common.actions) numeric=true><Actions row prices dialogs/></Cell>
        </tr>
    }
}

/// The model with its badges, and below them what the columns have no room for.
#[component]
fn Name(row: PriceRow, figures: Option<PriceFigures>) -> impl IntoView {
    let i18n = use_i18n();
    let via = row.own.as_ref().map(|own| own.model.clone()).filter(|name| *name != row.model);
    let own = row.own.is_some().then(move || {
        view! {
            <Badge tone=Tone::Info>
                {move || match via.clone() {
                    None => t_string!(i18n, prices.own).to_owned(),
                    Some(name) => t_string!(i18n, prices.own_by, name = name),
                }}
            </Badge>
        }
    });
    // What counts in the table's stead where there is no own price.
    let of_installation = row.own.is_none() && row.installation.is_some();
    let own_provider = row.own.as_ref().and_then(|own| own.provider).map(|p| p.to_string());
    let planned = row.planned.iter().map(|p| (p.from, p.price.input, p.price.output));
    let planned = planned.chain(row.table_planned.iter().map(|p| (p.from, p.price.input, p.price.output)));
    let planned: Vec<_> = planned.collect();
    let lines = figures.as_ref().map(lines).unwrap_or_default();
    view! {
        <div class="font-mono text-xs break-all">{row.model}</div>
        <div class="flex flex-wrap items-center gap-2 text-xs text-base-content/70">
            {row.provider}
            {own}
            {of_installation.then(|| view! { <Badge tone=Tone::Neutral>{t!(i18n, prices.of_operator)}</Badge> })}
            {own_provider.map(|name| view! { <span>{t!(i18n, prices.only_for, name = name)}</span> })}
        </div>
        {planned
            .into_iter()
            .map(|(from, input, output)| {
                let (input, output) = (format::dollars_exact(input), format::dollars_exact(output));
                view! {
                    <div class="mt-0.5 text-xs text-base-content/70" title=format::moment_exact(from)>
                        {move || {
                            let moment = format::moment(from, i18n.get_locale());
                            t_string!(i18n, prices.planned, moment = moment, input = input.clone(), output = output.clone())
                        }}
                    </div>
                }
            })
            .collect_view()}
        {lines
            .into_iter()
            .map(|line| view! {
                <div class="text-xs text-base-content/70">
                    {move || {
                        let (input, output) = (line.input.clone(), line.output.clone());
                        match (line.tier, line.above.clone()) {
                            (None, Some(above)) => t_string!(i18n, prices.tier, above = above, input = input, output = output),
                            (Some(tier), _) => {
                                let name = tier.as_str();
                                t_string!(i18n, prices.tier_line, name = name, input = input, output = output)
                            }
                            (None, None) => String::new(),
                        }
                    }}
                </div>
            })
            .collect_view()}
    }
}

/// A price beside the standard one.
#[derive(Clone)]
struct Line {
    tier: Option<ServiceTier>,
    above: Option<String>,
    input: String,
    output: String,
}

fn lines(figures: &PriceFigures) -> Vec<Line> {
    let long = figures.long_context.iter().map(|l| Line {
        tier: None,
        above: Some(format::compact(l.above_tokens)),
        input: format::dollars_exact(l.input),
        output: format::dollars_exact(l.output),
    });
    let tiers = figures.tiers.iter().map(|(name, t)| Line {
        tier: Some(*name),
        above: None,
        input: format::dollars_exact(t.input),
        output: format::dollars_exact(t.output),
    });
    long.chain(tiers).collect()
}

/// What can be done: setting, removing, looking back.
#[component]
fn Actions(row: PriceRow, prices: Query<PriceList>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let removing = Submission::new();
    let asking = RwSignal::new(false);
    let may_set = super::may_set(session, prices);
    // What can be taken away was set for exactly this name, for one provider or for all.
    let ours = row.own.iter().chain(&row.planned).find(|own| own.model == row.model);
    let target = ours.map(|own| (own.model.clone(), own.provider));
    let removable = target.is_some();
    let name = StoredValue::new(row.model.clone());
    let row = StoredValue::new(row);
    Effect::new(move |_| {
        if let Some(error) = removing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let set = move |()| {
        dialogs.edited.set(Some(row.get_value()));
        dialogs.form.set(true);
    };
    let look = move |()| {
        dialogs.looked_at.set(name.get_value());
        dialogs.history.set(true);
    };
    let target = StoredValue::new(target);
    let remove = move |()| {
        let Some((model, provider)) = target.get_value() else { return };
        removing.run(async move { api.remove_price(model, provider).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, prices.removed_toast, name = name.get_value()));
            prices.reload();
        });
    };
    view! {
        <div class="flex items-center justify-end">
            <Menu
                label=text!(i18n, common.more_actions, name = name.get_value())
                face=view! { <span aria-hidden="true">"⋯"</span> }.into_any()
                testid="price-menu"
            >
                <Show when=move || may_set.get()>
                    <MenuItem on_press=set testid="edit-price">
                        <Glyph icon=Icon::Edit class="size-4"/>
                        {t!(i18n, prices.set)}
                    </MenuItem>
                </Show>
                <MenuItem on_press=look testid="show-history">
                    <Glyph icon=Icon::List class="size-4"/>
                    {t!(i18n, prices.history)}
                </MenuItem>
                <Show when=move || may_set.get() && removable>
                    <MenuItem on_press=move |()| asking.set(true) danger=true testid="remove-price">
                        <Glyph icon=Icon::Trash class="size-4"/>
                        {t!(i18n, prices.remove)}
                    </MenuItem>
                </Show>
            </Menu>
        </div>
        <Confirm
            open=asking
            title=text!(i18n, prices.remove_title, name = name.get_value())
            text=text!(i18n, prices.remove_text)
            action=text!(i18n, prices.remove)
            busy=removing.busy
            on_confirm=remove
        />
    }
}
