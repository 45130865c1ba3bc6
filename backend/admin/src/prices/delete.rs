//! Removing an override.

use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_openapi::PriceFigures;
use causeway_store::price_overrides;
use http::StatusCode;
use serde_json::json;

/// Remove a price
///
/// The table's price applies again from the next request on.
#[utoipa::path(
    delete, path = "/prices/overrides/{model}", tag = "prices", operation_id = "removePrice",
    params(("model" = String, Path, description = "Model, as the provider names it; a slash as %2F", example = "claude-haiku-4-5")),
    responses((status = 204, description = "Removed"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesWrite>,
    Place(model): Place<String>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let before = price_overrides::delete(&mut tx, model.trim()).await?;
    let before = json!({"model": model, "price": PriceFigures::from(&before)});
    caller.record(&mut tx, "price.remove", ("price", None), Some(before), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
