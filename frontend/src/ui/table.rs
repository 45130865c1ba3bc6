//! Tables. On a phone every row becomes a small card, each value beside the name of its column
//! (`styles/main.css` does that with `data-label`).

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// A column's heading. Numbers stand to the right.
#[derive(Clone)]
pub(crate) struct Column {
    title: Signal<String>,
    numeric: bool,
    hidden: bool,
    sort: Option<Sort>,
}

/// A column that rows can be sorted by.
#[derive(Clone)]
struct Sort {
    order: Signal<Option<Order>>,
    on_press: Callback<()>,
}

/// Which way rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

impl Order {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// As in ARIA.
    fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

impl Column {
    pub(crate) fn text(title: impl Into<Signal<String>>) -> Self {
        Self { title: title.into(), numeric: false, hidden: false, sort: None }
    }

    pub(crate) fn number(title: impl Into<Signal<String>>) -> Self {
        Self { numeric: true, ..Self::text(title) }
    }

    /// For the column of buttons: its title is read out and not shown.
    pub(crate) fn actions(title: impl Into<Signal<String>>) -> Self {
        Self { numeric: true, hidden: true, ..Self::text(title) }
    }

    /// Its title sorts the rows: `order` says how they are sorted by it, if they are.
    pub(crate) fn sorted(self, order: Signal<Option<Order>>, on_press: Callback<()>) -> Self {
        Self { sort: Some(Sort { order, on_press }), ..self }
    }
}

/// A table with its headings; the children are its rows.
#[component]
pub(crate) fn Table(
    #[prop(into)] caption: Signal<String>,
    columns: Vec<Column>,
    #[prop(optional)] testid: &'static str,
    /// The row of sums.
    #[prop(optional)]
    foot: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="overflow-x-auto">
            <table class="table cw-table" data-testid=(!testid.is_empty()).then_some(testid)>
                <caption class="sr-only">{move || caption.get()}</caption>
                <thead><tr>{columns.into_iter().map(|column| view! { <Heading column/> }).collect_view()}</tr></thead>
                <tbody>{children()}</tbody>
                {foot.map(|foot| view! { <tfoot class="font-semibold text-base-content">{foot}</tfoot> })}
            </table>
        </div>
    }
}

#[component]
fn Heading(column: Column) -> impl IntoView {
    let Column { title, numeric, hidden, sort } = column;
    let order = sort.as_ref().map(|sort| sort.order);
    let face = match sort {
        None => view! { <span class:sr-only=hidden>{move || title.get()}</span> }.into_any(),
        Some(Sort { order, on_press }) => view! {
            // Headings are not shown on a phone, nor may they be reached there.
            <button
                type="button"
                class="inline-flex cursor-pointer items-center gap-1 rounded-field hover:text-base-content max-md:hidden"
                // The mark stands on the side where it moves no figure out of its column.
                class=("flex-row-reverse", numeric)
                on:click=move |_| on_press.run(())
            >
                {move || title.get()}
                <span
                    class="transition-transform"
                    class:invisible=move || order.get().is_none()
                    class:rotate-180=move || order.get() == Some(Order::Ascending)
                    aria-hidden="true"
                >
                    <Glyph icon=Icon::Chevron class="size-3"/>
                </span>
            </button>
        }
        .into_any(),
    };
    view! {
        <th scope="col" class:text-right=numeric aria-sort=move || order.and_then(|o| o.get()).map(Order::as_str)>
            {face}
        </th>
    }
}

/// A value in a row. `label` is the column's name for phones.
#[component]
pub(crate) fn Cell(
    #[prop(into)] label: Signal<String>,
    #[prop(optional)] numeric: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <td class=if numeric { "text-right tabular-nums" } else { "" } data-label=move || label.get()>
            <div>{children()}</div>
        </td>
    }
}
