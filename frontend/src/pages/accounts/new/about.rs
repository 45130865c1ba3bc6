//! What a person should know of a provider before going on: its notice, and what an operator would have to open.

use causeway_openapi::{ProviderPreset, SignInWay};
use leptos::prelude::*;

use crate::{
    core::{
        i18n::{t, t_string, use_i18n},
        providers::{in_words, way_names},
        routes,
        session::use_session,
    },
    ui::{badge::Tone, notice::Notice},
};

/// The provider's notice, where it is about this way to sign in.
#[component]
pub(super) fn ProviderNotice(preset: ProviderPreset, way: SignInWay) -> impl IntoView {
    let i18n = use_i18n();
    let concerned = concerns(&preset, way);
    preset.notice.filter(|_| concerned).map(|words| {
        view! {
            <div data-testid="provider-notice">
                <Notice tone=Tone::Info>{move || in_words(&words, i18n.get_locale())}</Notice>
            </div>
        }
    })
}

/// The ways that are not open here, and whom to ask.
#[component]
pub(super) fn ClosedWays(preset: ProviderPreset) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let ProviderPreset { closed, sign_in, name, .. } = preset;
    let tone = if sign_in.is_empty() { Tone::Warning } else { Tone::Neutral };
    (!closed.is_empty()).then(|| {
        view! {
            <div data-testid="closed-ways">
                <Notice tone>
                    {move || t_string!(i18n, onboarding.closed, name = name.clone(), ways = way_names(&closed, i18n.get_locale()))}
                    " "
                    {move || if session.is_operator() {
                        view! { <a class="link" href=routes::OPERATOR_PROVIDERS>{t!(i18n, onboarding.open_it)}</a> }.into_any()
                    } else {
                        t!(i18n, onboarding.ask_operator).into_any()
                    }}
                </Notice>
            </div>
        }
    })
}

/// Whether a notice is about a way. Where people can also authorise an account, it is about that and not about API keys.
fn concerns(preset: &ProviderPreset, way: SignInWay) -> bool {
    let mut ways = preset.sign_in.iter().chain(&preset.closed);
    let authorised = ways.any(|way| matches!(way, SignInWay::OauthCode | SignInWay::DeviceCode));
    !(authorised && way == SignInWay::ApiKey)
}
