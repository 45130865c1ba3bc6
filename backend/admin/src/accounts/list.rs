//! Listing accounts.

use super::health;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Account, ListQuery, Page};
use causeway_store::accounts;

/// List accounts
///
/// The organisation's upstream accounts, newest first. Credentials are never shown, only their last characters.
#[utoipa::path(
    get, path = "/accounts", tag = "accounts", operation_id = "listAccounts", params(ListQuery),
    responses(
        (status = 200, description = "A page of accounts", body = Page<Account>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Account>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = accounts::list(&mut tx, window.before.map(Into::into), window.fetch()).await?;
    let rows = health::views(&state, &mut tx, rows).await?;
    Ok(Json(window.page(rows, |account| account.id.0)))
}
