//! Listing dead letters.

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
use causeway_openapi::{DeadLetter, ListQuery, Page};
use causeway_store::dead_letters;

/// List dead letters
///
/// Requests of the organisation that could not be written to the log, newest first, each with the reason and all that is
/// known of it. They count in no sum and no budget until somebody has looked at them.
#[utoipa::path(
    get, path = "/ledger/dead-letters", tag = "ledger", operation_id = "listDeadLetters", params(ListQuery),
    responses(
        (status = 200, description = "A page of dead letters", body = Page<DeadLetter>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::LedgerRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<DeadLetter>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let letters = dead_letters::list(&mut tx, window.before.map(Into::into), window.fetch()).await?;
    Ok(Json(window.page(letters.into_iter().map(view).collect(), |letter| letter.request_id.0)))
}
