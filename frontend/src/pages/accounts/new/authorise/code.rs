//! Code and PKCE: a link to the issuer, and a field for what it shows where the browser is not sent back by itself.

use causeway_openapi::{Authorization, AuthorizationRedirect};
use leptos::prelude::*;

use super::submit;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        button::Button,
        copy::CopyButton,
        field::TextField,
        icon::{Glyph, Icon},
        notice::Failure,
    },
};

const FIELDS: &[&str] = &["code"];

/// The link, and the field.
#[component]
pub(super) fn WithCode(held: RwSignal<Option<Authorization>>, authorization: Authorization) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let pasted = RwSignal::new(String::new());
    let Authorization { id, url, redirect, .. } = authorization;
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(api, held, id, pasted.get_untracked().trim().to_owned(), submission);
    };
    let hosted = redirect == Some(AuthorizationRedirect::Hosted);
    let hint = Signal::derive(move || {
        let hint = match redirect {
            Some(AuthorizationRedirect::Hosted) => t_string!(i18n, onboarding.paste_hosted),
            Some(AuthorizationRedirect::Loopback) => t_string!(i18n, onboarding.paste_loopback),
            _ => t_string!(i18n, onboarding.paste_page),
        };
        hint.to_owned()
    });
    view! {
        <ol class="flex list-decimal flex-col gap-5 pl-5 text-sm marker:font-semibold marker:text-base-content/70">
            <li class="pl-1">
                <p class="mb-2 font-medium">{t!(i18n, onboarding.open_issuer)}</p>
                {url.map(|url| {
                    let link = url.clone();
                    view! {
                        <div class="flex flex-wrap items-center gap-2">
                            <a class="btn btn-primary btn-sm" href=url target="_blank" rel="noopener noreferrer" data-testid="open-issuer">
                                {t!(i18n, onboarding.open)}
                                <Glyph icon=Icon::Chevron class="size-4 -rotate-90"/>
                            </a>
                            <span class="inline-flex items-center rounded-field border border-base-300 pl-3 text-sm">
                                {t!(i18n, onboarding.copy_link)}
                                <CopyButton text=Signal::stored(link) testid="copy-link"/>
                            </span>
                        </div>
                    }
                })}
                <p class="mt-2 text-xs text-base-content/70" data-testid="private-window">{t!(i18n, onboarding.private_window)}</p>
            </li>
            <li class="pl-1">
                <p class="mb-2 font-medium">
                    {move || if hosted { t_string!(i18n, onboarding.come_back) } else { t_string!(i18n, onboarding.paste_it) }}
                </p>
                <form class="flex flex-col gap-2" on:submit=send>
                    <Failure error=submission.error fields=FIELDS/>
                    <TextField
                        label=text!(i18n, onboarding.pasted)
                        hint
                        value=pasted
                        required=true
                        mono=true
                        error=submission.field("code")
                        testid="pasted-code"
                    />
                    <div>
                        <Button small=true submit=true busy=submission.busy testid="submit-code">{t!(i18n, onboarding.submit_code)}</Button>
                    </div>
                </form>
            </li>
        </ol>
    }
}
