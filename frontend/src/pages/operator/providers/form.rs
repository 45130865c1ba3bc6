//! Changing a provider, and adding one. Nothing is sent that was not touched: a confirmation would otherwise be signed anew
//! by whoever changes something else.

use causeway_domain::provider::Provider;
use causeway_openapi::{OperatorProvider, SetProvider};
use leptos::prelude::*;
use serde_json::Value;

use super::{Dialogs, is_authorised, notice};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::in_words,
        query::Query,
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::Actions,
        field::{TextArea, TextField},
        notice::{Failure, Notice},
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["client_id", "client_secret", "confirmation", "changes", "changes.*"];

/// What a provider of one's own begins as: one that speaks OpenAI's dialect.
const OWN: &str = r#"{
  "name": "",
  "base_url": "https://llm.example.com",
  "dialects": [{ "dialect": "openai_chat", "path": "/v1/chat/completions" }],
  "auth": ["api_key"],
  "key_header": "bearer",
  "models": { "path": "/v1/models" }
}"#;

/// What is wrong before anything is sent.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Name,
    Taken,
    Json,
}

/// The form within the dialog.
#[component]
pub(super) fn ProviderForm(dialogs: Dialogs, providers: Query<Vec<OperatorProvider>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let edited = dialogs.edited.get_untracked();
    let old = StoredValue::new(edited.clone());
    let adding = edited.is_none();
    let authorised = edited.as_ref().is_some_and(is_authorised);
    let subscription = edited.as_ref().is_some_and(|p| p.subscription);
    let shown = |get: fn(&OperatorProvider) -> String, new: &str| {
        RwSignal::new(edited.as_ref().map_or_else(|| new.to_owned(), get))
    };
    let id = RwSignal::new(String::new());
    let enabled = RwSignal::new(edited.as_ref().is_none_or(|p| p.enabled));
    let client_id = shown(|p| p.client_id.clone().unwrap_or_default(), "");
    let secret = RwSignal::new(String::new());
    let confirmation = shown(|p| p.confirmation.clone().map(|said| said.text).unwrap_or_default(), "");
    let changes = shown(changes_of, OWN);
    let has_secret = edited.as_ref().is_some_and(|p| p.has_client_secret);
    let is_changed = edited.as_ref().is_some_and(|p| changes_of(p) != "{}");
    let words = edited.as_ref().and_then(notice);
    let said = edited.as_ref().and_then(|p| p.confirmation.clone());
    let wrong = RwSignal::new(None::<Wrong>);

    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let old = old.get_value();
        let known = providers.data().unwrap_or_default();
        let provider = match &old {
            Some(old) => Ok(old.provider),
            None => match id.get_untracked().trim().parse::<Provider>() {
                // Another one's facts must not be replaced by a name that was typed twice.
                Ok(id) if known.iter().any(|p| p.provider == id) => Err(Wrong::Taken),
                other => other.map_err(|_| Wrong::Name),
            },
        };
        let typed = changes.get_untracked();
        let typed = if typed.trim().is_empty() { "{}" } else { &typed };
        let parsed = serde_json::from_str::<Value>(typed).map_err(|_| Wrong::Json);
        let (provider, parsed) = match (provider, parsed) {
            (Ok(provider), Ok(parsed)) => (provider, parsed),
            (Err(problem), _) | (_, Err(problem)) => return wrong.set(Some(problem)),
        };
        wrong.set(None);
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let differs = |now: &str, get: fn(&OperatorProvider) -> Option<String>| {
            old.as_ref().and_then(get).unwrap_or_default() != now
        };
        let (asked_with, confirmed) = (trimmed(client_id), trimmed(confirmation));
        let secret = trimmed(secret);
        let set = SetProvider {
            enabled: Some(enabled.get_untracked()),
            client_id: differs(&asked_with, |p| p.client_id.clone())
                .then(|| Some(asked_with.clone()).filter(|id| !id.is_empty())),
            client_secret: match (secret.is_empty(), has_secret && asked_with.is_empty()) {
                (false, _) => Some(Some(secret.as_str().into())),
                // A secret is of no use without the id that it belongs to.
                (true, true) => Some(None),
                (true, false) => None,
            },
            confirmation: differs(&confirmed, |p| p.confirmation.clone().map(|said| said.text))
                .then_some(confirmed),
            changes: old.as_ref().is_none_or(|p| p.changes != parsed).then_some(parsed),
        };
        submission.run(async move { api.set_provider(provider, set).await }, move |saved| {
            dialogs.form.set(false);
            toasts.good(tu_string!(i18n, providers.saved_toast, name = saved.name));
            providers.reload();
        });
    };
    let id_error = Signal::derive(move || match wrong.get() {
        Some(Wrong::Name) => Some(t_string!(i18n, providers.bad_id).to_owned()),
        Some(Wrong::Taken) => Some(t_string!(i18n, providers.taken).to_owned()),
        _ => None,
    });
    let changes_error = Signal::derive(move || {
        if wrong.get() == Some(Wrong::Json) {
            return Some(t_string!(i18n, providers.bad_json).to_owned());
        }
        // Of its members too: the whole of it is one field here.
        submission.error.with(|error| error.as_ref()?.below("changes"))
    });
    let secret_hint = Signal::derive(move || {
        if has_secret {
            t_string!(i18n, providers.client_secret_keep).to_owned()
        } else {
            t_string!(i18n, providers.client_secret_hint).to_owned()
        }
    });
    let confirmation_hint = Signal::derive(move || match said.clone() {
        Some(said) => {
            let time = format::moment(said.at, i18n.get_locale());
            match said.by {
                Some(name) => t_string!(i18n, providers.confirmed_by, name = name, time = time),
                None => t_string!(i18n, providers.confirmed_at, time = time),
            }
        }
        None => t_string!(i18n, providers.confirmation_hint).to_owned(),
    });
    let changes_label = Signal::derive(move || {
        if adding {
            t_string!(i18n, providers.whole).to_owned()
        } else {
            t_string!(i18n, providers.changes).to_owned()
        }
    });
    let changes_hint = Signal::derive(move || {
        if adding {
            t_string!(i18n, providers.whole_hint).to_owned()
        } else {
            t_string!(i18n, providers.changes_hint).to_owned()
        }
    });
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            {words.map(|words| view! {
                <Notice tone=if subscription { Tone::Warning } else { Tone::Info }>{move || in_words(&words, i18n.get_locale())}</Notice>
            })}
            {adding.then(|| view! {
                <TextField
                    label=text!(i18n, providers.id)
                    hint=text!(i18n, providers.id_hint)
                    value=id
                    required=true
                    focus=true
                    mono=true
                    error=id_error
                    testid="provider-id"
                />
            })}
            <label class="flex cursor-pointer items-start gap-3">
                <input
                    type="checkbox"
                    class="checkbox checkbox-sm checkbox-primary mt-0.5"
                    data-testid="provider-enabled"
                    prop:checked=move || enabled.get()
                    on:change=move |event| enabled.set(event_target_checked(&event))
                />
                <span class="flex min-w-0 flex-col gap-0.5 text-sm">
                    <span class="font-medium">{t!(i18n, providers.enabled)}</span>
                    <span class="text-xs text-base-content/70">{t!(i18n, providers.enabled_text)}</span>
                </span>
            </label>
            {authorised.then(|| view! {
                <div class="grid gap-4 sm:grid-cols-2">
                    <TextField
                        label=text!(i18n, providers.client_id)
                        hint=text!(i18n, providers.client_id_hint)
                        value=client_id
                        mono=true
                        error=submission.field("client_id")
                        testid="provider-client-id"
                    />
                    <TextField
                        label=text!(i18n, providers.client_secret)
                        hint=secret_hint
                        value=secret
                        kind="password"
                        autocomplete="new-password"
                        mono=true
                        error=submission.field("client_secret")
                        testid="provider-client-secret"
                    />
                </div>
            })}
            {subscription.then(|| view! {
                <TextArea
                    label=text!(i18n, providers.confirmation)
                    hint=confirmation_hint
                    placeholder=text!(i18n, providers.confirmation_example)
                    value=confirmation
                    error=submission.field("confirmation")
                    testid="provider-confirmation"
                />
            })}
            <details class="rounded-box border border-base-300 px-4 py-3" open=adding || is_changed>
                <summary class="cursor-pointer text-sm font-medium">{t!(i18n, providers.facts)}</summary>
                <div class="mt-4 [&_textarea]:min-h-48">
                    <TextArea
                        label=changes_label
                        hint=changes_hint
                        value=changes
                        error=changes_error
                        testid="provider-changes"
                    />
                </div>
            </details>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-provider">
                    {move || if adding { t_string!(i18n, providers.add) } else { t_string!(i18n, common.save) }}
                </Button>
            </Actions>
        </form>
    }
}

/// As a person reads and writes it.
fn changes_of(provider: &OperatorProvider) -> String {
    serde_json::to_string_pretty(&provider.changes).unwrap_or_default()
}
