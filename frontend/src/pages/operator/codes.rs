//! Codes to redeem: batches, their codes, new ones.

mod batch;
mod form;
mod made;

use causeway_openapi::{CodeBatch, ListQuery, MadeCodes};
use leptos::prelude::*;

use self::{batch::BatchCodes, form::CodesForm, made::Made};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        pages::Pages,
    },
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        confirm::Confirm,
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The page's dialogs. One of each at a time.
#[derive(Clone, Copy)]
struct Dialogs {
    form: RwSignal<bool>,
    /// Shown once, right after they were made.
    made: RwSignal<Option<MadeCodes>>,
    made_open: RwSignal<bool>,
    shown: RwSignal<Option<CodeBatch>>,
    shown_open: RwSignal<bool>,
}

/// The page.
#[component]
pub(crate) fn Codes() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let pages = Pages::new(move |cursor| api.code_batches(ListQuery { limit: Some(50), cursor }));
    let dialogs = Dialogs {
        form: RwSignal::new(false),
        made: RwSignal::new(None),
        made_open: RwSignal::new(false),
        shown: RwSignal::new(None),
        shown_open: RwSignal::new(false),
    };
    // Once the dialog is closed the codes are gone, here too.
    Effect::new(move |_| {
        if !dialogs.made_open.get() {
            dialogs.made.set(None);
        }
    });
    let make = move |testid: &'static str| {
        view! {
            <Button kind=Kind::Primary on_press=move |()| dialogs.form.set(true) testid=testid>
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, operator.make_codes)}
            </Button>
        }
    };
    let columns = move || {
        vec![
            Column::text(text!(i18n, operator.made)),
            Column::text(text!(i18n, billing.note)),
            Column::number(text!(i18n, operator.worth)),
            Column::number(text!(i18n, operator.codes_count)),
            Column::number(text!(i18n, operator.redeemed)),
            Column::text(text!(i18n, operator.good_until)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let batch_title = Signal::derive(move || {
        dialogs.shown.with(|batch| {
            batch.as_ref().map_or_else(String::new, |batch| {
                t_string!(
                    i18n,
                    operator.codes_of,
                    amount = format::dollars(batch.amount_usd),
                    note = batch.note.clone()
                )
            })
        })
    });
    view! {
        <PageHeader title=text!(i18n, operator.codes) text=text!(i18n, operator.codes_text)>{make("make-codes")}</PageHeader>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Ticket title=text!(i18n, operator.no_codes) text=text!(i18n, operator.no_codes_text)>
                            {make("make-first-codes")}
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, operator.codes) columns=columns() testid="batches">
                            {page.items.into_iter().map(|batch| view! { <Row batch pages dialogs/> }).collect_view()}
                            <For each=move || pages.rest() key=|batch| batch.id let:batch>
                                <Row batch pages dialogs/>
                            </For>
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages/>
        <Dialog open=dialogs.form title=text!(i18n, operator.make_codes) testid="codes-dialog">
            <CodesForm dialogs pages/>
        </Dialog>
        <Dialog
            open=dialogs.made_open
            title=text!(i18n, operator.your_codes)
            dismissable=Signal::stored(false)
            testid="made-dialog"
        >
            {move || dialogs.made.get().map(|made| view! { <Made made open=dialogs.made_open/> })}
        </Dialog>
        <Dialog open=dialogs.shown_open title=batch_title wide=true testid="batch-dialog">
            {move || dialogs.shown.get().map(|batch| view! { <BatchCodes id=batch.id uses=batch.uses pages/> })}
        </Dialog>
    }
}

#[component]
fn Row(batch: CodeBatch, pages: Pages<CodeBatch>, dialogs: Dialogs) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let revoking = Submission::new();
    let asking = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(error) = revoking.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let id = batch.id;
    let revoke = move |()| {
        revoking.run(async move { api.revoke_batch(id).await }, move |()| {
            asking.set(false);
            toasts.good(t_string!(i18n, operator.revoked_toast));
            pages.reload();
        });
    };
    let shown = StoredValue::new(batch.clone());
    let show = move |_| {
        dialogs.shown.set(Some(shown.get_value()));
        dialogs.shown_open.set(true);
    };
    let all_revoked = batch.revoked == batch.codes;
    let possible = batch.codes.saturating_mul(u64::from(batch.uses));
    view! {
        <tr data-testid="batch">
            <Cell label=text!(i18n, operator.made)>
                <div class="text-sm whitespace-nowrap tabular-nums" title=format::moment_exact(batch.created_at)>
                    {format::dated(batch.created_at)}
                </div>
                <div class="text-xs text-base-content/70">{batch.created_by}</div>
            </Cell>
            <Cell label=text!(i18n, billing.note)><span class="text-sm break-words">{batch.note}</span></Cell>
            <Cell label=text!(i18n, operator.worth) numeric=true>
                <span class="font-medium" title=format::dollars_exact(batch.amount_usd)>{format::dollars(batch.amount_usd)}</span>
            </Cell>
            <Cell label=text!(i18n, operator.codes_count) numeric=true>{format::grouped(batch.codes)}</Cell>
            <Cell label=text!(i18n, operator.redeemed) numeric=true>
                {move || t_string!(i18n, operator.used_of, used = format::grouped(batch.redeemed), allowed = format::grouped(possible))}
            </Cell>
            <Cell label=text!(i18n, operator.good_until)>
                {if all_revoked {
                    view! { <Badge tone=Tone::Bad>{t!(i18n, operator.revoked)}</Badge> }.into_any()
                } else {
                    match batch.expires_at {
                        None => view! { <span class="text-sm text-base-content/70">{t!(i18n, operator.for_ever)}</span> }.into_any(),
                        Some(at) => view! {
                            <span class="text-sm whitespace-nowrap" title=format::moment_exact(at)>{format::dated(at)}</span>
                        }
                        .into_any(),
                    }
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <div class="flex items-center justify-end gap-1">
                    <button
                        type="button"
                        class="btn btn-ghost btn-sm btn-square"
                        aria-label=text!(i18n, operator.show_codes)
                        title=text!(i18n, operator.show_codes)
                        data-testid="show-codes"
                        on:click=show
                    >
                        <Glyph icon=Icon::List class="size-4"/>
                    </button>
                    {(!all_revoked).then(|| view! {
                        <button
                            type="button"
                            class="btn btn-ghost btn-sm btn-square text-error"
                            aria-label=text!(i18n, operator.revoke)
                            title=text!(i18n, operator.revoke)
                            data-testid="revoke-batch"
                            on:click=move |_| asking.set(true)
                        >
                            <Glyph icon=Icon::Trash class="size-4"/>
                        </button>
                    })}
                </div>
                <Confirm
                    open=asking
                    title=text!(i18n, operator.revoke_title)
                    text=text!(i18n, operator.revoke_text)
                    action=text!(i18n, operator.revoke)
                    busy=revoking.busy
                    on_confirm=revoke
                />
            </Cell>
        </tr>
    }
}
