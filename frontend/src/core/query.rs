//! Loading of data for a page: one place for "loading, loaded, failed, load again".
//!
//! The signals that the fetch function reads while it builds its request are its dependencies: when they
//! change, it runs again. What was loaded stays visible meanwhile. An answer that has been overtaken is dropped.

use std::{future::Future, rc::Rc, time::Duration};

use leptos::{prelude::*, task::spawn_local};

use super::error::ApiError;

/// Where a query stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Load<T> {
    /// Nothing is there yet.
    Loading,
    /// The last answer.
    Ready(T),
    /// The last attempt failed.
    Failed(ApiError),
}

/// A handle to load again, and to see what is there.
pub(crate) struct Query<T: Send + Sync + 'static> {
    pub(crate) state: RwSignal<Load<T>>,
    pub(crate) busy: RwSignal<bool>,
    round: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Query<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Query<T> {
    /// Starts loading, and loads again whenever a signal that `fetch` reads changes.
    pub(crate) fn new<F>(fetch: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, ApiError>> + 'static,
    {
        let query =
            Self { state: RwSignal::new(Load::Loading), busy: RwSignal::new(true), round: RwSignal::new(0) };
        let newest = Rc::new(std::cell::Cell::new(0_u32));
        Effect::new(move |_| {
            query.round.track();
            let answer = fetch();
            let number = newest.get().wrapping_add(1);
            newest.set(number);
            query.busy.set(true);
            let newest = Rc::clone(&newest);
            spawn_local(async move {
                let answer = answer.await;
                if newest.get() != number {
                    return;
                }
                // The page may be gone by now, and its signals with it.
                let news = match answer {
                    Ok(data) => Load::Ready(data),
                    Err(error) => Load::Failed(error),
                };
                // No news must not redraw a chart or close a menu.
                if query.state.try_with_untracked(|state| *state != news) == Some(true) {
                    let _ = query.state.try_set(news);
                }
                let _ = query.busy.try_set(false);
            });
        });
        query
    }

    /// Loads again every so often while the page is visible, until it is left.
    pub(crate) fn every(self, period: Duration) -> Self {
        self.every_while(period, || true)
    }

    /// The same, but not while a dialog or a menu is open: it may stand in what would be drawn anew, and close under the
    /// hand of whoever uses it.
    pub(crate) fn every_at_rest(self, period: Duration) -> Self {
        self.every_while(period, || {
            let open = document().query_selector("dialog[open], [aria-expanded=true]");
            open.is_ok_and(|found| found.is_none())
        })
    }

    fn every_while(self, period: Duration, may: impl Fn() -> bool + 'static) -> Self {
        let timer = set_interval_with_handle(
            move || {
                if !document().hidden() && may() && self.busy.try_get_untracked() == Some(false) {
                    self.reload();
                }
            },
            period,
        );
        if let Ok(timer) = timer {
            on_cleanup(move || timer.clear());
        }
        self
    }

    /// Loads again.
    pub(crate) fn reload(self) {
        let _ = self.round.try_update(|round| *round = round.wrapping_add(1));
    }

    /// What is loaded, if anything.
    pub(crate) fn data(self) -> Option<T> {
        self.state.with(|state| match state {
            Load::Ready(data) => Some(data.clone()),
            _ => None,
        })
    }
}
