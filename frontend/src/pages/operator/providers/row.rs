//! One provider in the list.

use causeway_openapi::{OperatorProvider, ProviderConfirmation, ProviderSource};
use leptos::prelude::*;

use super::{Dialogs, notice};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::{in_words, way_names},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(
    provider: OperatorProvider,
    providers: Query<Vec<OperatorProvider>>,
    dialogs: Dialogs,
) -> impl IntoView {
    let i18n = use_i18n();
    let words = notice(&provider);
    let changed = has_changes(&provider);
    let edited = StoredValue::new(provider.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(edited.get_value()));
        dialogs.form.set(true);
    };
    let OperatorProvider {
        provider: id,
        name,
        source,
        enabled,
        subscription,
        sign_in,
        closed,
        confirmation,
        ..
    } = provider;
    let any_closed = !closed.is_empty();
    let (sign_in, closed) = (StoredValue::new(sign_in), StoredValue::new(closed));
    let told = StoredValue::new(name.clone());
    view! {
        <tr data-testid="provider" data-provider=id.to_string()>
            <Cell label=text!(i18n, providers.name)>
                <div class="flex flex-wrap items-center gap-1.5">
                    <span class="font-medium break-words">{name}</span>
                    {subscription.then(|| view! { <Badge tone=Tone::Warning>{t!(i18n, providers.subscription)}</Badge> })}
                    {(source == ProviderSource::File).then(|| view! { <Badge tone=Tone::Neutral>{t!(i18n, providers.of_file)}</Badge> })}
                    {(source == ProviderSource::Operator).then(|| view! { <Badge tone=Tone::Info>{t!(i18n, providers.of_operator)}</Badge> })}
                </div>
                <div class="font-mono text-xs text-base-content/70">{id.to_string()}</div>
                {words.map(|words| view! {
                    <p class="mt-1 max-w-md text-xs whitespace-normal wrap-anywhere text-base-content/70" data-testid="provider-notice">
                        {move || in_words(&words, i18n.get_locale())}
                    </p>
                })}
            </Cell>
            <Cell label=text!(i18n, providers.sign_in)>
                <div class="text-sm">{move || sign_in.with_value(|ways| way_names(ways, i18n.get_locale()))}</div>
                {any_closed.then(|| view! {
                    <div class="text-xs text-base-content/70" data-testid="closed-ways">
                        {move || {
                            let ways = closed.with_value(|ways| way_names(ways, i18n.get_locale()));
                            t_string!(i18n, providers.closed, ways = ways)
                        }}
                    </div>
                })}
            </Cell>
            <Cell label=text!(i18n, providers.state)>
                {if enabled {
                    view! { <Badge tone=Tone::Good dot=true>{t!(i18n, common.enabled)}</Badge> }
                } else {
                    view! { <Badge tone=Tone::Neutral dot=true>{t!(i18n, common.disabled)}</Badge> }
                }}
                {confirmation.map(|said| view! { <Confirmed said/> })}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex justify-end gap-2 max-sm:flex-wrap">
                    <Button small=true on_press=edit testid="edit-provider">
                        {t!(i18n, common.edit)}
                        <span class="sr-only">{told.get_value()}</span>
                    </Button>
                    {changed.then(|| view! { <Reset provider=edited.get_value() providers/> })}
                </div>
            </Cell>
        </tr>
    }
}

/// Who has said that a subscription may be used, and when; the words themselves on demand.
#[component]
fn Confirmed(said: ProviderConfirmation) -> impl IntoView {
    let i18n = use_i18n();
    let (by, at) = (said.by, said.at);
    view! {
        <div class="mt-1 max-w-xs text-xs whitespace-normal text-base-content/70" title=said.text data-testid="confirmed-by">
            {move || {
                let time = format::moment(at, i18n.get_locale());
                match by.clone() {
                    Some(name) => t_string!(i18n, providers.confirmed_by, name = name, time = time),
                    None => t_string!(i18n, providers.confirmed_at, time = time),
                }
            }}
        </div>
    }
}

/// Taking back what was changed; of a provider that an operator has added, all of it.
#[component]
fn Reset(provider: OperatorProvider, providers: Query<Vec<OperatorProvider>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let removing = Submission::new();
    let asking = RwSignal::new(false);
    let id = provider.provider;
    let name = StoredValue::new(provider.name);
    let own = provider.source == ProviderSource::Operator;
    Effect::new(move |_| {
        if let Some(error) = removing.error.get() {
            asking.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let remove = move |()| {
        removing.run(async move { api.reset_provider(id).await }, move |()| {
            asking.set(false);
            toasts.good(if own {
                tu_string!(i18n, providers.removed_toast, name = name.get_value())
            } else {
                tu_string!(i18n, providers.reset_toast, name = name.get_value())
            });
            providers.reload();
        });
    };
    let (title, text, action) = if own {
        (
            text!(i18n, providers.remove_title, name = name.get_value()),
            text!(i18n, providers.remove_text),
            text!(i18n, common.delete),
        )
    } else {
        (
            text!(i18n, providers.reset_title, name = name.get_value()),
            text!(i18n, providers.reset_text),
            text!(i18n, providers.reset),
        )
    };
    view! {
        <Button small=true on_press=move |()| asking.set(true) testid="reset-provider">
            {move || action.get()}
            <span class="sr-only">{name.get_value()}</span>
        </Button>
        <Confirm open=asking title text action busy=removing.busy on_confirm=remove/>
    }
}

/// Whether it differs from what it is by itself, as far as that can be seen.
fn has_changes(provider: &OperatorProvider) -> bool {
    provider.source == ProviderSource::Operator
        || !provider.enabled
        || provider.client_id.is_some()
        || provider.has_client_secret
        || provider.confirmation.is_some()
        || provider.changes.as_object().is_some_and(|changes| !changes.is_empty())
}
