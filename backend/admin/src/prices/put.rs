//! Setting an override.

use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{model::MAX_MODEL_CHARS, price::Price};
use causeway_openapi::PriceFigures;
use causeway_store::price_overrides;
use serde_json::json;

/// Set a price
///
/// Uses this price for the model in this organisation, instead of the table's, from the next request on. Past requests
/// keep the price they were charged at. Cache prices that are absent follow from `input`.
#[utoipa::path(
    put, path = "/prices/overrides/{model}", tag = "prices", operation_id = "setPrice",
    params(("model" = String, Path, description = "Model, as the provider names it; a slash as %2F", example = "claude-haiku-4-5")),
    request_body = PriceFigures,
    responses(
        (status = 200, description = "The price as it is now, with everything filled in", body = PriceFigures),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesWrite>,
    Place(model): Place<String>,
    Body(input): Body<PriceFigures>,
) -> Result<Json<PriceFigures>, ApiError> {
    let mut check = Check::default();
    let model = check.text("model", &model, 1..=MAX_MODEL_CHARS);
    check.price("", &input);
    check.done()?;
    let price = Price::from(&input);
    let figures = PriceFigures::from(&price);
    let mut tx = caller.begin(&state).await?;
    let before = price_overrides::put(&mut tx, &model, &price).await?;
    let line = |price: &PriceFigures| json!({"model": model, "price": price});
    let before = before.map(|price| line(&PriceFigures::from(&price)));
    caller.record(&mut tx, "price.set", ("price", None), before, Some(line(&figures))).await?;
    state.commit(tx).await?;
    Ok(Json(figures))
}
