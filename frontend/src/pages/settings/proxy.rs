//! The proxy of accounts of which nobody says anything else.

use causeway_domain::ProxyId;
use causeway_openapi::UpdateOrganization;
use leptos::prelude::*;

use super::requests::Save;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t_string, text, use_i18n},
        query::Query,
    },
    pages::proxies::choice::{ProxyField, Whose, of_default, read},
    ui::{notice::Failure, page::Card, toast::use_toasts},
};

const FIELDS: &[&str] = &["default_proxy_id"];

/// The card.
#[component]
pub(super) fn DefaultProxy(current: Option<ProxyId>, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let proxies = Query::new(move || api.proxies());
    let value = RwSignal::new(of_default(current));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let chosen = read(&value.get_untracked()).proxy();
        let change = UpdateOrganization { default_proxy_id: Some(chosen), ..UpdateOrganization::default() };
        submission.run(async move { api.change_organization(change).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
        });
    };
    view! {
        <Card title=text!(i18n, proxies.way_default)>
            <form on:submit=send>
                <fieldset class="flex flex-col gap-5" disabled=!may_write>
                    <Failure error=submission.error fields=FIELDS/>
                    <div class="sm:max-w-sm"><ProxyField value proxies whose=Whose::Organizations submission/></div>
                    <Save submission may_write testid="save-default-proxy"/>
                </fieldset>
            </form>
        </Card>
    }
}
