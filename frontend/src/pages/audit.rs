//! The audit log, of the organisation or of the installation. The filters live in the address, so that a filtered view can
//! be linked to.

mod diff;
mod filters;
mod row;

use causeway_openapi::{AuditEntry, AuditQuery, ExportFormat};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use self::{diff::Detail, filters::Filters, row::Row};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        pages::Pages,
        routes,
    },
    ui::{
        button::Button,
        dialog::Dialog,
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        notice::Failure,
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

/// The page.
#[component]
pub(crate) fn Audit(#[prop(optional)] operator: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| filters::read(|name| map.get(name))));
    let pages = Pages::new(move |cursor| {
        let query = AuditQuery { limit: Some(50), cursor, ..query.get() };
        api.audit(operator, query)
    });
    let exporting = Submission::new();
    let export = move |format| {
        let export = query.get_untracked().export(format);
        exporting.run(async move { api.export_audit(operator, export).await }, |file| file.save());
    };
    let chosen = RwSignal::new(None::<AuditEntry>);
    let open = RwSignal::new(false);
    let show = move |entry: AuditEntry| {
        chosen.set(Some(entry));
        open.set(true);
    };
    let columns = move || {
        let mut columns = vec![
            Column::text(text!(i18n, audit.time)),
            Column::text(text!(i18n, audit.actor)),
            Column::text(text!(i18n, audit.action)),
            Column::text(text!(i18n, audit.target)),
        ];
        if operator {
            columns.push(Column::text(text!(i18n, audit.organization)));
        }
        columns.push(Column::actions(text!(i18n, audit.details)));
        columns
    };
    let (title, text) = if operator {
        (text!(i18n, audit.installation_title), text!(i18n, audit.installation_text))
    } else {
        (text!(i18n, audit.title), text!(i18n, audit.text))
    };
    let here = if operator { routes::OPERATOR_AUDIT } else { routes::AUDIT };
    view! {
        <PageHeader title text>
            <Button busy=exporting.busy on_press=move |()| export(ExportFormat::Csv) testid="export-csv">
                {t!(i18n, audit.export_csv)}
            </Button>
            <Button busy=exporting.busy on_press=move |()| export(ExportFormat::Jsonl) testid="export-jsonl">
                {t!(i18n, audit.export_jsonl)}
            </Button>
        </PageHeader>
        <Failure error=exporting.error/>
        <Filters query here/>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton rows=8/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! { <Empty icon=Icon::Search title=text!(i18n, audit.none) text=text!(i18n, audit.none_text)/> }
                        .into_any()
                } else {
                    view! {
                        <Table caption=title columns=columns() testid="audit">
                            {page.items.into_iter().map(|entry| view! { <Row entry operator show/> }).collect_view()}
                            <For each=move || pages.rest() key=|entry| entry.id let:entry>
                                <Row entry operator show/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages/>
        <Dialog open title=text!(i18n, audit.details) wide=true testid="audit-dialog">
            {move || chosen.get().map(|entry| view! { <Detail entry/> })}
        </Dialog>
    }
}
