//! The codes of one batch, by their first characters.

use causeway_openapi::{Code, CodeBatch, ListQuery};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, text, use_i18n},
        pages::Pages,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        loaded::{ListSkeleton, Loaded},
        more::More,
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// What the dialog shows of a batch whose codes can be used so often. `pages`: the list of batches, which a revocation changes.
#[component]
pub(super) fn BatchCodes(id: Uuid, uses: u32, pages: Pages<CodeBatch>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let codes = Pages::new(move |cursor| api.codes(id, ListQuery { limit: Some(50), cursor }));
    let columns = vec![
        Column::text(text!(i18n, operator.code)),
        Column::number(text!(i18n, operator.redeemed)),
        Column::text(text!(i18n, operator.redeemed_by)),
        Column::actions(text!(i18n, common.actions)),
    ];
    let columns = StoredValue::new(columns);
    view! {
        <Loaded query=codes.first skeleton=|| view! { <ListSkeleton rows=3/> }.into_any() let:page>
            <div class="-mx-6">
                <Table caption=text!(i18n, operator.codes) columns=columns.get_value() testid="codes">
                    {page.items.into_iter().map(|code| view! { <Row batch=id uses code codes pages/> }).collect_view()}
                    <For each=move || codes.rest() key=|code| code.id let:code>
                        <Row batch=id uses code codes pages/>
                    </For>
                </Table>
            </div>
        </Loaded>
        <More pages=codes/>
    }
}

#[component]
fn Row(batch: Uuid, uses: u32, code: Code, codes: Pages<Code>, pages: Pages<CodeBatch>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let revoking = Submission::new();
    Effect::new(move |_| {
        if let Some(error) = revoking.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let id = code.id;
    let revoke = move |()| {
        revoking.run(async move { api.revoke_code(batch, id).await }, move |()| {
            codes.reload();
            pages.reload();
        });
    };
    let revoked = code.revoked_at.is_some();
    let used_up = Signal::stored(code.used >= uses);
    view! {
        <tr data-testid="code-row">
            <Cell label=text!(i18n, operator.code)><span class="font-mono text-sm">{code.hint}"…"</span></Cell>
            <Cell label=text!(i18n, operator.redeemed) numeric=true>
                {format!("{} / {}", format::grouped(u64::from(code.used)), format::grouped(u64::from(uses)))}
            </Cell>
            <Cell label=text!(i18n, operator.redeemed_by)>
                <span class="text-sm break-words">{code.redeemed_by.join(", ")}</span>
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                {if revoked {
                    view! { <Badge tone=Tone::Bad>{t!(i18n, operator.revoked)}</Badge> }.into_any()
                } else {
                    view! {
                        <Button small=true busy=revoking.busy disabled=used_up on_press=revoke testid="revoke-code">
                            {t!(i18n, operator.revoke)}
                        </Button>
                    }
                    .into_any()
                }}
            </Cell>
        </tr>
    }
}
