//! One proxy in the list, with what can be done to it.

use causeway_openapi::{
    FailureCause, Page, Proxy, ProxyRest, ProxyState, ProxyTest, ProxyUsers, TestProxy, UpdateProxy,
};
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{Locale, t, t_string, td_string, text, tu_string, use_i18n},
        query::Query,
    },
    pages::accounts::health::cause_name,
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        icon::{Glyph, Icon},
        menu::{Menu, MenuItem},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(
    proxy: Proxy,
    proxies: Query<Page<Proxy>>,
    dialogs: Dialogs,
    may_write: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let (changing, testing) = (Submission::new(), Submission::new());
    let asking = RwSignal::new(false);
    let (id, enabled) = (proxy.id, proxy.enabled);
    let name = StoredValue::new(proxy.name.clone());
    Effect::new(move |_| {
        for submission in [changing, testing] {
            if let Some(error) = submission.error.get() {
                asking.set(false);
                toasts.bad(error.message(i18n.get_locale_untracked()));
            }
        }
    });
    let run_test = move |()| {
        testing.run(async move { api.test_proxy(id, TestProxy::default()).await }, move |test: ProxyTest| {
            dialogs.tested.set(Some((name.get_value(), test)));
            dialogs.outcome.set(true);
            proxies.reload();
        });
    };
    let switch = move |()| {
        let change = UpdateProxy { enabled: Some(!enabled), ..UpdateProxy::default() };
        changing.run(async move { api.change_proxy(id, change).await }, move |_| {
            toasts.good(tu_string!(i18n, proxies.saved_toast, name = name.get_value()));
            proxies.reload();
        });
    };
    let reset = move |()| {
        changing.run(async move { api.reset_proxy(id).await }, move |_| {
            toasts.good(tu_string!(i18n, proxies.reset_toast, name = name.get_value()));
            proxies.reload();
        });
    };
    let remove = move |()| {
        changing.run(async move { api.delete_proxy(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, proxies.deleted_toast, name = name.get_value()));
            proxies.reload();
        });
    };
    let edited = StoredValue::new(proxy.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(edited.get_value()));
        dialogs.form.set(true);
    };
    let Proxy { scheme, host, port, state, rests, last_test, used_by, username, .. } = proxy;
    let resting = !rests.is_empty();
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let login = username.map(|user| format!("{user}@")).unwrap_or_default();
    view! {
        <tr data-testid="proxy">
            <Cell label=text!(i18n, proxies.name)>
                <div class="font-medium break-words">{name.get_value()}</div>
                <div class="font-mono text-xs text-base-content/70 break-all">{format!("{scheme}://{login}{host}:{port}")}</div>
            </Cell>
            <Cell label=text!(i18n, proxies.status)><Standing state rests/></Cell>
            <Cell label=text!(i18n, proxies.used_by)><UsedBy used_by/></Cell>
            <Cell label=text!(i18n, proxies.last_test)><LastTest last_test/></Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <Show when=move || may_write.get()>
                    <div class="flex items-center justify-end gap-1">
                        <Button small=true busy=testing.busy on_press=run_test testid="test-proxy">{t!(i18n, proxies.test)}</Button>
                        <Menu
                            label=text!(i18n, common.more_actions, name = name.get_value())
                            face=view! { <span aria-hidden="true">"⋯"</span> }.into_any()
                            testid="proxy-menu"
                        >
                            <MenuItem on_press=edit testid="edit-proxy">
                                <Glyph icon=Icon::Edit class="size-4"/>
                                {t!(i18n, common.edit)}
                            </MenuItem>
                            {resting.then(|| view! {
                                <MenuItem on_press=reset testid="reset-proxy">
                                    <Glyph icon=Icon::Play class="size-4"/>
                                    {t!(i18n, proxies.reset)}
                                </MenuItem>
                            })}
                            <MenuItem on_press=switch testid="switch-proxy">
                                <Glyph icon=Icon::Bolt class="size-4"/>
                                {move || if enabled { t_string!(i18n, proxies.disable) } else { t_string!(i18n, proxies.enable) }}
                            </MenuItem>
                            <MenuItem on_press=move |()| asking.set(true) danger=true testid="delete-proxy">
                                <Glyph icon=Icon::Trash class="size-4"/>
                                {t!(i18n, common.delete)}
                            </MenuItem>
                        </Menu>
                    </div>
                </Show>
                <Confirm
                    open=asking
                    title=text!(i18n, proxies.delete_title, name = name.get_value())
                    text=text!(i18n, proxies.delete_text)
                    action=text!(i18n, common.delete)
                    busy=changing.busy
                    on_confirm=remove
                />
            </Cell>
        </tr>
    }
}

/// How it stands, why, and what helps.
#[component]
fn Standing(state: ProxyState, rests: Vec<ProxyRest>) -> impl IntoView {
    let i18n = use_i18n();
    let rest = move |rest: ProxyRest| {
        let ProxyRest { provider, cause, message, until, .. } = rest;
        view! {
            <div class="text-xs" data-testid="proxy-rest">
                <div>
                    <span class="font-medium">{move || cause_name(cause, i18n.get_locale())}</span>
                    {provider.map(|provider| format!(" · {provider}"))}
                    <span class="text-base-content/70" title=format::moment_exact(until)>
                        {move || tu_string!(i18n, proxies.until, time = format::moment(until, i18n.get_locale()))}
                    </span>
                </div>
                <div class="text-base-content/70 break-words">{message}</div>
                {(cause == FailureCause::Challenge).then(|| view! {
                    <div class="text-base-content/70">{t!(i18n, proxies.challenge_help)}</div>
                })}
            </div>
        }
    };
    view! {
        <div class="flex min-w-0 flex-col gap-1.5 max-sm:items-end max-sm:text-right sm:max-w-64">
            <div><Badge tone=tone(state) dot=true>{move || state_name(state, i18n.get_locale())}</Badge></div>
            {rests.into_iter().map(rest).collect_view()}
        </div>
    }
}

#[component]
fn UsedBy(used_by: ProxyUsers) -> impl IntoView {
    let i18n = use_i18n();
    let ProxyUsers { accounts, pools, default, reaches } = used_by;
    let names: Vec<String> = accounts.into_iter().chain(pools).map(|user| user.name).collect();
    let nobody = names.is_empty() && !default;
    view! {
        <div class="text-sm sm:max-w-56">
            {default.then(|| view! { <Badge tone=Tone::Info>{t!(i18n, proxies.is_default)}</Badge> })}
            {(!names.is_empty()).then(|| view! { <div class="break-words" data-testid="proxy-users">{names.join(", ")}</div> })}
            {if nobody {
                view! { <span class="text-base-content/70">{t!(i18n, proxies.nobody)}</span> }.into_any()
            } else {
                view! {
                    <div class="text-xs text-base-content/70">{t!(i18n, proxies.reaches, count = format::grouped(reaches))}</div>
                }
                .into_any()
            }}
        </div>
    }
}

#[component]
fn LastTest(last_test: Option<ProxyTest>) -> impl IntoView {
    let i18n = use_i18n();
    match last_test {
        None => view! { <span class="text-sm text-base-content/70">{t!(i18n, proxies.never_tested)}</span> }
            .into_any(),
        Some(ProxyTest { ok, latency_ms, message, at, .. }) => {
            let tone = if ok { Tone::Good } else { Tone::Bad };
            view! {
                <div class="flex flex-col gap-1 text-xs max-sm:items-end" title=message data-testid="proxy-last-test">
                    <Badge tone dot=true>
                        {move || if ok { t_string!(i18n, proxies.test_ok) } else { t_string!(i18n, proxies.test_failed) }}
                    </Badge>
                    <span class="text-base-content/70 tabular-nums">
                        {format::duration_ms(latency_ms)}
                        " · "
                        {move || format::moment(at, i18n.get_locale())}
                    </span>
                </div>
            }
            .into_any()
        }
    }
}

fn tone(state: ProxyState) -> Tone {
    match state {
        ProxyState::Ready => Tone::Good,
        ProxyState::Partial | ProxyState::HalfOpen => Tone::Warning,
        ProxyState::SetAside => Tone::Bad,
        ProxyState::Disabled => Tone::Neutral,
    }
}

fn state_name(state: ProxyState, locale: Locale) -> &'static str {
    match state {
        ProxyState::Ready => td_string!(locale, proxies.ready),
        ProxyState::Partial => td_string!(locale, proxies.partial),
        ProxyState::SetAside => td_string!(locale, proxies.set_aside),
        ProxyState::HalfOpen => td_string!(locale, proxies.half_open),
        ProxyState::Disabled => td_string!(locale, common.disabled),
    }
}
