//! Listing who waits to be let in.

use super::requested;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{ListQuery, Page, RegistrationRequest};
use causeway_store::registration::requests;

/// List who waits to be let in
///
/// People who have registered where the rule is `approval`, newest first. Nobody has confirmed their addresses. Requests
/// that nobody decides about are over after 30 days.
#[utoipa::path(
    get, path = "/registrations", tag = "registration", operation_id = "listRegistrations", params(ListQuery),
    responses(
        (status = 200, description = "A page of requests", body = Page<RegistrationRequest>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::InvitationsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<RegistrationRequest>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = requests::waiting(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(requested).collect(), |request| request.id)))
}
