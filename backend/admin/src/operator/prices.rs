//! Prices of the installation instead of the table's, for every organisation that has none of its own.

use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::Operator,
    prices::{
        figures,
        history::{of_table, shown},
        line, of_name,
        put::{MOST, moment},
    },
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    price::{
        Price,
        overrides::{Version, in_force, planned},
    },
    provider::Provider,
};
use causeway_openapi::{
    GlobalPrice, GlobalPrices, OverrideQuery, PriceFigures, PriceHistory, PriceOverride, SetPrice,
};
use causeway_store::{
    global_prices::{self, GlobalTx},
    price_overrides::{NewVersion, Recorded},
};
use chrono::Utc;
use http::StatusCode;
use std::collections::BTreeSet;

/// List the installation's prices
///
/// Every name that operators have priced for all organisations, with the price in force and what is planned. An
/// organisation's own price wins, unless it is prepaid.
#[utoipa::path(
    get, path = "/operator/prices", tag = "operator", operation_id = "listGlobalPrices",
    responses((status = 200, description = "The prices", body = GlobalPrices), docs::Operators, docs::Failures)
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
) -> Result<Json<GlobalPrices>, ApiError> {
    let known = global_prices::history(&state.store.operator, None).await?;
    let now = Utc::now();
    let names: BTreeSet<(String, Option<Provider>)> =
        known.iter().map(|r| (r.version.model.clone(), r.version.provider)).collect();
    let items = names.into_iter().filter_map(|(model, provider)| {
        let versions = of_name(&known, &model, provider);
        let price = |version: &Version| one(version, &known);
        let now_in_force = in_force(&versions, now).and_then(price);
        let planned: Vec<_> = planned(&versions, now).into_iter().filter_map(price).collect();
        // What was removed is history.
        (now_in_force.is_some() || !planned.is_empty()).then_some(GlobalPrice {
            model,
            provider,
            now: now_in_force,
            planned,
        })
    });
    Ok(Json(GlobalPrices { items: items.collect() }))
}

fn one(version: &Version, known: &[Recorded]) -> Option<PriceOverride> {
    Some(PriceOverride {
        model: version.model.clone(),
        provider: version.provider,
        price: figures(version)?,
        from: version.from,
        updated_at: known.iter().find(|r| r.version.id == version.id)?.at,
    })
}

/// Read the history of an installation's price
///
/// What the table in use says of a name, and every version that operators have set for exactly this name, newest first.
#[utoipa::path(
    get, path = "/operator/prices/overrides/{model}", tag = "operator", operation_id = "getGlobalPriceHistory",
    params(("model" = String, Path, description = "Model or pattern; a slash as %2F", example = "claude-haiku-4-5")),
    responses((status = 200, description = "The history", body = PriceHistory), docs::Operators, docs::Missing, docs::Failures)
)]
pub(crate) async fn history(
    State(state): State<AdminState>,
    _: Operator,
    Place(model): Place<String>,
) -> Result<Json<PriceHistory>, ApiError> {
    let known = global_prices::history(&state.store.operator, Some(&model)).await?;
    let table = state.prices.table();
    let table = table.iter().filter(|m| m.name == model).flat_map(|m| of_table(m)).collect();
    let now = Utc::now();
    let versions = known.iter().map(|version| shown(version, &known, now)).collect();
    Ok(Json(PriceHistory { model, table, versions }))
}

/// Set a price for the installation
///
/// Uses this price for the model instead of the table's in every organisation that has none of its own, from the next
/// request on or from a moment that is given.
#[utoipa::path(
    put, path = "/operator/prices/overrides/{model}", tag = "operator", operation_id = "setGlobalPrice",
    params(("model" = String, Path, description = "Model, as the provider names it, or a pattern with `*`; a slash as %2F", example = "claude-haiku-4-5")),
    request_body = SetPrice,
    responses(
        (status = 200, description = "The price as it was recorded, with everything filled in", body = PriceFigures),
        docs::Input, docs::Operators, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn put(
    State(state): State<AdminState>,
    operator: Operator,
    Place(model): Place<String>,
    Body(input): Body<SetPrice>,
) -> Result<Json<PriceFigures>, ApiError> {
    let (provider, from) = (input.provider, input.from);
    let figures = input.figures();
    let now = Utc::now();
    let mut check = Check::default();
    let model = check.model("model", &model);
    check.price("", &figures);
    moment(&mut check, from, now);
    if let Some(provider) = provider {
        check.provider("provider", provider, &state.catalogue);
    }
    check.done()?;
    let price = Price::from(&figures);
    let from = from.filter(|from| *from > now);

    let mut tx = GlobalTx::begin(&state.store.operator).await?;
    let known = tx.history(None).await?;
    let versions = of_name(&known, &model, provider);
    let names: BTreeSet<_> = known.iter().map(|r| (&r.version.model, r.version.provider)).collect();
    if versions.is_empty() && i64::try_from(names.len()).is_ok_and(|n| n >= MOST) {
        return Err(ApiError::Conflict(format!(
            "{MOST} names have had a price of the installation's, which is the most there can be; use a pattern instead"
        )));
    }
    let before = in_force(&versions, from.unwrap_or(now)).map(line);
    let new = NewVersion { provider, model: &model, from, price: Some(&price), by: operator.user.id };
    let after = tx.add(new).await?;
    tx.record(operator.line("price.set", ("price", None), before, Some(line(&after)))).await?;
    state.commit_for_all(tx).await?;
    Ok(Json(PriceFigures::from(&price)))
}

/// Remove a price of the installation
///
/// The table's price applies again, and prices that were planned for later are off. The history keeps them all.
#[utoipa::path(
    delete, path = "/operator/prices/overrides/{model}", tag = "operator", operation_id = "removeGlobalPrice",
    params(
        ("model" = String, Path, description = "Model or pattern, as it was set; a slash as %2F", example = "claude-haiku-4-5"),
        OverrideQuery
    ),
    responses(
        (status = 204, description = "Removed"),
        docs::Malformed, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn remove(
    State(state): State<AdminState>,
    operator: Operator,
    Place(model): Place<String>,
    Params(query): Params<OverrideQuery>,
) -> Result<StatusCode, ApiError> {
    let (model, now) = (model.trim(), Utc::now());
    let mut tx = GlobalTx::begin(&state.store.operator).await?;
    let known = tx.history(Some(model)).await?;
    let versions = of_name(&known, model, query.provider);
    let ended = in_force(&versions, now).or_else(|| planned(&versions, now).first().copied());
    let ended = ended.ok_or(ApiError::NotFound)?;
    let new = NewVersion { provider: query.provider, model, from: None, price: None, by: operator.user.id };
    tx.add(new).await?;
    tx.record(operator.line("price.remove", ("price", None), Some(line(ended)), None)).await?;
    state.commit_for_all(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
