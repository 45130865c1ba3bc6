//! Listing pools.

use super::plain;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{ListQuery, Page, Pool};
use causeway_store::pools;

/// List pools
///
/// The organisation's pools, newest first, each with its accounts.
#[utoipa::path(
    get, path = "/pools", tag = "pools", operation_id = "listPools", params(ListQuery),
    responses(
        (status = 200, description = "A page of pools", body = Page<Pool>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Pool>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = pools::list(&mut tx, window.before.map(Into::into), window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(plain).collect(), |pool| pool.id.0)))
}
