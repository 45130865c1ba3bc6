//! The proof: waits for the key's first request and turns green, or says why it was refused.

use std::time::Duration;

use causeway_domain::KeyId;
use causeway_openapi::{Outcome, Request, RequestQuery};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, t_string, use_i18n},
        query::Query,
        routes,
    },
    ui::icon::{Glyph, Icon},
};

const PERIOD: Duration = Duration::from_secs(2);

/// Asks for the key's newest request every two seconds.
#[component]
pub(super) fn Waiting(key_id: Memo<Option<KeyId>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let newest = Query::new(move || {
        let query = RequestQuery { key_id: key_id.get(), limit: Some(1), ..RequestQuery::default() };
        async move { api.requests(query).await.map(|page| page.items) }
    })
    .every(PERIOD);
    let request = Memo::new(move |_| newest.data().and_then(|items| items.into_iter().next()));
    let arrived = move |request: Request| {
        let at = request.started_at;
        let client = if request.client.is_empty() { "—".to_owned() } else { request.client };
        let full_client = client.clone();
        // It got here in any case; whether it got on is what the person wants to know.
        let refused = request.outcome == Outcome::UpstreamError || request.status >= 400;
        let (state, frame, mark, icon) = if refused {
            ("refused", "border-warning bg-warning/8", "bg-warning text-warning-content", Icon::Alert)
        } else {
            ("arrived", "border-success bg-success/8", "bg-success text-success-content", Icon::Check)
        };
        let title =
            move || if refused { t_string!(i18n, connect.refused) } else { t_string!(i18n, connect.arrived) };
        let error = request.error.filter(|_| refused);
        view! {
            <div
                class=format!("rounded-box border p-5 {frame}")
                role="status"
                data-testid="first-request"
                data-state=state
            >
                <div class="flex items-center gap-3">
                    <span class=format!("grid size-9 shrink-0 place-items-center rounded-full {mark}")><Glyph icon/></span>
                    <h2 class="font-semibold">{title}</h2>
                </div>
                {error.map(|error| view! { <p class="mt-3 text-sm break-words">{error}</p> })}
                <dl class="mt-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
                    <dt class="text-base-content/70">{t!(i18n, connect.client)}</dt>
                    <dd class="truncate" title=full_client>{client}</dd>
                    <dt class="text-base-content/70">{t!(i18n, connect.used_model)}</dt>
                    <dd class="truncate">{request.model}</dd>
                    <dt class="text-base-content/70">{t!(i18n, connect.when)}</dt>
                    <dd class="tabular-nums">{move || format::moment(at, i18n.get_locale())}</dd>
                    <dt class="text-base-content/70">{t!(i18n, connect.cost)}</dt>
                    <dd class="tabular-nums">{format::dollars(request.cost_usd)}</dd>
                </dl>
                <a class="btn btn-sm mt-4 w-full" href=routes::DASHBOARD>{t!(i18n, connect.to_dashboard)}</a>
            </div>
        }
    };
    let waiting = move || {
        view! {
            <div class="rounded-box border border-base-300 bg-base-100 p-5 shadow-xs" role="status" data-testid="first-request" data-state="waiting">
                <div class="flex items-center gap-3">
                    <span class="loading loading-ring loading-lg text-primary" aria-hidden="true"></span>
                    <h2 class="font-semibold">{t!(i18n, connect.waiting)}</h2>
                </div>
                <p class="mt-3 text-sm text-base-content/70">{move || t_string!(i18n, connect.waiting_text)}</p>
            </div>
        }
    };
    move || match request.get() {
        Some(request) => arrived(request).into_any(),
        None => waiting().into_any(),
    }
}
