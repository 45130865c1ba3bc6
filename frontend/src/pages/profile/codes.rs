//! Recovery codes, shown once: to be copied or saved now.

use leptos::prelude::*;

use crate::{
    core::{
        download::File,
        i18n::{t, use_i18n},
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        copy::CopyButton,
        dialog::Actions,
        icon::{Glyph, Icon},
        notice::Notice,
    },
};

/// The codes, until they are kept.
#[component]
pub(super) fn Codes(codes: RwSignal<Vec<String>>, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let all = Signal::derive(move || codes.with(|codes| codes.join("\n")));
    let download = move |()| {
        let text = format!("{}\n", all.get_untracked());
        if let Some(file) = File::of_text("causeway-recovery-codes.txt".to_owned(), "text/plain", &text) {
            file.save();
        }
    };
    view! {
        <div class="flex flex-col gap-4">
            <Notice tone=Tone::Warning>{t!(i18n, profile.recovery_text)}</Notice>
            <ul class="grid grid-cols-2 gap-x-6 gap-y-1.5 rounded-box border border-base-300 bg-base-200 p-4 font-mono text-sm" data-testid="recovery-codes">
                {move || codes.get().into_iter().map(|code| view! { <li class="select-all">{code}</li> }).collect_view()}
            </ul>
            <div class="flex flex-wrap gap-2">
                <CopyButton text=all caption=true/>
                <Button small=true on_press=download>
                    <Glyph icon=Icon::Download class="size-4"/>
                    {t!(i18n, profile.recovery_download)}
                </Button>
            </div>
        </div>
        <Actions>
            <Button kind=Kind::Primary on_press=move |()| open.set(false) testid="codes-kept">{t!(i18n, profile.recovery_kept)}</Button>
        </Actions>
    }
}
