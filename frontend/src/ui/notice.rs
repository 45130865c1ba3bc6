//! A box that explains: what to mind, or what went wrong with a whole form.

use leptos::prelude::*;

use super::{
    badge::Tone,
    icon::{Glyph, Icon},
};
use crate::core::{error::ApiError, i18n::use_i18n};

/// A box with an icon.
#[component]
pub(crate) fn Notice(tone: Tone, #[prop(optional)] alert: bool, children: Children) -> impl IntoView {
    let (class, icon) = match tone {
        Tone::Good => ("alert-success", Icon::Check),
        Tone::Bad => ("alert-error", Icon::Alert),
        Tone::Warning => ("alert-warning", Icon::Alert),
        Tone::Neutral | Tone::Info => ("alert-info", Icon::Bolt),
    };
    view! {
        <div
            class=format!("alert alert-soft {class} text-sm items-start text-left")
            role=if alert { "alert" } else { "note" }
        >
            <Glyph icon/>
            <div class="min-w-0 break-words">{children()}</div>
        </div>
    }
}

/// What a submission failed with, unless a field already says it.
#[component]
pub(crate) fn Failure(
    error: RwSignal<Option<ApiError>>,
    #[prop(optional)] fields: &'static [&'static str],
) -> impl IntoView {
    let i18n = use_i18n();
    let text = Memo::new(move |_| {
        let locale = i18n.get_locale();
        error.with(|e| e.as_ref().and_then(|e| e.beside(fields, locale)))
    });
    move || {
        text.get().map(|text| {
            view! { <div data-testid="form-error"><Notice tone=Tone::Bad alert=true>{text}</Notice></div> }
        })
    }
}
