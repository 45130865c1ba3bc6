//! The second step: how the account signs in. A credential is typed or pasted, or a person authorises it at the issuer.

use causeway_openapi::{ProviderPreset, SignInWay};
use leptos::prelude::*;

use super::{
    Step, Wizard,
    about::{ClosedWays, ProviderNotice},
    authorise::Authorise,
    steps::{BackFromSignIn, StepActions, StepHeading},
};
use crate::{
    core::{
        api::use_api,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
        providers::way_name,
    },
    pages::accounts::{address::AddressInputs, credential::CredentialInputs},
    ui::{
        button::{Button, Kind},
        choice::Choice,
        notice::Failure,
    },
};

/// The fields of this step: a refusal that names one of them leads back here.
const FIELDS: &[&str] = &[
    "credential",
    "credential.api_key",
    "credential.auth",
    "credential.token",
    "credential.key",
    "credential.access_key_id",
    "credential.secret_access_key",
    "credential.session_token",
    "credential.region",
    "base_url",
    "places.*",
];

/// Whether this step is to blame for what is said of a field.
pub(super) fn is_field(name: &str) -> bool {
    name.split('.').next().is_some_and(|first| matches!(first, "credential" | "base_url" | "places"))
}

/// The step.
#[component]
pub(super) fn SignInStep(wizard: Wizard) -> impl IntoView {
    let i18n = use_i18n();
    let preset = Memo::new(move |_| wizard.preset());
    let title = Signal::derive(move || {
        let name = preset.with(|p| p.as_ref().map(|p| p.name.clone()).unwrap_or_default());
        t_string!(i18n, onboarding.sign_in_to, name = name)
    });
    view! {
        <div class="flex flex-col gap-4">
            <StepHeading wizard text=title/>
            {move || preset.get().map(|preset| view! { <Ways wizard preset/> })}
        </div>
    }
}

#[component]
fn Ways(wizard: Wizard, preset: ProviderPreset) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let ways = wizard.task.with_value(|task| task.ways(&preset));
    let several = ways.len() > 1;
    if let Some(first) = ways.first()
        && !ways.contains(&wizard.way.get_untracked())
    {
        wizard.way.set(*first);
    }
    let none = ways.is_empty();
    let options = ways
        .into_iter()
        .map(|way| {
            let name = Signal::derive(move || way_name(way, i18n.get_locale()).to_owned());
            let meaning = Signal::derive(move || way_text(way, i18n.get_locale()).to_owned());
            (way, name, meaning)
        })
        .collect::<Vec<_>>();
    // What was begun in another way is given up.
    let way = wizard.way;
    Effect::new(move |before: Option<SignInWay>| {
        let now = way.get();
        if before.is_some_and(|before| before != now) {
            wizard.give_up(api);
            wizard.submission.error.set(None);
        }
        now
    });
    let shown = StoredValue::new(preset);
    view! {
        {several.then(|| view! {
            <Choice legend=text!(i18n, onboarding.how) value=way options testid="sign-in-ways"/>
        })}
        <ClosedWays preset=shown.get_value()/>
        {none.then(|| view! { <StepActions><BackFromSignIn wizard/></StepActions> })}
        {move || (!none).then(|| {
            let (way, preset) = (way.get(), shown.get_value());
            view! {
                <ProviderNotice preset=preset.clone() way/>
                {if is_authorised(way) {
                    view! { <Authorise wizard preset way/> }.into_any()
                } else {
                    view! { <Typed wizard preset way/> }.into_any()
                }}
            }
        })}
    }
}

/// A credential that is typed or pasted.
#[component]
fn Typed(wizard: Wizard, preset: ProviderPreset, way: SignInWay) -> impl IntoView {
    let i18n = use_i18n();
    let submission = wizard.submission;
    let next = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submission.error.set(None);
        wizard.go(Step::Usage);
    };
    let known = StoredValue::new(Some(preset.clone()));
    let (is_own, address) = wizard.task.with_value(|task| (task.is_own(), task.address()));
    view! {
        <form class="flex flex-col gap-4" on:submit=next>
            <Failure error=submission.error fields=FIELDS/>
            <CredentialInputs form=wizard.credential way preset=Signal::derive(move || known.get_value()) submission keep=false/>
            {match address {
                Some(address) => view! {
                    <p class="text-sm text-base-content/70">
                        {t!(i18n, share.goes_to)}
                        " "
                        <span class="font-mono break-all" data-testid="fixed-address">{address}</span>
                    </p>
                }
                .into_any(),
                None => view! {
                    <AddressInputs address=wizard.address credential=wizard.credential preset way owner=wizard.owner submission fixed=is_own/>
                }
                .into_any(),
            }}
            <StepActions>
                <BackFromSignIn wizard/>
                <Button kind=Kind::Primary submit=true testid="wizard-next">{t!(i18n, onboarding.next)}</Button>
            </StepActions>
        </form>
    }
}

/// Whether a person authorises it at the issuer.
pub(super) fn is_authorised(way: SignInWay) -> bool {
    matches!(way, SignInWay::OauthCode | SignInWay::DeviceCode)
}

/// What a way asks of a person.
fn way_text(way: SignInWay, locale: Locale) -> &'static str {
    match way {
        SignInWay::ApiKey => td_string!(locale, onboarding.way_api_key),
        SignInWay::Token => td_string!(locale, onboarding.way_token),
        SignInWay::OauthCode => td_string!(locale, onboarding.way_oauth_code),
        SignInWay::DeviceCode => td_string!(locale, onboarding.way_device_code),
        SignInWay::ServiceAccount => td_string!(locale, onboarding.way_service_account),
        SignInWay::AwsKeys => td_string!(locale, onboarding.way_aws_keys),
    }
}
