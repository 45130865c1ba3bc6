//! What came of testing a proxy.

use causeway_openapi::{ProxyFailure, ProxyTest};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, td_string, use_i18n},
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::Actions,
        notice::Notice,
    },
};

/// The outcome in words, with the server's own beneath, and how long it took.
#[component]
pub(super) fn Tested(name: String, test: ProxyTest, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let (tone, mark) = if test.ok { (Tone::Good, "ok") } else { (Tone::Bad, "failed") };
    let failure = test.failure;
    let said = move || match failure {
        None => td_string!(i18n.get_locale(), proxies.works),
        Some(failure) => meaning(failure, i18n.get_locale()),
    };
    view! {
        <p class="mb-4 text-sm text-base-content/70 break-words">{name}</p>
        <div class="flex flex-col gap-4" data-testid="proxy-outcome" data-outcome=mark>
            <Notice tone alert=!test.ok>
                <p>{said}</p>
                <p class="mt-1 font-mono text-xs break-words">{test.message}</p>
            </Notice>
            <dl class="grid grid-cols-2 gap-3 text-sm">
                <div class="rounded-box bg-base-200 px-4 py-3">
                    <dt class="text-xs text-base-content/70">{t!(i18n, proxies.target)}</dt>
                    <dd class="font-mono text-xs break-all">{test.target}</dd>
                </div>
                <div class="rounded-box bg-base-200 px-4 py-3">
                    <dt class="text-xs text-base-content/70">{t!(i18n, proxies.latency)}</dt>
                    <dd class="text-lg font-semibold tabular-nums">{format::duration_ms(test.latency_ms)}</dd>
                </div>
            </dl>
        </div>
        <Actions>
            <Button kind=Kind::Primary on_press=move |()| open.set(false) testid="close-proxy-test">{t!(i18n, common.done)}</Button>
        </Actions>
    }
}

/// What went wrong, and what to look at.
fn meaning(failure: ProxyFailure, locale: Locale) -> &'static str {
    match failure {
        ProxyFailure::NameNotFound => td_string!(locale, proxies.fail_name),
        ProxyFailure::AddressForbidden => td_string!(locale, proxies.fail_address),
        ProxyFailure::ConnectionRefused => td_string!(locale, proxies.fail_refused),
        ProxyFailure::Tls => td_string!(locale, proxies.fail_tls),
        ProxyFailure::Timeout => td_string!(locale, proxies.fail_timeout),
        ProxyFailure::BrokenOff => td_string!(locale, proxies.fail_broken),
        ProxyFailure::NotAProxy => td_string!(locale, proxies.fail_not_a_proxy),
        ProxyFailure::Authentication => td_string!(locale, proxies.fail_login),
        ProxyFailure::TunnelRefused => td_string!(locale, proxies.fail_tunnel),
        ProxyFailure::TargetForbidden => td_string!(locale, proxies.fail_target),
        ProxyFailure::TargetTls => td_string!(locale, proxies.fail_target_tls),
        ProxyFailure::Sealed => td_string!(locale, proxies.fail_sealed),
    }
}
