//! What stands above every page: what is announced, that one is inside an organisation as its operator, that it is
//! suspended.

use std::time::Duration;

use causeway_openapi::{Announcement, Entered, Suspended};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{Locale, t, t_string, use_i18n},
        query::Query,
        routes::{self, use_go},
        session::use_session,
        storage,
    },
    pages::announcements::level_tone,
    ui::{
        badge::Tone,
        button::Button,
        icon::{Glyph, Icon},
        notice::Notice,
    },
};

/// How often a page that stays open asks for announcements.
const EVERY: Duration = Duration::from_secs(120);

/// Announcements that this browser no longer shows, by their ids.
const DISMISSED: &str = "causeway.dismissed";

/// As many are remembered: more than are ever up.
const REMEMBERED: usize = 50;

/// All of them; nothing where there is nothing to say.
#[component]
pub(super) fn Banners() -> impl IntoView {
    let session = use_session();
    let entered = Memo::new(move |_| session.member().and_then(|m| m.entered.map(|e| (e, m.organization))));
    let suspended = Memo::new(move |_| session.member().and_then(|m| m.suspended));
    view! {
        <div class="mx-auto mb-4 flex max-w-6xl flex-col gap-2 empty:hidden" data-testid="banners">
            {move || entered.get().map(|(entered, organization)| view! { <Inside entered name=organization.name org=organization.id/> })}
            {move || suspended.get().map(|suspended| view! { <IsSuspended suspended/> })}
            <Announced/>
        </div>
    }
}

/// One is inside as the operator; with the way out, which opens by itself when the time is over.
#[component]
fn Inside(entered: Entered, name: String, org: causeway_domain::OrgId) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let go = use_go();
    let leaving = Submission::new();
    let Entered { access, reason, until } = entered;
    let out = StoredValue::new_local(go);
    let leave = move |()| {
        leaving.run(
            async move {
                api.leave_entered(org).await?;
                // The next token is for an organisation that one belongs to.
                let _ = api.0.renew().await;
                Ok(())
            },
            move |()| out.with_value(|go| go(routes::TENANTS)),
        );
    };
    let left = (until - chrono::Utc::now()).to_std().unwrap_or_default();
    let over = set_timeout_with_handle(
        move || {
            spawn_local(async move {
                let _ = api.0.renew().await;
                let _ = out.try_with_value(|go| go(routes::DASHBOARD));
            });
        },
        left + Duration::from_secs(1),
    );
    if let Ok(timer) = over {
        on_cleanup(move || timer.clear());
    }
    let read_only = access == causeway_openapi::Access::Read;
    view! {
        <div data-testid="inside">
            <Notice tone=Tone::Warning>
                <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
                    <span>
                        {move || t_string!(i18n, installation.inside, name = name.clone(), time = format::moment(until, i18n.get_locale()), reason = reason.clone())}
                        {read_only.then(|| view! { " " {t!(i18n, installation.inside_read)} })}
                    </span>
                    <Button small=true busy=leaving.busy on_press=leave testid="leave">{t!(i18n, installation.leave)}</Button>
                </div>
            </Notice>
        </div>
    }
}

#[component]
fn IsSuspended(suspended: Suspended) -> impl IntoView {
    let i18n = use_i18n();
    let Suspended { since, reason } = suspended;
    view! {
        <div data-testid="suspended">
            <Notice tone=Tone::Bad>
                <p>{move || t_string!(i18n, installation.is_suspended, time = format::moment(since, i18n.get_locale()))}</p>
                {(!reason.is_empty()).then(|| view! { <p class="font-medium">{reason}</p> })}
            </Notice>
        </div>
    }
}

#[component]
fn Announced() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    // Another organisation has other announcements.
    let org = Memo::new(move |_| session.member().map(|m| m.organization.id));
    let announced = Query::new(move || {
        org.track();
        api.announced()
    })
    .every(EVERY);
    let dismissed = RwSignal::new(remembered());
    let dismiss = move |id: uuid::Uuid| {
        dismissed.update(|ids| {
            ids.push(id.to_string());
            let old = ids.len().saturating_sub(REMEMBERED);
            ids.drain(..old);
            storage::set(DISMISSED, &ids.join(" "));
        });
    };
    let shown = move || {
        let all = announced.data().map(|page| page.items).unwrap_or_default();
        dismissed.with(|ids| all.into_iter().filter(|a| !ids.contains(&a.id.to_string())).collect::<Vec<_>>())
    };
    view! {
        <For each=shown key=|a| a.id let:announcement>
            {
                let (id, tone) = (announcement.id, level_tone(announcement.level));
                view! {
                    <section aria-label=move || t_string!(i18n, installation.banners) data-testid="announcement">
                        <Notice tone>
                            <div class="flex items-start justify-between gap-4">
                                <p class="break-words whitespace-pre-line">{move || said(&announcement, i18n.get_locale())}</p>
                                <button
                                    type="button"
                                    class="btn btn-ghost btn-xs btn-square shrink-0"
                                    aria-label=move || t_string!(i18n, installation.dismiss)
                                    data-testid="dismiss"
                                    on:click=move |_| dismiss(id)
                                >
                                    <Glyph icon=Icon::Close class="size-4"/>
                                </button>
                            </div>
                        </Notice>
                    </section>
                }
            }
        </For>
    }
}

fn remembered() -> Vec<String> {
    storage::get(DISMISSED).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// In the reader's language, or in the other where there is only that.
fn said(announcement: &Announcement, locale: Locale) -> String {
    let (own, other) = match locale {
        Locale::en => (&announcement.text_en, &announcement.text_zh),
        Locale::zh => (&announcement.text_zh, &announcement.text_en),
    };
    if own.is_empty() { other.clone() } else { own.clone() }
}
