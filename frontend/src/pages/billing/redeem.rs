//! Redeeming a code.

use causeway_openapi::{Balance, CreditEntry, ProblemCode, RedeemCode};
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
    ui::{
        badge::Tone,
        button::{Button, Kind},
        dialog::Actions,
        field::TextField,
        notice::{Failure, Notice},
        toast::use_toasts,
    },
};

/// The form within the dialog.
#[component]
pub(super) fn RedeemForm(
    open: RwSignal<bool>,
    balance: Query<Balance>,
    entries: Pages<CreditEntry>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let code = RwSignal::new(String::new());
    let begins_prepaid = untrack(|| balance.data()).is_some_and(|balance| !balance.prepaid);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let code = RedeemCode { code: code.get_untracked().trim().into() };
        submission.run(async move { api.redeem(code).await }, move |redeemed| {
            open.set(false);
            let amount = format::dollars(redeemed.entry.amount_usd);
            toasts.good(tu_string!(i18n, billing.redeemed_toast, amount = amount));
            balance.reload();
            entries.reload();
        });
    };
    // Why a code is refused is said in the reader's language.
    let error = Signal::derive(move || {
        let code = submission.error.with(|e| e.as_ref().and_then(|e| e.code()))?;
        Some(
            match code {
                ProblemCode::CodeUnknown => t_string!(i18n, billing.code_unknown),
                ProblemCode::CodeExpired => t_string!(i18n, billing.code_expired),
                ProblemCode::CodeUsed => t_string!(i18n, billing.code_used),
                ProblemCode::CodeRevoked => t_string!(i18n, billing.code_revoked),
                _ => return None,
            }
            .to_owned(),
        )
    });
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=&["code"]/>
            {begins_prepaid.then(|| view! { <Notice tone=Tone::Warning>{t!(i18n, billing.begins_prepaid)}</Notice> })}
            <TextField
                label=text!(i18n, billing.code)
                hint=text!(i18n, billing.code_hint)
                placeholder="7K3QW-0M8ZD-XR41T-5HBVN-92CJE"
                value=code
                mono=true
                required=true
                focus=true
                error
                testid="code"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="redeem-code">
                    {t!(i18n, billing.redeem)}
                </Button>
            </Actions>
        </form>
    }
}
