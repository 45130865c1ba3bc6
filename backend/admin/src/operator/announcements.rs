//! What operators announce: to everybody, or to one organisation.

use crate::{
    announcements::{Checked, audited, shown},
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Announce, AnnounceAsOperator, Announcement, ListQuery, Page};
use causeway_store::{StoreError, announcements};
use http::StatusCode;
use uuid::Uuid;

/// List operators' announcements
///
/// What operators have announced to everybody or to one organisation, newest first, with what is over and what was taken
/// back.
#[utoipa::path(
    get, path = "/operator/announcements", tag = "operator", operation_id = "listOperatorAnnouncements", params(ListQuery),
    responses(
        (status = 200, description = "A page of announcements", body = Page<Announcement>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Announcement>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let rows = announcements::of_operators(&state.store.operator, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |row| row.id)))
}

/// Announce as the operator
///
/// Shows a banner to everybody, or to the people of one organisation.
#[utoipa::path(
    post, path = "/operator/announcements", tag = "operator", operation_id = "announceAsOperator",
    request_body = AnnounceAsOperator,
    responses(
        (status = 201, description = "The announcement", body = Announcement),
        docs::Input, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Body(input): Body<AnnounceAsOperator>,
) -> Result<(StatusCode, Json<Announcement>), ApiError> {
    let AnnounceAsOperator { level, text_en, text_zh, starts_at, ends_at, organization_id } = input;
    let checked = Checked::new(&Announce { level, text_en, text_zh, starts_at, ends_at })?;
    let new = checked.new_row(operator.user.id);
    let line = operator.line("announcement.create", ("announcement", None), None, None);
    let made = announcements::insert_as_operator(&state.store.operator, organization_id, new, line, audited);
    let made = made.await.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::field("organization_id", "must be the id of an organisation"),
        other => other.into(),
    })?;
    Ok((StatusCode::CREATED, Json(shown(made))))
}

/// Take an operator's announcement back
///
/// Whichever operator wrote it.
#[utoipa::path(
    delete, path = "/operator/announcements/{id}", tag = "operator", operation_id = "withdrawOperatorAnnouncement",
    params(("id" = Uuid, Path, description = "Identifier of the announcement")),
    responses((status = 204, description = "Taken back"), docs::Operators, docs::Missing, docs::Failures)
)]
pub(crate) async fn withdraw(
    State(state): State<AdminState>,
    operator: Operator,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let line = operator.line("announcement.withdraw", ("announcement", None), None, None);
    announcements::withdraw_as_operator(&state.store.operator, id, line, audited).await?;
    Ok(StatusCode::NO_CONTENT)
}
