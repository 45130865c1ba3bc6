//! One token in the list.

use causeway_openapi::{ApiToken, Page, TokenStatus};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        confirm::Confirm,
        icon::{Glyph, Icon},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row. Where everybody's tokens are listed, it says whose this one is.
#[component]
pub(super) fn Row(token: ApiToken, tokens: Query<Page<ApiToken>>, everybodys: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let revoking = Submission::new();
    let asking = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(error) = revoking.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let id = token.id;
    let name = StoredValue::new(token.name.clone());
    let revoke = move |()| {
        revoking.run(async move { api.revoke_token(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, tokens.revoked_toast, name = name.get_value()));
            tokens.reload();
        });
    };
    let owner = everybodys.then(|| format!(" · {}", token.owner.name));
    let (status, expires_at) = (token.status, token.expires_at);
    let (tone, label) = match status {
        TokenStatus::Active => (Tone::Good, text!(i18n, tokens.active)),
        TokenStatus::Expired => (Tone::Warning, text!(i18n, tokens.expired)),
        TokenStatus::Revoked => (Tone::Neutral, text!(i18n, tokens.revoked)),
    };
    let address = token.last_address.clone();
    view! {
        <tr data-testid="token">
            <Cell label=text!(i18n, tokens.name)>
                <div class="font-medium break-words">{token.name.clone()}</div>
                <div class="text-xs text-base-content/70"><span class="font-mono">{token.prefix.clone()}"…"</span>{owner}</div>
            </Cell>
            <Cell label=text!(i18n, tokens.status)>
                <Badge tone dot=true>{move || label.get()}</Badge>
                <div class="mt-0.5 text-xs text-base-content/70 whitespace-nowrap" title=format::moment_exact(expires_at)>
                    {move || t_string!(i18n, tokens.until, moment = format::moment(expires_at, i18n.get_locale()))}
                </div>
            </Cell>
            <Cell label=text!(i18n, tokens.scopes)>
                <div class="flex flex-wrap gap-x-2 gap-y-0.5 font-mono text-xs">
                    {token.scopes.iter().map(|scope| view! { <span class="whitespace-nowrap">{scope.as_str()}</span> }).collect_view()}
                </div>
            </Cell>
            <Cell label=text!(i18n, tokens.last_used)>
                {match token.last_used_at {
                    None => view! { <span class="text-sm text-base-content/70">{t!(i18n, tokens.never_used)}</span> }.into_any(),
                    Some(at) => view! {
                        <div class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                            {move || format::moment(at, i18n.get_locale())}
                        </div>
                        <div class="font-mono text-xs text-base-content/70">{address}</div>
                    }
                    .into_any(),
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                {(status == TokenStatus::Active).then(|| view! {
                    <button
                        type="button"
                        class="btn btn-ghost btn-sm btn-square text-error"
                        aria-label=text!(i18n, tokens.revoke_this, name = name.get_value())
                        title=text!(i18n, tokens.revoke_this, name = name.get_value())
                        data-testid="revoke-token"
                        on:click=move |_| asking.set(true)
                    >
                        <Glyph icon=Icon::Trash class="size-4"/>
                    </button>
                })}
                <Confirm
                    open=asking
                    title=text!(i18n, tokens.revoke_title, name = name.get_value())
                    text=text!(i18n, tokens.revoke_text)
                    action=text!(i18n, tokens.revoke)
                    busy=revoking.busy
                    on_confirm=revoke
                />
            </Cell>
        </tr>
    }
}
