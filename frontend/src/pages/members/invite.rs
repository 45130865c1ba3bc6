//! Inviting somebody, and the link to hand over.

use causeway_domain::Role;
use causeway_openapi::{CreateInvitation, Delivery, Invitation, Page, SentInvitation};
use leptos::prelude::*;

use super::{Dialogs, role::RoleChoice};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        choice::Choice,
        copy::CopyLine,
        dialog::Actions,
        field::TextField,
        notice::{Failure, Notice},
        toast::{Toasts, use_toasts},
    },
};

/// The form within the dialog.
#[component]
pub(super) fn Invite(invitations: Query<Page<Invitation>>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let instance = Query::new(move || api.instance());
    let mails = Memo::new(move |_| instance.data().is_some_and(|instance| instance.mail));
    let email = RwSignal::new(String::new());
    let days = RwSignal::new("7".to_owned());
    let role = RwSignal::new(Role::Member);
    let delivery = RwSignal::new(Delivery::Mail);
    let bad_days = RwSignal::new(false);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(expires_in_days) = days.get_untracked().trim().parse() else { return bad_days.set(true) };
        bad_days.set(false);
        let invitation = CreateInvitation {
            email: email.get_untracked().trim().to_owned(),
            role: Some(role.get_untracked()),
            expires_in_days: Some(expires_in_days),
            delivery: mails.get_untracked().then(|| delivery.get_untracked()),
        };
        submission.run(async move { api.invite(invitation).await }, move |sent| {
            dialogs.invite.set(false);
            invitations.reload();
            told(sent, dialogs, toasts, |email| tu_string!(i18n, members.invited_toast, email = email));
        });
    };
    let days_error = Signal::derive(move || {
        let here = bad_days.get().then(|| t_string!(i18n, members.not_days).to_owned());
        here.or_else(|| submission.field("expires_in_days").get())
    });
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=&["email", "expires_in_days"]/>
            <TextField label=text!(i18n, members.email) value=email kind="email" required=true focus=true error=submission.field("email") testid="invite-email"/>
            <RoleChoice value=role/>
            <DeliveryChoice value=delivery mails/>
            <TextField label=text!(i18n, members.days) hint=text!(i18n, members.days_hint) value=days inputmode="numeric" required=true error=days_error testid="invite-days"/>
            <Actions>
                <Button on_press=move |()| dialogs.invite.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="send-invitation">{t!(i18n, members.send)}</Button>
            </Actions>
        </form>
    }
}

/// Says that it was mailed, or shows the link.
pub(super) fn told(
    sent: SentInvitation,
    dialogs: Dialogs,
    toasts: Toasts,
    mailed: impl FnOnce(String) -> String,
) {
    if sent.link.is_some() {
        dialogs.sent.set(Some(sent));
        dialogs.sent_open.set(true);
    } else {
        toasts.good(mailed(sent.invitation.email));
    }
}

/// The link, shown once.
#[component]
pub(super) fn Sent(sent: SentInvitation, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let link = sent.link.map(|link| link.0).unwrap_or_default();
    view! {
        <p class="mb-4 text-sm font-medium break-all">{sent.invitation.email}</p>
        <OneTimeLink link/>
        <Actions>
            <Button on_press=move |()| open.set(false) testid="link-done">{t!(i18n, common.done)}</Button>
        </Actions>
    }
}

/// A link that is shown once.
#[component]
pub(crate) fn OneTimeLink(link: String) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="flex flex-col gap-4">
            <Notice tone=Tone::Warning>{t!(i18n, members.link_once)}</Notice>
            <CopyLine text=link label=text!(i18n, members.link) testid="one-time-link"/>
        </div>
    }
}

/// How a link reaches its person, where the installation leaves a choice.
#[component]
pub(crate) fn DeliveryChoice(value: RwSignal<Delivery>, mails: Memo<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let ways = move || {
        vec![
            (Delivery::Mail, text!(i18n, members.by_mail), text!(i18n, members.by_mail_text)),
            (Delivery::Link, text!(i18n, members.by_link), text!(i18n, members.by_link_text)),
        ]
    };
    move || {
        if mails.get() {
            view! { <Choice legend=text!(i18n, members.delivery) value options=ways() testid="delivery"/> }
                .into_any()
        } else {
            view! { <Notice tone=Tone::Info>{t!(i18n, members.no_mail)}</Notice> }.into_any()
        }
    }
}
