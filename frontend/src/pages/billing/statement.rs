//! Statements by month.

use causeway_domain::{Nanos, OrgId};
use causeway_openapi::{Statement, StatementLine};
use leptos::prelude::*;

use super::entries::{EntryTable, Row};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        field::SelectField,
        icon::{Glyph, Icon},
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// A month to choose, its statement, and the same as a file. `org`: of that organisation, for its operator.
#[component]
pub(crate) fn Statements(org: Option<OrgId>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let months = Query::new(move || api.statement_months(org));
    let chosen = RwSignal::new(String::new());
    let month = Memo::new(move |_| {
        let newest = || months.data().and_then(|m| m.months.into_iter().next()).unwrap_or_default();
        Some(chosen.get()).filter(|m| !m.is_empty()).unwrap_or_else(newest)
    });
    let options = Signal::derive(move || {
        let locale = i18n.get_locale();
        let months = months.data().map(|m| m.months).unwrap_or_default();
        months.into_iter().map(|m| (m.clone(), format::month_name(&m, locale))).collect::<Vec<_>>()
    });
    let saving = Submission::new();
    let save = move |()| {
        let month = month.get_untracked();
        saving.run(async move { api.statement_file(org, month).await }, |file| file.save());
    };
    view! {
        <Card>
            <div class="mb-5 flex flex-wrap items-end justify-between gap-3">
                <div class="w-56 max-w-full">
                    <SelectField label=text!(i18n, billing.statement) value=chosen options testid="statement-month"/>
                </div>
                <Button busy=saving.busy on_press=save testid="statement-csv">
                    <Glyph icon=Icon::Download class="size-4"/>
                    "CSV"
                </Button>
            </div>
            <Failure error=saving.error/>
            {move || {
                let month = month.get();
                (!month.is_empty()).then(|| view! { <Month org month/> })
            }}
        </Card>
    }
}

#[component]
fn Month(org: Option<OrgId>, month: String) -> impl IntoView {
    let api = use_api();
    let statement = Query::new(move || api.statement(org, month.clone()));
    view! {
        <Loaded query=statement skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:statement>
            <Shown statement/>
        </Loaded>
    }
}

#[component]
fn Shown(statement: Statement) -> impl IntoView {
    let i18n = use_i18n();
    let Statement { opening_usd, credits_usd, usage_usd, closing_usd, cost_usd, entries, lines, .. } =
        statement;
    let (zone, complete, prepaid) = (statement.time_zone, statement.complete, statement.prepaid);
    // Who does not pay in advance has no balance, only something to pay.
    let credited = prepaid || !entries.is_empty();
    view! {
        <dl class="grid grid-cols-2 gap-4 sm:grid-cols-4" data-testid="statement">
            {prepaid.then(|| view! {
                <Sum title=text!(i18n, billing.opening) amount=opening_usd cost=None testid="statement-opening"/>
            })}
            {credited.then(|| view! {
                <Sum title=text!(i18n, billing.credited) amount=credits_usd cost=None testid="statement-credits"/>
            })}
            <Sum title=text!(i18n, billing.used) amount=usage_usd cost=cost_usd testid="statement-usage"/>
            {prepaid.then(|| view! {
                <Sum title=text!(i18n, billing.closing) amount=closing_usd cost=None testid="statement-closing"/>
            })}
        </dl>
        <p class="mt-3 flex flex-wrap items-center gap-2 text-xs text-base-content/70">
            {(!complete).then(|| view! { <Badge tone=Tone::Info>{t!(i18n, billing.running)}</Badge> })}
            {t!(i18n, billing.in_zone, zone = zone)}
        </p>
        <div class="-mx-5 mt-4 -mb-5 flex flex-col border-t border-base-300">
            {if lines.is_empty() {
                view! { <p class="px-5 py-6 text-sm text-base-content/70">{t!(i18n, billing.nothing_used)}</p> }.into_any()
            } else {
                view! {
                    <h3 class="px-5 pt-4 text-sm font-semibold">{t!(i18n, billing.used)}</h3>
                    <Lines lines/>
                }
                .into_any()
            }}
            {(!entries.is_empty()).then(|| view! {
                <div class="border-t border-base-300">
                    <h3 class="px-5 pt-4 text-sm font-semibold">{t!(i18n, billing.credited)}</h3>
                    <EntryTable>{entries.into_iter().map(|entry| view! { <Row entry/> }).collect_view()}</EntryTable>
                </div>
            })}
        </div>
    }
}

#[component]
fn Sum(
    #[prop(into)] title: Signal<String>,
    amount: Nanos,
    /// What providers asked for it, where the reader may know.
    cost: Option<Nanos>,
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let cost = cost.filter(|cost| *cost != amount);
    view! {
        <div class="min-w-0">
            <dt class="text-xs font-medium text-base-content/70">{move || title.get()}</dt>
            <dd class="mt-1 text-lg font-semibold tabular-nums" title=format::dollars_exact(amount) data-testid=testid>
                {format::dollars(amount)}
            </dd>
            {cost.map(|cost| view! {
                <dd class="text-xs text-base-content/70" title=format::dollars_exact(cost)>
                    {move || t_string!(i18n, billing.cost, amount = format::dollars(cost))}
                </dd>
            })}
        </div>
    }
}

/// Lines drawn at once; the file has all of them.
const DRAWN: usize = 100;

#[component]
fn Lines(lines: Vec<StatementLine>) -> impl IntoView {
    let i18n = use_i18n();
    let columns = vec![
        Column::text(text!(i18n, billing.key)),
        Column::text(text!(i18n, billing.model)),
        Column::number(text!(i18n, billing.requests)),
        Column::number(text!(i18n, billing.input)),
        Column::number(text!(i18n, billing.output)),
        Column::number(text!(i18n, billing.amount)),
    ];
    let more = lines.len().saturating_sub(DRAWN);
    let line = move |line: StatementLine| {
        let gone = line.key_name.is_empty();
        let name = line.key_name;
        let input =
            line.input_tokens.saturating_add(line.cache_read_tokens).saturating_add(line.cache_write_tokens);
        view! {
            <tr data-testid="statement-line">
                <Cell label=text!(i18n, billing.key)>
                    <span class="text-sm break-words">
                        {move || if gone { t_string!(i18n, common.deleted).to_owned() } else { name.clone() }}
                    </span>
                </Cell>
                <Cell label=text!(i18n, billing.model)><span class="font-mono text-xs break-all">{line.model}</span></Cell>
                <Cell label=text!(i18n, billing.requests) numeric=true>{format::grouped(line.requests)}</Cell>
                <Cell label=text!(i18n, billing.input) numeric=true>
                    <span title=format::grouped(input)>{format::compact(input)}</span>
                </Cell>
                <Cell label=text!(i18n, billing.output) numeric=true>
                    <span title=format::grouped(line.output_tokens)>{format::compact(line.output_tokens)}</span>
                </Cell>
                <Cell label=text!(i18n, billing.amount) numeric=true>
                    <span class="font-medium" title=format::dollars_exact(line.charged_usd)>
                        {format::dollars(line.charged_usd)}
                    </span>
                </Cell>
            </tr>
        }
    };
    view! {
        <Table caption=text!(i18n, billing.used) columns testid="statement-lines">
            {lines.into_iter().take(DRAWN).map(line).collect_view()}
        </Table>
        {(more > 0).then(|| view! {
            <p class="px-5 py-3 text-xs text-base-content/70">{t!(i18n, common.and_more, count = more)}</p>
        })}
    }
}
