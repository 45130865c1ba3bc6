//! Prices and multipliers of the installation, for every organisation that has none of its own.

mod form;
mod multipliers;

use causeway_openapi::{GlobalPrice, GlobalPrices, PriceOverride};
use leptos::prelude::*;

use self::{form::GlobalPriceForm, multipliers::Multipliers};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, text, tu_string, use_i18n},
        query::Query,
    },
    pages::prices::history::History,
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        confirm::Confirm,
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The dialogs of the page, and what they are about.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    edited: RwSignal<Option<GlobalPrice>>,
    history: RwSignal<bool>,
    looked_at: RwSignal<String>,
}

/// The page.
#[component]
pub(crate) fn GlobalPricesPage() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let prices = Query::new(move || api.global_prices());
    let dialogs = Dialogs {
        form: RwSignal::new(false),
        edited: RwSignal::new(None),
        history: RwSignal::new(false),
        looked_at: RwSignal::new(String::new()),
    };
    let columns = move || {
        vec![
            Column::text(text!(i18n, installation.model)),
            Column::number(text!(i18n, installation.in_and_out)),
            Column::text(text!(i18n, installation.since)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let set = move |()| {
        dialogs.edited.set(None);
        dialogs.form.set(true);
    };
    view! {
        <PageHeader title=text!(i18n, installation.prices) text=text!(i18n, installation.prices_text)>
            <Button kind=Kind::Primary on_press=set testid="set-global-price">
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, installation.set_price)}
            </Button>
        </PageHeader>
        <div class="flex flex-col gap-6">
            <Card flush=true>
                <Loaded query=prices skeleton=|| view! { <ListSkeleton/> }.into_any() let:list>
                    {if list.items.is_empty() {
                        view! { <Empty icon=Icon::Tag title=text!(i18n, installation.no_prices) text=text!(i18n, installation.no_prices_text)/> }
                            .into_any()
                    } else {
                        view! {
                            <Table caption=text!(i18n, installation.prices) columns=columns() testid="global-prices">
                                {list.items.into_iter().map(|price| view! { <Row price prices dialogs/> }).collect_view()}
                            </Table>
                        }
                        .into_any()
                    }}
                </Loaded>
            </Card>
            <Multipliers/>
        </div>
        <Dialog open=dialogs.form title=text!(i18n, installation.set_price) wide=true testid="global-price-dialog">
            <GlobalPriceForm dialogs prices/>
        </Dialog>
        <Dialog open=dialogs.history title=text!(i18n, installation.history) wide=true testid="global-history-dialog">
            <History model=dialogs.looked_at global=true/>
        </Dialog>
    }
}

fn amounts(price: &PriceOverride) -> String {
    format!("{} / {}", format::dollars_exact(price.price.input), format::dollars_exact(price.price.output))
}

#[component]
fn Row(price: GlobalPrice, prices: Query<GlobalPrices>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let removing = Submission::new();
    let asking = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(error) = removing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let shown = price.clone();
    let provider = shown.provider.map(|p| p.to_string());
    let now = shown.now.as_ref().map(amounts);
    let since = shown.now.as_ref().map(|now| format::dated(now.from));
    let price = StoredValue::new(price);
    let name = move || price.with_value(|price| price.model.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(price.get_value()));
        dialogs.form.set(true);
    };
    let look = move |()| {
        dialogs.looked_at.set(name());
        dialogs.history.set(true);
    };
    let remove = move |()| {
        let GlobalPrice { model, provider, .. } = price.get_value();
        removing.run(async move { api.remove_global_price(model, provider).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, installation.price_removed));
            prices.reload();
        });
    };
    view! {
        <tr data-testid="global-price">
            <Cell label=text!(i18n, installation.model)>
                <div class="font-mono text-xs break-all">{shown.model}</div>
                <div class="text-xs text-base-content/70">
                    {match provider {
                        Some(name) => view! { <span>{name}</span> }.into_any(),
                        None => view! { <span>{t!(i18n, installation.every_provider)}</span> }.into_any(),
                    }}
                </div>
            </Cell>
            <Cell label=text!(i18n, installation.in_and_out) numeric=true>
                {match now {
                    Some(now) => view! { <span class="whitespace-nowrap">{now}</span> }.into_any(),
                    None => view! { <Badge tone=Tone::Info>{t!(i18n, installation.only_planned)}</Badge> }.into_any(),
                }}
                {shown.planned.iter().map(|planned| {
                    let (price, day) = (amounts(planned), format::dated(planned.from));
                    view! {
                        <div class="text-xs text-base-content/70">
                            {t!(i18n, installation.planned_from, price = price, day = day)}
                        </div>
                    }
                }).collect_view()}
            </Cell>
            <Cell label=text!(i18n, installation.since)><span class="whitespace-nowrap tabular-nums">{since}</span></Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex flex-wrap justify-end gap-2">
                    <Button small=true on_press=edit testid="edit-global-price">{t!(i18n, common.edit)}</Button>
                    <Button small=true on_press=look testid="global-history">{t!(i18n, installation.history)}</Button>
                    <Button small=true on_press=move |()| asking.set(true) testid="remove-global-price">{t!(i18n, installation.remove)}</Button>
                </div>
                <Confirm
                    open=asking
                    title=text!(i18n, installation.remove_title, name = name())
                    text=text!(i18n, installation.remove_text)
                    action=text!(i18n, installation.remove)
                    busy=removing.busy
                    on_confirm=remove
                />
            </Cell>
        </tr>
    }
}
