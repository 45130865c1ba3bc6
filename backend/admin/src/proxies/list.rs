//! Listing proxies.

use super::views;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{ListQuery, Page, Proxy};
use causeway_store::proxies;

/// List proxies
///
/// The organisation's proxies, newest first, each with how it stands and who names it. Passwords are never shown.
#[utoipa::path(
    get, path = "/proxies", tag = "proxies", operation_id = "listProxies", params(ListQuery),
    responses(
        (status = 200, description = "A page of proxies", body = Page<Proxy>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Proxy>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = proxies::list(&mut tx, window.before.map(Into::into), window.fetch()).await?;
    let rows = views(&mut tx, rows).await?;
    Ok(Json(window.page(rows, |proxy| proxy.id.0)))
}
