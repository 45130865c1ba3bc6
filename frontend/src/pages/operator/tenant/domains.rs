//! The e-mail domains that an organisation has named: the operator, who can ask, says which are really theirs.

use causeway_domain::OrgId;
use causeway_openapi::SsoDomain;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn Domains(org: OrgId) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let domains = Query::new(move || api.tenant_domains(org));
    let deciding = Submission::new();
    let row = move |SsoDomain { domain, confirmed_at }: SsoDomain| {
        let confirmed = confirmed_at.is_some();
        let tone = if confirmed { Tone::Good } else { Tone::Warning };
        let shown = domain.clone();
        let decide = move |()| {
            let (asked, told) = (domain.clone(), domain.clone());
            deciding.run(async move { api.decide_tenant_domain(org, &asked, !confirmed).await }, move |()| {
                toasts.good(if confirmed {
                    tu_string!(i18n, operator.domain_withdrawn_toast, domain = told)
                } else {
                    tu_string!(i18n, operator.domain_confirmed_toast, domain = told)
                });
                domains.reload();
            });
        };
        view! {
            <li class="flex flex-wrap items-center gap-2 text-sm" data-testid="tenant-domain">
                <span class="font-mono break-all">{shown}</span>
                <Badge tone>
                    {move || if confirmed { t_string!(i18n, sso.confirmed) } else { t_string!(i18n, sso.unconfirmed) }}
                </Badge>
                <Button small=true busy=deciding.busy on_press=decide testid="decide-domain">
                    {move || if confirmed { t_string!(i18n, operator.unconfirm_domain) } else { t_string!(i18n, operator.confirm_domain) }}
                </Button>
            </li>
        }
    };
    view! {
        <Card title=text!(i18n, operator.domains)>
            <p class="mb-3 text-sm text-base-content/70">{t!(i18n, operator.domains_text)}</p>
            <Failure error=deciding.error/>
            <Loaded query=domains skeleton=|| view! { <ListSkeleton/> }.into_any() let:found>
                {if found.domains.is_empty() {
                    view! { <p class="text-sm">{t!(i18n, operator.no_domains)}</p> }.into_any()
                } else {
                    view! { <ul class="flex flex-col gap-2">{found.domains.into_iter().map(row).collect_view()}</ul> }.into_any()
                }}
            </Loaded>
        </Card>
    }
}
