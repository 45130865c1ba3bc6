//! The organisation's own limits, and how they stand.

use std::time::Duration;

use causeway_openapi::{Organization, UpdateOrganization};
use leptos::prelude::*;

use super::requests::Save;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        limits::{LIMITS, LimitInputs, LimitsForm, Standing},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// How often what is used of the limits is read anew.
const LIVE: Duration = Duration::from_secs(5);

/// The card.
#[component]
pub(super) fn OrganizationLimits(org: Organization, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let Organization { limits, .. } = org;
    let form = LimitsForm::new(&limits);
    let standing = Query::new(move || api.organization_limits()).every(LIVE);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(limits) = form.read() else { return };
        let change = UpdateOrganization { limits: Some(limits), ..UpdateOrganization::default() };
        submission.run(async move { api.change_organization(change).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
            standing.reload();
        });
    };
    view! {
        <Card title=text!(i18n, settings.limits)>
            <form class="flex flex-col gap-5" on:submit=send>
                <p class="text-sm text-base-content/70">{t!(i18n, settings.limits_text)}</p>
                <section class="rounded-box bg-base-200 px-4 py-3" data-testid="organization-standing">
                    <h3 class="mb-3 text-sm font-semibold">{t!(i18n, limits.now)}</h3>
                    <Standing query=standing/>
                </section>
                <fieldset class="flex flex-col gap-5" disabled=!may_write>
                    <Failure error=submission.error fields=&[LIMITS]/>
                    <LimitInputs form submission/>
                    <Save submission may_write testid="save-limits"/>
                </fieldset>
            </form>
        </Card>
    }
}
