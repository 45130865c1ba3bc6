//! Removing an override.

use super::{line, of_name};
use crate::{
    docs,
    error::ApiError,
    extract::{Params, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::price::overrides::{in_force, planned};
use causeway_openapi::OverrideQuery;
use causeway_store::price_overrides::{self, NewVersion};
use chrono::Utc;
use http::StatusCode;

/// Remove a price
///
/// The table's price applies again from the next request on, and prices that were planned for later are off. The history
/// keeps them all.
#[utoipa::path(
    delete, path = "/prices/overrides/{model}", tag = "prices", operation_id = "removePrice",
    params(
        ("model" = String, Path, description = "Model or pattern, as it was set; a slash as %2F", example = "claude-haiku-4-5"),
        OverrideQuery
    ),
    responses(
        (status = 204, description = "Removed"),
        docs::Malformed, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesWrite>,
    Place(model): Place<String>,
    Params(query): Params<OverrideQuery>,
) -> Result<StatusCode, ApiError> {
    let (model, now) = (model.trim(), Utc::now());
    let mut tx = caller.begin(&state).await?;
    let known = price_overrides::history(&mut tx, Some(model)).await?;
    let versions = of_name(&known, model, query.provider);
    let ended = in_force(&versions, now).or_else(|| planned(&versions, now).first().copied());
    let ended = ended.ok_or(ApiError::NotFound)?;
    let new = NewVersion { provider: query.provider, model, from: None, price: None, by: caller.user.id };
    price_overrides::add(&mut tx, new).await?;
    caller.record(&mut tx, "price.remove", ("price", None), Some(line(ended)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
