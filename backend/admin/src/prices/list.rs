//! Listing prices.

use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::price::{Price, table::Model};
use causeway_openapi::{PriceFigures, PriceList, PriceOverride, PriceQuery, PriceRow};
use causeway_store::price_overrides;
use chrono::{DateTime, Utc};

/// List prices
///
/// Every model of the price table, and those that only an override of the organisation knows, by name. Dollars per million
/// tokens.
#[utoipa::path(
    get, path = "/prices", tag = "prices", operation_id = "listPrices", params(PriceQuery),
    responses(
        (status = 200, description = "The prices", body = PriceList),
        docs::Malformed, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesRead>,
    Params(query): Params<PriceQuery>,
) -> Result<Json<PriceList>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut own = price_overrides::list(&mut tx).await?;
    let part = query.query.unwrap_or_default().to_lowercase();
    let mut items: Vec<PriceRow> =
        state.prices.iter().map(|model| known(model, own.get(&model.name))).collect();
    // What is left is in no table.
    own.retain(|model, _| !items.iter().any(|row| row.model == *model));
    items.extend(own.into_iter().map(|(model, own)| unknown(model, &own)));
    items.retain(|row| row.model.to_lowercase().contains(&part));
    items.sort_by(|a, b| (&a.model, &a.provider).cmp(&(&b.model, &b.provider)));
    Ok(Json(PriceList { source: state.prices.source.clone(), items }))
}

fn known(model: &Model, own: Option<&(Price, DateTime<Utc>)>) -> PriceRow {
    PriceRow {
        model: model.name.clone(),
        provider: model.provider.clone(),
        mode: model.mode.clone(),
        context: model.context,
        max_output: model.max_output,
        table: Some(PriceFigures::from(&**model.price)),
        own: own.map(shown),
    }
}

fn unknown(model: String, own: &(Price, DateTime<Utc>)) -> PriceRow {
    PriceRow {
        model,
        provider: String::new(),
        mode: String::new(),
        context: None,
        max_output: None,
        table: None,
        own: Some(shown(own)),
    }
}

fn shown((price, updated_at): &(Price, DateTime<Utc>)) -> PriceOverride {
    PriceOverride { price: PriceFigures::from(price), updated_at: *updated_at }
}
