//! Requests that were refused.

use causeway_openapi::{RefusedQuery, RefusedRequest, RequestAttempts};
use leptos::prelude::*;

use super::{View, Views, way::CodeBadge};
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
        query::Query,
    },
    ui::{
        button::Button,
        field::SelectField,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
    },
};

/// The list. `show` is given the way of the one whose details are wanted.
#[component]
pub(super) fn Refused(
    view: RwSignal<View>,
    show: impl Fn(RequestAttempts) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let key = RwSignal::new(String::new());
    let keys = Query::new(move || api.keys());
    let key_options = Signal::derive(move || {
        let keys = keys.data().map(|page| page.items).unwrap_or_default();
        let all = (String::new(), t_string!(i18n, common.all).to_owned());
        std::iter::once(all).chain(keys.into_iter().map(|k| (k.id.to_string(), k.name))).collect::<Vec<_>>()
    });
    let pages = Pages::new(move |cursor| {
        let key_id = key.get().parse().ok();
        api.refused_requests(RefusedQuery { key_id, cursor, ..RefusedQuery::default() })
    });
    let columns = move || {
        vec![
            Column::text(text!(i18n, requests.time)),
            Column::text(text!(i18n, requests.model)),
            Column::text(text!(i18n, requests.key)),
            Column::text(text!(i18n, requests.told)),
            Column::number(text!(i18n, requests.accounts)),
            Column::actions(text!(i18n, requests.details)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, requests.title) text=text!(i18n, requests.refused_text)>
            <Button busy=pages.first.busy on_press=move |()| pages.reload() testid="refresh">
                <Glyph icon=Icon::Refresh class="size-4"/>
                {t!(i18n, common.refresh)}
            </Button>
        </PageHeader>
        <Views view/>
        <div class="mb-4 max-w-64">
            <SelectField label=text!(i18n, requests.key) value=key options=key_options testid="refused-key"/>
        </div>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton rows=8/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Check title=text!(i18n, requests.none_refused) text=text!(i18n, requests.none_refused_text)/>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, requests.refused) columns=columns() testid="refused">
                            {page.items.into_iter().map(|refused| view! { <Row refused show/> }).collect_view()}
                            <For each=move || pages.rest() key=|refused| refused.request_id let:refused>
                                <Row refused show/>
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

#[component]
fn Row(
    refused: RefusedRequest,
    show: impl Fn(RequestAttempts) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let i18n = use_i18n();
    let RefusedRequest { request_id, at, key_name, member_name, model, status, code, message, steps, .. } =
        refused;
    let accounts = if steps.is_empty() { "—".to_owned() } else { steps.len().to_string() };
    let way = RequestAttempts {
        request_id,
        model: model.clone(),
        status: Some(status),
        code: code.clone(),
        message: message.clone(),
        steps,
    };
    let way = StoredValue::new(way);
    view! {
        <tr data-testid="refused-request">
            <Cell label=text!(i18n, requests.time)>
                <span class="whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                    {move || format::moment(at, i18n.get_locale())}
                </span>
            </Cell>
            <Cell label=text!(i18n, requests.model)>
                <span class="font-mono text-xs break-all md:break-normal md:whitespace-nowrap">{model}</span>
            </Cell>
            <Cell label=text!(i18n, requests.key)>
                <div class="break-words">{move || {
                    if key_name.is_empty() { t_string!(i18n, common.deleted).to_owned() } else { key_name.clone() }
                }}</div>
                <div class="text-xs text-base-content/70 empty:hidden">{member_name}</div>
            </Cell>
            <Cell label=text!(i18n, requests.told)>
                <CodeBadge status=Some(status) code/>
                <div class="max-w-xl text-xs break-words text-base-content/70 empty:hidden">{message}</div>
            </Cell>
            <Cell label=text!(i18n, requests.accounts) numeric=true>{accounts}</Cell>
            <Cell label=text!(i18n, requests.details) numeric=true>
                <button
                    type="button"
                    class="btn btn-ghost btn-xs btn-square"
                    aria-label=move || t_string!(i18n, requests.details)
                    title=move || t_string!(i18n, requests.details)
                    data-testid="refused-details"
                    on:click=move |_| show(way.get_value())
                >
                    <Glyph icon=Icon::Chevron class="size-4 -rotate-90"/>
                </button>
            </Cell>
        </tr>
    }
}
