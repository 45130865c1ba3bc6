//! All organisations.

mod create;

use causeway_domain::Nanos;
use causeway_openapi::{Tenant, TenantQuery, TenantStatus};
use leptos::prelude::*;
use leptos_use::signal_debounced;

use self::create::Create;
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
        routes,
    },
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        field::TextField,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
    },
};

/// The page.
#[component]
pub(crate) fn Tenants() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let creating = RwSignal::new(false);
    let search = RwSignal::new(String::new());
    let settled: Signal<String> = signal_debounced(search, 250.0);
    let pages = Pages::new(move |cursor| {
        let part = settled.get().trim().to_owned();
        let query = TenantQuery { query: (!part.is_empty()).then_some(part), limit: Some(50), cursor };
        api.tenants(query)
    });
    let columns = move || {
        vec![
            Column::text(text!(i18n, operator.name)),
            Column::text(text!(i18n, operator.status)),
            Column::text(text!(i18n, operator.in_use)),
            Column::number(text!(i18n, operator.multiplier)),
            Column::number(text!(i18n, operator.charged)),
            Column::number(text!(i18n, operator.balance)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, operator.tenants) text=text!(i18n, operator.tenants_text)>
            <Button kind=Kind::Primary on_press=move |()| creating.set(true) testid="create-tenant">
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, installation.create)}
            </Button>
        </PageHeader>
        <Create open=creating pages/>
        <div class="mb-4 max-w-sm">
            <TextField label=text!(i18n, operator.search) value=search kind="search" testid="tenant-search"/>
        </div>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! { <Empty icon=Icon::Search title=text!(i18n, operator.none) text=text!(i18n, operator.none_text)/> }
                        .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, operator.tenants) columns=columns() testid="tenants">
                            {page.items.into_iter().map(|tenant| view! { <Row tenant/> }).collect_view()}
                            <For each=move || pages.rest() key=|tenant| tenant.id let:tenant>
                                <Row tenant/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages/>
    }
}

#[component]
fn Row(tenant: Tenant) -> impl IntoView {
    let i18n = use_i18n();
    let Tenant { plan, in_use, balance, .. } = tenant;
    let left = balance.balance_usd;
    view! {
        <tr data-testid="tenant">
            <Cell label=text!(i18n, operator.name)>
                <a class="link link-hover font-medium break-words" href=format!("{}/{}", routes::TENANTS, tenant.id)>
                    {tenant.name}
                </a>
                <div class="text-xs text-base-content/70">{tenant.slug}</div>
            </Cell>
            <Cell label=text!(i18n, operator.status)><Status status=tenant.status/></Cell>
            <Cell label=text!(i18n, operator.in_use)>
                <div class="flex flex-wrap gap-x-3 text-sm text-base-content/80 max-sm:justify-end">
                    <Count label=text!(i18n, operator.members) used=in_use.members allowed=plan.members/>
                    <Count label=text!(i18n, operator.keys) used=in_use.keys allowed=plan.keys/>
                    <Count label=text!(i18n, operator.accounts) used=in_use.accounts allowed=plan.accounts/>
                </div>
            </Cell>
            <Cell label=text!(i18n, operator.multiplier) numeric=true>{format!("× {}", tenant.multiplier)}</Cell>
            <Cell label=text!(i18n, operator.charged) numeric=true>
                <span title=format::dollars_exact(balance.charged_usd)>{format::dollars(balance.charged_usd)}</span>
            </Cell>
            <Cell label=text!(i18n, operator.balance) numeric=true>
                {if balance.prepaid {
                    view! {
                        <span
                            class="font-medium"
                            class:text-error=left <= Nanos::ZERO
                            title=format::dollars_exact(left)
                        >
                            {format::dollars(left)}
                        </span>
                    }
                    .into_any()
                } else {
                    view! { <span class="text-sm text-base-content/70">{t!(i18n, operator.not_prepaid)}</span> }.into_any()
                }}
            </Cell>
        </tr>
    }
}

/// Whether an organisation's requests are served.
#[component]
pub(super) fn Status(status: TenantStatus) -> impl IntoView {
    let i18n = use_i18n();
    let (tone, label) = match status {
        TenantStatus::Active => (Tone::Good, text!(i18n, operator.active)),
        TenantStatus::Suspended => (Tone::Bad, text!(i18n, operator.suspended)),
    };
    view! { <Badge tone dot=true>{move || label.get()}</Badge> }
}

/// What there is of something that a plan counts.
#[component]
pub(super) fn Count(#[prop(into)] label: Signal<String>, used: u64, allowed: Option<u32>) -> impl IntoView {
    let i18n = use_i18n();
    let full = allowed.is_some_and(|allowed| used >= u64::from(allowed));
    let figure = move || match allowed {
        None => format::grouped(used),
        Some(allowed) => t_string!(
            i18n,
            operator.used_of,
            used = format::grouped(used),
            allowed = format::grouped(u64::from(allowed))
        ),
    };
    view! {
        <span class="whitespace-nowrap">
            {move || label.get()}
            " "
            <span class="font-medium tabular-nums" class:text-error=full>{figure}</span>
        </span>
    }
}
