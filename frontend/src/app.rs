//! The root: what every component finds in its context, and which page an address shows.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    core::{
        api::Api,
        http::{Http, Renewed},
        i18n::{self, I18nContextProvider, use_i18n},
        routes,
        session::Session,
        theme,
    },
    pages,
    shell::Shell,
    ui::toast::{ToastRegion, Toasts},
};

/// How long a page that cannot reach its server waits before it asks again who is signed in.
const RETRY: Duration = Duration::from_secs(2);

/// The application.
#[component]
pub(crate) fn App() -> impl IntoView {
    provide_meta_context();
    theme::provide();
    let session = Session::new();
    let http = Http::new(session);
    provide_context(session);
    provide_context(Api(http));
    provide_context(Toasts::new());
    provide_context(pages::keys::JustIssued::new());
    resume(session, http);

    view! {
        <I18nContextProvider>
            <StoredLanguage/>
            <Title formatter=|text: String| if text.is_empty() { "Causeway".to_owned() } else { format!("{text} · Causeway") }/>
            <Router base=routes::MOUNT>
                <Routes fallback=pages::not_found::NotFound>
                    <Route path=path!("/setup") view=pages::setup::SetUp/>
                    <Route path=path!("/sign-in") view=pages::sign_in::SignIn/>
                    <Route path=path!("/accept") view=pages::join::accept::Accept/>
                    <Route path=path!("/register") view=pages::join::register::Registration/>
                    <Route path=path!("/forgot-password") view=pages::forgot::Forgot/>
                    <Route path=path!("/reset-password") view=pages::reset::Reset/>
                    <Route path=path!("/my-key") view=pages::my_key::MyKey/>
                    <ParentRoute path=path!("") view=Shell>
                        <Route path=path!("") view=pages::dashboard::Dashboard/>
                        <Route path=path!("/requests") view=pages::requests::Requests/>
                        <Route path=path!("/usage") view=pages::usage::Usage/>
                        <Route path=path!("/keys") view=pages::keys::Keys/>
                        <Route path=path!("/accounts") view=pages::accounts::Accounts/>
                        <Route path=path!("/accounts/new") view=pages::accounts::new::NewAccount/>
                        <Route path=path!("/accounts/import") view=pages::accounts::import::ImportAccounts/>
                        <Route path=path!("/accounts/:account") view=pages::accounts::detail::AccountPage/>
                        <Route path=path!("/pools") view=pages::pools::Pools/>
                        <Route path=path!("/proxies") view=pages::proxies::Proxies/>
                        <Route path=path!("/model-routes") view=pages::model_routes::Routes/>
                        <Route path=path!("/clients") view=pages::clients::Clients/>
                        <Route path=path!("/playground") view=pages::playground::Playground/>
                        <Route path=path!("/prices") view=pages::prices::Prices/>
                        <Route path=path!("/billing") view=pages::billing::Billing/>
                        <Route path=path!("/operator/organizations") view=pages::operator::tenants::Tenants/>
                        <Route path=path!("/operator/organizations/:org") view=pages::operator::tenant::TenantPage/>
                        <Route path=path!("/operator/people") view=pages::operator::people::People/>
                        <Route path=path!("/operator/prices") view=pages::operator::prices::GlobalPricesPage/>
                        <Route path=path!("/operator/providers") view=pages::operator::providers::ProvidersPage/>
                        <Route path=path!("/operator/announcements") view=|| view! { <pages::announcements::Announcements operator=true/> }/>
                        <Route path=path!("/operator/audit") view=|| view! { <pages::audit::Audit operator=true/> }/>
                        <Route path=path!("/audit") view=|| view! { <pages::audit::Audit/> }/>
                        <Route path=path!("/announcements") view=|| view! { <pages::announcements::Announcements/> }/>
                        <Route path=path!("/operator/codes") view=pages::operator::codes::Codes/>
                        <Route path=path!("/tokens") view=pages::tokens::Tokens/>
                        <Route path=path!("/members") view=pages::members::Members/>
                        <Route path=path!("/settings") view=pages::settings::Settings/>
                        <Route path=path!("/share") view=pages::accounts::own::SharedAccounts/>
                        <Route path=path!("/profile") view=pages::profile::Profile/>
                        <Route path=path!("/connect") view=pages::connect::Connect/>
                    </ParentRoute>
                </Routes>
            </Router>
            <ToastRegion/>
        </I18nContextProvider>
    }
}

/// Asks with the refresh cookie whether somebody is signed in, until there is an answer.
fn resume(session: Session, http: Http) {
    if !Session::may_resume() {
        return session.forget();
    }
    spawn_local(async move {
        match http.renew().await {
            Renewed::Yes => {}
            Renewed::Refused => session.forget(),
            Renewed::Unreachable => set_timeout(move || resume(session, http), RETRY),
        }
    });
}

/// Applies the language chosen on an earlier visit.
#[component]
fn StoredLanguage() -> impl IntoView {
    let i18n = use_i18n();
    Effect::new(move |_| {
        if let Some(locale) = i18n::stored() {
            i18n.set_locale(locale);
        }
    });
}
