//! Prices: the table, and what the organisation has set instead of it.

mod about;
pub(crate) mod fields;
pub(crate) mod figures;
pub(crate) mod form;
pub(crate) mod history;
mod row;

use causeway_openapi::{Permission, PriceList, PriceQuery, PriceRow};
use leptos::prelude::*;
use leptos_use::signal_debounced;

use self::{about::About, form::PriceForm, history::History, row::Row};
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::{Load, Query},
        session::{Session, use_session},
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        field::{SelectField, TextField},
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Column, Table},
        tabs::Tabs,
    },
};

/// Rows drawn at once. The table knows some thousand models; nobody reads them all.
const SHOWN: usize = 100;

/// The page's dialogs. One of each at a time.
#[derive(Clone, Copy)]
pub(crate) struct Dialogs {
    form: RwSignal<bool>,
    /// The row whose price is set; none for a name that is yet to be typed.
    edited: RwSignal<Option<PriceRow>>,
    history: RwSignal<bool>,
    /// The model whose history is shown.
    looked_at: RwSignal<String>,
}

/// Whether the visitor can set prices here. Those of a prepaid organisation are the operator's.
fn may_set(session: Session, prices: Query<PriceList>) -> Memo<bool> {
    Memo::new(move |_| {
        let closed = prices.state.with(|state| matches!(state, Load::Ready(list) if !list.own_count));
        session.may(Permission::PricesWrite) && !closed
    })
}

/// The page.
#[component]
pub(crate) fn Prices() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let search = RwSignal::new("claude".to_owned());
    let provider = RwSignal::new(String::new());
    let overridden = RwSignal::new(false);
    let settled: Signal<String> = signal_debounced(search, 250.0);
    let prices = Query::new(move || {
        let text = settled.get().trim().to_owned();
        let query = PriceQuery {
            query: (!text.is_empty()).then_some(text),
            provider: Some(provider.get()).filter(|p| !p.is_empty()),
            overridden: overridden.get(),
        };
        async move {
            let wanted = query.query.clone().unwrap_or_default();
            let mut list = api.prices(query).await?;
            // Names that begin with what was typed come before those that only contain it.
            list.items.sort_by_key(|row| !row.model.starts_with(&wanted));
            Ok(list)
        }
    });
    let dialogs = Dialogs {
        form: RwSignal::new(false),
        edited: RwSignal::new(None),
        history: RwSignal::new(false),
        looked_at: RwSignal::new(String::new()),
    };
    let may_set = may_set(session, prices);
    let set = move |()| {
        dialogs.edited.set(None);
        dialogs.form.set(true);
    };
    // The sections stay to be chosen from while another list is on its way.
    let sections = Memo::new(move |earlier: Option<&Vec<String>>| {
        prices.state.with(|state| match state {
            Load::Ready(list) => list.providers.clone(),
            _ => earlier.cloned().unwrap_or_default(),
        })
    });
    let options = Signal::derive(move || {
        let all = (String::new(), t_string!(i18n, common.all).to_owned());
        std::iter::once(all).chain(sections.get().into_iter().map(|p| (p.clone(), p))).collect::<Vec<_>>()
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
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let form_title = text!(i18n, prices.set);
    view! {
        <PageHeader title=text!(i18n, prices.title) text=text!(i18n, prices.text)>
            <Show when=move || may_set.get()>
                <Button kind=Kind::Primary on_press=set testid="set-price">
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, prices.set)}
                </Button>
            </Show>
        </PageHeader>
        <About prices/>
        <div class="mb-4 flex flex-wrap items-end gap-4">
            <div class="grow max-w-sm min-w-48">
                <TextField label=text!(i18n, prices.search) placeholder="claude" value=search kind="search" testid="price-search"/>
            </div>
            <div class="min-w-40">
                <SelectField label=text!(i18n, prices.provider) value=provider options testid="price-provider"/>
            </div>
            <Tabs
                label=text!(i18n, prices.which)
                value=overridden
                options=vec![(false, text!(i18n, common.all)), (true, text!(i18n, prices.only_own))]
                testid="price-overridden"
            />
        </div>
        <Card flush=true>
            <Loaded query=prices skeleton=|| view! { <ListSkeleton rows=8/> }.into_any() let:list>
                {if list.items.is_empty() {
                    let (title, text) = if overridden.get_untracked() {
                        (text!(i18n, prices.none_own), text!(i18n, prices.none_own_text))
                    } else {
                        (text!(i18n, prices.none), text!(i18n, prices.none_text))
                    };
                    view! { <Empty icon=Icon::Search title text/> }.into_any()
                } else {
                    let more = list.items.len().saturating_sub(SHOWN);
                    view! {
                        <Table caption=text!(i18n, prices.title) columns=columns() testid="prices">
                            {list.items.into_iter().take(SHOWN).map(|row| view! { <Row row prices dialogs/> }).collect_view()}
                        </Table>
                        {(more > 0).then(|| view! {
                            <p class="border-t border-base-300 px-5 py-3 text-xs text-base-content/70">
                                {t!(i18n, prices.more, count = more)}
                            </p>
                        })}
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=dialogs.form title=form_title wide=true testid="price-dialog">
            <PriceForm dialogs prices/>
        </Dialog>
        <Dialog
            open=dialogs.history
            title=text!(i18n, prices.history_of, name = dialogs.looked_at.get())
            wide=true
            testid="price-history"
        >
            <History model=dialogs.looked_at/>
        </Dialog>
    }
}
