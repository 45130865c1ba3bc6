//! Listing members.

use super::view;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{ListQuery, Member, Page};
use causeway_store::members;

/// List members
///
/// The members of the organisation with what they have used today, the newest person first; a member sees only themselves.
#[utoipa::path(
    get, path = "/members", tag = "members", operation_id = "listMembers", params(ListQuery),
    responses(
        (status = 200, description = "A page of members", body = Page<Member>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Member>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = members::list(&mut tx, caller.sees(), window.before.map(Into::into), window.fetch()).await?;
    let page = window.page(rows, |member| member.id.0);
    Ok(Json(Page { items: view(&mut tx, &caller, page.items).await?, next_cursor: page.next_cursor }))
}
