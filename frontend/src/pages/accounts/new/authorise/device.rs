//! Device code: a short code that the person types in at the issuer, on whatever device they are signed in there.

use causeway_openapi::Authorization;
use leptos::prelude::*;

use crate::{
    core::i18n::{t, use_i18n},
    ui::{
        copy::CopyButton,
        icon::{Glyph, Icon},
    },
};

/// The code, and where it is typed in.
#[component]
pub(super) fn WithDevice(authorization: Authorization) -> impl IntoView {
    let i18n = use_i18n();
    let Authorization { user_code, verification_uri, verification_uri_complete, .. } = authorization;
    let code = user_code.unwrap_or_default();
    let open = verification_uri_complete.or_else(|| verification_uri.clone());
    view! {
        <div class="flex flex-col items-center gap-3 rounded-box border border-base-300 px-4 py-6 text-center">
            <p class="text-sm">{t!(i18n, onboarding.device_open)}</p>
            {verification_uri.map(|address| view! {
                <p class="font-mono text-sm break-all" data-testid="verification-uri">{address}</p>
            })}
            <div class="flex items-center gap-1">
                <span class="font-mono text-3xl font-semibold tracking-wider max-sm:text-2xl" data-testid="user-code">{code.clone()}</span>
                <CopyButton text=Signal::stored(code) testid="copy-user-code"/>
            </div>
            {open.map(|address| view! {
                <a class="btn btn-primary btn-sm" href=address target="_blank" rel="noopener noreferrer" data-testid="open-verification">
                    {t!(i18n, onboarding.open)}
                    <Glyph icon=Icon::Chevron class="size-4 -rotate-90"/>
                </a>
            })}
            <p class="max-w-md text-xs text-base-content/70">{t!(i18n, onboarding.device_hint)}</p>
        </div>
    }
}
