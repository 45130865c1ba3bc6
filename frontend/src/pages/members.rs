//! Members: who belongs here, what they used today, and the limits over all of their keys.

mod limits;

use causeway_domain::Role;
use causeway_openapi::{Member, Permission};
use leptos::prelude::*;

use self::limits::MemberLimits;
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        dialog::Dialog,
        icon::Icon,
        limits::Words,
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
    },
};

/// The page's dialog, and whom it is about.
#[derive(Clone, Copy)]
struct Dialogs {
    open: RwSignal<bool>,
    member: RwSignal<Option<Member>>,
}

/// The page.
#[component]
pub(crate) fn Members() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let members = Query::new(move || api.members());
    let dialogs = Dialogs { open: RwSignal::new(false), member: RwSignal::new(None) };
    let may_write = Memo::new(move |_| session.may(Permission::MembersWrite));
    let columns = move || {
        vec![
            Column::text(text!(i18n, members.name)),
            Column::text(text!(i18n, members.role)),
            Column::number(text!(i18n, members.keys)),
            Column::number(text!(i18n, members.today)),
            Column::text(text!(i18n, members.limits)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let title = Signal::derive(move || {
        let name = dialogs.member.with(|m| m.as_ref().map(|m| m.name.clone()).unwrap_or_default());
        t_string!(i18n, members.limits_of, name = name)
    });
    view! {
        <PageHeader title=text!(i18n, members.title) text=text!(i18n, members.text)/>
        <Card flush=true>
            <Loaded query=members skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! { <Empty icon=Icon::People title=text!(i18n, members.empty) text=text!(i18n, members.text)/> }.into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, members.title) columns=columns() testid="members">
                            {page.items.into_iter().map(|member| view! { <Row member dialogs/> }).collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <Dialog open=dialogs.open title wide=true testid="member-dialog">
            {move || dialogs.member.get().map(|member| view! { <MemberLimits member members open=dialogs.open may_write/> })}
        </Dialog>
    }
}

#[component]
fn Row(member: Member, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let shown = StoredValue::new(member.clone());
    let open = move |()| {
        dialogs.member.set(Some(shown.get_value()));
        dialogs.open.set(true);
    };
    let Member { name, email, role, limits, keys, usage, .. } = member;
    let label = name.clone();
    let tone = if role >= Role::Admin { Tone::Info } else { Tone::Neutral };
    view! {
        <tr data-testid="member">
            <Cell label=text!(i18n, members.name)>
                <div class="font-medium break-words">{name}</div>
                <div class="text-xs text-base-content/70 break-all">{email}</div>
            </Cell>
            <Cell label=text!(i18n, members.role)>
                <Badge tone>{move || role_name(role, i18n.get_locale())}</Badge>
            </Cell>
            <Cell label=text!(i18n, members.keys) numeric=true>{format::grouped(keys)}</Cell>
            <Cell label=text!(i18n, members.today) numeric=true>
                <div class="font-medium" title=format::dollars_exact(usage.cost_usd_today)>
                    {format::dollars(usage.cost_usd_today)}
                </div>
                <div class="text-xs text-base-content/70 whitespace-nowrap">
                    {t!(i18n, keys.requests_count, count = format::compact(usage.requests_today))}
                </div>
            </Cell>
            <Cell label=text!(i18n, members.limits)><div class="sm:max-w-64"><Words limits/></div></Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <Button
                    small=true
                    on_press=open
                    label=Signal::derive(move || t_string!(i18n, members.limits_of, name = label.clone()))
                    testid="member-limits"
                >
                    {t!(i18n, members.limits)}
                </Button>
            </Cell>
        </tr>
    }
}

/// A role's name.
fn role_name(role: Role, locale: Locale) -> &'static str {
    match role {
        Role::Viewer => td_string!(locale, members.viewer),
        Role::Member => td_string!(locale, members.member),
        Role::Admin => td_string!(locale, members.admin),
        Role::Owner => td_string!(locale, members.owner),
    }
}
