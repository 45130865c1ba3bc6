//! Listing keys.

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
use causeway_openapi::{Key, ListQuery, Page};
use causeway_store::keys;

/// List keys
///
/// The organisation's API keys with what they have used, newest first; a member's own ones only. Secrets are never shown.
#[utoipa::path(
    get, path = "/keys", tag = "keys", operation_id = "listKeys", params(ListQuery),
    responses(
        (status = 200, description = "A page of keys", body = Page<Key>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Key>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = keys::list(&mut tx, caller.sees(), window.before.map(Into::into), window.fetch()).await?;
    let page = window.page(rows, |key| key.id.0);
    Ok(Json(Page { items: view(&mut tx, &caller, page.items).await?, next_cursor: page.next_cursor }))
}
