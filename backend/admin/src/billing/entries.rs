//! Reading the ledger of credits.

use super::shown_entry;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{CreditEntry, ListQuery, Page};
use causeway_store::credits;

/// List credits
///
/// Every entry in the organisation's ledger of credits, newest first. Entries are only ever added; their sum is
/// `credits_usd` of the balance.
#[utoipa::path(
    get, path = "/balance/entries", tag = "billing", operation_id = "listCredits", params(ListQuery),
    responses(
        (status = 200, description = "A page of entries", body = Page<CreditEntry>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::BillingRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<CreditEntry>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = credits::list(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown_entry).collect(), |entry| entry.id)))
}
