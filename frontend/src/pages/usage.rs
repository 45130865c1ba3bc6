//! What was used: over time, and by key, member, model, account or provider. What is looked at lives in the address.

mod chart;
mod filters;
mod import;
mod ledger;
mod letters;
mod rows;
mod table;

use causeway_openapi::{ExportFormat, Permission, UsageExport, UsagePart};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::{
    chart::Chart,
    filters::{Filters, View},
    import::Import,
    ledger::LedgerPanel,
    table::UsageTable,
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        query::Query,
        session::use_session,
    },
    pages::dashboard::{data::Metric, figures::Figures},
    ui::{
        button::Button,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::{Card, PageHeader},
    },
};

/// The page.
#[component]
pub(crate) fn Usage() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let map = use_query_map();
    let looked_at = Memo::new(move |_| map.with(|map| View::read(|name| map.get(name))));
    let step = RwSignal::new(looked_at.with_untracked(|view| view.wanted));
    // Lives here, because new data must not change what is looked at.
    let metric = RwSignal::new(Metric::Cost);
    let series = Query::new(move || {
        let view = looked_at.get();
        async move { api.usage_series(view.step(), view.filter.clone()).await }
    });
    let rows = Query::new(move || {
        let view = looked_at.get();
        async move { rows::load(api, view).await }
    });
    let exporting = Submission::new();
    let export = move |format| {
        let view = looked_at.get_untracked();
        let part = view.dimension.map_or_else(|| UsagePart::from(view.step()), UsagePart::from);
        let export = UsageExport::new(part, format, view.filter);
        exporting.run(async move { api.export_usage(export).await }, |file| file.save());
    };
    let importing = RwSignal::new(false);
    let may_import = Memo::new(move |_| session.may(Permission::UsageImport));
    let may_see_ledger = Memo::new(move |_| session.may(Permission::LedgerRead));
    view! {
        <PageHeader title=text!(i18n, usage.title) text=text!(i18n, usage.text)>
            <Show when=move || may_import.get()>
                <Button on_press=move |()| importing.set(true) testid="import-usage">{t!(i18n, usage.import)}</Button>
            </Show>
            <Button busy=exporting.busy on_press=move |()| export(ExportFormat::Csv) testid="export-usage">
                {t!(i18n, requests.export_csv)}
            </Button>
            <Button busy=exporting.busy on_press=move |()| export(ExportFormat::Jsonl) testid="export-usage-jsonl">
                {t!(i18n, requests.export_jsonl)}
            </Button>
        </PageHeader>
        <Failure error=exporting.error/>
        <Filters looked_at step/>
        <div class="flex flex-col gap-4 sm:gap-6">
            <Loaded query=series skeleton=|| view! { <div class="skeleton h-96 rounded-box"></div> }.into_any() let:series>
                <div class="flex flex-col gap-4 sm:gap-6">
                    <Figures figures=series.totals/>
                    <Chart series looked_at chosen=step metric/>
                </div>
            </Loaded>
            <Card flush=true>
                <Loaded query=rows skeleton=|| view! { <ListSkeleton rows=6/> }.into_any() let:rows>
                    <UsageTable rows/>
                </Loaded>
            </Card>
            <Show when=move || may_see_ledger.get()><LedgerPanel/></Show>
        </div>
        <Import open=importing done=move |()| { series.reload(); rows.reload(); }/>
    }
}
