//! The end of a registration: a key in hand, shown once, and the way to the commands that use it.

use causeway_openapi::{FinishedRegistration, IssuedKey};
use leptos::prelude::*;

use crate::{
    core::{
        i18n::{t, t_string, text, use_i18n},
        routes::{self, use_go},
        session::use_session,
    },
    pages::{entry::EntryCard, keys::JustIssued},
    ui::{
        badge::Tone,
        button::{Button, Kind},
        copy::CopyButton,
        notice::Notice,
    },
};

/// The page.
#[component]
pub(super) fn Finished(finished: FinishedRegistration) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let go = use_go();
    let issued = expect_context::<JustIssued>();
    let FinishedRegistration { organization, key, session: signed } = finished;
    let title =
        Signal::derive(move || t_string!(i18n, join.done_title, organization = organization.name.clone()));
    let is_new = signed.is_some();
    if let Some(signed) = signed {
        session.enter(signed);
        // The set-up page fills it into its commands.
        if let Some(key) = key.clone() {
            issued.set(key);
        }
    }
    let has_key = key.is_some();
    let next = if has_key { routes::CONNECT } else { routes::DASHBOARD };
    view! {
        <EntryCard title text=text!(i18n, join.done_text)>
            <div class="flex flex-col gap-4">
                {key.map(|IssuedKey { secret, .. }| {
                    let secret = secret.0;
                    let copied = secret.clone();
                    view! {
                        <Notice tone=Tone::Warning>{t!(i18n, join.key_once)}</Notice>
                        <div class="flex items-center gap-2 rounded-box border border-base-300 bg-base-200 p-2 pl-4">
                            <code class="grow select-all text-sm break-all" data-testid="secret">{secret}</code>
                            <CopyButton text=Signal::stored(copied) caption=true testid="copy-secret"/>
                        </div>
                    }
                })}
                {if is_new {
                    view! {
                        <Button kind=Kind::Primary on_press=move |()| go(next) class="w-full" testid="go-on">
                            {move || if has_key { t_string!(i18n, join.set_up) } else { t_string!(i18n, shell.to_dashboard) }}
                        </Button>
                    }
                    .into_any()
                } else {
                    view! {
                        {(!has_key).then(|| view! { <Notice tone=Tone::Info>{t!(i18n, join.sign_in_now)}</Notice> })}
                        <a class="btn btn-primary w-full" href=routes::SIGN_IN>{t!(i18n, auth.sign_in)}</a>
                    }
                    .into_any()
                }}
            </div>
        </EntryCard>
    }
}
