//! Entering an organisation that one is no member of.

use causeway_domain::OrgId;
use causeway_openapi::{Access, Enter};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        routes::{self, use_go},
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        choice::Choice,
        dialog::Actions,
        field::TextField,
        notice::Failure,
    },
};

/// The form within the dialog.
#[component]
pub(super) fn EnterForm(org: OrgId, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let go = StoredValue::new_local(use_go());
    let submission = Submission::new();
    let reason = RwSignal::new(String::new());
    let minutes = RwSignal::new("60".to_owned());
    let access = RwSignal::new(Access::Read);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let how = Enter {
            access: Some(access.get_untracked()),
            reason: reason.get_untracked(),
            // What is no number the server refuses, and says what it accepts.
            minutes: Some(minutes.get_untracked().trim().parse().unwrap_or(0)),
        };
        submission.run(async move { api.enter(org, how).await }, move |signed| {
            open.set(false);
            session.enter(signed);
            go.with_value(|go| go(routes::DASHBOARD));
        });
    };
    let options = vec![
        (Access::Read, text!(i18n, installation.access_read), text!(i18n, installation.access_read_text)),
        (Access::Admin, text!(i18n, installation.access_admin), text!(i18n, installation.access_admin_text)),
    ];
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <p class="text-sm text-base-content/80">{t!(i18n, installation.enter_text)}</p>
            <Failure error=submission.error fields=&["reason", "minutes"]/>
            <TextField
                label=text!(i18n, installation.reason)
                hint=text!(i18n, installation.reason_hint)
                value=reason
                required=true
                focus=true
                error=submission.field("reason")
                testid="enter-reason"
            />
            <Choice legend=text!(i18n, installation.access) value=access options testid="enter-access"/>
            <TextField
                label=text!(i18n, installation.minutes)
                value=minutes
                inputmode="numeric"
                error=submission.field("minutes")
                testid="enter-minutes"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="confirm-enter">
                    {t!(i18n, installation.enter)}
                </Button>
            </Actions>
        </form>
    }
}
