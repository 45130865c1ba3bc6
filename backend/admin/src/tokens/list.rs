//! Listing API tokens.

use super::{reaches, shown};
use crate::{cursor::Window, docs, error::ApiError, extract::Params, guard::Person, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::{ApiToken, ListQuery, Page};
use causeway_store::api_tokens;

/// List API tokens
///
/// The caller's own API tokens with their last use, newest first; everybody's for who has `tokens.manage`. Those that no
/// longer work are among them. Not for API tokens.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens", operation_id = "listTokens", params(ListQuery),
    responses(
        (status = 200, description = "A page of tokens", body = Page<ApiToken>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<ApiToken>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = api_tokens::list(&mut tx, reaches(&caller), window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |token: &ApiToken| token.id)))
}
