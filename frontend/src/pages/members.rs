//! Members: who belongs here and as what, who is invited, who waits to be let in, and the limits over all of their keys.

mod invitations;
mod invite;
mod limits;
mod links;
mod open_link;
mod requests;
mod rescue;
mod role;
mod row;

use causeway_domain::Role;
use causeway_openapi::{Member, Page, Permission, SentInvitation};
use leptos::prelude::*;

pub(crate) use self::invite::{DeliveryChoice, OneTimeLink};
use self::{
    invitations::Invitations,
    invite::{Invite, Sent},
    limits::MemberLimits,
    links::Links,
    requests::Requests,
    role::ChangeRole,
    row::Row,
};
use crate::{
    core::{
        api::use_api,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

/// The page's dialogs, and whom they are about.
#[derive(Clone, Copy)]
struct Dialogs {
    limits: RwSignal<bool>,
    role: RwSignal<bool>,
    invite: RwSignal<bool>,
    sent_open: RwSignal<bool>,
    member: RwSignal<Option<Member>>,
    sent: RwSignal<Option<SentInvitation>>,
}

/// The page.
#[component]
pub(crate) fn Members() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let members = Query::new(move || api.members());
    let dialogs = Dialogs {
        limits: RwSignal::new(false),
        role: RwSignal::new(false),
        invite: RwSignal::new(false),
        sent_open: RwSignal::new(false),
        member: RwSignal::new(None),
        sent: RwSignal::new(None),
    };
    let may_write = Memo::new(move |_| session.may(Permission::MembersWrite));
    let about = move |text: fn(Locale, String) -> String| {
        Signal::derive(move || {
            let name = dialogs.member.with(|m| m.as_ref().map(|m| m.name.clone()).unwrap_or_default());
            text(i18n.get_locale(), name)
        })
    };
    view! {
        <PageHeader title=text!(i18n, members.title) text=text!(i18n, members.text)>
            <Show when=move || may_write.get()>
                <Button kind=Kind::Primary on_press=move |()| dialogs.invite.set(true) testid="invite">
                    <Glyph icon=Icon::Plus class="size-4"/>
                    {t!(i18n, members.invite)}
                </Button>
            </Show>
        </PageHeader>
        <div class="flex flex-col gap-6">
            <Card flush=true><List members dialogs/></Card>
            {move || may_write.get().then(|| view! { <ComingIn members dialogs/> })}
        </div>
        <Dialog open=dialogs.limits title=about(|l, name| td_string!(l, members.limits_of, name = name)) wide=true testid="member-dialog">
            {move || dialogs.member.get().map(|member| view! { <MemberLimits member members open=dialogs.limits may_write/> })}
        </Dialog>
        <Dialog open=dialogs.role title=about(|l, name| td_string!(l, members.role_of, name = name)) testid="role-dialog">
            {move || dialogs.member.get().map(|member| view! { <ChangeRole id=member.id role=member.role members open=dialogs.role/> })}
        </Dialog>
    }
}

#[component]
fn List(members: Query<Page<Member>>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
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
    view! {
        <Loaded query=members skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
            {if page.items.is_empty() {
                view! { <Empty icon=Icon::People title=text!(i18n, members.empty) text=text!(i18n, members.text)/> }.into_any()
            } else {
                view! {
                    <Table caption=text!(i18n, members.title) columns=columns() testid="members">
                        {page.items.into_iter().map(|member| view! { <Row member members dialogs/> }).collect_view()}
                    </Table>
                }
                .into_any()
            }}
        </Loaded>
    }
}

/// What is for those who let people in.
#[component]
fn ComingIn(members: Query<Page<Member>>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let invitations = Query::new(move || api.invitations());
    let title = Signal::derive(move || t_string!(i18n, members.link).to_owned());
    view! {
        <Requests members/>
        <Invitations invitations dialogs/>
        <Links/>
        <Dialog open=dialogs.invite title=text!(i18n, members.invite_title) testid="invite-dialog">
            <Invite invitations dialogs/>
        </Dialog>
        <Dialog open=dialogs.sent_open title testid="sent-dialog">
            {move || dialogs.sent.get().map(|sent| view! { <Sent sent open=dialogs.sent_open/> })}
        </Dialog>
    }
}

/// A role's name.
pub(crate) fn role_name(role: Role, locale: Locale) -> &'static str {
    match role {
        Role::Contributor => td_string!(locale, members.contributor),
        Role::Viewer => td_string!(locale, members.viewer),
        Role::Member => td_string!(locale, members.member),
        Role::Admin => td_string!(locale, members.admin),
        Role::Owner => td_string!(locale, members.owner),
    }
}
