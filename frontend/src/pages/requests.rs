//! Requests: those that reached a provider, and those that were refused.

mod detail;
mod filters;
mod log;
mod refused;
mod row;
pub(crate) mod way;

use causeway_openapi::{Request, RequestAttempts};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use self::{detail::Detail, log::Log, refused::Refused, way::Refusal};
use crate::{
    core::{
        api::use_api,
        i18n::{text, use_i18n},
        routes,
    },
    ui::{dialog::Dialog, tabs::Tabs},
};

/// Which requests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// Those that reached a provider.
    Log,
    /// Those that were refused.
    Refused,
}

/// What the dialog tells of.
#[derive(Clone)]
enum Chosen {
    /// A row of the log.
    Row(Box<Request>),
    /// One that was refused.
    Refusal(RequestAttempts),
}

/// The page. What is listed is in the address, so that it can be linked to.
#[component]
pub(crate) fn Requests() -> impl IntoView {
    let api = use_api();
    let i18n = use_i18n();
    let map = use_query_map();
    let at_first = map.with_untracked(|map| map.get("refused").is_some());
    let view = RwSignal::new(if at_first { View::Refused } else { View::Log });
    let navigate = use_navigate();
    Effect::new(move |earlier: Option<View>| {
        let view = view.get();
        if earlier.is_some_and(|earlier| earlier != view) {
            let search = if view == View::Refused { "?refused=true" } else { "" };
            let options = NavigateOptions {
                resolve: false,
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&format!("{}{search}", routes::REQUESTS), options);
        }
        view
    });
    let chosen = RwSignal::new(None::<Chosen>);
    let open = RwSignal::new(false);
    let show = move |what| {
        // The page may be gone by now, and its signals with it.
        let _ = chosen.try_set(Some(what));
        let _ = open.try_set(true);
    };
    // A link may name a request besides, which is then shown. Where nothing is known of it, or not yet, the list speaks for
    // itself.
    if let Some(id) = map.with_untracked(|map| map.get("request")).and_then(|id| id.parse().ok()) {
        spawn_local(async move {
            if let Ok(request) = api.request(id).await {
                show(Chosen::Row(Box::new(request)));
            } else if let Ok(way) = api.attempts(id).await {
                show(Chosen::Refusal(way));
            }
        });
    }
    view! {
        {move || match view.get() {
            View::Log => view! { <Log view show=move |row: Request| show(Chosen::Row(Box::new(row)))/> }.into_any(),
            View::Refused => view! { <Refused view show=move |way| show(Chosen::Refusal(way))/> }.into_any(),
        }}
        <Dialog open title=text!(i18n, requests.details) wide=true testid="request-dialog">
            {move || chosen.get().map(|chosen| match chosen {
                Chosen::Row(request) => view! { <Detail request=*request/> }.into_any(),
                Chosen::Refusal(way) => view! { <Refusal way/> }.into_any(),
            })}
        </Dialog>
    }
}

/// The choice of what is listed.
#[component]
fn Views(view: RwSignal<View>) -> impl IntoView {
    let i18n = use_i18n();
    let options =
        vec![(View::Log, text!(i18n, requests.answered)), (View::Refused, text!(i18n, requests.refused))];
    view! {
        <div class="mb-4 flex">
            <Tabs label=text!(i18n, requests.title) value=view options testid="requests-view"/>
        </div>
    }
}
