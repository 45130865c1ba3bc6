//! Listing invitations to share.

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
use causeway_openapi::{ListQuery, Page, Share};
use causeway_store::shares;

/// List invitations to share
///
/// With what became of them, newest first; a member sees those that they were sent or have made.
#[utoipa::path(
    get, path = "/shares", tag = "shares", operation_id = "listShares", params(ListQuery),
    responses(
        (status = 200, description = "A page of invitations to share", body = Page<Share>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Share>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = shares::list(&mut tx, window.before, caller.sees(), window.fetch()).await?;
    let page = window.page(rows, |share| share.id);
    Ok(Json(Page { items: page.items.into_iter().map(shown).collect(), next_cursor: page.next_cursor }))
}
