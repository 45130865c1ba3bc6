//! Changing an account. A secret that is left empty stays as it is; what a person authorised is authorised again on a page
//! of its own.

use std::time::Duration;

use causeway_domain::UserId;
use causeway_openapi::{Account, Page, ProviderPreset, UpdateAccount};
use leptos::prelude::*;

use super::{
    Dialogs,
    credential::{CredentialForm, CredentialInputs, way_of},
    grant::GrantDetail,
    new::Reminded,
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, tu_string, use_i18n},
        query::Query,
    },
    pages::proxies::choice::{ProxyField, Whose, read},
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::TextField,
        limits::{LIMITS, LimitInputs, LimitsForm, Standing},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &[
    "name",
    "base_url",
    "owner_id",
    "credential",
    "credential.api_key",
    "credential.auth",
    "credential.token",
    "credential.key",
    "credential.region",
    "priority",
    "check_schedule",
    "proxy",
    LIMITS,
];

/// How often what is used of the limits is read anew.
const LIVE: Duration = Duration::from_secs(5);

/// The form within the dialog.
#[component]
pub(super) fn AccountForm(dialogs: Dialogs, accounts: Query<Page<Account>>) -> impl IntoView {
    dialogs.edited.get_untracked().map(|old| view! { <Fields old dialogs accounts/> })
}

#[component]
fn Fields(old: Account, dialogs: Dialogs, accounts: Query<Page<Account>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let presets = dialogs.providers;
    let (id, provider) = (old.id, old.provider);
    let way = way_of(old.credential_kind);

    let name = RwSignal::new(old.name.clone());
    let base_url = RwSignal::new(old.base_url.clone());
    let credential = CredentialForm::new();
    let owner_before = old.owner_id;
    let owner = RwSignal::new(owner_before.map(|id| id.to_string()).unwrap_or_default());
    let members = Query::new(move || api.members());
    let priority = RwSignal::new(old.priority.to_string());
    let dedicated = RwSignal::new(old.dedicated);
    let schedule_before = old.check_schedule.clone();
    let schedule = RwSignal::new(schedule_before.clone().unwrap_or_default());
    let proxy = RwSignal::new(old.proxy.to_string());
    let proxies = Query::new(move || api.proxies());
    let proxy_before = old.proxy;
    let limits_form = LimitsForm::new(&old.limits);
    let standing = Query::new(move || api.account_limits(id)).every(LIVE);
    let preset = Memo::new(move |_| {
        presets.data().and_then(|all| all.into_iter().find(|p: &ProviderPreset| p.provider == provider))
    });
    let address_before = StoredValue::new(old.base_url.clone());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(limits) = limits_form.read() else { return };
        let address = Some(base_url.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        let chosen = owner.get_untracked().parse::<UserId>().ok();
        let change = UpdateAccount {
            name: Some(name.get_untracked().trim().to_owned()),
            base_url: address.filter(|address| address_before.with_value(|before| address != before)),
            owner_id: (chosen != owner_before).then_some(chosen),
            credential: way.and_then(|way| credential.read(way)),
            priority: priority.get_untracked().trim().parse().ok(),
            limits: Some(limits),
            dedicated: Some(dedicated.get_untracked()),
            check_schedule: Some(
                Some(schedule.get_untracked().trim().to_owned()).filter(|text| !text.is_empty()),
            )
            .filter(|schedule| *schedule != schedule_before),
            proxy: Some(read(&proxy.get_untracked())).filter(|choice| *choice != proxy_before),
            ..UpdateAccount::default()
        };
        submission.run(async move { api.change_account(id, change).await }, move |account| {
            dialogs.form.set(false);
            toasts.good(tu_string!(i18n, accounts.saved_toast, name = account.name));
            accounts.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField
                    label=text!(i18n, accounts.name)
                    placeholder=text!(i18n, accounts.name_example)
                    value=name
                    required=true
                    focus=true
                    error=submission.field("name")
                    testid="account-name"
                />
                <Reminded owner members submission/>
            </div>
            <TextField
                label=text!(i18n, accounts.base_url)
                hint=text!(i18n, accounts.base_url_hint_edit)
                value=base_url
                kind="url"
                required=true
                mono=true
                error=submission.field("base_url")
                testid="account-base-url"
            />
            {match way {
                Some(way) => view! { <CredentialInputs form=credential way preset submission keep=true/> }.into_any(),
                None => view! { <GrantDetail account=old/> }.into_any(),
            }}
            <details class="rounded-box border border-base-300 px-4 py-3" open=true>
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
                    <TextField
                        label=text!(i18n, accounts.check_schedule)
                        hint=text!(i18n, accounts.check_schedule_hint)
                        placeholder=text!(i18n, accounts.check_schedule_example)
                        value=schedule
                        mono=true
                        error=submission.field("check_schedule")
                        testid="account-schedule"
                    />
                    <ProxyField value=proxy proxies whose=Whose::Accounts submission/>
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
            <section class="rounded-box bg-base-200 px-4 py-3">
                <h3 class="mb-3 text-sm font-semibold">{t!(i18n, limits.now)}</h3>
                <Standing query=standing/>
            </section>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-account">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}
