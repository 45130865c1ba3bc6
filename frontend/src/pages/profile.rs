//! One's own account: name, password, second factor, single sign-on, sessions.

mod codes;
mod enrolment;
mod factor;
mod password;
mod person;
mod sessions;

use leptos::prelude::*;

use self::{factor::Factor, password::Password, person::PersonCard, sessions::Sessions};
use crate::{
    core::{
        i18n::{t, text, use_i18n},
        session::use_session,
    },
    pages::identities::LinkedIdentities,
    ui::{badge::Tone, notice::Notice, page::PageHeader},
};

/// The page.
#[component]
pub(crate) fn Profile() -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let must_enrol = Memo::new(move |_| session.must_enrol());
    view! {
        <PageHeader title=text!(i18n, profile.title) text=text!(i18n, profile.text)/>
        <Show when=move || must_enrol.get()>
            <div class="mb-6" data-testid="must-enrol"><Notice tone=Tone::Warning>{t!(i18n, profile.must_enrol)}</Notice></div>
        </Show>
        <div class="flex flex-col gap-6">
            <PersonCard/>
            <Password/>
            <Factor/>
            <LinkedIdentities/>
            <Sessions/>
        </div>
    }
}
