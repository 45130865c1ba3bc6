//! One organisation: what it is allowed and charged, its credits and statements.

mod credit;
mod domains;
mod enter;
mod suspend;
mod terms;

use causeway_domain::OrgId;
use causeway_openapi::{Tenant, TenantStatus, UpdateTenant};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use self::{credit::CreditForm, domains::Domains, enter::EnterForm, suspend::SuspendForm, terms::TermsForm};
use super::tenants::{Count, Status};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        query::Query,
        routes,
    },
    pages::{
        billing::{self, BalanceFigures, Entries, Statements},
        not_found::NotFound,
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        confirm::Confirm,
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{ListSkeleton, Loaded},
        notice::Notice,
        page::{Card, PageHeader},
        toast::use_toasts,
    },
};

/// The page.
#[component]
pub(crate) fn TenantPage() -> impl IntoView {
    let params = use_params_map();
    let org = Memo::new(move |_| params.with(|p| p.get("org")).and_then(|id| id.parse::<OrgId>().ok()));
    move || match org.get() {
        None => view! { <NotFound/> }.into_any(),
        Some(org) => view! { <OfTenant org/> }.into_any(),
    }
}

#[component]
fn OfTenant(org: OrgId) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let tenant = Query::new(move || api.tenant(org));
    let providers = Query::new(move || api.providers());
    let entries = Pages::new(move |cursor| api.credits(Some(org), billing::page(cursor)));
    let crediting = RwSignal::new(false);
    let title = Signal::derive(move || {
        tenant.data().map_or_else(|| t_string!(i18n, operator.tenant).to_owned(), |tenant| tenant.name)
    });
    view! {
        <a class="link link-hover mb-3 inline-block text-sm text-base-content/70" href=routes::TENANTS>
            "← "
            {t!(i18n, operator.tenants)}
        </a>
        <PageHeader title>
            <Loaded query=tenant skeleton=|| ().into_any() let:tenant_now>
                <Switches tenant=tenant_now query=tenant/>
            </Loaded>
            <Button kind=Kind::Primary on_press=move |()| crediting.set(true) testid="credit">
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, operator.credit)}
            </Button>
        </PageHeader>
        <div class="flex flex-col gap-6">
            <Loaded query=tenant skeleton=|| view! { <ListSkeleton/> }.into_any() let:now>
                <div class="flex flex-col gap-6">
                    {now.suspended.clone().map(|suspended| view! {
                        <Notice tone=Tone::Bad>
                            {move || t_string!(i18n, installation.suspended_because, time = format::moment(suspended.since, i18n.get_locale()), reason = suspended.reason.clone())}
                        </Notice>
                    })}
                    <div class="flex flex-wrap items-center gap-x-6 gap-y-2 text-sm">
                        <Status status=now.status/>
                        <span class="font-mono text-xs">{now.slug.clone()}</span>
                        <span class="flex flex-wrap gap-x-4">
                            <Count label=text!(i18n, operator.members) used=now.in_use.members allowed=now.plan.members/>
                            <Count label=text!(i18n, operator.keys) used=now.in_use.keys allowed=now.plan.keys/>
                            <Count label=text!(i18n, operator.accounts) used=now.in_use.accounts allowed=now.plan.accounts/>
                        </span>
                    </div>
                    <BalanceFigures balance=now.balance/>
                    <Card title=text!(i18n, operator.terms)>
                        <Loaded query=providers skeleton=|| view! { <ListSkeleton/> }.into_any() let:known>
                            <TermsForm tenant=now.clone() providers=known query=tenant/>
                        </Loaded>
                    </Card>
                </div>
            </Loaded>
            <Domains org/>
            <Statements org=Some(org)/>
            <Entries pages=entries/>
        </div>
        <Dialog open=crediting title=text!(i18n, operator.credit) testid="credit-dialog">
            <CreditForm org open=crediting tenant entries/>
        </Dialog>
    }
}

/// Suspending, serving again, ending prepaid.
#[component]
fn Switches(tenant: Tenant, query: Query<Tenant>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let (suspending, ending, entering) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let (org, name) = (tenant.id, StoredValue::new(tenant.name));
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let change = move |change: UpdateTenant| {
        changing.run(async move { api.change_tenant(org, change).await }, move |_| {
            ending.set(false);
            toasts.good(tu_string!(i18n, operator.saved_toast, name = name.get_value()));
            query.reload();
        });
    };
    let set =
        move |status: TenantStatus| change(UpdateTenant { status: Some(status), ..UpdateTenant::default() });
    view! {
        <Button on_press=move |()| entering.set(true) testid="enter">{t!(i18n, installation.enter)}</Button>
        {tenant.balance.prepaid.then(|| view! {
            <Button on_press=move |()| ending.set(true) testid="end-prepaid">{t!(i18n, operator.end_prepaid)}</Button>
        })}
        {match tenant.status {
            TenantStatus::Active => view! {
                <Button on_press=move |()| suspending.set(true) testid="suspend">{t!(i18n, operator.suspend)}</Button>
            }
            .into_any(),
            TenantStatus::Suspended => view! {
                <Button busy=changing.busy on_press=move |()| set(TenantStatus::Active) testid="reactivate">
                    {t!(i18n, operator.reactivate)}
                </Button>
            }
            .into_any(),
        }}
        <Dialog open=suspending title=text!(i18n, operator.suspend_title, name = name.get_value()) testid="suspend-dialog">
            <SuspendForm org name=name.get_value() open=suspending query/>
        </Dialog>
        <Dialog open=entering title=text!(i18n, installation.enter_title, name = name.get_value()) testid="enter-dialog">
            <EnterForm org open=entering/>
        </Dialog>
        <Confirm
            open=ending
            title=text!(i18n, operator.end_prepaid_title, name = name.get_value())
            text=text!(i18n, operator.end_prepaid_text)
            action=text!(i18n, operator.end_prepaid)
            busy=changing.busy
            on_confirm=move |()| change(UpdateTenant { prepaid: Some(false), ..UpdateTenant::default() })
        />
    }
}
