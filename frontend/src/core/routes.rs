//! Addresses of the pages. The application is mounted at `/web`.

use causeway_domain::Role;
use causeway_openapi::Permission;
use leptos_router::{NavigateOptions, hooks::use_navigate};

pub(crate) const MOUNT: &str = "/web";
pub(crate) const DASHBOARD: &str = "/web/";
pub(crate) const REQUESTS: &str = "/web/requests";
pub(crate) const USAGE: &str = "/web/usage";
pub(crate) const KEYS: &str = "/web/keys";
pub(crate) const ACCOUNTS: &str = "/web/accounts";
pub(crate) const NEW_ACCOUNT: &str = "/web/accounts/new";
pub(crate) const IMPORT_ACCOUNTS: &str = "/web/accounts/import";
pub(crate) const POOLS: &str = "/web/pools";
pub(crate) const PROXIES: &str = "/web/proxies";
pub(crate) const MODEL_ROUTES: &str = "/web/model-routes";
pub(crate) const CLIENTS: &str = "/web/clients";
pub(crate) const PRICES: &str = "/web/prices";
pub(crate) const BILLING: &str = "/web/billing";
pub(crate) const TENANTS: &str = "/web/operator/organizations";
pub(crate) const CODES: &str = "/web/operator/codes";
pub(crate) const TOKENS: &str = "/web/tokens";
pub(crate) const AUDIT: &str = "/web/audit";
pub(crate) const ANNOUNCEMENTS: &str = "/web/announcements";
pub(crate) const PEOPLE: &str = "/web/operator/people";
pub(crate) const GLOBAL_PRICES: &str = "/web/operator/prices";
pub(crate) const OPERATOR_PROVIDERS: &str = "/web/operator/providers";
pub(crate) const OPERATOR_ANNOUNCEMENTS: &str = "/web/operator/announcements";
pub(crate) const OPERATOR_AUDIT: &str = "/web/operator/audit";
pub(crate) const MEMBERS: &str = "/web/members";
pub(crate) const SETTINGS: &str = "/web/settings";
pub(crate) const MY_KEY: &str = "/web/my-key";
pub(crate) const PLAYGROUND: &str = "/web/playground";
pub(crate) const CONNECT: &str = "/web/connect";
pub(crate) const SHARE: &str = "/web/share";
pub(crate) const PROFILE: &str = "/web/profile";
pub(crate) const FORGOT: &str = "/web/forgot-password";
pub(crate) const SIGN_IN: &str = "/web/sign-in";

/// What follows the `#` of the address: the token of a link, which no server is sent.
pub(crate) fn fragment() -> String {
    leptos::prelude::window().location().hash().unwrap_or_default().trim_start_matches('#').to_owned()
}

/// Opens the application anew, with nothing left of what was shown.
pub(crate) fn start_over() {
    let _ = leptos::prelude::window().location().assign(DASHBOARD);
}

/// Where a signed-in person starts.
pub(crate) fn home(role: Role) -> &'static str {
    if Permission::UsageRead.granted_to(role) { DASHBOARD } else { SHARE }
}

/// Goes to one of the addresses above.
pub(crate) fn use_go() -> impl Fn(&str) + Clone {
    let navigate = use_navigate();
    move |address: &str| navigate(address, NavigateOptions { resolve: false, ..NavigateOptions::default() })
}

/// Goes to one of them in the place of the one that is shown, which "back" does not lead to any more.
pub(crate) fn use_go_instead() -> impl Fn(&str) + Clone {
    let navigate = use_navigate();
    move |address: &str| {
        let options = NavigateOptions { resolve: false, replace: true, ..NavigateOptions::default() };
        navigate(address, options);
    }
}

/// Where to go after sign-in: only ever a page of this application, whatever the address bar says.
pub(crate) fn safe_next(next: Option<&str>) -> String {
    match next {
        Some(next) if next.starts_with(DASHBOARD) && !next.contains(['\\', '\n', '\t', '\r']) => {
            next.to_owned()
        }
        _ => DASHBOARD.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_see_nothing_else_starts_at_the_accounts_that_they_share() {
        assert_eq!(home(Role::Contributor), SHARE);
        assert!(Role::ALL[1..].iter().all(|role| home(*role) == DASHBOARD));
    }

    #[test]
    fn sign_in_leads_nowhere_but_into_the_application() {
        assert_eq!(safe_next(Some("/web/keys?x=1")), "/web/keys?x=1");
        for foreign in ["https://evil.example", "//evil.example", "/webmail", "/docs", "javascript:alert(1)"]
        {
            assert_eq!(safe_next(Some(foreign)), DASHBOARD, "{foreign}");
        }
        assert_eq!(safe_next(None), DASHBOARD);
    }
}
