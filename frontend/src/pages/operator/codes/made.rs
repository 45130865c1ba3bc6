//! Codes that were just made: shown once, to be copied or saved now.

use causeway_openapi::MadeCodes;
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
pub(super) fn Made(made: MadeCodes, open: RwSignal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let table = StoredValue::new(table(&made));
    let name = format!("codes-{}.csv", made.batch.created_at.format("%Y-%m-%d-%H%M%S"));
    let codes: Vec<String> = made.codes.into_iter().map(|code| code.expose().to_owned()).collect();
    let list = StoredValue::new(codes.join("\n"));
    let save = move |()| {
        if let Some(file) = File::of_text(name.clone(), "text/csv;charset=utf-8", &table.get_value()) {
            file.save();
        }
    };
    view! {
        <div class="flex flex-col gap-4">
            <Notice tone=Tone::Warning>{t!(i18n, operator.codes_once)}</Notice>
            <pre class="max-h-72 overflow-auto rounded-box border border-base-300 bg-base-200 p-4 text-sm select-all" tabindex="0" data-testid="made-codes">
                {list.get_value()}
            </pre>
            <div class="flex flex-wrap justify-end gap-2">
                <CopyButton text=Signal::derive(move || list.get_value()) caption=true testid="copy-codes"/>
            </div>
        </div>
        <Actions>
            <Button on_press=move |()| open.set(false) testid="codes-done">{t!(i18n, operator.codes_kept)}</Button>
            <Button kind=Kind::Primary on_press=save testid="save-made-codes">
                <Glyph icon=Icon::Download class="size-4"/>
                "CSV"
            </Button>
        </Actions>
    }
}

/// Codes, amounts and dates have nothing that would have to be quoted.
fn table(made: &MadeCodes) -> String {
    let until = made.batch.expires_at.map(|at| at.to_rfc3339()).unwrap_or_default();
    let rows = made
        .codes
        .iter()
        .map(|code| format!("{},{},{},{until}\r\n", code.expose(), made.batch.amount_usd, made.batch.uses));
    std::iter::once("code,amount_usd,uses,expires_at\r\n".to_owned()).chain(rows).collect()
}
