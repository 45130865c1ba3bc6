//! Writing an announcement.

use causeway_openapi::{Announce, AnnounceAsOperator, Announcement, AnnouncementLevel, TenantQuery};
use chrono::{DateTime, Local, NaiveDateTime, TimeZone, Utc};
use leptos::prelude::*;

use super::level_name;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextArea, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["level", "text_en", "text_zh", "starts_at", "ends_at", "organization_id"];

/// The form within the dialog.
#[component]
pub(super) fn AnnounceForm(
    operator: bool,
    open: RwSignal<bool>,
    pages: Pages<Announcement>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let level = RwSignal::new(AnnouncementLevel::Info.as_str().to_owned());
    let empty = || RwSignal::new(String::new());
    let (text_en, text_zh, starts, ends, audience) = (empty(), empty(), empty(), empty(), empty());
    let levels = Signal::derive(move || {
        let locale = i18n.get_locale();
        let all = AnnouncementLevel::ALL.into_iter();
        all.map(|l| (l.as_str().to_owned(), level_name(l, locale).to_owned())).collect::<Vec<_>>()
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let chosen = AnnouncementLevel::ALL.into_iter().find(|l| l.as_str() == level.get_untracked());
        let own = Announce {
            level: chosen.unwrap_or(AnnouncementLevel::Info),
            text_en: text_en.get_untracked(),
            text_zh: text_zh.get_untracked(),
            starts_at: moment(&starts.get_untracked()),
            ends_at: moment(&ends.get_untracked()),
        };
        let organization_id = audience.get_untracked().parse().ok();
        let request = async move {
            if operator {
                let Announce { level, text_en, text_zh, starts_at, ends_at } = own;
                let to_all =
                    AnnounceAsOperator { level, text_en, text_zh, starts_at, ends_at, organization_id };
                api.announce_as_operator(to_all).await
            } else {
                api.announce(own).await
            }
        };
        submission.run(request, move |_| {
            open.set(false);
            toasts.good(tu_string!(i18n, installation.announced));
            pages.reload();
        });
    };
    view! {
        <form class="flex flex-col gap-4" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <TextArea label=text!(i18n, installation.text_en) value=text_en hint=text!(i18n, installation.one_text) error=submission.field("text_en") testid="announce-en"/>
            <TextArea label=text!(i18n, installation.text_zh) value=text_zh error=submission.field("text_zh") testid="announce-zh"/>
            <div class="grid gap-4 sm:grid-cols-2">
                <SelectField label=text!(i18n, installation.level) value=level options=levels testid="announce-level"/>
                {operator.then(|| view! { <Audience audience submission/> })}
                <TextField label=text!(i18n, installation.starts) value=starts kind="datetime-local" hint=text!(i18n, installation.starts_hint) error=submission.field("starts_at") testid="announce-from"/>
                <TextField label=text!(i18n, installation.ends) value=ends kind="datetime-local" hint=text!(i18n, installation.ends_hint) error=submission.field("ends_at") testid="announce-until"/>
            </div>
            <Actions>
                <Button on_press=move |()| open.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="send-announcement">
                    {t!(i18n, installation.announce)}
                </Button>
            </Actions>
        </form>
    }
}

/// Everybody, or one of the organisations.
#[component]
fn Audience(audience: RwSignal<String>, submission: Submission) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let tenants = Query::new(move || api.tenants(TenantQuery { limit: Some(200), ..TenantQuery::default() }));
    let options = Signal::derive(move || {
        let everybody = (String::new(), t_string!(i18n, installation.audience_all).to_owned());
        let tenants = tenants.data().map(|page| page.items).unwrap_or_default();
        std::iter::once(everybody)
            .chain(tenants.into_iter().map(|tenant| (tenant.id.to_string(), tenant.name)))
            .collect::<Vec<_>>()
    });
    view! {
        <SelectField label=text!(i18n, installation.audience) value=audience options error=submission.field("organization_id") testid="announce-audience"/>
    }
}

/// What a field for a moment holds, where the person is.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    Local.from_local_datetime(&moment).earliest().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_is_no_moment() {
        assert!(moment("2026-11-20T08:30").is_some());
        assert_eq!((moment(""), moment("soon")), (None, None));
    }
}
