//! Model routes: what models are called here, and where each name leads.

mod form;
mod row;

use causeway_domain::route::Kind as RouteKind;
use causeway_openapi::{Account, ModelRoute, ModelRoutes, Page, Permission, RouteTarget, SetModelRoutes};
use leptos::prelude::*;

use self::{form::RouteForm, row::Row};
use crate::{
    core::{
        api::use_api,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
        providers::{Providers, name_of},
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

/// What the page shows, and what its dialog is about.
#[derive(Clone, Copy)]
struct Shown {
    routes: Query<ModelRoutes>,
    accounts: Query<Page<Account>>,
    providers: Providers,
    form: RwSignal<bool>,
    /// Which route is edited; none while one is added.
    edited: RwSignal<Option<usize>>,
    may_write: Memo<bool>,
}

impl Shown {
    /// The list after a change, as it is sent: refused where somebody else has changed it meanwhile.
    fn changed(self, change: impl FnOnce(&mut Vec<ModelRoute>)) -> SetModelRoutes {
        let ModelRoutes { version, mut items } = untrack(move || self.routes.data()).unwrap_or_default();
        change(&mut items);
        SetModelRoutes { version: Some(version).filter(|version| !version.is_empty()), items }
    }

    /// Where a target is, in words.
    fn place(self, target: &RouteTarget, everywhere: &str) -> String {
        let account = target.account_id.map(|id| {
            let found = self.accounts.data().and_then(|page| page.items.into_iter().find(|a| a.id == id));
            found.map_or_else(|| id.to_string(), |account| account.name)
        });
        let provider = target.provider.map(|provider| name_of(self.providers, provider));
        account.or(provider).unwrap_or_else(|| everywhere.to_owned())
    }
}

/// The page.
#[component]
pub(crate) fn Routes() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let shown = Shown {
        routes: Query::new(move || api.model_routes()),
        accounts: Query::new(move || api.accounts()),
        providers: Query::new(move || api.providers()),
        form: RwSignal::new(false),
        edited: RwSignal::new(None),
        may_write: Memo::new(move |_| session.may(Permission::AccountsWrite)),
    };
    let add = move |()| {
        shown.edited.set(None);
        shown.form.set(true);
    };
    let add_button = move |testid: &'static str| {
        view! {
            <Show when=move || shown.may_write.get()>
                <Button kind=Kind::Primary on_press=add testid=testid>
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, model_routes.add)}
                </Button>
            </Show>
        }
    };
    let title = Signal::derive(move || {
        if shown.edited.get().is_some() {
            t_string!(i18n, model_routes.edit).to_owned()
        } else {
            t_string!(i18n, model_routes.add).to_owned()
        }
    });
    view! {
        <PageHeader title=text!(i18n, model_routes.title) text=text!(i18n, model_routes.text)>
            {add_button("add-route")}
        </PageHeader>
        <Card flush=true>
            <Loaded query=shown.routes skeleton=|| view! { <ListSkeleton/> }.into_any() let:routes>
                {if routes.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Tag title=text!(i18n, model_routes.empty) text=text!(i18n, model_routes.empty_text)>
                            {add_button("add-first-route")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! { <List items=routes.items shown/> }.into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=shown.form title wide=true testid="route-dialog">
            {move || shown.form.get().then(|| view! { <RouteForm shown/> })}
        </Dialog>
    }
}

#[component]
fn List(items: Vec<ModelRoute>, shown: Shown) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, model_routes.kind)),
        Column::text(text!(i18n, model_routes.pattern)),
        Column::text(text!(i18n, model_routes.targets)),
        Column::actions(text!(i18n, common.actions)),
    ];
    view! {
        <Table caption=text!(i18n, model_routes.title) columns testid="routes">
            {items
                .into_iter()
                .enumerate()
                .map(|(index, route)| view! { <Row index route shown/> })
                .collect_view()}
        </Table>
    }
}

/// What a kind of route is called.
fn kind_name(kind: RouteKind, locale: Locale) -> &'static str {
    match kind {
        RouteKind::Alias => td_string!(locale, model_routes.alias),
        RouteKind::Prefix => td_string!(locale, model_routes.prefix),
        RouteKind::Exclude => td_string!(locale, model_routes.exclude),
        RouteKind::Mapping => td_string!(locale, model_routes.mapping),
    }
}

/// What it does.
fn kind_text(kind: RouteKind, locale: Locale) -> &'static str {
    match kind {
        RouteKind::Alias => td_string!(locale, model_routes.alias_text),
        RouteKind::Prefix => td_string!(locale, model_routes.prefix_text),
        RouteKind::Exclude => td_string!(locale, model_routes.exclude_text),
        RouteKind::Mapping => td_string!(locale, model_routes.mapping_text),
    }
}

/// Whether its targets name models.
fn has_models(kind: RouteKind) -> bool {
    matches!(kind, RouteKind::Alias | RouteKind::Mapping)
}

/// Whether what it leads to can stay reachable without it.
fn can_keep(kind: RouteKind) -> bool {
    matches!(kind, RouteKind::Alias | RouteKind::Prefix)
}
