//! What people are told by a banner: the list that a page shows, and what an organisation's admins announce to its people.

use crate::{
    check::Check,
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::{Announce, Announcement, AnnouncementLevel, ListQuery, Page};
use causeway_store::announcements::{self, Announcement as Stored, NewAnnouncement};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

/// As the API shows it.
pub(crate) fn shown(row: Stored) -> Announcement {
    let level = AnnouncementLevel::ALL.into_iter().find(|l| l.as_str() == row.level);
    Announcement {
        id: row.id,
        level: level.unwrap_or(AnnouncementLevel::Info),
        text_en: row.text_en,
        text_zh: row.text_zh,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        by_operator: row.by_operator,
        organization_id: row.org,
        organization: row.org_name,
        created_by: row.created_by,
        created_at: row.created_at,
        withdrawn_at: row.withdrawn_at,
    }
}

/// As the audit log keeps it.
pub(crate) fn audited(row: &Stored) -> Value {
    json!({
        "level": row.level,
        "text_en": row.text_en,
        "text_zh": row.text_zh,
        "organization": row.org_name,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    })
}

/// Input that was found good.
pub(crate) struct Checked {
    level: AnnouncementLevel,
    text_en: String,
    text_zh: String,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
}

impl Checked {
    pub(crate) fn new(input: &Announce) -> Result<Self, ApiError> {
        let mut check = Check::default();
        let text_en = check.text("text_en", &input.text_en, 0..=2000);
        let text_zh = check.text("text_zh", &input.text_zh, 0..=2000);
        let said = !text_en.is_empty() || !text_zh.is_empty();
        check.require(said, "text_en", "must have a text, unless text_zh does");
        let start = input.starts_at.unwrap_or_else(Utc::now).max(Utc::now());
        check.require(
            input.ends_at.is_none_or(|end| end > start),
            "ends_at",
            "must be in the future, and after starts_at",
        );
        check.done()?;
        let (starts_at, ends_at) = (input.starts_at, input.ends_at);
        Ok(Self { level: input.level, text_en, text_zh, starts_at, ends_at })
    }

    pub(crate) fn new_row(&self, by: UserId) -> NewAnnouncement<'_> {
        NewAnnouncement {
            level: self.level.as_str(),
            text_en: &self.text_en,
            text_zh: &self.text_zh,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            by,
        }
    }
}

/// Read what is announced
///
/// The announcements that the people of the organisation entered are shown now: those to everybody, those of the operator
/// to this organisation, and its own. The most important first, at most 20.
#[utoipa::path(
    get, path = "/announcements", tag = "announcements", operation_id = "getAnnouncements",
    security(("bearer" = []), ("api_token" = [])),
    responses(
        (status = 200, description = "The announcements", body = Page<Announcement>),
        docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn live(
    State(state): State<AdminState>,
    caller: Caller,
) -> Result<Json<Page<Announcement>>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let rows = announcements::live(&mut tx).await?;
    Ok(Json(Page { items: rows.into_iter().map(shown).collect(), next_cursor: None }))
}

/// List the organisation's announcements
///
/// What its admins have announced, newest first, with what is over and what was taken back.
#[utoipa::path(
    get, path = "/organization/announcements", tag = "announcements", operation_id = "listAnnouncements",
    security(("bearer" = []), ("api_token" = ["organization:write"])), params(ListQuery),
    responses(
        (status = 200, description = "A page of announcements", body = Page<Announcement>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Announcement>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = announcements::of_organisation(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |row| row.id)))
}

/// Announce something
///
/// Shows a banner to the people of the organisation.
#[utoipa::path(
    post, path = "/organization/announcements", tag = "announcements", operation_id = "announce",
    security(("bearer" = []), ("api_token" = ["organization:write"])),
    request_body = Announce,
    responses(
        (status = 201, description = "The announcement", body = Announcement),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn create(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Body(input): Body<Announce>,
) -> Result<(StatusCode, Json<Announcement>), ApiError> {
    let checked = Checked::new(&input)?;
    let mut tx = caller.begin(&state).await?;
    let made = announcements::insert(&mut tx, checked.new_row(caller.user.id)).await?;
    let target = ("announcement", Some(made.id));
    caller.record(&mut tx, "announcement.create", target, None, Some(audited(&made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(shown(made))))
}

/// Take an announcement back
///
/// One of the organisation's own.
#[utoipa::path(
    delete, path = "/organization/announcements/{id}", tag = "announcements", operation_id = "withdrawAnnouncement",
    security(("bearer" = []), ("api_token" = ["organization:write"])),
    params(("id" = Uuid, Path, description = "Identifier of the announcement")),
    responses((status = 204, description = "Taken back"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn withdraw(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let gone = announcements::withdraw(&mut tx, id).await?;
    let target = ("announcement", Some(id));
    caller.record(&mut tx, "announcement.withdraw", target, Some(audited(&gone)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
