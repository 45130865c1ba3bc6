//! Setting up clients: commands with the address and the key filled in, and the proof that they worked.

mod commands;
mod options;
mod others;
mod steps;
mod waiting;

use causeway_openapi::{Instance, Key, KeyStatus};
use leptos::prelude::*;

use self::waiting::Waiting;
pub(crate) use self::{
    options::{Extras, OptionInputs},
    others::Others,
    steps::Steps,
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
        query::Query,
        routes,
    },
    pages::keys::JustIssued,
    ui::{
        field::{SelectField, TextField},
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        page::{Card, PageHeader},
    },
};

/// The page.
#[component]
pub(crate) fn Connect() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let loaded = Query::new(move || async move {
        let (instance, keys) = futures_util::future::try_join(api.instance(), api.keys()).await?;
        Ok((instance, keys.items))
    });
    view! {
        <PageHeader title=text!(i18n, connect.title) text=text!(i18n, connect.text)/>
        <Loaded query=loaded skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:data>
            {
                let (instance, keys) = data;
                if keys.is_empty() {
                    view! {
                        <Card>
                            <Empty icon=Icon::Key title=text!(i18n, connect.no_key) text=text!(i18n, connect.no_key_text)>
                                <a class="btn btn-primary" href=routes::KEYS>{t!(i18n, connect.issue)}</a>
                            </Empty>
                        </Card>
                    }
                    .into_any()
                } else {
                    view! { <Guide instance keys/> }.into_any()
                }
            }
        </Loaded>
    }
}

#[component]
fn Guide(instance: Instance, keys: Vec<Key>) -> impl IntoView {
    let i18n = use_i18n();
    let just_issued: JustIssued = expect_context();
    // The key issued a moment ago, else the newest that works.
    let working = keys.iter().find(|k| k.status == KeyStatus::Active).or(keys.first()).map(|k| k.id);
    let chosen = just_issued.id().filter(|id| keys.iter().any(|k| k.id == *id)).or(working);
    let key = RwSignal::new(chosen.map(|id| id.to_string()).unwrap_or_default());
    let key_id = Memo::new(move |_| key.get().parse().ok());
    let pasted = RwSignal::new(String::new());
    let issued_secret = Memo::new(move |_| key_id.get().and_then(|id| just_issued.secret_of(id)));
    let secret = Memo::new(move |_| {
        issued_secret.get().or_else(|| Some(pasted.get().trim().to_owned()).filter(|text| !text.is_empty()))
    });
    let options: Vec<_> =
        keys.iter().map(|k| (k.id.to_string(), format!("{} ({}…)", k.name, k.prefix))).collect();
    let extras = Extras::new();
    let base_url = StoredValue::new(instance.public_url);
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
            <div class="flex min-w-0 flex-col gap-6">
                <Card title=text!(i18n, connect.choose_key)>
                    <div class="grid gap-4 sm:grid-cols-2">
                        <SelectField
                            label=text!(i18n, connect.key)
                            value=key
                            options=Signal::stored(options)
                            testid="connect-key-choice"
                        />
                        <Show
                            when=move || issued_secret.with(Option::is_none)
                            fallback=move || view! {
                                <p class="self-end pb-2 text-sm text-success" data-testid="secret-filled">{t!(i18n, connect.secret_filled)}</p>
                            }
                        >
                            <TextField
                                label=text!(i18n, connect.secret)
                                hint=text!(i18n, connect.secret_hint)
                                placeholder="cw_…"
                                value=pasted
                                kind="password"
                                mono=true
                                testid="connect-secret"
                            />
                        </Show>
                    </div>
                </Card>
                <Steps title=text!(i18n, connect.set_up) base_url secret extras/>
                <OptionInputs extras/>
                <Others base_url secret/>
            </div>
            <div class="flex flex-col gap-6 lg:sticky lg:top-8">
                <Waiting key_id/>
                <Card title=text!(i18n, connect.notes)>
                    <ul class="flex list-disc flex-col gap-2 pl-4 text-sm text-base-content/80">
                        <li>{t!(i18n, connect.note_logout)}</li>
                        <li>{t!(i18n, connect.note_restart)}</li>
                        <li>{t!(i18n, connect.note_api_key)}</li>
                        <li>{t!(i18n, connect.note_onboarding)}</li>
                    </ul>
                </Card>
            </div>
        </div>
    }
}
