//! A member's limits: how they stand, and for administrators the form.

use std::time::Duration;

use causeway_openapi::{Member, Page, UpdateMember};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        limits::{LIMITS, LimitInputs, LimitsForm, Standing},
        notice::Failure,
        toast::use_toasts,
    },
};

/// How often what is used of the limits is read anew.
const LIVE: Duration = Duration::from_secs(5);

/// What the dialog shows.
#[component]
pub(super) fn MemberLimits(
    member: Member,
    members: Query<Page<Member>>,
    open: RwSignal<bool>,
    may_write: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let Member { id, limits, .. } = member;
    let form = LimitsForm::new(&limits);
    let standing = Query::new(move || api.member_limits(id)).every(LIVE);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(limits) = form.read() else { return };
        let change = UpdateMember { limits: Some(limits), ..UpdateMember::default() };
        submission.run(async move { api.change_member(id, change).await }, move |member| {
            open.set(false);
            toasts.good(tu_string!(i18n, members.saved_toast, name = member.name));
            members.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=&[LIMITS]/>
            <p class="text-sm text-base-content/70">{t!(i18n, members.limits_text)}</p>
            <section class="rounded-box bg-base-200 px-4 py-3">
                <h3 class="mb-3 text-sm font-semibold">{t!(i18n, limits.now)}</h3>
                <Standing query=standing/>
            </section>
            <Show when=move || may_write.get()>
                <LimitInputs form submission/>
            </Show>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.close)}</Button>
                <Show when=move || may_write.get()>
                    <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-member">{t!(i18n, common.save)}</Button>
                </Show>
            </Actions>
        </form>
    }
}
