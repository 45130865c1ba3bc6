//! Invitations to share, beside the accounts: whom somebody has asked for one of theirs, and what became of it.

mod invite;
mod row;

use std::{collections::HashMap, time::Duration};

use causeway_openapi::{ListQuery, SentShare, Share};
use leptos::prelude::*;
use uuid::Uuid;

pub(super) use self::invite::InviteToShare;
use self::row::Row;
use super::handing::{Handed, Handing};
use crate::{
    core::{
        api::use_api,
        i18n::{text, use_i18n},
        pages::Pages,
        providers::Providers,
    },
    ui::{
        loaded::Loaded,
        more::More,
        page::Card,
        table::{Column, Table},
        toast::Toasts,
    },
};

/// How often the list is read anew.
const LIVE: Duration = Duration::from_secs(10);

/// Rows at a time.
const ROWS: u16 = 25;

/// What the list, the form and their dialogs have in common. A handle to signals.
#[derive(Clone, Copy)]
pub(super) struct Sharing {
    pages: Pages<Share>,
    pub(super) providers: Providers,
    pub(super) inviting: RwSignal<bool>,
    handing: Handing,
    /// The links that were shown since the page was opened: nobody is told them again.
    links: RwSignal<HashMap<Uuid, String>>,
}

impl Sharing {
    pub(super) fn new(providers: Providers, handing: Handing) -> Self {
        let api = use_api();
        let pages = Pages::new(move |cursor| api.shares(ListQuery { limit: Some(ROWS), cursor }));
        pages.first.every_at_rest(LIVE);
        let links = RwSignal::new(HashMap::new());
        Self { pages, providers, inviting: RwSignal::new(false), handing, links }
    }
}

/// Says that an invitation was mailed, or shows its link.
fn told(sent: SentShare, sharing: Sharing, toasts: Toasts, mailed: impl FnOnce(String) -> String) {
    let SentShare { share, link } = sent;
    sharing.pages.reload();
    let Some(link) = link else { return toasts.good(mailed(share.email)) };
    sharing.links.update(|links| _ = links.insert(share.id, link.0.clone()));
    let once = share.person.is_none();
    let name = share.person.map_or(share.email, |person| person.name);
    sharing.handing.show(Handed { name, link: link.0, once });
}

/// The list; nothing where nobody was asked.
#[component]
pub(super) fn Shares(sharing: Sharing, may_write: Memo<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let pages = sharing.pages;
    let columns = move || {
        vec![
            Column::text(text!(i18n, share.who)),
            Column::text(text!(i18n, share.provider)),
            Column::text(text!(i18n, share.state)),
            Column::text(text!(i18n, share.sent)),
            Column::text(text!(i18n, share.expires)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let row = move |share| view! { <Row share sharing may_write/> };
    view! {
        <Loaded query=pages.first skeleton=|| ().into_any() let:page>
            {(!page.items.is_empty()).then(|| view! {
                <Card title=text!(i18n, share.shares) flush=true class="mt-6">
                    <Table caption=text!(i18n, share.shares) columns=columns() testid="shares">
                        {page.items.into_iter().map(row).collect_view()}
                        {move || pages.rest().into_iter().map(row).collect_view()}
                    </Table>
                    <More pages/>
                </Card>
            })}
        </Loaded>
    }
}
