//! Requests that reached a provider. The filters live in the address, so that a filtered view can be linked to and gone back
//! to.

use causeway_openapi::{ExportFormat, Request, RequestQuery};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    View, Views,
    filters::{self, Filters},
    row::Row,
};
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
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        notice::Failure,
        page::{Card, PageHeader},
        table::{Column, Table},
    },
};

const PAGE: u16 = 50;

/// The list. `show` is given the request whose details are wanted.
#[component]
pub(super) fn Log(
    view: RwSignal<View>,
    show: impl Fn(Request) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| filters::read(|name| map.get(name))));
    let pages =
        Pages::new(move |cursor| api.requests(RequestQuery { limit: Some(PAGE), cursor, ..query.get() }));
    let exporting = Submission::new();
    let export = move |format| {
        let export = query.get_untracked().export(format);
        exporting.run(async move { api.export_requests(export).await }, |file| file.save());
    };
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
            <Button busy=pages.first.busy on_press=move |()| pages.reload() testid="refresh">
                <Glyph icon=Icon::Refresh class="size-4"/>
                {t!(i18n, common.refresh)}
            </Button>
        </PageHeader>
        <Failure error=exporting.error/>
        <Views view/>
        <Filters query/>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton rows=8/> }.into_any() let:page>
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
                            <For each=move || pages.rest() key=|request| request.id let:request>
                                <Row request show/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages/>
    }
}
