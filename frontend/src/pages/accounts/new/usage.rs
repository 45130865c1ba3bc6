//! The third step: what the account is called, whom it serves and who is told when it needs a person. Saving is here.

use std::collections::BTreeMap;

use causeway_domain::{Limits, PoolId, UserId, provider::Provider, proxy::Choice, timeouts::Timeouts};
use causeway_openapi::{Account, AuthorizationAccount, CreateAccount};
use leptos::prelude::*;

use super::{
    Step, Wizard,
    sign_in::{is_authorised, is_field},
    steps::{StepActions, StepHeading},
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    pages::proxies::choice::{ProxyField, Whose, read},
    ui::{
        badge::Tone,
        button::{Button, Kind},
        checks::Checks,
        field::{SelectField, TextField},
        limits::{LIMITS, LimitInputs, LimitsForm},
        notice::{Failure, Notice},
    },
};

const FIELDS: &[&str] = &["name", "base_url", "owner_id", "priority", "proxy", LIMITS];

/// What is typed here.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    pub(super) name: RwSignal<String>,
    /// What stood there before anybody typed: it follows what is chosen.
    suggested: StoredValue<String>,
    owner: RwSignal<String>,
    pools: RwSignal<Vec<String>>,
    priority: RwSignal<String>,
    dedicated: RwSignal<bool>,
    limits: LimitsForm,
}

impl Usage {
    /// Nothing, and whoever adds an account is reminded of it.
    pub(super) fn new() -> Self {
        let session = use_session();
        let me = untrack(move || session.member()).map(|me| me.user.id.to_string()).unwrap_or_default();
        Self {
            name: RwSignal::new(String::new()),
            suggested: StoredValue::new(String::new()),
            owner: RwSignal::new(me),
            pools: RwSignal::new(Vec::new()),
            priority: RwSignal::new(String::new()),
            dedicated: RwSignal::new(false),
            limits: LimitsForm::new(&Limits::default()),
        }
    }

    /// Fills the name in, unless somebody has typed another.
    pub(super) fn suggest(self, name: String) {
        if self.suggested.with_value(|before| self.name.with_untracked(|now| now == before)) {
            self.name.set(name.clone());
            self.suggested.set_value(name);
        }
    }
}

/// The step.
#[component]
pub(super) fn UsageStep(wizard: Wizard) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let Usage { name, owner, pools: chosen_pools, priority, dedicated, limits: limits_form, .. } =
        wizard.usage;
    let authorization =
        wizard.authorization.get_untracked().filter(|_| is_authorised(wizard.way.get_untracked()));
    let known = authorization.as_ref().and_then(|held| held.known_account.clone());
    let is_known = known.is_some();
    let authorization_id = authorization.as_ref().map(|held| held.id);
    // The issuer's address is the account's, unless the provider has none.
    let typed_address = authorization.as_ref().is_none_or(|held| held.base_url.is_none());
    let email = authorization.and_then(|held| held.identity).and_then(|identity| identity.email);
    let preset = untrack(move || wizard.preset());
    let suggested = match (&known, &preset) {
        (Some(known), _) => known.name.clone(),
        (None, Some(preset)) => {
            email.map_or_else(|| preset.name.clone(), |email| format!("{}, {email}", preset.name))
        }
        (None, None) => String::new(),
    };
    wizard.usage.suggest(suggested);
    let pools = Query::new(move || api.pools());
    let proxies = Query::new(move || api.proxies());
    let members = Query::new(move || api.members());

    let places = preset.map(|preset| preset.places).unwrap_or_default();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(limits) = limits_form.read() else { return };
        let base_url = wizard.address.elsewhere().filter(|_| typed_address);
        let account = CreateAccount {
            name: name.get_untracked().trim().to_owned(),
            provider: wizard.provider.get_untracked().parse().unwrap_or(Provider::ANTHROPIC_COMPATIBLE),
            places: if base_url.is_none() && authorization_id.is_none() {
                wizard.address.places(&places)
            } else {
                BTreeMap::new()
            },
            base_url,
            credential: wizard.credential.read(wizard.way.get_untracked()),
            authorization_id,
            pool_ids: chosen_pools
                .with_untracked(|ids| ids.iter().filter_map(|id| id.parse::<PoolId>().ok()).collect()),
            // Who is reminded of an account that is only renewed stays who they are.
            owner_id: owner.get_untracked().parse::<UserId>().ok().filter(|_| !is_known),
            priority: priority.get_untracked().trim().parse().ok(),
            limits,
            timeouts: Timeouts::NONE,
            dedicated: Some(dedicated.get_untracked()),
            // The way of an account that is only renewed stays, unless another was chosen.
            proxy: Some(read(&wizard.proxy.get_untracked()))
                .filter(|choice| !is_known || *choice != Choice::Inherit),
            enabled: None,
        };
        submission.run(async move { api.add_account(account).await }, move |made: Account| {
            // What is saved is not given up any more.
            wizard.authorization.set(None);
            wizard.made.set(Some(made));
            wizard.go(Step::Outcome);
        });
    };
    // What is refused of the step before is shown there.
    Effect::new(move |_| {
        let Some(error) = submission.error.get() else { return };
        if authorization_id.is_none() && error.fields().any(is_field) {
            wizard.submission.error.set(Some(error));
            wizard.go(Step::SignIn);
        }
    });
    let needs_address = authorization_id.is_some() && typed_address;
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <StepHeading wizard text=text!(i18n, onboarding.usage_title)/>
            <Failure error=submission.error fields=FIELDS/>
            {match known {
                Some(AuthorizationAccount { name, .. }) => view! {
                    <Notice tone=Tone::Info>{move || t_string!(i18n, onboarding.renewed, name = name.clone())}</Notice>
                }
                .into_any(),
                None => view! {
                    <div class="grid gap-4 sm:grid-cols-2">
                        <TextField
                            label=text!(i18n, accounts.name)
                            placeholder=text!(i18n, accounts.name_example)
                            value=name
                            required=true
                            error=submission.field("name")
                            testid="account-name"
                        />
                        <Reminded owner members submission/>
                    </div>
                }
                .into_any(),
            }}
            {needs_address.then(|| view! {
                <TextField
                    label=text!(i18n, accounts.base_url)
                    hint=text!(i18n, accounts.base_url_hint)
                    placeholder="https://llm.example.com"
                    value=wizard.address.base_url
                    kind="url"
                    required=true
                    mono=true
                    error=submission.field("base_url")
                    testid="account-base-url"
                />
            })}
            {move || pools.data().filter(|page| !page.items.is_empty()).map(|page| {
                let options: Vec<_> = page.items.into_iter().map(|pool| (pool.id.to_string(), pool.name)).collect();
                view! {
                    <Checks
                        legend=text!(i18n, onboarding.pools)
                        hint=text!(i18n, onboarding.pools_hint)
                        value=chosen_pools
                        options=Signal::stored(options)
                        testid="account-pools"
                    />
                }
            })}
            {move || proxies.data().filter(|page| !page.items.is_empty()).map(|_| view! {
                <ProxyField value=wizard.proxy proxies whose=Whose::Accounts submission/>
            })}
            {(!is_known).then(|| view! {
                <details class="rounded-box border border-base-300 px-4 py-3">
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
            })}
            <StepActions>
                <Button on_press=move |()| wizard.go(Step::SignIn) testid="wizard-back">{t!(i18n, onboarding.back)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-account">
                    {move || if is_known { t_string!(i18n, onboarding.renew) } else { t_string!(i18n, accounts.add) }}
                </Button>
            </StepActions>
        </form>
    }
}

/// The member who is told when the account needs a person.
#[component]
pub(in crate::pages::accounts) fn Reminded(
    owner: RwSignal<String>,
    members: Query<causeway_openapi::Page<causeway_openapi::Member>>,
    submission: Submission,
) -> impl IntoView {
    let i18n = use_i18n();
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), t_string!(i18n, keys.nobody).to_owned())];
        let all = members.data().map(|page| page.items).unwrap_or_default();
        options.extend(all.into_iter().map(|member| (member.id.to_string(), member.name)));
        options
    });
    view! {
        <SelectField
            label=text!(i18n, onboarding.owner)
            hint=text!(i18n, onboarding.owner_hint)
            value=owner
            options
            error=submission.field("owner_id")
            testid="account-owner"
        />
    }
}
