//! Name and language.

use causeway_openapi::UpdateProfile;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        field::{SelectField, TextField},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn PersonCard() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let submission = Submission::new();
    let user = untrack(|| session.member()).map(|m| m.user);
    let name = RwSignal::new(user.as_ref().map(|u| u.name.clone()).unwrap_or_default());
    let locale = RwSignal::new(user.as_ref().map(|u| u.locale.clone()).unwrap_or_default());
    let email = user.map(|u| u.email).unwrap_or_default();
    let languages = Signal::stored(
        [("en", "English"), ("zh", "中文")].map(|(tag, name)| (tag.to_owned(), name.to_owned())).to_vec(),
    );
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let change = UpdateProfile {
            name: Some(name.get_untracked().trim().to_owned()),
            locale: Some(locale.get_untracked()),
        };
        submission.run(async move { api.change_profile(change).await }, move |user| {
            session.rename(user);
            toasts.good(t_string!(i18n, profile.saved_toast));
        });
    };
    view! {
        <Card title=text!(i18n, profile.person)>
            <form class="flex flex-col gap-4" on:submit=send>
                <Failure error=submission.error fields=&["name", "locale"]/>
                <p class="text-sm">
                    <span class="font-medium break-all">{email}</span>
                    <span class="ml-2 text-base-content/70">{t!(i18n, profile.email_hint)}</span>
                </p>
                <div class="grid gap-4 sm:grid-cols-2">
                    <TextField
                        label=text!(i18n, profile.name)
                        value=name
                        name="name"
                        autocomplete="name"
                        required=true
                        error=submission.field("name")
                        testid="profile-name"
                    />
                    <SelectField
                        label=text!(i18n, profile.language)
                        hint=text!(i18n, profile.language_hint)
                        value=locale
                        options=languages
                        error=submission.field("locale")
                        testid="profile-language"
                    />
                </div>
                <div class="flex justify-end">
                    <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-profile">{t!(i18n, common.save)}</Button>
                </div>
            </form>
        </Card>
    }
}
