//! The request: with which key, in which dialect, of which model, and its body, filled in from a question or written by
//! hand.

use causeway_domain::{KeyId, service::ApiDialect};
use causeway_openapi::StartPlay;
use leptos::prelude::*;

use super::{
    bodies::{DIALECTS, dialect_name, fill},
    run::{Run, Stage},
};
use crate::{
    core::{
        api::use_api,
        i18n::{t, text, use_i18n},
        query::{Load, Query},
    },
    ui::{
        button::{Button, Kind},
        field::{SelectField, TextArea, TextField},
        notice::Failure,
        page::Card,
        tabs::Tabs,
    },
};

const FIELDS: &[&str] = &["body", "model"];

/// What is filled in.
#[derive(Clone, Copy)]
struct Draft {
    key: RwSignal<String>,
    dialect: RwSignal<ApiDialect>,
    model: RwSignal<String>,
    stream: RwSignal<bool>,
    prompt: RwSignal<String>,
    body: RwSignal<String>,
    /// What the body would be by everything else.
    filled: Memo<String>,
    /// Whether somebody has written in the body since it was filled in.
    edited: RwSignal<bool>,
}

impl Draft {
    fn new(first: Option<KeyId>, prompt: String) -> Self {
        let (dialect, model) = (RwSignal::new(ApiDialect::Anthropic), RwSignal::new(String::new()));
        let (stream, prompt) = (RwSignal::new(true), RwSignal::new(prompt));
        let body = RwSignal::new(String::new());
        let edited = RwSignal::new(false);
        let filled = Memo::new(move |_| fill(dialect.get(), model.get().trim(), stream.get(), &prompt.get()));
        // The last that was filled in: what differs from it was written by hand.
        Effect::new(move |last: Option<String>| {
            let now = filled.get();
            let untouched = last.is_none_or(|last| body.with_untracked(|body| *body == last));
            if untouched || !edited.get_untracked() {
                body.set(now.clone());
            }
            now
        });
        Effect::new(move |_| edited.set(body.get() != filled.get_untracked()));
        let key = RwSignal::new(first.map(|id| id.to_string()).unwrap_or_default());
        Self { key, dialect, model, stream, prompt, body, filled, edited }
    }

    /// Fills the body in again, over whatever was written.
    fn refill(self) {
        self.body.set(self.filled.get_untracked());
    }

    fn read(self) -> StartPlay {
        let dialect = self.dialect.get_untracked();
        // Only Gemini's path names them.
        let in_path = dialect == ApiDialect::Gemini;
        StartPlay {
            dialect,
            model: in_path.then(|| self.model.get_untracked().trim().to_owned()),
            stream: in_path.then(|| self.stream.get_untracked()),
            body: self.body.get_untracked(),
        }
    }
}

/// The form.
#[component]
pub(super) fn Form(
    /// Identifiers and names.
    keys: Vec<(String, String)>,
    first: Option<KeyId>,
    run: Run,
    may: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let draft = Draft::new(first, text!(i18n, playground.example).get_untracked());
    let key_id = Memo::new(move |_| draft.key.get().parse::<KeyId>().ok());
    let running = Memo::new(move |_| run.stage.get() == Stage::Running);
    let error = move |field: &'static str| {
        Signal::derive(move || run.error.with(|e| e.as_ref().and_then(|e| e.field(field).map(str::to_owned))))
    };
    let send = move || {
        if let Some(key) = key_id.get_untracked() {
            run.start(api, key, draft.read());
        }
    };
    let dialects = DIALECTS.into_iter().map(|(dialect, name)| (dialect, Signal::stored(name.to_owned())));
    view! {
        <form
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <Card title=text!(i18n, playground.request)>
                <Failure error=run.error fields=FIELDS/>
                <div class="grid items-start gap-6 lg:grid-cols-2">
                    <fieldset class="flex min-w-0 flex-col gap-4" disabled=move || !may.get()>
                        <SelectField
                            label=text!(i18n, playground.key)
                            value=draft.key
                            options=Signal::stored(keys)
                            testid="play-key"
                        />
                        <div class="flex min-w-0 flex-col gap-1.5">
                            <span class="text-sm font-medium">{t!(i18n, playground.dialect)}</span>
                            <Tabs
                                label=text!(i18n, playground.dialect)
                                value=draft.dialect
                                options=dialects.collect()
                                small=true
                                testid="play-dialect"
                            />
                        </div>
                        <Model draft key_id error=error("model")/>
                        <label class="flex cursor-pointer items-center gap-2 text-sm">
                            <input
                                type="checkbox"
                                class="checkbox checkbox-sm checkbox-primary"
                                prop:checked=move || draft.stream.get()
                                on:change=move |event| draft.stream.set(event_target_checked(&event))
                                data-testid="play-stream"
                            />
                            <span>{t!(i18n, playground.stream)}</span>
                        </label>
                        <TextArea
                            label=text!(i18n, playground.prompt)
                            hint=text!(i18n, playground.prompt_hint)
                            value=draft.prompt
                            rows=3
                            testid="play-prompt"
                        />
                    </fieldset>
                    <fieldset class="flex min-w-0 flex-col gap-2" disabled=move || !may.get()>
                        <TextArea
                            label=Signal::derive(move || {
                                let name = dialect_name(draft.dialect.get());
                                format!("{} · {name}", text!(i18n, playground.body).get())
                            })
                            value=draft.body
                            error=error("body")
                            rows=16
                            testid="play-body"
                        />
                        <Show when=move || draft.edited.get()>
                            <div class="flex flex-wrap items-center justify-between gap-2 text-xs text-base-content/70" data-testid="body-edited">
                                <span>{t!(i18n, playground.edited)}</span>
                                <Button small=true on_press=move |()| draft.refill() testid="refill-body">{t!(i18n, playground.refill)}</Button>
                            </div>
                        </Show>
                    </fieldset>
                </div>
                <div class="mt-5 flex flex-wrap items-center justify-end gap-x-4 gap-y-3 border-t border-base-300 pt-4">
                    <p class="mr-auto text-sm text-base-content/70">{t!(i18n, playground.real)}</p>
                    <Show when=move || running.get()>
                        <Button on_press=move |()| run.cancel() testid="cancel-play">{t!(i18n, playground.cancel)}</Button>
                    </Show>
                    <Button
                        kind=Kind::Primary
                        submit=true
                        busy=running
                        disabled=Signal::derive(move || !may.get() || key_id.get().is_none())
                        testid="send-play"
                    >
                        {t!(i18n, playground.send)}
                    </Button>
                </div>
            </Card>
        </form>
    }
}

/// The model: one that the key may ask for, or any where it has no list.
#[component]
fn Model(draft: Draft, key_id: Memo<Option<KeyId>>, error: Signal<Option<String>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let listed = Query::new(move || {
        let key = key_id.get();
        async move {
            match key {
                Some(key) => api.key_models(key).await.map(|found| found.models),
                None => Ok(Vec::new()),
            }
        }
    });
    let names = Memo::new(move |_| listed.data().unwrap_or_default());
    Effect::new(move |_| {
        names.with(|names| {
            let there = draft.model.with_untracked(|model| names.contains(model));
            if let Some(first) = names.first().filter(|_| !there) {
                draft.model.set(first.clone());
            }
        });
    });
    // Why there is none, in the relay's words: the key is switched off, for instance.
    let why = Signal::derive(move || match listed.state.get() {
        Load::Failed(error) => error.message(i18n.get_locale()),
        Load::Ready(names) if names.is_empty() => text!(i18n, playground.no_models).get(),
        _ => String::new(),
    });
    let has_names = Memo::new(move |_| names.with(|names| !names.is_empty()));
    let options = Signal::derive(move || names.get().into_iter().map(|name| (name.clone(), name)).collect());
    view! {
        <Show
            when=move || has_names.get()
            fallback=move || view! {
                <TextField label=text!(i18n, playground.model) value=draft.model error hint=why mono=true testid="play-model"/>
            }
        >
            <SelectField label=text!(i18n, playground.model) value=draft.model options error testid="play-model"/>
        </Show>
    }
}
