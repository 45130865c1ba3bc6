//! Announcements: the operator's to everybody or to one organisation, or an organisation's own.

mod form;

use causeway_openapi::{Announcement, AnnouncementLevel, ListQuery};
use chrono::Utc;
use leptos::prelude::*;

use self::form::AnnounceForm;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{Locale, t, td_string, text, tu_string, use_i18n},
        pages::Pages,
    },
    ui::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        dialog::Dialog,
        icon::{Glyph, Icon},
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        notice::Failure,
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The page.
#[component]
pub(crate) fn Announcements(#[prop(optional)] operator: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let pages = Pages::new(move |cursor| api.announcements(operator, ListQuery { limit: Some(50), cursor }));
    let writing = RwSignal::new(false);
    let withdrawing = Submission::new();
    let columns = move || {
        vec![
            Column::text(text!(i18n, installation.level)),
            Column::text(text!(i18n, installation.announcements)),
            Column::text(text!(i18n, installation.audience)),
            Column::text(text!(i18n, installation.shown)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    let about = if operator {
        text!(i18n, installation.announcements_text)
    } else {
        text!(i18n, installation.own_announcements_text)
    };
    let row = move |announcement: Announcement| view! { <Row announcement operator pages withdrawing/> };
    view! {
        <PageHeader title=text!(i18n, installation.announcements) text=about>
            <Button kind=Kind::Primary on_press=move |()| writing.set(true) testid="announce">
                <Glyph icon=Icon::Plus class="size-4"/>
                {t!(i18n, installation.announce)}
            </Button>
        </PageHeader>
        <Failure error=withdrawing.error/>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! {
                        <Empty icon=Icon::Megaphone title=text!(i18n, installation.no_announcements) text=text!(i18n, installation.no_announcements_text)/>
                    }
                    .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, installation.announcements) columns=columns() testid="announcements">
                            {page.items.into_iter().map(row).collect_view()}
                            {move || pages.rest().into_iter().map(row).collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages/>
        <Dialog open=writing title=text!(i18n, installation.announce) wide=true testid="announce-dialog">
            <AnnounceForm operator open=writing pages/>
        </Dialog>
    }
}

#[component]
fn Row(
    announcement: Announcement,
    operator: bool,
    pages: Pages<Announcement>,
    withdrawing: Submission,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let Announcement { id, level, starts_at, ends_at, withdrawn_at, organization, .. } = announcement;
    let texts = [announcement.text_en, announcement.text_zh].into_iter().filter(|text| !text.is_empty());
    let now = Utc::now();
    let is_up = withdrawn_at.is_none() && ends_at.is_none_or(|end| end > now);
    let (tone, state) = if withdrawn_at.is_some() {
        (Tone::Neutral, text!(i18n, installation.withdrawn))
    } else if !is_up {
        (Tone::Neutral, text!(i18n, installation.over))
    } else if starts_at > now {
        (Tone::Info, text!(i18n, installation.later))
    } else {
        (Tone::Good, text!(i18n, installation.live))
    };
    let withdraw = move |()| {
        withdrawing.run(async move { api.withdraw_announcement(operator, id).await }, move |()| {
            toasts.good(tu_string!(i18n, installation.withdrawn_toast));
            pages.reload();
        });
    };
    view! {
        <tr data-testid="announcement-row">
            <Cell label=text!(i18n, installation.level)>
                <Badge tone=level_tone(level)>{move || level_name(level, i18n.get_locale())}</Badge>
            </Cell>
            <Cell label=text!(i18n, installation.announcements)>
                {texts.map(|text| view! { <p class="max-w-xl break-words whitespace-pre-line">{text}</p> }).collect_view()}
            </Cell>
            <Cell label=text!(i18n, installation.audience)>
                {match organization {
                    Some(name) => view! { <span>{name}</span> }.into_any(),
                    None => view! { <span>{t!(i18n, installation.audience_all)}</span> }.into_any(),
                }}
            </Cell>
            <Cell label=text!(i18n, installation.shown)>
                <div class="flex flex-col gap-1 max-sm:items-end">
                    <Badge tone dot=true>{move || state.get()}</Badge>
                    <span class="text-xs text-base-content/70 tabular-nums" title=format::moment_exact(starts_at)>
                        {format::dated(starts_at)}
                        {ends_at.map(|end| view! {
                            " "
                            {t!(i18n, installation.until, time = format::dated(end))}
                        })}
                    </span>
                </div>
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                {is_up.then(|| view! {
                    <Button small=true busy=withdrawing.busy on_press=withdraw testid="withdraw">
                        {t!(i18n, installation.withdraw)}
                    </Button>
                })}
            </Cell>
        </tr>
    }
}

/// The colour of a level.
pub(crate) fn level_tone(level: AnnouncementLevel) -> Tone {
    match level {
        AnnouncementLevel::Info => Tone::Info,
        AnnouncementLevel::Warning => Tone::Warning,
        AnnouncementLevel::Critical => Tone::Bad,
    }
}

/// The name of a level.
fn level_name(level: AnnouncementLevel, locale: Locale) -> &'static str {
    match level {
        AnnouncementLevel::Info => td_string!(locale, installation.info),
        AnnouncementLevel::Warning => td_string!(locale, installation.warning),
        AnnouncementLevel::Critical => td_string!(locale, installation.critical),
    }
}
