//! Adding a proxy, and changing one. A password that is left empty stays as it is.

use causeway_domain::proxy::Scheme;
use causeway_openapi::{CreateProxy, Page, Proxy, UpdateProxy};
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["name", "scheme", "host", "port", "username", "password"];

/// The form within the dialog.
#[component]
pub(super) fn ProxyForm(dialogs: Dialogs, proxies: Query<Page<Proxy>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let old = dialogs.edited.get_untracked();
    let shown = |get: fn(&Proxy) -> String, new: &str| {
        RwSignal::new(old.as_ref().map_or_else(|| new.to_owned(), get))
    };
    let name = shown(|p| p.name.clone(), "");
    let scheme = shown(|p| p.scheme.to_string(), Scheme::Http.as_str());
    let host = shown(|p| p.host.clone(), "");
    let port = shown(|p| p.port.to_string(), "");
    let username = shown(|p| p.username.clone().unwrap_or_default(), "");
    let password = RwSignal::new(String::new());
    let enabled = RwSignal::new(old.as_ref().is_none_or(|proxy| proxy.enabled));
    let (id, kept) = (old.as_ref().map(|proxy| proxy.id), old.is_some_and(|proxy| proxy.has_password));
    let done = move |proxy: Proxy| {
        dialogs.form.set(false);
        toasts.good(tu_string!(i18n, proxies.saved_toast, name = proxy.name));
        proxies.reload();
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        // What is no number is sent as one that the API refuses, with the field's name.
        let port = trimmed(port).parse::<u16>().unwrap_or(0);
        let scheme = scheme.get_untracked().parse().unwrap_or(Scheme::Http);
        let user = Some(trimmed(username)).filter(|user| !user.is_empty());
        let secret = Some(password.get_untracked()).filter(|text| !text.is_empty());
        match id {
            None => {
                let proxy = CreateProxy {
                    name: trimmed(name),
                    scheme,
                    host: trimmed(host),
                    port,
                    username: user,
                    password: secret.map(Into::into),
                    enabled: Some(enabled.get_untracked()),
                };
                submission.run(async move { api.add_proxy(proxy).await }, done);
            }
            Some(id) => {
                let change = UpdateProxy {
                    name: Some(trimmed(name)),
                    scheme: Some(scheme),
                    host: Some(trimmed(host)),
                    port: Some(port),
                    username: Some(user),
                    password: secret.map(|secret| Some(secret.into())),
                    enabled: Some(enabled.get_untracked()),
                };
                submission.run(async move { api.change_proxy(id, change).await }, done);
            }
        }
    };
    let options = Signal::derive(move || {
        let name = |scheme: Scheme| match scheme {
            Scheme::Http => t_string!(i18n, proxies.http),
            Scheme::Https => t_string!(i18n, proxies.https),
            Scheme::Socks5 => t_string!(i18n, proxies.socks5),
        };
        Scheme::ALL.map(|scheme| (scheme.to_string(), name(scheme).to_owned())).to_vec()
    });
    let kept_hint =
        Signal::derive(
            move || {
                if kept { t_string!(i18n, proxies.password_kept).to_owned() } else { String::new() }
            },
        );
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField
                    label=text!(i18n, proxies.name)
                    value=name
                    required=true
                    focus=true
                    error=submission.field("name")
                    testid="proxy-name"
                />
                <SelectField label=text!(i18n, proxies.scheme) value=scheme options error=submission.field("scheme") testid="proxy-scheme"/>
            </div>
            <div class="grid gap-4 sm:grid-cols-[1fr_8rem]">
                <TextField
                    label=text!(i18n, proxies.host)
                    placeholder="proxy.example.com"
                    value=host
                    required=true
                    mono=true
                    error=submission.field("host")
                    testid="proxy-host"
                />
                <TextField
                    label=text!(i18n, proxies.port)
                    placeholder="3128"
                    value=port
                    required=true
                    inputmode="numeric"
                    error=submission.field("port")
                    testid="proxy-port"
                />
            </div>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField
                    label=text!(i18n, proxies.username)
                    hint=text!(i18n, proxies.username_hint)
                    value=username
                    error=submission.field("username")
                    testid="proxy-username"
                />
                <TextField
                    label=text!(i18n, proxies.password)
                    hint=kept_hint
                    value=password
                    kind="password"
                    autocomplete="new-password"
                    error=submission.field("password")
                    testid="proxy-password"
                />
            </div>
            <label class="flex cursor-pointer items-center gap-2 text-sm">
                <input
                    type="checkbox"
                    class="checkbox checkbox-sm checkbox-primary"
                    data-testid="proxy-enabled"
                    prop:checked=move || enabled.get()
                    on:change=move |event| enabled.set(event_target_checked(&event))
                />
                <span>{t!(i18n, proxies.enabled)}</span>
            </label>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-proxy">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}
