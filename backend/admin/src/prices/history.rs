//! Reading everything that was said of one model's price.

use super::{figures, of_name};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::price::{
    overrides::{in_force, planned},
    table::Model,
};
use causeway_openapi::{PriceFigures, PriceHistory, PriceState, PriceVersion, TablePrice};
use causeway_store::price_overrides::{self, Recorded};
use chrono::{DateTime, Utc};

/// Read a price's history
///
/// What the table in use says of a name, and every version that this organisation has set for exactly this name, newest
/// first. Empty for a name that nobody has priced.
#[utoipa::path(
    get, path = "/prices/overrides/{model}", tag = "prices", operation_id = "getPriceHistory",
    params(("model" = String, Path, description = "Model or pattern; a slash as %2F", example = "claude-haiku-4-5")),
    responses((status = 200, description = "The history", body = PriceHistory), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesRead>,
    Place(model): Place<String>,
) -> Result<Json<PriceHistory>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let known = price_overrides::history(&mut tx, Some(&model)).await?;
    let table = state.prices.table();
    let table = table.iter().filter(|m| m.name == model).flat_map(|m| of_table(m)).collect();
    let now = Utc::now();
    let versions = known.iter().map(|one| shown(one, &known, now)).collect();
    Ok(Json(PriceHistory { model, table, versions }))
}

pub(crate) fn of_table(model: &Model) -> Vec<TablePrice> {
    let first = std::iter::once((None, &model.first));
    let later = model.changes.iter().map(|(from, price)| (Some(*from), price));
    first
        .chain(later)
        .map(|(from, price)| TablePrice {
            provider: model.provider.clone(),
            from,
            price: PriceFigures::from(&***price),
        })
        .collect()
}

pub(crate) fn shown(one: &Recorded, known: &[Recorded], now: DateTime<Utc>) -> PriceVersion {
    let version = &one.version;
    let all = of_name(known, &version.model, version.provider);
    let earlier: Vec<_> = all.iter().filter(|v| v.id < version.id).cloned().collect();
    let is = |v: &causeway_domain::price::overrides::Version| v.id == version.id;
    let state = if in_force(&all, now).is_some_and(is) {
        PriceState::InForce
    } else if planned(&all, now).into_iter().any(is) {
        PriceState::Planned
    } else {
        PriceState::Past
    };
    PriceVersion {
        id: version.id,
        provider: version.provider,
        from: version.from,
        price: figures(version),
        before: in_force(&earlier, version.from).and_then(figures),
        state,
        recorded_at: one.at,
        recorded_by: one.by_name.clone(),
    }
}
