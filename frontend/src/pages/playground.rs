//! The playground: a real request with one of the organisation's keys, and both sides of its conversion beside each other.

mod bodies;
mod panes;
mod request;
mod run;
mod summary;

use causeway_openapi::{Key, KeyStatus, Permission};
use leptos::prelude::*;

use self::{
    panes::Panes,
    request::Form,
    run::{Run, Stage},
    summary::Summary,
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
    },
};

/// The page.
#[component]
pub(crate) fn Playground() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let keys = Query::new(move || api.keys());
    view! {
        <PageHeader title=text!(i18n, playground.title) text=text!(i18n, playground.text)/>
        <Loaded query=keys skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:keys>
            {if keys.items.is_empty() {
                view! {
                    <Card>
                        <Empty icon=Icon::Key title=text!(i18n, playground.no_key) text=text!(i18n, playground.no_key_text)>
                            <a class="btn btn-primary" href=routes::KEYS>{t!(i18n, playground.to_keys)}</a>
                        </Empty>
                    </Card>
                }
                .into_any()
            } else {
                view! { <Bench keys=keys.items/> }.into_any()
            }}
        </Loaded>
    }
}

#[component]
fn Bench(keys: Vec<Key>) -> impl IntoView {
    let session = use_session();
    let run = Run::new();
    // While the organisation is suspended, or one is inside only to look, nothing can be sent.
    let may = Memo::new(move |_| session.may(Permission::KeysWriteOwn));
    let first = keys.iter().find(|key| key.status == KeyStatus::Active).or(keys.first()).map(|key| key.id);
    let named = |key: Key| {
        let owner = key.owner.map(|owner| format!(" · {}", owner.name)).unwrap_or_default();
        (key.id.to_string(), format!("{} ({}…){owner}", key.name, key.prefix))
    };
    let keys: Vec<(String, String)> = keys.into_iter().map(named).collect();
    let begun = Memo::new(move |_| run.sent.with(Option::is_some));
    view! {
        <div class="flex min-w-0 flex-col gap-6">
            <Form keys first run may/>
            <Show when=move || begun.get() || run.stage.get() != Stage::Idle>
                <Summary run/>
            </Show>
            <Show when=move || begun.get()><Panes run/></Show>
        </div>
    }
}
