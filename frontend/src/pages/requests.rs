//! The request log. The filters live in the address, so that a filtered view can be linked to and gone back to.

mod detail;
mod filters;
mod row;

use causeway_openapi::{ExportFormat, Request, RequestQuery};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use self::{detail::Detail, filters::Filters, row::Row};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, use_i18n},
        query::Query,
        routes,
    },
    ui::{
        button::Button,
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        notice::Failure,
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

const PAGE: u16 = 50;

/// The page.
#[component]
pub(crate) fn Requests() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| filters::read(|name| map.get(name))));
    let first = Query::new(move || {
        let query = RequestQuery { limit: Some(PAGE), ..query.get() };
        async move { api.requests(query).await }
    });
    // The pages after the first, which belong to one state of the first.
    let more = RwSignal::new((Vec::<Request>::new(), None::<String>));
    let loading_more = Submission::new();
    Effect::new(move |_| more.set((Vec::new(), first.data().and_then(|page| page.next_cursor))));
    let load_more = move |()| {
        let query =
            RequestQuery { limit: Some(PAGE), cursor: more.get_untracked().1, ..query.get_untracked() };
        loading_more.run(async move { api.requests(query).await }, move |page| {
            more.update(|(rows, cursor)| {
                rows.extend(page.items);
                *cursor = page.next_cursor;
            });
        });
    };
    let exporting = Submission::new();
    let export = move |format| {
        let export = query.get_untracked().export(format);
        exporting.run(async move { api.export_requests(export).await }, |file| file.save());
    };
    let chosen = RwSignal::new(None::<Request>);
    let open = RwSignal::new(false);
    let show = move |request: Request| {
        chosen.set(Some(request));
        open.set(true);
    };
    // A link may name a request besides, which is then shown. Where it is not there, or not yet, the list speaks for itself.
    if let Some(id) = map.with_untracked(|map| map.get("request")).and_then(|id| id.parse().ok()) {
        spawn_local(async move {
            if let Ok(request) = api.request(id).await {
                let _ = chosen.try_set(Some(request));
                let _ = open.try_set(true);
            }
        });
    }
    let filtered = Memo::new(move |_| query.get() != RequestQuery::default());
    let columns = move || {
        vec![
            Column::text(text!(i18n, requests.time)),
            Column::text(text!(i18n, requests.model)),
            Column::text(text!(i18n, requests.key)),
            Column::text(text!(i18n, requests.outcome)),
            Column::number(text!(i18n, requests.input)),
            Column::number(text!(i18n, requests.output)),
            Column::number(text!(i18n, requests.cost)),
            Column::number(text!(i18n, requests.duration)),
            Column::actions(text!(i18n, requests.details)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, requests.title) text=text!(i18n, requests.text)>
            <Button busy=exporting.busy on_press=move |()| export(ExportFormat::Csv) testid="export-csv">
                {t!(i18n, requests.export_csv)}
            </Button>
            <Button busy=exporting.busy on_press=move |()| export(ExportFormat::Jsonl) testid="export-jsonl">
                {t!(i18n, requests.export_jsonl)}
            </Button>
            <Button busy=first.busy on_press=move |()| first.reload() testid="refresh">
                <Glyph icon=Icon::Refresh class="size-4"/>
                {t!(i18n, common.refresh)}
            </Button>
        </PageHeader>
        <Failure error=exporting.error/>
        <Filters query/>
        <Card flush=true>
            <Loaded query=first skeleton=|| view! { <ListSkeleton rows=8/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Show
                            when=move || filtered.get()
                            fallback=move || view! {
                                <Empty icon=Icon::List title=text!(i18n, requests.empty) text=text!(i18n, requests.empty_text)>
                                    <a class="btn btn-primary" href=routes::CONNECT>{t!(i18n, requests.connect)}</a>
                                </Empty>
                            }
                        >
                            <Empty icon=Icon::Search title=text!(i18n, requests.none) text=text!(i18n, requests.none_text)/>
                        </Show>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, requests.title) columns=columns() testid="requests">
                            {page.items.into_iter().map(|request| view! { <Row request show/> }).collect_view()}
                            <For each=move || more.get().0 key=|request| request.id let:request>
                                <Row request show/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <div class="mt-4 flex flex-col items-center gap-3">
            <Failure error=loading_more.error/>
            <Show when=move || more.with(|(_, cursor)| cursor.is_some())>
                <Button busy=loading_more.busy on_press=load_more testid="load-more">{t!(i18n, common.load_more)}</Button>
            </Show>
        </div>
        <Dialog open title=text!(i18n, requests.details) wide=true testid="request-dialog">
            {move || chosen.get().map(|request| view! { <Detail request/> })}
        </Dialog>
    }
}
