//! The secret of a key that was just issued: shown once, to be copied now.

use causeway_domain::KeyId;
use causeway_openapi::IssuedKey;
use leptos::prelude::*;

use crate::{
    core::{
        i18n::{t, t_string, use_i18n},
        routes,
    },
    ui::{
        badge::Tone,
        button::Button,
        copy::CopyButton,
        dialog::Actions,
        icon::{Glyph, Icon},
        notice::Notice,
    },
};

/// The key issued last on this visit, so that the set-up page can fill it in. Kept in memory only.
#[derive(Clone, Copy)]
pub(crate) struct JustIssued(RwSignal<Option<IssuedKey>>);

impl JustIssued {
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    pub(crate) fn set(self, key: IssuedKey) {
        self.0.set(Some(key));
    }

    /// Which key it was. Read once, when a page opens.
    pub(crate) fn id(self) -> Option<KeyId> {
        self.0.with_untracked(|issued| issued.as_ref().map(|i| i.key.id))
    }

    /// The secret, if it is this key's.
    pub(crate) fn secret_of(self, id: KeyId) -> Option<String> {
        self.0.with(|issued| issued.as_ref().filter(|i| i.key.id == id).map(|i| i.secret.expose().to_owned()))
    }
}

/// What the dialog shows.
#[component]
pub(super) fn Issued(open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let JustIssued(issued) = expect_context();
    let secret = Memo::new(move |_| {
        issued.with(|i| i.as_ref().map(|i| i.secret.expose().to_owned()).unwrap_or_default())
    });
    view! {
        <div class="flex flex-col gap-4">
            <Notice tone=Tone::Warning>{t!(i18n, keys.secret_once)}</Notice>
            <div class="flex items-center gap-2 rounded-box border border-base-300 bg-base-200 p-2 pl-4">
                <code
                    class="grow select-all text-sm break-all"
                    aria-label=move || t_string!(i18n, keys.secret)
                    data-testid="secret"
                >
                    {move || secret.get()}
                </code>
                <CopyButton text=secret caption=true testid="copy-secret"/>
            </div>
        </div>
        <Actions>
            <Button on_press=move |()| open.set(false) testid="secret-done">{t!(i18n, keys.secret_kept)}</Button>
            <a class="btn btn-primary" href=routes::CONNECT data-testid="connect-key">
                <Glyph icon=Icon::Terminal class="size-4"/>
                {t!(i18n, keys.connect)}
            </a>
        </Actions>
    }
}
