//! Single sign-on: finding the issuers of an organisation, going there, and what went wrong on the way back.

use causeway_openapi::SsoButton;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use crate::{
    core::{
        api::{sso::begin_sso, use_api},
        form::Submission,
        i18n::{t, text, use_i18n},
        routes::safe_next,
        storage,
    },
    ui::{
        badge::Tone,
        button::Button,
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// Whom this browser asked for last time.
const REMEMBERED: &str = "causeway.sso";

/// The part of the sign-in page below the password.
#[component]
pub(crate) fn SingleSignOn() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let query = use_query_map();
    let remembered = storage::get(REMEMBERED).unwrap_or_default();
    let open = RwSignal::new(!remembered.is_empty());
    let who = RwSignal::new(remembered);
    let found = RwSignal::new(None::<Vec<SsoButton>>);
    let submission = Submission::new();
    let next = move || safe_next(query.get_untracked().get("next").as_deref());
    Effect::new(move |_| {
        who.track();
        found.set(None);
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let asked = who.get_untracked().trim().to_owned();
        let ask = asked.clone();
        submission.run(async move { api.discover_sso(&ask).await }, move |answer| {
            let mut providers = answer.providers;
            if !providers.is_empty() {
                storage::set(REMEMBERED, &asked);
            }
            if providers.len() == 1
                && let Some(only) = providers.pop()
            {
                return go_to(&begin_sso(only.id, &next()));
            }
            found.set(Some(providers));
        });
    };
    let buttons = move || {
        found.get().map(|providers| {
            if providers.is_empty() {
                return view! { <Notice tone=Tone::Warning alert=true>{t!(i18n, sso.none_found)}</Notice> }.into_any();
            }
            let link = |provider: SsoButton| {
                view! {
                    <a class="btn btn-outline w-full" href=begin_sso(provider.id, &next()) rel="external" data-testid="sso-provider">
                        {provider.name}
                    </a>
                }
            };
            view! { <div class="flex flex-col gap-2">{providers.into_iter().map(link).collect_view()}</div> }.into_any()
        })
    };
    view! {
        <div class="mt-6 border-t border-base-300 pt-5">
            <Show
                when=move || open.get()
                fallback=move || view! {
                    <Button class="w-full" on_press=move |()| open.set(true) testid="sso-open">{t!(i18n, sso.use_it)}</Button>
                }
            >
                <form class="flex flex-col gap-4" on:submit=send>
                    <Failure error=submission.error/>
                    <TextField
                        label=text!(i18n, sso.who)
                        hint=text!(i18n, sso.who_hint)
                        value=who
                        name="organization"
                        autocomplete="organization"
                        required=true
                        testid="sso-who"
                    />
                    {buttons}
                    <Button submit=true busy=submission.busy class="w-full" testid="sso-continue">
                        {t!(i18n, sso.go_on)}
                    </Button>
                </form>
            </Show>
        </div>
    }
}

/// Why the sign-in that the person comes back from did not succeed, if they do. What is shown comes from the server, to
/// which this browser is known, and not from the address.
#[component]
pub(crate) fn SignInFailure() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let query = use_query_map();
    let detail = RwSignal::new(None::<String>);
    let failed = move || query.with(|query| query.get("sso_failed"));
    Effect::new(move |_| {
        detail.set(None);
        let Some(provider) = failed().filter(|failed| failed != "stale") else { return };
        spawn_local(async move {
            if let Ok(failure) = api.sso_outcome(&provider).await {
                let _ = detail.try_set(Some(failure.detail));
            }
        });
    });
    move || {
        failed().map(|_| {
            view! {
                <div class="mb-4" data-testid="sso-failure">
                    <Notice tone=Tone::Bad alert=true>
                        <p class="font-medium">{t!(i18n, sso.failed)}</p>
                        <p>{move || detail.get().map_or_else(
                            || t!(i18n, sso.stale).into_any(),
                            |detail| detail.into_any(),
                        )}</p>
                    </Notice>
                </div>
            }
        })
    }
}

/// Leaves the application.
pub(crate) fn go_to(address: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.location().assign(address);
    }
}
