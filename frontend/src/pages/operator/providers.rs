//! Providers as this installation uses them: who may be asked at all, with what, and what was said before a consumer's
//! subscription was switched on.

mod form;
mod row;

use causeway_openapi::{OperatorProvider, Words};
use leptos::prelude::*;

use self::{form::ProviderForm, row::Row};
use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

/// What the page's dialog is about.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    /// The provider that is changed; none while one is added.
    edited: RwSignal<Option<OperatorProvider>>,
}

/// The page.
#[component]
pub(crate) fn ProvidersPage() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let providers = Query::new(move || api.operator_providers());
    let dialogs = Dialogs { form: RwSignal::new(false), edited: RwSignal::new(None) };
    let columns = move || {
        vec![
            Column::text(text!(i18n, providers.name)),
            Column::text(text!(i18n, providers.sign_in)),
            Column::text(text!(i18n, providers.state)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let add = move |()| {
        dialogs.edited.set(None);
        dialogs.form.set(true);
    };
    let title = Signal::derive(move || match dialogs.edited.get() {
        Some(edited) => t_string!(i18n, providers.edit, name = edited.name),
        None => t_string!(i18n, providers.add).to_owned(),
    });
    view! {
        <PageHeader title=text!(i18n, providers.title) text=text!(i18n, providers.text)>
            <Button kind=Kind::Primary on_press=add testid="add-provider">
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, providers.add)}
            </Button>
        </PageHeader>
        <Card flush=true>
            <Loaded query=providers skeleton=|| view! { <ListSkeleton/> }.into_any() let:all>
                <Table caption=text!(i18n, providers.title) columns=columns() testid="providers">
                    {all.into_iter().map(|provider| view! { <Row provider providers dialogs/> }).collect_view()}
                </Table>
            </Loaded>
        </Card>
        <Dialog open=dialogs.form title wide=true testid="provider-dialog">
            <ProviderForm dialogs providers/>
        </Dialog>
    }
}

/// What a person should know before using it.
fn notice(provider: &OperatorProvider) -> Option<Words> {
    serde_json::from_value(provider.preset.get("notice")?.clone()).ok()
}

/// Whether people authorise it, for which this installation needs a client id.
fn is_authorised(provider: &OperatorProvider) -> bool {
    provider.preset.get("oauth").is_some_and(serde_json::Value::is_object)
}
