//! Adding an account, and changing one. The credential goes in and never comes back; leaving it empty in a
//! change keeps the one that is there.

use std::{collections::BTreeMap, time::Duration};

use causeway_domain::{Limits, provider::Provider, timeouts::Timeouts};
use causeway_openapi::{
    Account, CreateAccount, Credential, Page, ProviderPreset, SignInWay, UpdateAccount, Words,
};
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::{choices, in_words},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        limits::{LIMITS, LimitInputs, LimitsForm, Standing},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["name", "base_url", "credential", "credential.api_key", "priority", LIMITS];

/// How often what is used of the limits is read anew.
const LIVE: Duration = Duration::from_secs(5);

/// The form within the dialog.
#[component]
pub(super) fn AccountForm(dialogs: Dialogs, accounts: Query<Page<Account>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let presets = dialogs.providers;
    let edited = dialogs.edited.get_untracked();
    let old = StoredValue::new(edited.clone());
    let adding = edited.is_none();
    let initial = |get: fn(&Account) -> String| RwSignal::new(edited.as_ref().map(get).unwrap_or_default());

    let name = initial(|a| a.name.clone());
    let provider =
        RwSignal::new(edited.as_ref().map_or(Provider::ANTHROPIC, |a| a.provider).as_str().to_owned());
    let base_url = initial(|a| a.base_url.clone());
    let api_key = RwSignal::new(String::new());
    let priority = initial(|a| a.priority.to_string());
    let dedicated = RwSignal::new(edited.as_ref().is_some_and(|a| a.dedicated));
    let limits_form = LimitsForm::new(&edited.as_ref().map_or_else(Limits::default, |a| a.limits.clone()));
    let standing = edited.as_ref().map(|account| {
        let id = account.id;
        Query::new(move || api.account_limits(id)).every(LIVE)
    });

    let preset = Memo::new(move |_| {
        let chosen = provider.get();
        presets
            .data()
            .and_then(|all| all.into_iter().find(|p: &ProviderPreset| p.provider.as_str() == chosen))
    });
    // The address of a provider that has one need not be typed. One with places to fill does.
    let has_address =
        |preset: &ProviderPreset| preset.base_url.as_ref().is_some_and(|url| !url.contains('{'));
    let needs_address = Memo::new(move |_| preset.with(|p| p.as_ref().is_some_and(|p| !has_address(p))));
    let address_example = Signal::derive(move || {
        let template = preset.with(|p| p.as_ref().and_then(|p| p.base_url.clone()));
        template.unwrap_or_else(|| "https://llm.example.com".to_owned())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let done = move |account: Account| {
            dialogs.form.set(false);
            toasts.good(tu_string!(i18n, accounts.saved_toast, name = account.name));
            accounts.reload();
        };
        let api_key = api_key.get_untracked().trim().to_owned();
        let credential = Credential::ApiKey { api_key: api_key.as_str().into(), auth: None };
        let address = Some(base_url.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        let name = name.get_untracked().trim().to_owned();
        let Some(limits) = limits_form.read() else { return };
        let order = priority.get_untracked().trim().parse().ok();
        match old.get_value() {
            None => {
                let account = CreateAccount {
                    name,
                    provider: provider.get_untracked().parse().unwrap_or(Provider::ANTHROPIC_COMPATIBLE),
                    base_url: address,
                    places: BTreeMap::new(),
                    credential,
                    owner_id: None,
                    priority: order,
                    limits,
                    timeouts: Timeouts::NONE,
                    dedicated: Some(dedicated.get_untracked()),
                    enabled: None,
                };
                submission.run(async move { api.add_account(account).await }, done);
            }
            Some(old) => {
                let change = UpdateAccount {
                    name: Some(name),
                    base_url: address.filter(|address| *address != old.base_url),
                    owner_id: None,
                    credential: (!api_key.is_empty()).then_some(credential),
                    priority: order,
                    limits: Some(limits),
                    timeouts: None,
                    dedicated: Some(dedicated.get_untracked()),
                    draining: None,
                    enabled: None,
                };
                submission.run(async move { api.change_account(old.id, change).await }, done);
            }
        }
    };
    let key_error = Signal::derive(move || {
        submission.field("credential.api_key").get().or_else(|| submission.field("credential").get())
    });
    let options = Signal::derive(move || choices(presets));
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <TextField
                label=text!(i18n, accounts.name)
                placeholder=text!(i18n, accounts.name_example)
                value=name
                required=true
                focus=true
                error=submission.field("name")
                testid="account-name"
            />
            {adding.then(|| view! {
                <SelectField label=text!(i18n, accounts.provider) value=provider options testid="account-provider"/>
            })}
            {move || preset.with(|p| p.as_ref().and_then(notice_for_a_key)).filter(|_| adding).map(|words| view! {
                <p class="text-xs text-base-content/70" data-testid="provider-notice">
                    {move || in_words(&words, i18n.get_locale())}
                </p>
            })}
            <Show when=move || needs_address.get() || !adding>
                <TextField
                    label=text!(i18n, accounts.base_url)
                    hint=Signal::derive(move || {
                        if adding {
                            t_string!(i18n, accounts.base_url_hint).to_owned()
                        } else {
                            t_string!(i18n, accounts.base_url_hint_edit).to_owned()
                        }
                    })
                    placeholder=address_example
                    value=base_url
                    kind="url"
                    required=true
                    mono=true
                    error=submission.field("base_url")
                    testid="account-base-url"
                />
            </Show>
            <TextField
                label=text!(i18n, accounts.api_key)
                hint=Signal::derive(move || {
                    if adding { t_string!(i18n, accounts.api_key_hint).to_owned() } else { t_string!(i18n, accounts.api_key_keep).to_owned() }
                })
                placeholder=Signal::derive(move || {
                    preset.with(|p| p.as_ref().and_then(|p| p.key_prefix.clone()).map(|prefix| format!("{prefix}…")).unwrap_or_default())
                })
                value=api_key
                kind="password"
                // Password managers must not offer to keep, or fill in, a provider's key.
                autocomplete="new-password"
                required=adding
                mono=true
                error=key_error
                testid="account-api-key"
            />
            {move || preset.with(|p| p.as_ref().and_then(|p| p.keys_page.clone())).map(|page| view! {
                <a class="link -mt-2 text-xs text-base-content/70 break-all" href=page target="_blank" rel="noopener noreferrer">
                    {t!(i18n, accounts.keys_page)}
                </a>
            })}
            <details class="rounded-box border border-base-300 px-4 py-3" open=!adding>
                <summary class="cursor-pointer text-sm font-medium">{t!(i18n, common.more_options)}</summary>
                <div class="mt-4 grid gap-4 sm:grid-cols-2">
                    <TextField
                        label=text!(i18n, accounts.priority)
                        hint=text!(i18n, accounts.priority_hint)
                        placeholder="100"
                        value=priority
                        kind="number"
                        error=submission.field("priority")
                    />
                </div>
                <label class="mt-4 flex cursor-pointer items-center gap-2 text-sm">
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm checkbox-primary"
                        data-testid="account-dedicated"
                        prop:checked=move || dedicated.get()
                        on:change=move |event| dedicated.set(event_target_checked(&event))
                    />
                    <span>{t!(i18n, accounts.dedicated_label)}</span>
                </label>
                <p class="mt-5 mb-4 text-sm text-base-content/70">{t!(i18n, accounts.limits_text)}</p>
                <div class="flex flex-col gap-5"><LimitInputs form=limits_form submission/></div>
            </details>
            {standing.map(|query| view! {
                <section class="rounded-box bg-base-200 px-4 py-3">
                    <h3 class="mb-3 text-sm font-semibold">{t!(i18n, limits.now)}</h3>
                    <Standing query/>
                </section>
            })}
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-account">
                    {move || if adding { t_string!(i18n, accounts.add) } else { t_string!(i18n, common.save) }}
                </Button>
            </Actions>
        </form>
    }
}

/// What a person should know before adding an API key. Where people can also authorise it, the notice is about that.
fn notice_for_a_key(preset: &ProviderPreset) -> Option<Words> {
    let mut ways = preset.sign_in.iter().chain(&preset.closed);
    let authorised = ways.any(|way| matches!(way, SignInWay::OauthCode | SignInWay::DeviceCode));
    let about_keys = !(authorised && preset.sign_in.contains(&SignInWay::ApiKey));
    preset.notice.clone().filter(|_| about_keys)
}
