//! What a page shows while it loads, when loading fails, and when there is nothing yet. One place, so that no
//! page has its own version of it.

use leptos::prelude::*;

use super::{
    button::Button,
    icon::{Glyph, Icon},
};
use crate::core::{
    i18n::{t, use_i18n},
    query::{Load, Query},
};

/// Shows a query's data, or where it stands instead.
///
/// The view is built anew when other data arrive, and not while the same are being fetched again.
#[component]
pub(crate) fn Loaded<T, V>(
    query: Query<T>,
    /// Stands in for the content while there is nothing to show.
    skeleton: impl Fn() -> AnyView + Send + Sync + 'static,
    children: impl Fn(T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let i18n = use_i18n();
    move || {
        match query.state.get() {
        Load::Loading => view! { <div aria-busy="true">{skeleton()}</div> }.into_any(),
        Load::Ready(data) => children(data).into_any(),
        Load::Failed(error) => view! {
            <div class="flex flex-col items-center gap-3 py-14 px-6 text-center" role="alert" data-testid="load-error">
                <span class="text-error"><Glyph icon=Icon::Alert class="size-8"/></span>
                <p class="font-medium">{t!(i18n, common.could_not_load)}</p>
                <p class="text-sm text-base-content/70 max-w-md">{move || error.message(i18n.get_locale())}</p>
                <Button busy=query.busy on_press=move |()| query.reload()>
                    <Glyph icon=Icon::Refresh class="size-4"/>
                    {t!(i18n, common.try_again)}
                </Button>
            </div>
        }
        .into_any(),
    }
    }
}

/// Nothing here yet: what this place is for, and the next step.
#[component]
pub(crate) fn Empty(
    icon: Icon,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] text: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="flex flex-col items-center gap-2 py-14 px-6 text-center" data-testid="empty-state">
            <span class="mb-2 grid size-12 place-items-center rounded-full bg-primary/10 text-primary">
                <Glyph icon class="size-6"/>
            </span>
            <h2 class="font-semibold">{move || title.get()}</h2>
            <p class="max-w-md text-sm text-base-content/70">{move || text.get()}</p>
            {children.map(|children| view! { <div class="mt-4 flex flex-wrap justify-center gap-2">{children()}</div> })}
        </div>
    }
}

/// Grey bars in the place of a list.
#[component]
pub(crate) fn ListSkeleton(#[prop(default = 5)] rows: usize) -> impl IntoView {
    let row = || {
        view! {
            <div class="flex items-center gap-6 border-t border-base-300 first:border-0 px-5 py-4">
                <div class="skeleton h-4 w-1/4"></div>
                <div class="skeleton h-4 w-1/6"></div>
                <div class="skeleton h-4 w-1/5 max-sm:hidden"></div>
                <div class="skeleton ml-auto h-4 w-16"></div>
            </div>
        }
    };
    view! { <div>{(0..rows).map(|_| row()).collect_view()}</div> }
}
