//! Tables. On a phone every row becomes a small card, each value beside the name of its column
//! (`styles/main.css` does that with `data-label`).

use leptos::prelude::*;

/// A column's heading. Numbers stand to the right.
#[derive(Clone)]
pub(crate) struct Column {
    title: Signal<String>,
    numeric: bool,
    hidden: bool,
}

impl Column {
    pub(crate) fn text(title: impl Into<Signal<String>>) -> Self {
        Self { title: title.into(), numeric: false, hidden: false }
    }

    pub(crate) fn number(title: impl Into<Signal<String>>) -> Self {
        Self { numeric: true, ..Self::text(title) }
    }

    /// For the column of buttons: its title is read out and not shown.
    pub(crate) fn actions(title: impl Into<Signal<String>>) -> Self {
        Self { numeric: true, hidden: true, ..Self::text(title) }
    }
}

/// A table with its headings; the children are its rows.
#[component]
pub(crate) fn Table(
    #[prop(into)] caption: Signal<String>,
    columns: Vec<Column>,
    #[prop(optional)] testid: &'static str,
    children: Children,
) -> impl IntoView {
    let heading = |column: Column| {
        let Column { title, numeric, hidden } = column;
        view! {
            <th scope="col" class:text-right=numeric>
                <span class:sr-only=hidden>{move || title.get()}</span>
            </th>
        }
    };
    view! {
        <div class="overflow-x-auto">
            <table class="table cw-table" data-testid=(!testid.is_empty()).then_some(testid)>
                <caption class="sr-only">{move || caption.get()}</caption>
                <thead><tr>{columns.into_iter().map(heading).collect_view()}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
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
