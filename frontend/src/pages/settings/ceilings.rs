//! What members may give the keys they issue themselves.

use causeway_domain::{AccountId, Ceilings, model::ModelPolicy};
use leptos::prelude::*;

use super::requests::Save;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    pages::keys::{number, patterns},
    ui::{
        checks::Checks,
        field::{TextArea, TextField},
        limits::{LIMITS, LimitInputs, LimitsForm},
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["keys", "expires_within_days", "models.allow", "models.deny", LIMITS];

/// The card.
#[component]
pub(super) fn CeilingsCard(may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let rules = Query::new(move || api.key_rules());
    view! {
        <Card title=text!(i18n, settings.ceilings)>
            <p class="mb-5 text-sm text-base-content/70">{t!(i18n, settings.ceilings_text)}</p>
            <Loaded query=rules skeleton=|| view! { <ListSkeleton/> }.into_any() let:rules>
                <Form ceilings=rules.ceilings may_write/>
            </Loaded>
        </Card>
    }
}

#[component]
fn Form(ceilings: Ceilings, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let count = |n: Option<u32>| RwSignal::new(n.map(|n| n.to_string()).unwrap_or_default());
    let (keys, days) = (count(ceilings.keys), count(ceilings.expires_within_days));
    let allow = RwSignal::new(ceilings.models.allow.join("\n"));
    let deny = RwSignal::new(ceilings.models.deny.join("\n"));
    let accounts = RwSignal::new(ceilings.accounts.iter().map(ToString::to_string).collect::<Vec<_>>());
    let pools = StoredValue::new(ceilings.pools.clone());
    let form = LimitsForm::new(&ceilings.limits);
    let known = Query::new(move || api.accounts());
    // An account that is gone is not sent back: the rest must be savable.
    let options = Signal::derive(move || {
        let all = known.data().map(|page| page.items).unwrap_or_default();
        all.into_iter().map(|a| (a.id.to_string(), a.name)).collect::<Vec<_>>()
    });
    let bad = RwSignal::new(None::<&'static str>);
    let error = move |field: &'static str| {
        Signal::derive(move || {
            let here = bad.get() == Some(field);
            let here = here.then(|| t_string!(i18n, settings.not_a_number).to_owned());
            here.or_else(|| submission.field(field).get())
        })
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(limits) = form.read() else { return };
        let Ok(most) = number(&keys.get_untracked()) else { return bad.set(Some("keys")) };
        let Ok(within) = number(&days.get_untracked()) else {
            return bad.set(Some("expires_within_days"));
        };
        bad.set(None);
        // While the accounts are not known, none of those chosen is taken for gone: without any, all would be allowed.
        let there = known.data().map(|_| options.get_untracked());
        let gone = |id: &String| there.as_ref().is_some_and(|there| there.iter().all(|(o, _)| o != id));
        let chosen = accounts.get_untracked().into_iter().filter(|id| !gone(id));
        let ceilings = Ceilings {
            keys: most,
            limits,
            models: ModelPolicy {
                allow: patterns(&allow.get_untracked()),
                deny: patterns(&deny.get_untracked()),
            },
            expires_within_days: within,
            accounts: chosen.filter_map(|id| id.parse::<AccountId>().ok()).collect(),
            pools: pools.get_value(),
        };
        submission.run(async move { api.set_key_rules(ceilings).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
        });
    };
    view! {
        <form on:submit=send>
            <fieldset class="flex flex-col gap-5" disabled=!may_write data-testid="ceilings">
                <Failure error=submission.error fields=FIELDS/>
                <div class="grid gap-4 sm:grid-cols-2">
                    <TextField
                        label=text!(i18n, settings.ceiling_keys)
                        hint=text!(i18n, settings.ceiling_keys_hint)
                        value=keys
                        inputmode="numeric"
                        error=error("keys")
                        testid="ceiling-keys"
                    />
                    <TextField
                        label=text!(i18n, settings.ceiling_days)
                        hint=text!(i18n, settings.ceiling_days_hint)
                        value=days
                        inputmode="numeric"
                        error=error("expires_within_days")
                        testid="ceiling-days"
                    />
                    <TextArea
                        label=text!(i18n, settings.ceiling_allow)
                        placeholder="claude-*"
                        value=allow
                        error=error("models.allow")
                        testid="ceiling-allow"
                    />
                    <TextArea
                        label=text!(i18n, settings.ceiling_deny)
                        placeholder="*-opus-*"
                        value=deny
                        error=error("models.deny")
                        testid="ceiling-deny"
                    />
                    <Checks
                        legend=text!(i18n, settings.ceiling_accounts)
                        hint=text!(i18n, settings.ceiling_accounts_hint)
                        value=accounts
                        options
                        testid="ceiling-accounts"
                    />
                </div>
                <LimitInputs form submission second=true/>
                <Save submission may_write testid="save-ceilings"/>
            </fieldset>
        </form>
    }
}
