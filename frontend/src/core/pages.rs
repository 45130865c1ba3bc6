//! A list that is read page by page: the first by a [`Query`], the ones after it on demand.

use std::{future::Future, rc::Rc};

use causeway_openapi::Page;
use leptos::prelude::*;

use super::{error::ApiError, form::Submission, query::Query};

type Fetch = Rc<dyn Fn(Option<String>)>;

/// The pages that are there. A handle to signals.
pub(crate) struct Pages<T: Send + Sync + 'static> {
    pub(crate) first: Query<Page<T>>,
    /// Rows after the first page, and where to read on.
    more: RwSignal<(Vec<T>, Option<String>)>,
    pub(crate) loading: Submission,
    fetch: StoredValue<Fetch, LocalStorage>,
}

impl<T: Send + Sync + 'static> Clone for Pages<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Pages<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Pages<T> {
    /// Starts loading. `fetch` is given the cursor, and asked again whenever a signal that it reads changes.
    pub(crate) fn new<F>(fetch: impl Fn(Option<String>) -> F + Clone + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>, ApiError>> + 'static,
    {
        let again = fetch.clone();
        let first = Query::new(move || again(None));
        let more = RwSignal::new((Vec::new(), None));
        let loading = Submission::new();
        // What came after belongs to one state of the first page.
        Effect::new(move |_| more.set((Vec::new(), first.data().and_then(|page| page.next_cursor))));
        let fetch: Fetch = Rc::new(move |cursor| {
            loading.run(fetch(cursor), move |page| {
                more.update(|(rows, cursor)| {
                    rows.extend(page.items);
                    *cursor = page.next_cursor;
                });
            });
        });
        Self { first, more, loading, fetch: StoredValue::new_local(fetch) }
    }

    /// Loads the first page again.
    pub(crate) fn reload(self) {
        self.first.reload();
    }

    /// The rows after the first page.
    pub(crate) fn rest(self) -> Vec<T> {
        self.more.with(|(rows, _)| rows.clone())
    }

    /// Whether there is more to read.
    pub(crate) fn has_more(self) -> bool {
        self.more.with(|(_, cursor)| cursor.is_some())
    }

    /// Reads the next page.
    pub(crate) fn load_more(self) {
        let cursor = self.more.with_untracked(|(_, cursor)| cursor.clone());
        let fetch = self.fetch.get_value();
        untrack(|| fetch(cursor));
    }
}
