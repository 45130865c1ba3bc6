//! Making codes.

use causeway_domain::Nanos;
use causeway_openapi::{CodeBatch, CreateCodes};
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
    },
    pages::keys::end_of,
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::TextField,
        notice::Failure,
    },
};

/// The form within the dialog.
#[component]
pub(super) fn CodesForm(dialogs: Dialogs, pages: Pages<CodeBatch>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let [amount, note, expires] = [(); 3].map(|()| RwSignal::new(String::new()));
    let count = RwSignal::new("1".to_owned());
    let uses = RwSignal::new("1".to_owned());
    let bad = RwSignal::new(Vec::<&'static str>::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let dollars = amount.get_untracked().trim().trim_start_matches('$').parse::<Nanos>();
        let whole = |text: RwSignal<String>| text.get_untracked().trim().parse::<u32>();
        let (Ok(amount_usd), Ok(count), Ok(uses)) = (dollars, whole(count), whole(uses)) else {
            let found = [
                ("amount_usd", dollars.is_err()),
                ("count", whole(count).is_err()),
                ("uses", whole(uses).is_err()),
            ];
            return bad.set(found.into_iter().filter(|f| f.1).map(|f| f.0).collect());
        };
        bad.set(Vec::new());
        let codes = CreateCodes {
            amount_usd,
            count,
            uses: Some(uses),
            expires_at: end_of(&expires.get_untracked()),
            note: note.get_untracked().trim().to_owned(),
        };
        submission.run(async move { api.make_codes(codes).await }, move |made| {
            dialogs.form.set(false);
            dialogs.made.set(Some(made));
            dialogs.made_open.set(true);
            pages.reload();
        });
    };
    let error = move |field: &'static str, dollars: bool| {
        Signal::derive(move || {
            let here = bad.with(|bad| bad.contains(&field)).then(|| {
                if dollars {
                    t_string!(i18n, operator.not_dollars)
                } else {
                    t_string!(i18n, operator.not_a_count)
                }
                .to_owned()
            });
            here.or_else(|| submission.field(field).get())
        })
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["amount_usd", "count", "uses", "expires_at", "note"]/>
            <div class="grid gap-4 sm:grid-cols-3">
                <TextField label=text!(i18n, operator.worth) value=amount prefix="$" placeholder="25.00" inputmode="decimal" required=true focus=true error=error("amount_usd", true) testid="codes-amount"/>
                <TextField label=text!(i18n, operator.codes_count) value=count inputmode="numeric" required=true error=error("count", false) testid="codes-count"/>
                <TextField label=text!(i18n, operator.uses) value=uses inputmode="numeric" required=true error=error("uses", false) testid="codes-uses"/>
            </div>
            <p class="-mt-2 text-xs text-base-content/70">{t!(i18n, operator.uses_hint)}</p>
            <TextField label=text!(i18n, operator.last_day) hint=text!(i18n, operator.last_day_hint) value=expires kind="date" error=submission.field("expires_at") testid="codes-expires"/>
            <TextField label=text!(i18n, billing.note) hint=text!(i18n, operator.codes_note_hint) value=note error=submission.field("note") testid="codes-note"/>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-codes">{t!(i18n, operator.make_codes)}</Button>
            </Actions>
        </form>
    }
}
