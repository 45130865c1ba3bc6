//! The button below a list that goes on.

use leptos::prelude::*;

use super::{button::Button, notice::Failure};
use crate::core::{
    i18n::{t, use_i18n},
    pages::Pages,
};

/// Reads on; gone on the last page.
#[component]
pub(crate) fn More<T: Clone + PartialEq + Send + Sync + 'static>(pages: Pages<T>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="mt-4 flex flex-col items-center gap-3 empty:hidden">
            <Failure error=pages.loading.error/>
            <Show when=move || pages.has_more()>
                <Button busy=pages.loading.busy on_press=move |()| pages.load_more() testid="load-more">
                    {t!(i18n, common.load_more)}
                </Button>
            </Show>
        </div>
    }
}
