//! How issuers know the person who is signed in: for the profile.

use causeway_openapi::{Identities, Identity, SsoButton};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::sign_in::sso::{SignInFailure, go_to};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
        routes::MOUNT,
    },
    ui::{
        button::Button,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card. Nothing is shown where the organisation has no issuer and the person no identity.
#[component]
pub(crate) fn LinkedIdentities() -> impl IntoView {
    let api = use_api();
    let identities = Query::new(move || api.identities());
    view! {
        <Loaded query=identities skeleton=|| view! { <Card><ListSkeleton rows=1/></Card> }.into_any() let:found>
            <Shown found identities/>
        </Loaded>
    }
}

#[component]
fn Shown(found: Identities, identities: Query<Identities>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let location = use_location();
    let submission = Submission::new();
    if found.identities.is_empty() && found.providers.is_empty() {
        return ().into_any();
    }
    let row = move |identity: Identity| {
        let id = identity.id;
        let unlink = move |()| {
            submission.run(async move { api.unlink_identity(id).await }, move |()| {
                toasts.good(t_string!(i18n, sso.unlinked_toast));
                identities.reload();
            });
        };
        let who = if identity.email.is_empty() { identity.subject } else { identity.email };
        view! {
            <li class="flex flex-wrap items-center justify-between gap-2" data-testid="identity">
                <span class="min-w-0 text-sm">
                    <span class="block font-medium break-all">{who}</span>
                    <span class="block break-all text-base-content/70">{identity.issuer}</span>
                </span>
                <Button small=true busy=submission.busy on_press=unlink testid="unlink">{t!(i18n, sso.unlink)}</Button>
            </li>
        }
    };
    let link = move |provider: SsoButton| {
        let begin = move |()| {
            let here = format!("{MOUNT}{}", location.pathname.get_untracked());
            submission.run(async move { api.link_identity(provider.id, here).await }, |started| {
                go_to(&started.url);
            });
        };
        let name = provider.name;
        view! {
            <Button small=true busy=submission.busy on_press=begin testid="link">
                {move || tu_string!(i18n, sso.link, name = name.clone())}
            </Button>
        }
    };
    view! {
        <Card title=text!(i18n, sso.identities)>
            <div class="flex flex-col gap-4" data-testid="identities">
                <p class="text-sm text-base-content/70">{t!(i18n, sso.identities_text)}</p>
                <SignInFailure/>
                <Failure error=submission.error/>
                <ul class="flex flex-col gap-3">{found.identities.into_iter().map(row).collect_view()}</ul>
                <div class="flex flex-wrap gap-2">{found.providers.into_iter().map(link).collect_view()}</div>
            </div>
        </Card>
    }
    .into_any()
}
