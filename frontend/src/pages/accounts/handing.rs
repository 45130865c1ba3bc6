//! Links that somebody has to be handed, and having people told without one.

use causeway_domain::{AccountId, UserId};
use causeway_openapi::{Account, Member, Page};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
        session::use_session,
    },
    pages::members::OneTimeLink,
    ui::{
        button::Button,
        copy::CopyLine,
        dialog::{Actions, Dialog},
        toast::use_toasts,
    },
};

/// A link to hand over.
#[derive(Clone)]
pub(super) struct Handed {
    /// To whom.
    pub(super) name: String,
    pub(super) link: String,
    /// Whether it is shown once: with it somebody comes into the organisation.
    pub(super) once: bool,
}

/// The dialog that shows it. A handle to signals.
#[derive(Clone, Copy)]
pub(super) struct Handing {
    open: RwSignal<bool>,
    handed: RwSignal<Option<Handed>>,
}

impl Handing {
    pub(super) fn new() -> Self {
        Self { open: RwSignal::new(false), handed: RwSignal::new(None) }
    }

    pub(super) fn show(self, handed: Handed) {
        self.handed.set(Some(handed));
        self.open.set(true);
    }
}

/// The dialog.
#[component]
pub(super) fn HandedLink(handing: Handing) -> impl IntoView {
    let i18n = use_i18n();
    let Handing { open, handed } = handing;
    let title = Signal::derive(move || {
        let name = handed.with(|handed| handed.as_ref().map(|to| to.name.clone()).unwrap_or_default());
        t_string!(i18n, share.link_of, name = name)
    });
    let shown = move |Handed { name, link, once }: Handed| {
        if once {
            return view! { <OneTimeLink link/> }.into_any();
        }
        let told = move || t_string!(i18n, share.link_text, name = name.clone());
        view! {
            <p class="mb-4 text-sm">{told}</p>
            <CopyLine text=link label=text!(i18n, share.link) testid="handed-link"/>
        }
        .into_any()
    };
    view! {
        <Dialog open title testid="link-dialog">
            {move || handed.get().map(shown)}
            <Actions>
                <Button on_press=move |()| open.set(false) testid="link-done">{t!(i18n, common.done)}</Button>
            </Actions>
        </Dialog>
    }
}

/// Whether somebody else looks after an account than the person here, whom nobody needs to remind.
pub(super) fn is_others(account: &Account) -> bool {
    let me = untrack(|| use_session().member()).map(|me| me.user.id);
    account.contributed_by.or(account.owner_id).is_none_or(|keeper| Some(keeper) != me)
}

/// What has whoever looks after an account told that it needs them, and whether that is under way. Without mail their link is
/// shown.
pub(super) fn use_reminder(
    id: AccountId,
    handing: Handing,
) -> (Submission, impl Fn(()) + Copy + Send + Sync) {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let reminding = Submission::new();
    Effect::new(move |_| {
        if let Some(error) = reminding.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let remind = move |()| {
        reminding.run(async move { api.remind_of_account(id).await }, move |person| {
            if person.mailed {
                toasts.good(tu_string!(i18n, share.reminded_toast, name = person.name));
            } else {
                handing.show(Handed { name: person.name, link: person.link, once: false });
            }
        });
    };
    (reminding, remind)
}

/// Who shares an account.
#[component]
pub(super) fn SharedBy(by: UserId, people: Query<Page<Member>>) -> impl IntoView {
    let i18n = use_i18n();
    let told = move || {
        let all = people.data().map(|page| page.items).unwrap_or_default();
        match all.into_iter().find(|member| member.id == by) {
            Some(member) => t_string!(i18n, share.shared_by, name = member.name),
            None => t_string!(i18n, share.shared_by_member).to_owned(),
        }
    };
    view! { <div class="text-xs break-words" data-testid="shared-by">{told}</div> }
}
