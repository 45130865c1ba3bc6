//! The secrets of keys that were issued together: shown once, to be saved now.

use causeway_openapi::IssuedKeys;
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

/// What the dialog shows.
#[component]
pub(super) fn Many(batch: IssuedKeys, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let IssuedKeys { keys, csv } = batch;
    let csv = StoredValue::new(csv.expose().to_owned());
    let lines = keys.iter().map(|issued| format!("{}  {}", issued.secret.expose(), issued.key.name));
    let list = StoredValue::new(lines.collect::<Vec<_>>().join("\n"));
    let at = keys.first().map(|issued| issued.key.created_at.format("%Y-%m-%d-%H%M%S").to_string());
    let name = format!("keys-{}.csv", at.unwrap_or_default());
    let save = move |()| {
        if let Some(file) = File::of_text(name.clone(), "text/csv;charset=utf-8", &csv.get_value()) {
            file.save();
        }
    };
    view! {
        <div class="flex flex-col gap-4">
            <Notice tone=Tone::Warning>{t!(i18n, keys.secrets_once)}</Notice>
            <pre class="max-h-72 overflow-auto rounded-box border border-base-300 bg-base-200 p-4 text-xs select-all" tabindex="0" data-testid="secrets">
                {list.get_value()}
            </pre>
            <div class="flex flex-wrap justify-end gap-2">
                <CopyButton text=Signal::derive(move || list.get_value()) caption=true testid="copy-secrets"/>
            </div>
        </div>
        <Actions>
            <Button on_press=move |()| open.set(false) testid="secrets-done">{t!(i18n, keys.secret_kept)}</Button>
            <Button kind=Kind::Primary on_press=save testid="save-secrets">
                <Glyph icon=Icon::Download class="size-4"/>
                "CSV"
            </Button>
        </Actions>
    }
}
