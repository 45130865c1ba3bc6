//! Sending something: busy while it is under way, and the error shown where it belongs afterwards.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::error::ApiError;

/// One form's, or one button's, traffic.
#[derive(Clone, Copy)]
pub(crate) struct Submission {
    pub(crate) busy: RwSignal<bool>,
    pub(crate) error: RwSignal<Option<ApiError>>,
}

impl Submission {
    pub(crate) fn new() -> Self {
        Self { busy: RwSignal::new(false), error: RwSignal::new(None) }
    }

    /// Sends, unless the last one is still under way: a double click is one click.
    pub(crate) fn run<T: 'static>(
        self,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        spawn_local(async move {
            let answer = request.await;
            // The dialog may have been closed while we waited.
            let _ = self.busy.try_set(false);
            match answer {
                Ok(value) => done(value),
                Err(error) => {
                    let _ = self.error.try_set(Some(error));
                }
            }
        });
    }

    /// What the server says about one field.
    pub(crate) fn field(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || self.error.with(|e| e.as_ref().and_then(|e| e.field(name).map(str::to_owned))))
    }
}
