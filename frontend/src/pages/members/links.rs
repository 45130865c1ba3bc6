//! Registration links. Not shown while registration is closed and there is none.

use causeway_openapi::{Page, RegistrationLink, RegistrationRule};
use chrono::Utc;
use leptos::prelude::*;

use super::{open_link::OpenLink, role_name};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        dialog::Dialog,
        icon::{Glyph, Icon},
        page::Card,
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn Links() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let links = Query::new(move || api.registration_links());
    let rules = Query::new(move || api.sign_in_rules());
    let opening = RwSignal::new(false);
    let is_open =
        Memo::new(move |_| rules.data().is_some_and(|rules| rules.registration != RegistrationRule::Closed));
    let columns = move || {
        vec![
            Column::text(text!(i18n, members.link_name)),
            Column::text(text!(i18n, members.role)),
            Column::number(text!(i18n, members.used)),
            Column::text(text!(i18n, members.state)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let card = move || {
        let page = links.data()?;
        (is_open.get() || !page.items.is_empty()).then(|| {
            view! {
                <Card title=text!(i18n, members.links) flush=true>
                    <div class="flex flex-wrap items-center justify-between gap-3 px-5 pb-4">
                        <p class="text-sm text-base-content/70">{t!(i18n, members.links_text)}</p>
                        <Show when=move || is_open.get()>
                            <Button small=true on_press=move |()| opening.set(true) testid="open-link">
                                <Glyph icon=Icon::Plus class="size-4"/>
                                {t!(i18n, members.open_link)}
                            </Button>
                        </Show>
                    </div>
                    {(!page.items.is_empty()).then(|| view! {
                        <Table caption=text!(i18n, members.links) columns=columns() testid="registration-links">
                            {page.items.into_iter().map(|link| view! { <Row link links/> }).collect_view()}
                        </Table>
                    })}
                </Card>
            }
        })
    };
    view! {
        {card}
        <Dialog open=opening title=text!(i18n, members.open_link) testid="open-link-dialog">
            <OpenLink links open=opening/>
        </Dialog>
    }
}

#[component]
fn Row(link: RegistrationLink, links: Query<Page<RegistrationLink>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let RegistrationLink { id, name, role, max_uses, used, expires_at, closed_at, .. } = link;
    let is_open = closed_at.is_none() && expires_at > Utc::now() && used < max_uses;
    let name = StoredValue::new(name);
    let close = move |()| {
        changing.run(async move { api.close_registration_link(id).await }, move |()| {
            toasts.good(t_string!(i18n, members.closed_toast));
            links.reload();
        });
    };
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let title = move || match name.get_value() {
        name if name.is_empty() => t_string!(i18n, members.unnamed).to_owned(),
        name => name,
    };
    view! {
        <tr data-testid="registration-link">
            <Cell label=text!(i18n, members.link_name)><span class="font-medium break-words">{title}</span></Cell>
            <Cell label=text!(i18n, members.role)>
                <Badge tone=Tone::Neutral>{move || role_name(role, i18n.get_locale())}</Badge>
            </Cell>
            <Cell label=text!(i18n, members.used) numeric=true>
                {move || t_string!(i18n, members.used_of, used = used, max = max_uses)}
            </Cell>
            <Cell label=text!(i18n, members.state)>
                {if closed_at.is_some() {
                    view! { <Badge tone=Tone::Neutral>{t!(i18n, members.closed)}</Badge> }.into_any()
                } else if expires_at <= Utc::now() {
                    view! { <Badge tone=Tone::Warning>{t!(i18n, members.expired)}</Badge> }.into_any()
                } else {
                    view! {
                        <Badge tone=Tone::Good>{t!(i18n, members.open)}</Badge>
                        <div class="mt-1 text-xs text-base-content/70 whitespace-nowrap" title=format::moment_exact(expires_at)>
                            {move || format::moment(expires_at, i18n.get_locale())}
                        </div>
                    }
                    .into_any()
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                {is_open.then(|| view! {
                    <Button small=true busy=changing.busy on_press=close testid="close-link">{t!(i18n, members.close)}</Button>
                })}
            </Cell>
        </tr>
    }
}
