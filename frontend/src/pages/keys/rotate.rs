//! A new secret for a key, and how both stand while the old one still works.

use causeway_openapi::{Key, PreviousSecret};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
    },
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        copy::CopyButton,
        dialog::Actions,
        field::SelectField,
        notice::{Failure, Notice},
        toast::use_toasts,
    },
};

/// What the dialog shows.
#[component]
pub(super) fn Rotate(key: Key, keys: Pages<Key>, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let id = key.id;
    let prefix = RwSignal::new(key.prefix);
    let previous = RwSignal::new(key.previous);
    let secret = RwSignal::new(None::<String>);
    let overlap = RwSignal::new("1440".to_owned());
    let running = Memo::new(move |_| previous.with(|p| p.as_ref().is_some_and(|p| p.works)));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let minutes = overlap.get_untracked().parse().unwrap_or(0);
        submission.run(async move { api.rotate_key(id, minutes).await }, move |issued| {
            prefix.set(issued.key.prefix);
            previous.set(issued.key.previous);
            secret.set(Some(issued.secret.expose().to_owned()));
            keys.reload();
        });
    };
    let end = move |()| {
        submission.run(async move { api.end_overlap(id).await }, move |()| {
            previous.set(None);
            toasts.good(t_string!(i18n, keys.overlap_ended_toast));
            keys.reload();
        });
    };
    let overlaps = Signal::derive(move || {
        [
            ("0", t_string!(i18n, keys.overlap_none)),
            ("60", t_string!(i18n, keys.overlap_hour)),
            ("1440", t_string!(i18n, keys.overlap_day)),
            ("10080", t_string!(i18n, keys.overlap_week)),
            ("43200", t_string!(i18n, keys.overlap_month)),
        ]
        .map(|(value, label)| (value.to_owned(), label.to_owned()))
        .to_vec()
    });
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error/>
            <dl class="grid gap-2 rounded-box bg-base-200 px-4 py-3 text-sm" data-testid="secrets-state">
                <div class="flex flex-wrap items-center justify-between gap-2">
                    <dt>{t!(i18n, keys.secret_now)}</dt>
                    <dd class="flex items-center gap-2">
                        <code>{move || prefix.get()}"…"</code>
                        <Badge tone=Tone::Good dot=true>{t!(i18n, keys.active)}</Badge>
                    </dd>
                </div>
                {move || previous.get().map(|old| view! { <Before old/> })}
            </dl>
            {move || match secret.get() {
                Some(shown) => {
                    let shown = StoredValue::new(shown);
                    view! {
                        <Notice tone=Tone::Warning>{t!(i18n, keys.secret_once)}</Notice>
                        <div class="flex items-center gap-2 rounded-box border border-base-300 bg-base-200 p-2 pl-4">
                            <code class="grow select-all text-sm break-all" aria-label=move || t_string!(i18n, keys.secret) data-testid="new-secret">
                                {shown.get_value()}
                            </code>
                            <CopyButton text=Signal::derive(move || shown.get_value()) caption=true testid="copy-new-secret"/>
                        </div>
                    }
                    .into_any()
                }
                None => view! {
                    <p class="text-sm text-base-content/80">{t!(i18n, keys.rotate_text)}</p>
                    <Show when=move || running.get()>
                        <Notice tone=Tone::Info>{t!(i18n, keys.overlap_running)}</Notice>
                    </Show>
                    <SelectField label=text!(i18n, keys.overlap) value=overlap options=overlaps testid="overlap"/>
                }
                .into_any(),
            }}
            <Actions>
                <Show when=move || running.get()>
                    <Button busy=submission.busy on_press=end testid="end-overlap">{t!(i18n, keys.end_overlap)}</Button>
                </Show>
                <Show
                    when=move || secret.with(Option::is_none)
                    fallback=move || view! {
                        <Button kind=Kind::Primary on_press=move |()| open.set(false) testid="rotate-done">
                            {t!(i18n, keys.secret_kept)}
                        </Button>
                    }
                >
                    <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                    <Button kind=Kind::Primary submit=true busy=submission.busy testid="rotate">{t!(i18n, keys.rotate)}</Button>
                </Show>
            </Actions>
        </form>
    }
}

/// The secret that was replaced.
#[component]
fn Before(old: PreviousSecret) -> impl IntoView {
    let i18n = use_i18n();
    let PreviousSecret { prefix, until, works } = old;
    let state = move || {
        let moment = format::moment(until, i18n.get_locale());
        if works {
            t_string!(i18n, keys.works_until, moment = moment)
        } else {
            t_string!(i18n, keys.ended, moment = moment)
        }
    };
    view! {
        <div class="flex flex-wrap items-center justify-between gap-2">
            <dt>{t!(i18n, keys.secret_before)}</dt>
            <dd class="flex items-center gap-2">
                <code>{prefix}"…"</code>
                <Badge tone=if works { Tone::Warning } else { Tone::Neutral }>{state}</Badge>
            </dd>
        </div>
    }
}
