//! Plan and multipliers of an organisation.

use std::collections::BTreeMap;

use causeway_domain::Plan;
use causeway_openapi::{FieldError, ProviderPreset, Tenant, UpdateTenant};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        error::ApiError,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    pages::keys,
    ui::{
        button::{Button, Kind},
        field::TextField,
        limits::{LIMITS, LimitInputs, LimitsForm},
        notice::Failure,
        toast::use_toasts,
    },
};

/// The form.
#[component]
pub(super) fn TermsForm(
    tenant: Tenant,
    providers: Vec<ProviderPreset>,
    query: Query<Tenant>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    // The limits' fields are shared with those of keys, where they are not part of a plan.
    let of_limits = Submission { busy: submission.busy, error: RwSignal::new(None) };
    Effect::new(move |_| of_limits.error.set(submission.error.get().map(without_plan)));
    let shown = |count: Option<u32>| RwSignal::new(count.map(|n| n.to_string()).unwrap_or_default());
    let counts = [shown(tenant.plan.members), shown(tenant.plan.keys), shown(tenant.plan.accounts)];
    let limits = LimitsForm::new(&tenant.plan.limits);
    let multiplier = RwSignal::new(tenant.multiplier.to_string());
    let called = RwSignal::new(tenant.name.clone());
    let at_providers = providers.into_iter().map(|preset| {
        let own = tenant.provider_multipliers.get(preset.provider.as_str());
        (preset, RwSignal::new(own.map(ToString::to_string).unwrap_or_default()))
    });
    let at_providers: Vec<_> = at_providers.collect();
    let at_all = StoredValue::new(at_providers.clone());
    let bad = RwSignal::new(Vec::<String>::new());
    let org = tenant.id;
    let name = StoredValue::new(tenant.name);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let mut wrong = Vec::new();
        let [members, keys, accounts] =
            [(counts[0], "members"), (counts[1], "keys"), (counts[2], "accounts")].map(|(text, field)| {
                count(&text.get_untracked()).unwrap_or_else(|()| {
                    wrong.push(field.to_owned());
                    None
                })
            });
        let organisation = keys::multiplier(&multiplier.get_untracked());
        if !matches!(organisation, Ok(Some(_))) {
            wrong.push("multiplier".to_owned());
        }
        let mut provider_multipliers = BTreeMap::new();
        for (ProviderPreset { provider, .. }, text) in at_all.get_value() {
            match keys::multiplier(&text.get_untracked()) {
                Ok(Some(own)) => drop(provider_multipliers.insert(provider.as_str().to_owned(), own)),
                Ok(None) => {}
                Err(_) => wrong.push(provider.to_string()),
            }
        }
        let read = limits.read();
        let is_good = wrong.is_empty();
        bad.set(wrong);
        let (Some(limits), Ok(multiplier), true) = (read, organisation, is_good) else { return };
        let change = UpdateTenant {
            name: Some(called.get_untracked()).filter(|now| *now != name.get_value()),
            plan: Some(Plan { members, keys, accounts, limits }),
            multiplier,
            provider_multipliers: Some(provider_multipliers),
            ..UpdateTenant::default()
        };
        submission.run(async move { api.change_tenant(org, change).await }, move |_| {
            toasts.good(tu_string!(i18n, operator.saved_toast, name = name.get_value()));
            query.reload();
        });
    };
    let not_a_count = move |field: &'static str| {
        Signal::derive(move || {
            bad.with(|bad| bad.iter().any(|b| b == field))
                .then(|| t_string!(i18n, operator.not_a_count).to_owned())
        })
    };
    let not_a_factor = move |field: String| {
        Signal::derive(move || {
            bad.with(|bad| bad.contains(&field)).then(|| t_string!(i18n, operator.not_a_factor).to_owned())
        })
    };
    let unlimited = text!(i18n, common.unlimited);
    view! {
        <form class="flex flex-col gap-6" on:submit=send data-testid="terms">
            <Failure error=of_limits.error fields=&[LIMITS, "name"]/>
            <TextField label=text!(i18n, operator.name) value=called required=true error=submission.field("name") testid="tenant-name"/>
            <fieldset>
                <legend class="mb-3 text-sm font-semibold">{t!(i18n, operator.counts)}</legend>
                <div class="grid gap-4 sm:grid-cols-3">
                    <TextField label=text!(i18n, operator.members) value=counts[0] placeholder=unlimited inputmode="numeric" error=not_a_count("members") testid="plan-members"/>
                    <TextField label=text!(i18n, operator.keys) value=counts[1] placeholder=unlimited inputmode="numeric" error=not_a_count("keys") testid="plan-keys"/>
                    <TextField label=text!(i18n, operator.accounts) value=counts[2] placeholder=unlimited inputmode="numeric" error=not_a_count("accounts") testid="plan-accounts"/>
                </div>
            </fieldset>
            <LimitInputs form=limits submission=of_limits/>
            <fieldset>
                <legend class="mb-1 text-sm font-semibold">{t!(i18n, operator.multipliers)}</legend>
                <p class="mb-3 text-xs text-base-content/70">{t!(i18n, operator.multipliers_text)}</p>
                <div class="grid gap-4 sm:grid-cols-3">
                    <TextField label=text!(i18n, operator.in_general) value=multiplier prefix="×" inputmode="decimal" error=not_a_factor("multiplier".to_owned()) testid="multiplier"/>
                    {at_providers
                        .into_iter()
                        .map(|(preset, value)| view! {
                            <TextField
                                label=Signal::stored(preset.name)
                                value
                                prefix="×"
                                placeholder="1"
                                inputmode="decimal"
                                error=not_a_factor(preset.provider.to_string())
                                testid="provider-multiplier"
                            />
                        })
                        .collect_view()}
                </div>
            </fieldset>
            <div class="flex justify-end">
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-terms">{t!(i18n, common.save)}</Button>
            </div>
        </form>
    }
}

/// An error of a plan as one of its limits: `plan.limits.usd.day` → `limits.usd.day`.
fn without_plan(error: ApiError) -> ApiError {
    let ApiError::Problem(mut problem) = error else { return error };
    problem.errors = problem
        .errors
        .into_iter()
        .map(|e| FieldError { field: e.field.strip_prefix("plan.").unwrap_or(&e.field).to_owned(), ..e })
        .collect();
    ApiError::Problem(problem)
}

/// A count that may be zero; nothing is no bound.
fn count(text: &str) -> Result<Option<u32>, ()> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_unlimited_and_zero_is_nothing_at_all() {
        assert_eq!((count(" "), count("0"), count("12")), (Ok(None), Ok(Some(0)), Ok(Some(12))));
        assert!(count("-1").is_err() && count("1.5").is_err());
    }
}
