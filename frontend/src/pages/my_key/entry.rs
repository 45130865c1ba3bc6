//! Asking for the key. It is tried before it is kept, so that a typing error is told at once.

use leptos::prelude::*;

use super::data;
use crate::{
    core::{
        form::Submission,
        i18n::{t, text, use_i18n},
        routes,
    },
    pages::entry::EntryCard,
    ui::{
        button::{Button, Kind},
        field::TextField,
        notice::Failure,
    },
};

/// The form.
#[component]
pub(super) fn Entry(secret: RwSignal<Option<String>>) -> impl IntoView {
    let i18n = use_i18n();
    let typed = RwSignal::new(String::new());
    let submission = Submission::new();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let key = typed.get_untracked().trim().to_owned();
        let tried = key.clone();
        submission.run(async move { data::load(tried).await }, move |_| secret.set(Some(key)));
    };
    view! {
        <EntryCard title=text!(i18n, my_key.title) text=text!(i18n, my_key.text)>
            <form class="flex flex-col gap-4" on:submit=send>
                <Failure error=submission.error/>
                <TextField
                    label=text!(i18n, my_key.key)
                    hint=text!(i18n, my_key.key_hint)
                    placeholder="cw_…"
                    value=typed
                    kind="password"
                    // Password managers must not offer to keep it: it is not this person's password here.
                    autocomplete="off"
                    required=true
                    focus=true
                    mono=true
                    testid="my-key"
                />
                <Button kind=Kind::Primary submit=true busy=submission.busy class="mt-2 w-full" testid="show-key">
                    {t!(i18n, my_key.show)}
                </Button>
                <a class="link text-center text-sm text-base-content/70" href=routes::SIGN_IN>{t!(i18n, my_key.to_sign_in)}</a>
            </form>
        </EntryCard>
    }
}
