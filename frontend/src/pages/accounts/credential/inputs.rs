//! The fields of each kind of credential.

use causeway_openapi::{AuthHeader, ProviderPreset, SignInWay};
use leptos::{html, prelude::*, task::spawn_local};

use super::{CredentialForm, KeyFile};
use crate::{
    core::{
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::field::{SelectField, TextArea, TextField},
};

/// The headers that an API key can be presented in, as the API names them and as they are sent.
pub(super) const HEADERS: [(&str, &str); 4] = [
    ("x-api-key", "x-api-key: …"),
    ("bearer", "Authorization: Bearer …"),
    ("api-key", "api-key: …"),
    ("x-goog-api-key", "x-goog-api-key: …"),
];

/// The fields of one kind. With `keep`, a secret that is left empty stays as it is.
#[component]
pub(crate) fn CredentialInputs(
    form: CredentialForm,
    way: SignInWay,
    #[prop(into)] preset: Signal<Option<ProviderPreset>>,
    submission: Submission,
    keep: bool,
) -> impl IntoView {
    match way {
        SignInWay::ApiKey => view! { <ApiKey form preset submission keep/> }.into_any(),
        SignInWay::Token => view! { <Token form submission keep/> }.into_any(),
        SignInWay::ServiceAccount => view! { <ServiceAccount form submission keep/> }.into_any(),
        SignInWay::AwsKeys => view! { <Aws form submission keep/> }.into_any(),
        SignInWay::OauthCode | SignInWay::DeviceCode => ().into_any(),
    }
}

/// What the API says of a field, or of the credential as a whole.
fn error_of(submission: Submission, field: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || submission.field(field).get().or_else(|| submission.field("credential").get()))
}

#[component]
fn ApiKey(
    form: CredentialForm,
    preset: Signal<Option<ProviderPreset>>,
    submission: Submission,
    keep: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let prefix = Signal::derive(move || {
        let prefix = preset.with(|p| p.as_ref().and_then(|p| p.key_prefix.clone()));
        prefix.map(|prefix| format!("{prefix}…")).unwrap_or_default()
    });
    let usual = move || preset.with(|p| p.as_ref().map_or("x-api-key: …", |p| sent_as(p.auth)));
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), t_string!(i18n, onboarding.usual_header, header = usual()))];
        options.extend(HEADERS.map(|(name, sent)| (name.to_owned(), sent.to_owned())));
        options
    });
    view! {
        <TextField
            label=text!(i18n, accounts.api_key)
            hint=kept(keep)
            placeholder=prefix
            value=form.api_key
            kind="password"
            // Password managers must not offer to keep, or fill in, a provider's key.
            autocomplete="new-password"
            required=!keep
            mono=true
            error=error_of(submission, "credential.api_key")
            testid="account-api-key"
        />
        {move || preset.with(|p| p.as_ref().and_then(|p| p.keys_page.clone())).map(|page| view! {
            <a class="link -mt-2 text-xs text-base-content/70 break-all" href=page target="_blank" rel="noopener noreferrer">
                {t!(i18n, accounts.keys_page)}
            </a>
        })}
        <SelectField
            label=text!(i18n, onboarding.header)
            value=form.header
            options
            error=submission.field("credential.auth")
            testid="account-header"
        />
    }
}

#[component]
fn Token(form: CredentialForm, submission: Submission, keep: bool) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <TextField
            label=text!(i18n, onboarding.token)
            hint=Signal::derive(move || {
                if keep {
                    t_string!(i18n, accounts.api_key_keep).to_owned()
                } else {
                    t_string!(i18n, onboarding.token_hint).to_owned()
                }
            })
            value=form.token
            kind="password"
            autocomplete="new-password"
            required=!keep
            mono=true
            error=error_of(submission, "credential.token")
            testid="account-token"
        />
    }
}

#[component]
fn ServiceAccount(form: CredentialForm, submission: Submission, keep: bool) -> impl IntoView {
    let i18n = use_i18n();
    let chooser = NodeRef::<html::Input>::new();
    let take = move |_| {
        let Some(file) = chooser.get_untracked().and_then(|chooser| chooser.files()?.get(0)) else { return };
        spawn_local(async move {
            let text = wasm_bindgen_futures::JsFuture::from(file.text()).await;
            if let Some(text) = text.ok().and_then(|text| text.as_string()) {
                let _ = form.key_file.try_set(text);
            }
        });
    };
    let said = Memo::new(move |_| form.key_file.with(|text| KeyFile::read(text)));
    view! {
        <label class="flex flex-col gap-1.5">
            <span class="text-sm font-medium">{t!(i18n, onboarding.key_file)}</span>
            <input
                node_ref=chooser
                type="file"
                accept=".json,application/json"
                class="file-input w-full"
                data-testid="account-key-file"
                on:change=take
            />
        </label>
        <TextArea
            label=text!(i18n, onboarding.key_text)
            hint=kept(keep)
            placeholder="{\"type\": \"service_account\", …}"
            value=form.key_file
            error=error_of(submission, "credential.key")
            testid="account-key-text"
        />
        {move || said.get().map(|key| view! {
            <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 rounded-box bg-base-200 px-4 py-3 text-sm" data-testid="key-file-says">
                <dt class="text-base-content/70">{t!(i18n, onboarding.key_account)}</dt>
                <dd class="min-w-0 break-all">{key.email}</dd>
                <dt class="text-base-content/70">{t!(i18n, onboarding.place_project)}</dt>
                <dd class="min-w-0 break-all">{key.project}</dd>
            </dl>
        })}
    }
}

#[component]
fn Aws(form: CredentialForm, submission: Submission, keep: bool) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="grid gap-4 sm:grid-cols-2">
            <TextField
                label=text!(i18n, onboarding.access_key_id)
                placeholder="AKIA…"
                value=form.access_key_id
                required=!keep
                mono=true
                error=error_of(submission, "credential.access_key_id")
                testid="account-access-key-id"
            />
            <TextField
                label=text!(i18n, onboarding.secret_access_key)
                hint=kept(keep)
                value=form.secret_access_key
                kind="password"
                autocomplete="new-password"
                required=!keep
                mono=true
                error=submission.field("credential.secret_access_key")
                testid="account-secret-access-key"
            />
            <TextField
                label=text!(i18n, onboarding.place_region)
                hint=text!(i18n, onboarding.region_hint)
                placeholder="eu-central-1"
                value=form.region
                required=!keep
                mono=true
                error=submission.field("credential.region")
                testid="account-region"
            />
            <TextField
                label=text!(i18n, onboarding.session_token)
                hint=text!(i18n, onboarding.session_token_hint)
                optional=text!(i18n, common.optional)
                value=form.session_token
                kind="password"
                autocomplete="new-password"
                mono=true
                error=submission.field("credential.session_token")
                testid="account-session-token"
            />
        </div>
    }
}

/// What becomes of a secret: said where it is typed.
fn kept(keep: bool) -> Signal<String> {
    let i18n = use_i18n();
    Signal::derive(move || {
        if keep {
            t_string!(i18n, accounts.api_key_keep).to_owned()
        } else {
            t_string!(i18n, accounts.api_key_hint).to_owned()
        }
    })
}

/// A header as it is sent.
fn sent_as(header: AuthHeader) -> &'static str {
    match header {
        AuthHeader::XApiKey => "x-api-key: …",
        AuthHeader::Bearer => "Authorization: Bearer …",
        AuthHeader::ApiKey => "api-key: …",
        AuthHeader::XGoogApiKey => "x-goog-api-key: …",
    }
}
