//! The menu. An entry appears when the member's role has the permission its page needs.

use causeway_openapi::Permission;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    core::{
        i18n::{t_string, use_i18n},
        routes,
        session::use_session,
    },
    ui::icon::{Glyph, Icon},
};

#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Dashboard,
    Requests,
    Usage,
    Keys,
    Accounts,
    Prices,
    Connect,
}

impl Entry {
    fn place(self) -> (&'static str, Icon, Permission) {
        match self {
            Self::Dashboard => (routes::DASHBOARD, Icon::Dashboard, Permission::UsageRead),
            Self::Requests => (routes::REQUESTS, Icon::List, Permission::UsageRead),
            Self::Usage => (routes::USAGE, Icon::Chart, Permission::UsageRead),
            Self::Keys => (routes::KEYS, Icon::Key, Permission::KeysRead),
            Self::Accounts => (routes::ACCOUNTS, Icon::Plug, Permission::AccountsRead),
            Self::Prices => (routes::PRICES, Icon::Tag, Permission::PricesRead),
            Self::Connect => (routes::CONNECT, Icon::Terminal, Permission::KeysRead),
        }
    }
}

/// The menu's entries, in groups.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    let i18n = use_i18n();
    let group = |title: Signal<&'static str>, entries: &'static [Entry]| {
        view! {
            <div class="px-3">
                <p class="px-3 pb-1.5 text-xs font-medium text-base-content/70">{move || title.get()}</p>
                <ul class="flex flex-col gap-0.5">
                    {entries.iter().map(|entry| view! { <Link entry=*entry/> }).collect_view()}
                </ul>
            </div>
        }
    };
    view! {
        <nav class="flex grow flex-col gap-6 overflow-y-auto py-3" aria-label=move || t_string!(i18n, shell.navigation)>
            {group(Signal::derive(move || t_string!(i18n, shell.group_observe)), &[Entry::Dashboard, Entry::Usage, Entry::Requests])}
            {group(
                Signal::derive(move || t_string!(i18n, shell.group_manage)),
                &[Entry::Keys, Entry::Accounts, Entry::Prices],
            )}
            {group(Signal::derive(move || t_string!(i18n, shell.group_use)), &[Entry::Connect])}
        </nav>
    }
}

#[component]
fn Link(entry: Entry) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let location = use_location();
    let (address, icon, needs) = entry.place();
    let current = Memo::new(move |_| {
        location.pathname.with(|path| path.trim_end_matches('/') == address.trim_end_matches('/'))
    });
    let title = move || match entry {
        Entry::Dashboard => t_string!(i18n, shell.dashboard),
        Entry::Requests => t_string!(i18n, shell.requests),
        Entry::Usage => t_string!(i18n, shell.usage),
        Entry::Keys => t_string!(i18n, shell.keys),
        Entry::Accounts => t_string!(i18n, shell.accounts),
        Entry::Prices => t_string!(i18n, shell.prices),
        Entry::Connect => t_string!(i18n, shell.connect),
    };
    let may = Memo::new(move |_| session.may(needs));
    view! {
        <Show when=move || may.get()>
            <li>
                <a
                    href=address
                    class="flex items-center gap-3 rounded-field px-3 py-2 text-sm font-medium text-base-content/80 hover:bg-base-200 hover:text-base-content aria-[current]:bg-primary/10 aria-[current]:text-primary"
                    aria-current=move || current.get().then_some("page")
                >
                    <Glyph icon/>
                    {title}
                </a>
            </li>
        </Show>
    }
}
