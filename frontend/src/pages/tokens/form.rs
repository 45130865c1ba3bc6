//! Making a token.

use std::collections::BTreeSet;

use causeway_openapi::{ApiToken, CreateToken, Page, Scope};
use chrono::{Days, Local};
use leptos::prelude::*;

use super::{Dialogs, scopes::Scopes};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    pages::keys::end_of,
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::TextField,
        notice::Failure,
    },
};

/// Days that the form suggests.
const USUAL_DAYS: u64 = 90;

/// The form within the dialog.
#[component]
pub(super) fn TokenForm(dialogs: Dialogs, tokens: Query<Page<ApiToken>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let name = RwSignal::new(String::new());
    let usual = Local::now().date_naive().checked_add_days(Days::new(USUAL_DAYS));
    let expires = RwSignal::new(usual.map(|day| day.to_string()).unwrap_or_default());
    let chosen = RwSignal::new(BTreeSet::<Scope>::new());
    let no_day = RwSignal::new(false);
    let expires_error = Signal::derive(move || {
        let here = no_day.get().then(|| t_string!(i18n, tokens.no_day).to_owned());
        here.or_else(|| submission.field("expires_at").get())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let end = end_of(&expires.get_untracked());
        no_day.set(end.is_none());
        let Some(expires_at) = end else { return };
        let token = CreateToken {
            name: name.get_untracked().trim().to_owned(),
            scopes: chosen.get_untracked().into_iter().collect(),
            expires_at,
        };
        submission.run(async move { api.make_token(token).await }, move |issued| {
            dialogs.form.set(false);
            dialogs.issued.set(Some(issued));
            dialogs.issued_open.set(true);
            tokens.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=&["name", "scopes", "expires_at"]/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField
                    label=text!(i18n, tokens.name)
                    placeholder=text!(i18n, tokens.name_example)
                    value=name
                    required=true
                    focus=true
                    error=submission.field("name")
                    testid="token-name"
                />
                <TextField
                    label=text!(i18n, tokens.last_day)
                    hint=text!(i18n, tokens.last_day_hint)
                    value=expires
                    kind="date"
                    required=true
                    error=expires_error
                    testid="token-expires"
                />
            </div>
            <Scopes chosen error=submission.field("scopes")/>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-token">{t!(i18n, tokens.make)}</Button>
            </Actions>
        </form>
    }
}
