//! Whose account it is, as the issuer says, before anything is saved.

use causeway_openapi::{AccountIdentity, Authorization};
use leptos::prelude::*;

use super::{Own, Task, Wizard};
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
    let notice = notice_of(&wizard.task.get_value(), &authorization);
    let identity = authorization.identity;
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
        {notice.map(|(notice, name)| {
            let words = move || {
                let name = name.clone();
                match notice {
                    About::Another => t_string!(i18n, onboarding.another, name = name),
                    About::Known => t_string!(i18n, onboarding.known, name = name),
                    About::Stranger => t_string!(i18n, share.stranger, name = name),
                    About::KnownShare => t_string!(i18n, share.known, name = name),
                }
            };
            let tone = match notice {
                About::Known => Tone::Info,
                About::Another | About::KnownShare => Tone::Warning,
                About::Stranger => Tone::Bad,
            };
            let testid = if matches!(notice, About::Known | About::KnownShare) { "known-account" } else { "another-account" };
            view! { <div data-testid=testid><Notice tone alert=tone != Tone::Info>{words}</Notice></div> }
        })}
    }
}

/// What is to be minded of an identity.
#[derive(Clone, Copy)]
enum About {
    /// It is another than the account has that is authorised again, and becomes one of its own.
    Another,
    /// An account has it already, which is renewed.
    Known,
    /// It is another than the account has that is renewed, and cannot take its place.
    Stranger,
    /// An account has it already, though another is to be shared.
    KnownShare,
}

/// What is to be minded, and the account that it is about.
fn notice_of(task: &Task, authorization: &Authorization) -> Option<(About, String)> {
    let known = authorization.known_account.as_ref();
    match task {
        Task::Add => known.map(|known| (About::Known, known.name.clone())),
        Task::Own(Own::Share(_)) => known.map(|known| (About::KnownShare, known.name.clone())),
        Task::Again(account) if known.is_none_or(|known| known.id != account.id) => {
            Some((About::Another, account.name.clone()))
        }
        Task::Again(account) => Some((About::Known, account.name.clone())),
        Task::Own(Own::Renew(account)) => {
            task.is_stranger(authorization).then(|| (About::Stranger, account.name.clone()))
        }
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
