//! Adding to an organisation's credits.

use causeway_domain::{CreditKind, Nanos, OrgId};
use causeway_openapi::{AddCredit, CreditEntry, Tenant};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        query::Query,
    },
    pages::billing::kind_name,
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        notice::{Failure, Notice},
        toast::use_toasts,
    },
};

/// The form within the dialog. Each opening is one entry, however often it is sent.
#[component]
pub(super) fn CreditForm(
    org: OrgId,
    open: RwSignal<bool>,
    tenant: Query<Tenant>,
    entries: Pages<CreditEntry>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let opening = StoredValue::new(format!("web-{}-{}", js_sys::Date::now(), js_sys::Math::random()));
    let kind = RwSignal::new(CreditKind::Credit.as_str().to_owned());
    let (amount, note) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let malformed = RwSignal::new(false);
    Effect::new(move |_| {
        amount.track();
        malformed.set(false);
    });
    let begins_prepaid = untrack(|| tenant.data()).is_some_and(|tenant| !tenant.balance.prepaid);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let kind = kind.get_untracked().parse().unwrap_or(CreditKind::Credit);
        let Some(amount_usd) = read(&amount.get_untracked(), kind) else { return malformed.set(true) };
        let note = note.get_untracked().trim().to_owned();
        // Of what is changed after a refusal the key must be another.
        let key = format!("{}-{kind}-{amount_usd}-{note}", opening.get_value());
        let idempotency_key = Some(key.chars().take(100).collect());
        let entry = AddCredit { kind, amount_usd, note, idempotency_key };
        submission.run(async move { api.add_credit(org, entry).await }, move |entry| {
            open.set(false);
            let amount = format::dollars_signed(entry.amount_usd);
            toasts.good(tu_string!(i18n, operator.credited_toast, amount = amount));
            tenant.reload();
            entries.reload();
        });
    };
    let kinds = Signal::derive(move || {
        let locale = i18n.get_locale();
        [CreditKind::Credit, CreditKind::Adjustment, CreditKind::Refund]
            .map(|kind| (kind.as_str().to_owned(), kind_name(kind, locale).to_owned()))
            .to_vec()
    });
    let hint = Signal::derive(move || {
        match kind.get().parse() {
            Ok(CreditKind::Adjustment) => t_string!(i18n, operator.adjustment_hint),
            Ok(CreditKind::Refund) => t_string!(i18n, operator.refund_hint),
            _ => t_string!(i18n, operator.credit_hint),
        }
        .to_owned()
    });
    let amount_error = Signal::derive(move || {
        let here = malformed.get().then(|| t_string!(i18n, operator.not_dollars).to_owned());
        here.or_else(|| submission.field("amount_usd").get())
    });
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["amount_usd", "note"]/>
            {begins_prepaid.then(|| view! { <Notice tone=Tone::Warning>{t!(i18n, operator.begins_prepaid)}</Notice> })}
            <SelectField label=text!(i18n, billing.kind) value=kind options=kinds hint testid="credit-kind"/>
            <TextField
                label=text!(i18n, billing.amount)
                value=amount
                prefix="$"
                placeholder="50.00"
                inputmode="decimal"
                required=true
                focus=true
                error=amount_error
                testid="credit-amount"
            />
            <TextField
                label=text!(i18n, billing.note)
                hint=text!(i18n, operator.note_hint)
                value=note
                error=submission.field("note")
                testid="credit-note"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="add-credit">{t!(i18n, operator.credit)}</Button>
            </Actions>
        </form>
    }
}

/// Dollars as typed; a refund may be typed with or without its sign.
fn read(text: &str, kind: CreditKind) -> Option<Nanos> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '_' | '$')).collect();
    let amount: Nanos = text.parse().ok()?;
    let is_positive = amount > Nanos::ZERO;
    Some(if kind == CreditKind::Refund && is_positive { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_may_be_typed_as_they_are_shown() {
        assert_eq!(read("$1,250.50", CreditKind::Credit), Some(Nanos(1_250_500_000_000)));
        assert_eq!(read("5", CreditKind::Refund), Some(Nanos(-5_000_000_000)));
        assert_eq!(read("-5", CreditKind::Refund), Some(Nanos(-5_000_000_000)));
        assert_eq!((read("", CreditKind::Credit), read("ten", CreditKind::Credit)), (None, None));
    }
}
