//! Requests that could not be written: those of the organisation to look at, and for who runs the installation those of all
//! organisations, to be written after all or closed for a reason.

use causeway_domain::RequestId;
use causeway_openapi::{CloseDeadLetter, DeadLetter, Ledger, ListQuery, TenantDeadLetter};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::{Actions, Dialog},
        field::TextField,
        loaded::{ListSkeleton, Loaded},
        more::More,
        notice::Failure,
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The organisation's own.
#[component]
pub(super) fn Letters() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let letters = Query::new(move || api.dead_letters());
    let saving = Submission::new();
    let columns = move || {
        vec![
            Column::text(text!(i18n, requests.time)),
            Column::text(text!(i18n, requests.request_id)),
            Column::text(text!(i18n, usage.reason)),
        ]
    };
    view! {
        <p class="mb-3 text-sm text-base-content/80">{t!(i18n, usage.dead_letters_text)}</p>
        <Loaded query=letters skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:page>
            <Table caption=text!(i18n, usage.dead_letters) columns=columns()>
                {page
                    .items
                    .into_iter()
                    .map(|letter| view! { <tr data-testid="dead-letter"><Facts letter/></tr> })
                    .collect_view()}
            </Table>
        </Loaded>
        <Failure error=saving.error/>
        <Actions>
            <Button
                busy=saving.busy
                on_press=move |()| saving.run(async move { api.export_dead_letters().await }, |file| file.save())
                testid="export-dead-letters"
            >
                {t!(i18n, usage.export_letters)}
            </Button>
        </Actions>
    }
}

/// When, which, and why not.
#[component]
fn Facts(letter: DeadLetter) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Cell label=text!(i18n, requests.time)>
            <span class="whitespace-nowrap">{move || format::moment(letter.at, i18n.get_locale())}</span>
        </Cell>
        <Cell label=text!(i18n, requests.request_id)>
            <code class="text-xs break-all">{letter.request_id.to_string()}</code>
        </Cell>
        <Cell label=text!(i18n, usage.reason)><span class="break-words">{letter.error}</span></Cell>
    }
}

/// Those of all organisations. `ledger` is what counts them.
#[component]
pub(super) fn TenantLetters(ledger: Query<Ledger>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let pages = Pages::new(move |cursor| api.tenant_letters(ListQuery { limit: Some(50), cursor }));
    let columns = move || {
        vec![
            Column::text(text!(i18n, usage.organization)),
            Column::text(text!(i18n, requests.time)),
            Column::text(text!(i18n, requests.request_id)),
            Column::text(text!(i18n, usage.reason)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    view! {
        <p class="mb-3 text-sm text-base-content/80">{t!(i18n, usage.settle_text)}</p>
        <Loaded query=pages.first skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:page>
            <Table caption=text!(i18n, usage.dead_letters) columns=columns()>
                {page.items.into_iter().map(|of| view! { <Row of pages ledger/> }).collect_view()}
                <For each=move || pages.rest() key=|of| of.letter.request_id let:of>
                    <Row of pages ledger/>
                </For>
            </Table>
        </Loaded>
        <More pages/>
    }
}

#[component]
fn Row(of: TenantDeadLetter, pages: Pages<TenantDeadLetter>, ledger: Query<Ledger>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let writing = Submission::new();
    let closing = RwSignal::new(false);
    let id = of.letter.request_id;
    let done = move || {
        pages.reload();
        ledger.reload();
    };
    Effect::new(move |_| {
        if let Some(error) = writing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
            // It may have another reason by now.
            pages.reload();
        }
    });
    let write = move |()| {
        writing.run(async move { api.write_letter(id).await }, move |()| {
            toasts.good(t_string!(i18n, usage.written_toast));
            done();
        });
    };
    view! {
        <tr data-testid="tenant-letter">
            <Cell label=text!(i18n, usage.organization)>{of.organization.name}</Cell>
            <Facts letter=of.letter/>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex items-center justify-end gap-1">
                    <Button small=true busy=writing.busy on_press=write testid="write-letter">
                        {t!(i18n, usage.write)}
                    </Button>
                    <Button small=true on_press=move |()| closing.set(true) testid="close-letter">
                        {t!(i18n, usage.close_letter)}
                    </Button>
                </div>
                <Dialog open=closing title=text!(i18n, usage.close_title) testid="close-letter-dialog">
                    <CloseForm id open=closing done=Callback::new(move |()| done())/>
                </Dialog>
            </Cell>
        </tr>
    }
}

#[component]
fn CloseForm(id: RequestId, open: RwSignal<bool>, done: Callback<()>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let reason = RwSignal::new(String::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let because = CloseDeadLetter { reason: reason.get_untracked() };
        submission.run(async move { api.close_letter(id, because).await }, move |()| {
            open.set(false);
            toasts.good(t_string!(i18n, usage.closed_toast));
            done.run(());
        });
    };
    view! {
        <form class="flex flex-col gap-4 text-left whitespace-normal" on:submit=send>
            <p class="text-sm text-base-content/80">{t!(i18n, usage.close_text)}</p>
            <Failure error=submission.error fields=&["reason"]/>
            <TextField
                label=text!(i18n, usage.close_reason)
                hint=text!(i18n, usage.close_reason_hint)
                value=reason
                required=true
                focus=true
                error=submission.field("reason")
                testid="close-letter-reason"
            />
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Danger submit=true busy=submission.busy testid="confirm-close-letter">
                    {t!(i18n, usage.close_letter)}
                </Button>
            </Actions>
        </form>
    }
}
