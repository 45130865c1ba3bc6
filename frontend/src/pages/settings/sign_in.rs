//! Who may come in, and what signing in takes.

use causeway_openapi::{RegistrationRule, SignInRules, UpdateSignInRules};
use leptos::prelude::*;

use super::requests::Save;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        choice::Choice,
        field::TextArea,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn SignInCard(may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let rules = Query::new(move || api.sign_in_rules());
    view! {
        <Card title=text!(i18n, settings.sign_in)>
            <Loaded query=rules skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:rules>
                <Form rules may_write/>
            </Loaded>
        </Card>
    }
}

#[component]
fn Form(rules: SignInRules, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let registration = RwSignal::new(rules.registration);
    let domains = RwSignal::new(rules.registration_domains.join("\n"));
    let require_totp = RwSignal::new(rules.require_totp);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = domains.get_untracked();
        let separated = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
        let named = separated.filter(|domain| !domain.is_empty()).map(str::to_owned).collect();
        let change = UpdateSignInRules {
            registration: Some(registration.get_untracked()),
            registration_domains: Some(named),
            require_totp: Some(require_totp.get_untracked()),
        };
        submission.run(async move { api.change_sign_in_rules(change).await }, move |rules| {
            domains.set(rules.registration_domains.join("\n"));
            toasts.good(t_string!(i18n, settings.saved_toast));
        });
    };
    let options = vec![
        (
            RegistrationRule::Closed,
            text!(i18n, settings.registration_closed),
            text!(i18n, settings.registration_closed_text),
        ),
        (
            RegistrationRule::Approval,
            text!(i18n, settings.registration_approval),
            text!(i18n, settings.registration_approval_text),
        ),
        (
            RegistrationRule::Domain,
            text!(i18n, settings.registration_domain),
            text!(i18n, settings.registration_domain_text),
        ),
    ];
    view! {
        <form on:submit=send>
            <fieldset class="flex flex-col gap-5" disabled=!may_write>
                <Failure error=submission.error fields=&["registration_domains"]/>
                <Choice legend=text!(i18n, settings.registration) value=registration options testid="registration-rule"/>
                <Show when=move || registration.get() == RegistrationRule::Domain>
                    <TextArea
                        label=text!(i18n, settings.registration_domains)
                        hint=text!(i18n, settings.registration_domains_hint)
                        value=domains
                        error=submission.field("registration_domains")
                        testid="registration-domains"
                    />
                </Show>
                <label class="flex cursor-pointer items-start gap-3">
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm checkbox-primary mt-0.5"
                        data-testid="require-totp"
                        prop:checked=move || require_totp.get()
                        on:change=move |event| require_totp.set(event_target_checked(&event))
                    />
                    <span class="flex min-w-0 flex-col gap-0.5 text-sm">
                        <span class="font-medium">{t!(i18n, settings.require_totp)}</span>
                        <span class="text-xs text-base-content/70">{t!(i18n, settings.require_totp_text)}</span>
                    </span>
                </label>
                <Save submission may_write testid="save-sign-in-rules"/>
            </fieldset>
        </form>
    }
}
