//! A new password in place of the old one.

use causeway_openapi::ChangePassword;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        button::{Button, Kind},
        field::TextField,
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn Password() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let (current, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let end_others = RwSignal::new(true);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let form = ChangePassword {
            current_password: current.get_untracked().into(),
            new_password: new.get_untracked().into(),
            end_other_sessions: end_others.get_untracked(),
        };
        submission.run(async move { api.change_password(form).await }, move |()| {
            current.set(String::new());
            new.set(String::new());
            toasts.good(t_string!(i18n, profile.password_toast));
        });
    };
    view! {
        <Card title=text!(i18n, profile.password)>
            <form class="flex flex-col gap-4" on:submit=send>
                <Failure error=submission.error fields=&["current_password", "new_password"]/>
                <div class="grid gap-4 sm:grid-cols-2">
                    <TextField
                        label=text!(i18n, profile.current_password)
                        value=current
                        kind="password"
                        name="current-password"
                        autocomplete="current-password"
                        required=true
                        error=submission.field("current_password")
                        testid="current-password"
                    />
                    <TextField
                        label=text!(i18n, profile.new_password)
                        hint=text!(i18n, profile.password_hint)
                        value=new
                        kind="password"
                        name="new-password"
                        autocomplete="new-password"
                        required=true
                        error=submission.field("new_password")
                        testid="new-password"
                    />
                </div>
                <label class="flex items-center gap-2.5 text-sm">
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm"
                        prop:checked=move || end_others.get()
                        on:change=move |event| end_others.set(event_target_checked(&event))
                        data-testid="end-others"
                    />
                    {t!(i18n, profile.end_others)}
                </label>
                <div class="flex justify-end">
                    <Button kind=Kind::Primary submit=true busy=submission.busy testid="change-password">
                        {t!(i18n, profile.change_password)}
                    </Button>
                </div>
            </form>
        </Card>
    }
}
