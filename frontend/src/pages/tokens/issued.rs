//! A token that was just made: shown once, with a first call to try it with.

use causeway_openapi::{IssuedToken, Scope};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        code::Code,
        copy::CopyButton,
        dialog::Actions,
        notice::Notice,
    },
};

/// What the dialog shows.
#[component]
pub(super) fn Issued(issued: IssuedToken, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let instance = Query::new(move || api.instance());
    let IssuedToken { token, secret } = issued;
    let secret = secret.expose().to_owned();
    let place = place_of(&token.scopes);
    let shown = secret.clone();
    let command = Signal::derive(move || {
        let url = instance.data().map(|instance| instance.public_url).unwrap_or_default();
        format!("curl -H 'Authorization: Bearer {secret}' {url}/admin/v1{place}")
    });
    view! {
        <div class="flex flex-col gap-4">
            <Notice tone=Tone::Warning>{t!(i18n, tokens.once)}</Notice>
            <div class="flex items-center gap-2 rounded-box border border-base-300 bg-base-200 p-2 pl-4">
                <code class="grow select-all text-sm break-all" aria-label=move || t_string!(i18n, tokens.secret) data-testid="token-secret">
                    {shown.clone()}
                </code>
                <CopyButton text=shown caption=true testid="copy-token"/>
            </div>
            <Code text=command title=text!(i18n, tokens.try_it) testid="token-command"/>
            <p class="text-sm">
                <a class="link" href="/docs" target="_blank" rel="noopener">{t!(i18n, tokens.reference)}</a>
            </p>
        </div>
        <Actions>
            <Button kind=Kind::Primary on_press=move |()| open.set(false) testid="token-done">{t!(i18n, tokens.kept)}</Button>
        </Actions>
    }
}

/// An address that a token with these scopes may read.
fn place_of(scopes: &[Scope]) -> &'static str {
    match scopes.first().map(|scope| scope.resource()) {
        Some("usage") => "/usage/summary",
        Some("accounts") => "/accounts",
        Some("keys") => "/keys",
        Some("prices") => "/prices",
        Some("members") => "/members",
        Some("organization") => "/organization",
        Some("billing") => "/balance",
        Some("audit") => "/audit",
        _ => "/me",
    }
}
