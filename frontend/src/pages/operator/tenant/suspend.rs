//! Suspending an organisation, with the reason that its people are shown.

use causeway_domain::OrgId;
use causeway_openapi::{Tenant, TenantStatus, UpdateTenant};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::TextField,
        notice::Failure,
        toast::use_toasts,
    },
};

/// The form within the dialog.
#[component]
pub(super) fn SuspendForm(
    org: OrgId,
    name: String,
    open: RwSignal<bool>,
    query: Query<Tenant>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let reason = RwSignal::new(String::new());
    let name = StoredValue::new(name);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let change = UpdateTenant {
            status: Some(TenantStatus::Suspended),
            suspended_reason: Some(reason.get_untracked()),
            ..UpdateTenant::default()
        };
        submission.run(async move { api.change_tenant(org, change).await }, move |_| {
            open.set(false);
            toasts.good(tu_string!(i18n, operator.saved_toast, name = name.get_value()));
            query.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <p class="text-sm text-base-content/80">{t!(i18n, operator.suspend_text)}</p>
            <Failure error=submission.error fields=&["suspended_reason"]/>
            <TextField
                label=text!(i18n, installation.why)
                hint=text!(i18n, installation.why_hint)
                value=reason
                required=true
                focus=true
                error=submission.field("suspended_reason")
                testid="suspend-reason"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Danger submit=true busy=submission.busy testid="confirm-suspend">
                    {t!(i18n, operator.suspend)}
                </Button>
            </Actions>
        </form>
    }
}
