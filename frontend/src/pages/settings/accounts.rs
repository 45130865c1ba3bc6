//! When accounts are checked, and whether a model's name may say how much to think.

use causeway_openapi::{Organization, UpdateOrganization};
use leptos::prelude::*;

use super::requests::Save;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t_string, text, use_i18n},
    },
    ui::{choice::Choice, field::TextField, notice::Failure, page::Card, toast::use_toasts},
};

const FIELDS: &[&str] = &["check_schedule"];

/// The card.
#[component]
pub(super) fn AccountsCard(org: Organization, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let schedule = RwSignal::new(org.check_schedule.unwrap_or_default());
    let suffix = RwSignal::new(org.thinking_suffix);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = schedule.get_untracked().trim().to_owned();
        let change = UpdateOrganization {
            check_schedule: Some(Some(text).filter(|text| !text.is_empty())),
            thinking_suffix: Some(suffix.get_untracked()),
            ..UpdateOrganization::default()
        };
        submission.run(async move { api.change_organization(change).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
        });
    };
    view! {
        <Card title=text!(i18n, settings.accounts)>
            <form on:submit=send>
                <fieldset class="flex flex-col gap-6" disabled=!may_write>
                    <Failure error=submission.error fields=FIELDS/>
                    <TextField
                        label=text!(i18n, settings.check_schedule)
                        hint=text!(i18n, settings.check_schedule_hint)
                        placeholder=text!(i18n, settings.check_schedule_none)
                        value=schedule
                        mono=true
                        error=submission.field("check_schedule")
                        testid="org-schedule"
                    />
                    <Choice
                        legend=text!(i18n, settings.thinking_suffix)
                        value=suffix
                        options=vec![
                            (false, text!(i18n, settings.thinking_off), text!(i18n, settings.thinking_off_text)),
                            (true, text!(i18n, settings.thinking_on), text!(i18n, settings.thinking_on_text)),
                        ]
                        testid="thinking-suffix"
                    />
                    <Save submission may_write testid="save-accounts"/>
                </fieldset>
            </form>
        </Card>
    }
}
