//! Whose account it is, as the issuer says, before anything is saved.

use causeway_openapi::{AccountIdentity, Authorization};
use leptos::prelude::*;

use super::Wizard;
use crate::{
    core::i18n::{t, t_string, use_i18n},
    ui::{
        badge::Tone,
        button::Button,
        icon::{Glyph, Icon},
        notice::Notice,
    },
};

/// The identity, and what saving it will do.
#[component]
pub(super) fn Identity(
    wizard: Wizard,
    authorization: Authorization,
    #[prop(into)] begin: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let Authorization { identity, known_account, .. } = authorization;
    let again = wizard.again.get_untracked();
    let another = again.filter(|again| known_account.as_ref().is_none_or(|known| known.id != again.id));
    view! {
        <section class="rounded-box border border-success/40 bg-success/5 px-5 py-4" data-testid="identity">
            <h3 class="flex items-center gap-2 text-sm font-semibold">
                <Glyph icon=Icon::Check class="size-4.5 text-success"/>
                {t!(i18n, onboarding.authorised_as)}
            </h3>
            {match identity {
                Some(identity) => view! { <Facts identity/> }.into_any(),
                None => view! { <p class="mt-2 text-sm text-base-content/70">{t!(i18n, onboarding.no_identity)}</p> }.into_any(),
            }}
            <div class="mt-4">
                <Button small=true busy=wizard.submission.busy on_press=begin testid="other-identity">{t!(i18n, onboarding.other_identity)}</Button>
            </div>
        </section>
        {match (another, known_account) {
            (Some(again), _) => Some(view! {
                <Notice tone=Tone::Warning alert=true>{move || t_string!(i18n, onboarding.another, name = again.name.clone())}</Notice>
            }.into_any()),
            (None, Some(known)) => Some(view! {
                <div data-testid="known-account">
                    <Notice tone=Tone::Info>{move || t_string!(i18n, onboarding.known, name = known.name.clone())}</Notice>
                </div>
            }.into_any()),
            (None, None) => None,
        }}
    }
}

/// What the issuer says of them.
#[component]
pub(crate) fn Facts(identity: AccountIdentity) -> impl IntoView {
    let i18n = use_i18n();
    let AccountIdentity { subject, organization, email, plan } = identity;
    let fact = move |label: &'static str, value: String| {
        view! {
            <dt class="text-base-content/70">{label}</dt>
            <dd class="min-w-0 break-all">{value}</dd>
        }
    };
    view! {
        <dl class="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
            {move || email.clone().map(|email| fact(t_string!(i18n, onboarding.identity_email), email))}
            {move || organization.clone().map(|org| fact(t_string!(i18n, onboarding.identity_organization), org))}
            {move || plan.clone().map(|plan| fact(t_string!(i18n, onboarding.identity_plan), plan))}
            {move || fact(t_string!(i18n, onboarding.identity_subject), subject.clone())}
        </dl>
    }
}
