//! The table, sorted by whichever column, with the sum of its rows.

use causeway_openapi::{UsageDimension, UsageFigures};
use leptos::prelude::*;

use super::rows::{Row, Rows};
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
        routes,
    },
    ui::{
        field::SelectField,
        icon::Icon,
        loaded::Empty,
        table::{Cell, Column, Order, Table},
    },
};

/// Rows drawn at once.
const SHOWN: usize = 100;

/// What rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Name,
    Requests,
    Errors,
    Input,
    Cached,
    Output,
    Cost,
    ProviderCost,
}

impl By {
    const ALL: [Self; 8] = [
        Self::Name,
        Self::Requests,
        Self::Errors,
        Self::Input,
        Self::Cached,
        Self::Output,
        Self::Cost,
        Self::ProviderCost,
    ];

    fn figure(self, figures: &UsageFigures) -> i128 {
        match self {
            Self::Name => 0,
            Self::Requests => figures.requests.into(),
            Self::Errors => figures.errors.into(),
            Self::Input => figures.all_input().into(),
            Self::Cached => per_thousand(figures).into(),
            Self::Output => figures.output_tokens.into(),
            Self::Cost => figures.cost_usd.0.into(),
            Self::ProviderCost => figures.provider_cost_usd.0.into(),
        }
    }
}

/// How much of the input came from caches, in thousandths.
fn per_thousand(figures: &UsageFigures) -> u16 {
    let all = u128::from(figures.all_input());
    let share = (u128::from(figures.cache_read_tokens) * 1000).checked_div(all).unwrap_or(0);
    u16::try_from(share).unwrap_or(1000)
}

fn sorted(mut rows: Vec<Row>, by: By, order: Order) -> Vec<Row> {
    // Stable, so that equal ones stay dearest first, as they came.
    match by {
        By::Name => rows.sort_by_cached_key(|row| row.label.to_lowercase()),
        figure => rows.sort_by_key(|row| figure.figure(&row.figures)),
    }
    if order == Order::Descending {
        rows.reverse();
    }
    rows
}

/// The table.
#[component]
pub(super) fn UsageTable(rows: Rows) -> impl IntoView {
    let i18n = use_i18n();
    let Rows { dimension, rows, others, totals } = rows;
    if rows.is_empty() {
        return view! { <Empty icon=Icon::Search title=text!(i18n, usage.none) text=text!(i18n, usage.none_text)/> }
            .into_any();
    }
    // Time is read from its beginning, everything else from the dearest.
    let sort = RwSignal::new(match dimension {
        None => (By::Name, Order::Ascending),
        Some(_) => (By::Cost, Order::Descending),
    });
    let press = move |by: By| {
        sort.update(|(now, order)| {
            *order = if *now == by {
                order.other()
            } else if by == By::Name {
                Order::Ascending
            } else {
                Order::Descending
            };
            *now = by;
        });
    };
    let title = move |by: By| match by {
        By::Name => text!(i18n, usage.part),
        By::Requests => text!(i18n, usage.requests),
        By::Errors => text!(i18n, usage.errors),
        By::Input => text!(i18n, usage.input),
        By::Cached => text!(i18n, usage.cached),
        By::Output => text!(i18n, usage.output),
        By::Cost => text!(i18n, usage.cost),
        By::ProviderCost => text!(i18n, usage.provider_cost),
    };
    let columns = By::ALL.map(|by| {
        let column = if by == By::Name { Column::text(title(by)) } else { Column::number(title(by)) };
        let order = Signal::derive(move || sort.with(|(now, order)| (*now == by).then_some(*order)));
        column.sorted(order, Callback::new(move |()| press(by)))
    });
    // On a phone there are no headings to press.
    let chosen = RwSignal::new(sort.with_untracked(|(by, _)| format!("{by:?}")));
    Effect::new(move |earlier: Option<String>| {
        let now = chosen.get();
        if earlier.is_some_and(|earlier| earlier != now)
            && let Some(by) = By::ALL.into_iter().find(|by| format!("{by:?}") == now)
        {
            press(by);
        }
        now
    });
    let choices = Signal::derive(move || By::ALL.map(|by| (format!("{by:?}"), title(by).get())).to_vec());
    let count = rows.len();
    let hidden = count.saturating_sub(SHOWN);
    let rows = StoredValue::new(rows);
    let drawn = move || {
        let (by, order) = sort.get();
        let rows = sorted(rows.get_value(), by, order);
        rows.into_iter().take(SHOWN).map(|row| view! { <Part row dimension/> }).collect_view()
    };
    let foot = view! {
        <tr data-testid="usage-totals">
            <Cell label=text!(i18n, usage.part)>{t!(i18n, usage.total, count = count)}</Cell>
            <FigureCells figures=totals/>
        </tr>
    };
    view! {
        <div class="border-b border-base-300 px-5 py-3 md:hidden">
            <SelectField label=text!(i18n, usage.sort) value=chosen options=choices testid="usage-sort"/>
        </div>
        <Table caption=text!(i18n, usage.title) columns=columns.to_vec() testid="usage" foot=foot.into_any()>
            {drawn}
            {others.map(|(count, figures)| view! {
                <tr>
                    <Cell label=text!(i18n, usage.part)>{t!(i18n, common.and_more, count = count)}</Cell>
                    <FigureCells figures/>
                </tr>
            })}
        </Table>
        {(hidden > 0).then(|| view! {
            <p class="border-t border-base-300 px-5 py-3 text-xs text-base-content/70">{t!(i18n, usage.hidden, count = hidden)}</p>
        })}
    }
    .into_any()
}

#[component]
fn Part(row: Row, dimension: Option<UsageDimension>) -> impl IntoView {
    let i18n = use_i18n();
    let Row { key, label, figures } = row;
    let link = match dimension {
        Some(UsageDimension::Key) => Some(format!("{}?key_id={key}", routes::REQUESTS)),
        Some(UsageDimension::Account) => Some(format!("{}?account_id={key}", routes::REQUESTS)),
        Some(UsageDimension::Model) => {
            Some(format!("{}?model={}", routes::REQUESTS, String::from(js_sys::encode_uri_component(&key))))
        }
        Some(UsageDimension::Client) if !key.is_empty() => {
            Some(format!("{}?client_id={key}", routes::REQUESTS))
        }
        _ => None,
    };
    let mono = matches!(dimension, Some(UsageDimension::Model) | None);
    let nobody = dimension == Some(UsageDimension::Member) && key == uuid::Uuid::nil().to_string();
    let unrecognised = dimension == Some(UsageDimension::Client);
    let name = move || match (label.is_empty(), nobody) {
        (true, _) if unrecognised => t_string!(i18n, usage.unrecognised).to_owned(),
        (true, true) => t_string!(i18n, usage.nobody).to_owned(),
        (true, false) => t_string!(i18n, common.deleted).to_owned(),
        (false, _) => label.clone(),
    };
    let class = if mono { "font-mono text-xs break-all" } else { "break-words" };
    let face = match link {
        Some(href) => view! { <a class=format!("link-hover {class}") href=href>{name}</a> }.into_any(),
        None => view! { <span class=class>{name}</span> }.into_any(),
    };
    view! {
        <tr data-testid="usage-row">
            <Cell label=text!(i18n, usage.part)>{face}</Cell>
            <FigureCells figures/>
        </tr>
    }
}

#[component]
fn FigureCells(figures: UsageFigures) -> impl IntoView {
    let i18n = use_i18n();
    let cached = per_thousand(&figures);
    view! {
        <Cell label=text!(i18n, usage.requests) numeric=true>{format::grouped(figures.requests)}</Cell>
        <Cell label=text!(i18n, usage.errors) numeric=true>
            <span class:text-error=figures.errors != 0>{format::grouped(figures.errors)}</span>
        </Cell>
        <Cell label=text!(i18n, usage.input) numeric=true>
            <span title=format::grouped(figures.all_input())>{format::compact(figures.all_input())}</span>
        </Cell>
        <Cell label=text!(i18n, usage.cached) numeric=true>
            <span title=format::grouped(figures.cache_read_tokens)>{format!("{}.{}%", cached / 10, cached % 10)}</span>
        </Cell>
        <Cell label=text!(i18n, usage.output) numeric=true>
            <span title=format::grouped(figures.output_tokens)>{format::compact(figures.output_tokens)}</span>
        </Cell>
        <Cell label=text!(i18n, usage.cost) numeric=true>
            <span class="in-[tbody]:font-medium" title=format::dollars_exact(figures.cost_usd) data-testid="usage-cost">
                {format::dollars(figures.cost_usd)}
            </span>
        </Cell>
        <Cell label=text!(i18n, usage.provider_cost) numeric=true>
            <span title=format::dollars_exact(figures.provider_cost_usd)>{format::dollars(figures.provider_cost_usd)}</span>
        </Cell>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::Nanos;

    #[test]
    fn rows_are_sorted_by_exact_figures_and_names_without_case() {
        let row = |label: &str, cost: i64, cache: u64| Row {
            key: label.to_owned(),
            label: label.to_owned(),
            figures: UsageFigures {
                cost_usd: Nanos(cost),
                input_tokens: 10,
                cache_read_tokens: cache,
                ..UsageFigures::default()
            },
        };
        let rows = vec![row("b", 3, 0), row("A", 2, 90), row("c", i64::MAX, 10)];
        let names =
            |by, order| sorted(rows.clone(), by, order).into_iter().map(|r| r.label).collect::<String>();
        assert_eq!(names(By::Name, Order::Ascending), "Abc");
        assert_eq!(names(By::Cost, Order::Descending), "cbA");
        assert_eq!(names(By::Cached, Order::Descending), "Acb");
        assert_eq!(per_thousand(&UsageFigures::default()), 0);
    }
}
