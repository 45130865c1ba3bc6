//! What somebody must look at: usage that could not be written, or is long in coming.

use std::time::Duration;

use causeway_openapi::Permission;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{badge::Tone, notice::Notice},
};

const REFRESH: Duration = Duration::from_secs(30);

/// Usage is written within a second or two.
const LATE_SECONDS: u64 = 60;

/// The alerts, for those who may read the ledger.
#[component]
pub(super) fn Alerts() -> impl IntoView {
    let session = use_session();
    let may = Memo::new(move |_| session.may(Permission::LedgerRead));
    view! { <Show when=move || may.get()><Ledger/></Show> }
}

#[component]
fn Ledger() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let ledger = Query::new(move || api.ledger()).every(REFRESH);
    // The whole installation, where it may be seen.
    let standing = move || {
        let ledger = ledger.data()?;
        let whole = ledger.installation.as_ref();
        Some((
            whole.map_or(ledger.dead_letters, |w| w.dead_letters),
            whole.map_or(ledger.behind_seconds, |w| w.behind_seconds),
        ))
    };
    let look = move || view! { " " <a class="link" href=routes::USAGE>{t!(i18n, dashboard.look)}</a> };
    move || {
        standing().map(|(letters, behind)| {
            view! {
                {(letters > 0).then(|| view! {
                    <div class="mb-4" data-testid="alert-dead-letters">
                        <Notice tone=Tone::Bad alert=true>
                            {t!(i18n, dashboard.dead_letters, count = format::grouped(letters))}{look()}
                        </Notice>
                    </div>
                })}
                {(behind > LATE_SECONDS).then(|| view! {
                    <div class="mb-4" data-testid="alert-behind">
                        <Notice tone=Tone::Warning alert=true>
                            {t!(i18n, dashboard.behind, time = format::duration_ms(behind.saturating_mul(1000)))}{look()}
                        </Notice>
                    </div>
                })}
            }
        })
    }
}
