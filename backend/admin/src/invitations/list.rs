//! Listing invitations.

use super::shown;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Invitation, ListQuery, Page};
use causeway_store::invitations;

/// List invitations
///
/// Those that nobody has accepted and nobody has revoked, newest first; expired ones too.
#[utoipa::path(
    get, path = "/invitations", tag = "invitations", operation_id = "listInvitations", params(ListQuery),
    responses(
        (status = 200, description = "A page of invitations", body = Page<Invitation>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::InvitationsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Invitation>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = invitations::open(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |invitation| invitation.id)))
}
