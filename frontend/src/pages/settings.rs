//! The organisation's settings: how it counts its days, what happens to its requests, its limits, and its plan.

mod accounts;
mod ceilings;
mod general;
mod limits;
mod plan;
mod proxy;
mod requests;
mod sign_in;
mod sso;

use causeway_openapi::Permission;
use leptos::prelude::*;

use self::{
    accounts::AccountsCard, ceilings::CeilingsCard, general::General, limits::OrganizationLimits,
    plan::PlanCard, proxy::DefaultProxy, requests::Requests, sign_in::SignInCard, sso::SingleSignOnCard,
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        badge::Tone,
        loaded::{ListSkeleton, Loaded},
        notice::Notice,
        page::{Card, PageHeader},
    },
};

/// The page.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let organization = Query::new(move || api.organization());
    let may_write = session.may(Permission::OrganizationWrite);
    view! {
        <PageHeader title=text!(i18n, settings.title) text=text!(i18n, settings.text)/>
        {(!may_write).then(|| view! {
            <div class="mb-6"><Notice tone=Tone::Info>{t!(i18n, settings.read_only)}</Notice></div>
        })}
        <Loaded query=organization skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:org>
            <div class="flex flex-col gap-6">
                <General org=org.clone() may_write/>
                <Requests org=org.clone() may_write/>
                <AccountsCard org=org.clone() may_write/>
                <DefaultProxy current=org.default_proxy_id may_write/>
                <SignInCard may_write/>
                <OrganizationLimits org=org.clone() may_write/>
                <CeilingsCard may_write/>
                <PlanCard org/>
            </div>
        </Loaded>
        <div class="mt-6">
            <SingleSignOnCard/>
        </div>
    }
}
