//! Importing a file: look first, then do it.

use causeway_openapi::ImportReport;
use leptos::{html, prelude::*};

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::{Actions, Dialog},
        notice::{Failure, Notice},
    },
};

/// The dialog. `done` is told when something was imported.
#[component]
pub(super) fn Import(open: RwSignal<bool>, #[prop(into)] done: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog open title=text!(i18n, usage.import_title) wide=true testid="import-dialog">
            <Steps open done/>
        </Dialog>
    }
}

#[component]
fn Steps(open: RwSignal<bool>, done: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let chooser = NodeRef::<html::Input>::new();
    let sending = Submission::new();
    let report = RwSignal::new(None::<ImportReport>);
    let chosen = move || chooser.get_untracked()?.files()?.get(0);
    let send = move |dry_run: bool| {
        let Some(file) = chosen() else { return };
        sending.run(async move { api.import_usage(file, dry_run).await }, move |told| {
            if !told.dry_run {
                done.run(());
            }
            report.set(Some(told));
        });
    };
    let worth_it = Memo::new(move |_| report.with(|r| r.as_ref().is_some_and(|r| r.dry_run && r.added > 0)));
    let over = Memo::new(move |_| report.with(|r| r.as_ref().is_some_and(|r| !r.dry_run)));
    view! {
        <div class="flex flex-col gap-4 text-sm">
            <p class="text-base-content/80">{t!(i18n, usage.import_text)}</p>
            <label class="flex flex-col gap-1.5">
                <span class="font-medium">{t!(i18n, usage.import_file)}</span>
                <input
                    node_ref=chooser
                    type="file"
                    accept=".jsonl,.ndjson,.json,application/x-ndjson"
                    class="file-input w-full"
                    data-testid="import-file"
                    on:change=move |_| {
                        report.set(None);
                        send(true);
                    }
                />
            </label>
            <Failure error=sending.error/>
            {move || report.get().map(|report| view! { <Report report/> })}
        </div>
        <Actions>
            <Button on_press=move |()| open.set(false)>
                {move || if over.get() { t_string!(i18n, common.done) } else { t_string!(i18n, common.cancel) }}
            </Button>
            <Show when=move || worth_it.get()>
                <Button kind=Kind::Primary busy=sending.busy on_press=move |()| send(false) testid="import-do">
                    {t!(i18n, usage.import_do)}
                </Button>
            </Show>
        </Actions>
    }
}

#[component]
fn Report(report: ImportReport) -> impl IntoView {
    let i18n = use_i18n();
    let looked = report.dry_run;
    let tone = match (report.refused, report.added) {
        (1.., _) => Tone::Warning,
        (0, 0) => Tone::Info,
        _ => Tone::Good,
    };
    let figure = move |label: Signal<String>, count: u64, testid: &'static str| {
        view! {
            <div class="flex justify-between gap-4 py-1.5">
                <dt class="text-base-content/70">{move || label.get()}</dt>
                <dd class="tabular-nums" data-testid=testid>{format::grouped(count)}</dd>
            </div>
        }
    };
    let more = report.refused.saturating_sub(report.refusals.len() as u64);
    let refusals = report.refusals;
    view! {
        <Notice tone>
            {if looked { t!(i18n, usage.import_looked).into_any() } else { t!(i18n, usage.import_done).into_any() }}
        </Notice>
        <dl class="divide-y divide-base-300">
            {figure(text!(i18n, usage.import_read), report.read, "import-read")}
            {figure(
                if looked { text!(i18n, usage.import_would_add) } else { text!(i18n, usage.import_added) },
                report.added,
                "import-added",
            )}
            {figure(text!(i18n, usage.import_present), report.present, "import-present")}
            {figure(text!(i18n, usage.import_refused), report.refused, "import-refused")}
            <div class="flex justify-between gap-4 py-1.5">
                <dt class="text-base-content/70">{t!(i18n, usage.cost)}</dt>
                <dd class="tabular-nums">{format::dollars_exact(report.added_usd)}</dd>
            </div>
        </dl>
        {(!refusals.is_empty()).then(|| view! {
            <ul class="max-h-48 overflow-y-auto rounded-box bg-base-200 px-4 py-2 text-xs" data-testid="import-refusals" tabindex="0">
                {refusals
                    .into_iter()
                    .map(|r| view! {
                        <li class="py-0.5">
                            {t!(i18n, usage.import_line, line = r.line)}" "<code>{r.field}</code>" "{r.reason}
                        </li>
                    })
                    .collect_view()}
                {(more > 0).then(|| view! { <li class="py-0.5">{t!(i18n, common.and_more, count = more)}</li> })}
            </ul>
        })}
    }
}
