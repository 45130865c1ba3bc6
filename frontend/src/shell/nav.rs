//! The menu. An entry appears when the member's role has the permission its page needs, or for who runs
//! the installation.

use causeway_openapi::Permission;
use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    core::{
        i18n::{t_string, use_i18n},
        routes::{self, use_go_instead},
        session::{Session, use_session},
    },
    pages::forbidden::Forbidden,
    ui::icon::{Glyph, Icon},
};

#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Dashboard,
    Requests,
    Usage,
    Keys,
    Accounts,
    Pools,
    Proxies,
    ModelRoutes,
    Clients,
    Prices,
    Billing,
    Members,
    Tokens,
    Settings,
    Playground,
    Connect,
    Share,
    Audit,
    Announcements,
    Tenants,
    People,
    GlobalPrices,
    Providers,
    OperatorAnnouncements,
    OperatorAudit,
    Codes,
}

const ALL: &[Entry] = &[
    Entry::Dashboard,
    Entry::Requests,
    Entry::Usage,
    Entry::Keys,
    Entry::Accounts,
    Entry::Pools,
    Entry::Proxies,
    Entry::ModelRoutes,
    Entry::Clients,
    Entry::Prices,
    Entry::Billing,
    Entry::Members,
    Entry::Settings,
    Entry::Tokens,
    Entry::Playground,
    Entry::Connect,
    Entry::Share,
    Entry::Audit,
    Entry::Announcements,
    Entry::Tenants,
    Entry::People,
    Entry::GlobalPrices,
    Entry::Providers,
    Entry::OperatorAnnouncements,
    Entry::OperatorAudit,
    Entry::Codes,
];

/// Whom an entry concerns.
#[derive(Clone, Copy, PartialEq)]
enum For {
    Everybody,
    Whoever(Permission),
    Operators,
}

impl For {
    /// Whether the menu shows it to the person who is here.
    fn includes(self, session: Session) -> bool {
        match self {
            Self::Everybody => true,
            Self::Whoever(permission) => session.may(permission),
            Self::Operators => session.is_operator(),
        }
    }
}

impl Entry {
    fn place(self) -> (&'static str, Icon, For) {
        use For::{Everybody, Operators, Whoever};
        match self {
            Self::Dashboard => (routes::DASHBOARD, Icon::Dashboard, Whoever(Permission::UsageRead)),
            Self::Requests => (routes::REQUESTS, Icon::List, Whoever(Permission::UsageRead)),
            Self::Usage => (routes::USAGE, Icon::Chart, Whoever(Permission::UsageRead)),
            Self::Keys => (routes::KEYS, Icon::Key, Whoever(Permission::KeysRead)),
            Self::Accounts => (routes::ACCOUNTS, Icon::Plug, Whoever(Permission::AccountsRead)),
            Self::Pools => (routes::POOLS, Icon::Layers, Whoever(Permission::AccountsRead)),
            Self::Proxies => (routes::PROXIES, Icon::Globe, Whoever(Permission::AccountsRead)),
            Self::ModelRoutes => (routes::MODEL_ROUTES, Icon::Branch, Whoever(Permission::AccountsRead)),
            Self::Clients => (routes::CLIENTS, Icon::Laptop, Whoever(Permission::KeysRead)),
            Self::Prices => (routes::PRICES, Icon::Tag, Whoever(Permission::PricesRead)),
            Self::Billing => (routes::BILLING, Icon::Wallet, Whoever(Permission::BillingRead)),
            Self::Members => (routes::MEMBERS, Icon::People, Whoever(Permission::MembersRead)),
            Self::Tokens => (routes::TOKENS, Icon::Code, Whoever(Permission::UsageRead)),
            Self::Settings => (routes::SETTINGS, Icon::Sliders, Whoever(Permission::OrganizationRead)),
            Self::Playground => (routes::PLAYGROUND, Icon::Play, Whoever(Permission::KeysWriteOwn)),
            Self::Connect => (routes::CONNECT, Icon::Terminal, Whoever(Permission::KeysRead)),
            Self::Share => (routes::SHARE, Icon::Share, Everybody),
            Self::Audit => (routes::AUDIT, Icon::Clipboard, Whoever(Permission::AuditRead)),
            Self::Announcements => {
                (routes::ANNOUNCEMENTS, Icon::Megaphone, Whoever(Permission::OrganizationWrite))
            }
            Self::People => (routes::PEOPLE, Icon::People, Operators),
            Self::GlobalPrices => (routes::GLOBAL_PRICES, Icon::Tag, Operators),
            Self::Providers => (routes::OPERATOR_PROVIDERS, Icon::Plug, Operators),
            Self::OperatorAnnouncements => (routes::OPERATOR_ANNOUNCEMENTS, Icon::Megaphone, Operators),
            Self::OperatorAudit => (routes::OPERATOR_AUDIT, Icon::Clipboard, Operators),
            Self::Tenants => (routes::TENANTS, Icon::Building, Operators),
            Self::Codes => (routes::CODES, Icon::Ticket, Operators),
        }
    }
}

/// What becomes of the page that an address leads to.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Shown,
    /// Whoever has no right to the first page has another that is theirs.
    Elsewhere(&'static str),
    /// It is for others: for operators, or for other roles.
    Refused {
        operators: bool,
    },
}

/// The page, for who may see it; everybody else is told who can change that.
#[component]
pub(super) fn Permitted() -> impl IntoView {
    let session = use_session();
    let location = use_location();
    let go = use_go_instead();
    let verdict = Memo::new(move |_| {
        let found =
            location.pathname.with(|path| ALL.iter().copied().find(|entry| is_within(path, entry.place().0)));
        let (Some(entry), Some(member)) = (found, session.member()) else { return Verdict::Shown };
        match entry.place().2 {
            // While the organisation is suspended or one only looks on, its banner says so, and reading goes on.
            For::Whoever(permission) if !permission.granted_to(member.role) => {
                let home = routes::home(member.role);
                if entry == Entry::Dashboard && home != routes::DASHBOARD {
                    Verdict::Elsewhere(home)
                } else {
                    Verdict::Refused { operators: false }
                }
            }
            For::Operators if !member.is_operator => Verdict::Refused { operators: true },
            For::Everybody | For::Whoever(_) | For::Operators => Verdict::Shown,
        }
    });
    // The router goes over to another page a moment after the address has. What it has until then was refused, and would
    // begin to load what it may not.
    let settled = RwSignal::new(verdict.get_untracked() == Verdict::Shown);
    Effect::new(move |_| match verdict.get() {
        Verdict::Shown => request_animation_frame(move || {
            let _ = settled.try_set(verdict.try_get_untracked() == Some(Verdict::Shown));
        }),
        Verdict::Elsewhere(home) => {
            settled.set(false);
            go(home);
        }
        Verdict::Refused { .. } => settled.set(false),
    });
    move || match verdict.get() {
        Verdict::Shown if settled.get() => view! { <Outlet/> }.into_any(),
        Verdict::Shown | Verdict::Elsewhere(_) => ().into_any(),
        Verdict::Refused { operators } => view! { <Forbidden operators/> }.into_any(),
    }
}

/// The menu's entries, in groups.
#[component]
pub(super) fn Navigation() -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let operates = Memo::new(move |_| session.is_operator());
    let group = move |title: Signal<&'static str>, entries: &'static [Entry]| {
        let any = Memo::new(move |_| entries.iter().any(|entry| entry.place().2.includes(session)));
        view! {
            <Show when=move || any.get()>
                <div class="px-3">
                    <p class="px-3 pb-1.5 text-xs font-medium text-base-content/70">{move || title.get()}</p>
                    <ul class="flex flex-col gap-0.5">
                        {entries.iter().map(|entry| view! { <Link entry=*entry/> }).collect_view()}
                    </ul>
                </div>
            </Show>
        }
    };
    view! {
        <nav class="flex grow flex-col gap-6 overflow-y-auto py-3" aria-label=move || t_string!(i18n, shell.navigation)>
            {group(Signal::derive(move || t_string!(i18n, shell.group_observe)), &[Entry::Dashboard, Entry::Usage, Entry::Requests])}
            {group(
                Signal::derive(move || t_string!(i18n, shell.group_manage)),
                &[Entry::Keys, Entry::Accounts, Entry::Pools, Entry::Proxies, Entry::ModelRoutes, Entry::Clients, Entry::Prices, Entry::Billing, Entry::Members, Entry::Tokens, Entry::Audit, Entry::Announcements, Entry::Settings],
            )}
            {group(Signal::derive(move || t_string!(i18n, shell.group_use)), &[Entry::Connect, Entry::Playground, Entry::Share])}
            <Show when=move || operates.get()>
                {group(
                    Signal::derive(move || t_string!(i18n, shell.group_installation)),
                    &[
                        Entry::Tenants,
                        Entry::People,
                        Entry::GlobalPrices,
                        Entry::Providers,
                        Entry::OperatorAnnouncements,
                        Entry::OperatorAudit,
                        Entry::Codes,
                    ],
                )}
            </Show>
        </nav>
    }
}

#[component]
fn Link(entry: Entry) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let location = use_location();
    let (address, icon, needs) = entry.place();
    let current = Memo::new(move |_| location.pathname.with(|path| is_within(path, address)));
    let title = move || match entry {
        Entry::Dashboard => t_string!(i18n, shell.dashboard),
        Entry::Requests => t_string!(i18n, shell.requests),
        Entry::Usage => t_string!(i18n, shell.usage),
        Entry::Keys => t_string!(i18n, shell.keys),
        Entry::Accounts => t_string!(i18n, shell.accounts),
        Entry::Pools => t_string!(i18n, shell.pools),
        Entry::Proxies => t_string!(i18n, shell.proxies),
        Entry::ModelRoutes => t_string!(i18n, shell.model_routes),
        Entry::Clients => t_string!(i18n, shell.clients),
        Entry::Prices => t_string!(i18n, shell.prices),
        Entry::Billing => t_string!(i18n, shell.billing),
        Entry::Members => t_string!(i18n, shell.members),
        Entry::Tokens => t_string!(i18n, shell.tokens),
        Entry::Settings => t_string!(i18n, shell.settings),
        Entry::Playground => t_string!(i18n, shell.playground),
        Entry::Connect => t_string!(i18n, shell.connect),
        Entry::Share => t_string!(i18n, shell.share),
        Entry::Audit => t_string!(i18n, shell.audit),
        Entry::Announcements => t_string!(i18n, shell.announcements),
        Entry::People => t_string!(i18n, shell.people),
        Entry::GlobalPrices => t_string!(i18n, shell.global_prices),
        Entry::Providers => t_string!(i18n, shell.providers),
        Entry::OperatorAnnouncements => t_string!(i18n, shell.operator_announcements),
        Entry::OperatorAudit => t_string!(i18n, shell.installation_audit),
        Entry::Tenants => t_string!(i18n, shell.tenants),
        Entry::Codes => t_string!(i18n, shell.codes),
    };
    let may = Memo::new(move |_| needs.includes(session));
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

/// Whether a page is an entry's own, or one below it. Below the dashboard is everything.
fn is_within(path: &str, address: &str) -> bool {
    let path = path.trim_end_matches('/');
    let address_bare = address.trim_end_matches('/');
    path == address_bare
        || address != routes::DASHBOARD
            && path.strip_prefix(address_bare).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_entry_above_it() {
        assert!(is_within("/web", routes::DASHBOARD) && !is_within("/web/keys", routes::DASHBOARD));
        assert!(is_within("/web/operator/organizations/1", routes::TENANTS));
        assert!(!is_within("/web/keyshop", routes::KEYS));
    }
}
