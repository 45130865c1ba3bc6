//! The commands for one system and one way, as steps to follow.

use leptos::prelude::*;

use super::{
    commands::{PLACEHOLDER, Setup, System, Way},
    options::Extras,
};
use crate::{
    core::i18n::{t, t_string, text, use_i18n},
    ui::{badge::Tone, code::Code, notice::Notice, page::Card, tabs::Tabs},
};

/// Tabs for the system, a choice of the way, and the commands.
#[component]
pub(crate) fn Steps(
    #[prop(into)] title: Signal<String>,
    base_url: StoredValue<String>,
    secret: Memo<Option<String>>,
    extras: Extras,
) -> impl IntoView {
    let i18n = use_i18n();
    let user_agent = window().navigator().user_agent().unwrap_or_default();
    let system = RwSignal::new(System::of_browser(&user_agent));
    let way = RwSignal::new(Way::Settings);
    let setup = Memo::new(move |_| Setup {
        base_url: base_url.get_value(),
        secret: secret.get().unwrap_or_else(|| PLACEHOLDER.to_owned()),
        extras: extras.variables(),
    });
    let command = Signal::derive(move || setup.with(|setup| setup.command(system.get(), way.get())));
    let settings = Signal::derive(move || setup.with(|setup| setup.settings(system.get(), way.get())));
    let shell = Signal::derive(move || {
        if system.get() == System::Windows {
            "PowerShell".to_owned()
        } else {
            t_string!(i18n, connect.terminal).to_owned()
        }
    });
    let plain_http = base_url.with_value(|url| is_unprotected(url));
    let way_name = move |way: Way| match way {
        Way::Settings => text!(i18n, connect.way_settings),
        Way::Helper => text!(i18n, connect.way_helper),
        Way::Environment => text!(i18n, connect.way_environment),
    };
    let way_text = move || match way.get() {
        Way::Settings => t_string!(i18n, connect.way_settings_text),
        Way::Helper => t_string!(i18n, connect.way_helper_text),
        Way::Environment => t_string!(i18n, connect.way_environment_text),
    };
    view! {
        <Card title>
            <div class="flex flex-col gap-5">
                <div class="flex flex-wrap items-center justify-between gap-3">
                    <Tabs
                        label=text!(i18n, connect.system)
                        value=system
                        options=System::ALL.map(|system| (system, Signal::stored(system.name().to_owned()))).to_vec()
                        testid="system"
                    />
                    <Tabs
                        label=text!(i18n, connect.way)
                        value=way
                        options=Way::ALL.map(|way| (way, way_name(way))).to_vec()
                        testid="way"
                    />
                </div>
                <p class="text-sm text-base-content/80">{way_text}</p>
                <Show when=move || secret.with(Option::is_none)>
                    <Notice tone=Tone::Info>{t!(i18n, connect.fill_in, placeholder = PLACEHOLDER)}</Notice>
                </Show>
                {plain_http.then(|| view! { <Notice tone=Tone::Warning>{t!(i18n, connect.plain_http)}</Notice> })}
                <Code text=command title=shell testid="connect-command"/>
                <Show when=move || way.get() != Way::Environment>
                    <details>
                        <summary class="cursor-pointer text-sm font-medium">{t!(i18n, connect.by_hand)}</summary>
                        <p class="my-3 text-sm text-base-content/70">{t!(i18n, connect.by_hand_text)}</p>
                        <Code text=settings title="~/.claude/settings.json" testid="connect-settings"/>
                        <div class="mt-3">
                            <Code text="{\n  \"hasCompletedOnboarding\": true\n}" title="~/.claude.json"/>
                        </div>
                    </details>
                </Show>
                <div class="flex flex-col gap-2">
                    <h3 class="text-sm font-semibold">{t!(i18n, connect.try_it)}</h3>
                    <Code text="claude -p \"Say hello\"" title=shell/>
                </div>
            </div>
        </Card>
    }
}

/// Whether keys would travel readable: over http, to another machine than this one.
fn is_unprotected(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let here = host == "localhost"
        || host.starts_with("localhost:")
        || host.starts_with("127.")
        || host.starts_with("[::1]");
    !here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_another_machine_is_warned_of() {
        for fine in
            ["https://relay.example", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:80"]
        {
            assert!(!is_unprotected(fine), "{fine}");
        }
        for readable in ["http://192.168.1.20:3000", "http://localhost.example.com", "http://relay"] {
            assert!(is_unprotected(readable), "{readable}");
        }
    }
}
