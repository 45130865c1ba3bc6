//! The third step of whoever shares an account of their own or renews it: what becomes of it, and where nothing is said of
//! that, its name. Sending is here.

use causeway_openapi::{AcceptShare, Account, RenewAccount};
use leptos::prelude::*;

use super::{
    Own, Step, Wizard,
    sign_in::is_authorised,
    steps::{StepActions, StepHeading},
};
use crate::{
    core::{
        api::{Api, use_api},
        error::ApiError,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        session::use_session,
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::TextField,
        notice::{Failure, Notice},
    },
};

/// The step.
#[component]
pub(super) fn HandOverStep(wizard: Wizard, own: Own) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let submission = Submission::new();
    let way = wizard.way.get_untracked();
    let authorization = wizard.authorization.get_untracked().filter(|_| is_authorised(way));
    let is_typed = authorization.is_none();
    let who = authorization.as_ref().and_then(|held| held.identity.as_ref()?.email.clone());
    let authorization_id = authorization.map(|held| held.id);
    let preset = untrack(move || wizard.preset());
    let (provider, places) = preset.map(|preset| (preset.name, preset.places)).unwrap_or_default();
    let me = untrack(move || session.member());
    let (mine, organization) = me.map(|me| (me.user.name, me.organization.name)).unwrap_or_default();
    let (renews, decided) = match &own {
        Own::Share(share) => (false, share.name.clone()),
        Own::Renew(account) => (true, Some(account.name.clone())),
    };
    let asked = decided.is_none();
    let name = wizard.usage.name;
    if asked {
        wizard.usage.suggest(format!("{provider}, {mine}"));
    }
    let own = StoredValue::new(own);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let given = AcceptShare {
            name: asked.then(|| name.get_untracked().trim().to_owned()),
            credential: if is_typed { wizard.credential.read(way) } else { None },
            authorization_id,
            places: if is_typed { wizard.address.places(&places) } else { Default::default() },
        };
        submission.run(hand_over(api, own.get_value(), given), move |made| {
            // What is saved is not given up any more.
            wizard.authorization.set(None);
            wizard.made.set(Some(made));
            wizard.go(Step::Outcome);
        });
    };
    // What is refused of the step before is shown there.
    Effect::new(move |_| {
        let Some(error) = submission.error.get() else { return };
        if is_typed
            && error.fields().any(|field| field.starts_with("credential") || field.starts_with("places"))
        {
            wizard.submission.error.set(Some(error));
            wizard.go(Step::SignIn);
        }
    });
    let fact = |label: Signal<String>, value: String| {
        view! {
            <dt class="text-base-content/70">{move || label.get()}</dt>
            <dd class="min-w-0 break-words">{value}</dd>
        }
    };
    let title = Signal::derive(move || match renews {
        true => t_string!(i18n, share.renew_title).to_owned(),
        false => t_string!(i18n, share.confirm_title).to_owned(),
    });
    view! {
        <form class="flex flex-col gap-4" on:submit=send data-testid="hand-over">
            <StepHeading wizard text=title/>
            <Failure error=submission.error fields=&["name"]/>
            <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 rounded-box bg-base-200 px-4 py-3 text-sm">
                {fact(text!(i18n, accounts.provider), provider)}
                {decided.map(|name| fact(text!(i18n, accounts.name), name))}
                {who.map(|email| fact(text!(i18n, onboarding.authorised_as), email))}
            </dl>
            {asked.then(|| view! {
                <TextField
                    label=text!(i18n, accounts.name)
                    hint=text!(i18n, share.name_hint)
                    value=name
                    required=true
                    error=submission.field("name")
                    testid="account-name"
                />
            })}
            <Notice tone=Tone::Info>
                {move || match renews {
                    true => t_string!(i18n, share.renew_text).to_owned(),
                    false => t_string!(i18n, share.confirm_text, organization = organization.clone()),
                }}
            </Notice>
            <StepActions>
                <Button on_press=move |()| wizard.go(Step::SignIn) testid="wizard-back">{t!(i18n, onboarding.back)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-account">
                    {move || if renews { t_string!(i18n, onboarding.renew) } else { t_string!(i18n, share.share_it) }}
                </Button>
            </StepActions>
        </form>
    }
}

/// Sends what was given to where it belongs.
async fn hand_over(api: Api, own: Own, given: AcceptShare) -> Result<Account, ApiError> {
    match own {
        Own::Share(share) => api.accept_share(share.id, given).await,
        Own::Renew(account) => {
            let AcceptShare { credential, authorization_id, .. } = given;
            api.renew_own_account(account.id, RenewAccount { credential, authorization_id }).await
        }
    }
}
