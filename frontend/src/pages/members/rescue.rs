//! Helping somebody who cannot sign in: a link for a new password, and taking away a second factor that is lost.
//!
//! The API refuses where a link would be more than the person who makes it: only members of a lower role, who belong to
//! no other organisation. What it refuses is shown in its own words.

use causeway_domain::UserId;
use causeway_openapi::ResetLink;
use leptos::prelude::*;

use super::invite::OneTimeLink;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, tu_string, use_i18n},
    },
    ui::{
        button::{Button, Kind},
        confirm::Confirm,
        dialog::{Actions, Dialog},
        notice::Failure,
        toast::use_toasts,
    },
};

/// A link with which a member chooses a new password.
#[component]
pub(super) fn NewPassword(id: UserId, name: StoredValue<String>, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let made = RwSignal::new(None::<ResetLink>);
    // What was made is shown once: closing the dialog forgets it.
    Effect::new(move |_| {
        if !open.get() {
            made.set(None);
        }
    });
    let make = move |()| {
        submission.run(async move { api.make_reset_link(id).await }, move |link| made.set(Some(link)));
    };
    view! {
        <Dialog open title=text!(i18n, members.reset_title, name = name.get_value()) testid="reset-dialog">
            {move || match made.get() {
                Some(link) => view! {
                    <OneTimeLink link=link.url.expose().to_owned()/>
                    <Actions>
                        <Button on_press=move |()| open.set(false) testid="reset-done">{t!(i18n, common.done)}</Button>
                    </Actions>
                }
                .into_any(),
                None => view! {
                    <Failure error=submission.error/>
                    <p class="text-sm text-base-content/80">{t!(i18n, members.reset_text, name = move || name.get_value())}</p>
                    <Actions>
                        <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                        <Button kind=Kind::Primary busy=submission.busy on_press=make testid="make-reset-link">
                            {t!(i18n, members.reset_make)}
                        </Button>
                    </Actions>
                }
                .into_any(),
            }}
        </Dialog>
    }
}

/// Asks whether a member's second factor is to go.
#[component]
pub(super) fn WithoutSecondFactor(
    id: UserId,
    name: StoredValue<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let remove = move |()| {
        submission.run(async move { api.remove_member_totp(id).await }, move |()| {
            open.set(false);
            toasts.good(tu_string!(i18n, members.totp_toast, name = name.get_value()));
        });
    };
    Effect::new(move |_| {
        if let Some(error) = submission.error.get() {
            open.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    view! {
        <Confirm
            open
            title=text!(i18n, members.totp_title, name = name.get_value())
            text=text!(i18n, members.totp_text)
            action=text!(i18n, members.totp_remove)
            busy=submission.busy
            on_confirm=remove
        />
    }
}
