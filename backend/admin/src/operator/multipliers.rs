//! What is charged for a dollar of cost at a provider, in every organisation that has no multiplier of its own there.

use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::provider::Provider;
use causeway_openapi::{GlobalMultiplier, GlobalMultipliers, SetMultiplier};
use causeway_store::global_prices::{self, GlobalTx, RecordedMultiplier};
use serde_json::json;
use std::collections::HashSet;

fn shown(history: Vec<RecordedMultiplier>) -> GlobalMultipliers {
    // The first of a provider is its latest.
    let mut seen = HashSet::new();
    let items = history.into_iter().map(|row| GlobalMultiplier {
        in_force: seen.insert(row.provider.clone()) && row.multiplier.is_some(),
        id: row.id,
        provider: row.provider,
        multiplier: row.multiplier,
        recorded_at: row.at,
        recorded_by: row.by_name,
    });
    GlobalMultipliers { items: items.collect() }
}

/// List the installation's multipliers
///
/// What was ever said of what is charged for a dollar of cost at a provider, newest first; the latest of each counts, where
/// an organisation has none of its own.
#[utoipa::path(
    get, path = "/operator/multipliers", tag = "operator", operation_id = "listGlobalMultipliers",
    responses((status = 200, description = "The history", body = GlobalMultipliers), docs::Operators, docs::Failures)
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
) -> Result<Json<GlobalMultipliers>, ApiError> {
    Ok(Json(shown(global_prices::multipliers(&state.store.operator).await?)))
}

/// Set a multiplier for the installation
///
/// Or removes it. In force from every organisation's next request on.
#[utoipa::path(
    put, path = "/operator/multipliers/{provider}", tag = "operator", operation_id = "setGlobalMultiplier",
    params(("provider" = String, Path, description = "Provider", example = "anthropic")),
    request_body = SetMultiplier,
    responses(
        (status = 200, description = "The history as it is now", body = GlobalMultipliers),
        docs::Input, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn put(
    State(state): State<AdminState>,
    operator: Operator,
    Place(provider): Place<String>,
    Body(input): Body<SetMultiplier>,
) -> Result<Json<GlobalMultipliers>, ApiError> {
    let provider: Provider = provider.parse().map_err(|_| ApiError::NotFound)?;
    state.catalogue.get(provider).ok_or(ApiError::NotFound)?;
    let db = &state.store.operator;
    let mut tx = GlobalTx::begin(db).await?;
    let known = global_prices::multipliers(db).await?;
    let before = known.iter().find(|m| m.provider == provider.as_str()).and_then(|m| m.multiplier);
    if before != input.multiplier {
        tx.set_multiplier(provider, input.multiplier, operator.user.id).await?;
        let line = |m| json!({"provider": provider, "multiplier": m});
        let (was, is) = (line(before), line(input.multiplier));
        tx.record(operator.line("multiplier.set", ("provider", None), Some(was), Some(is))).await?;
        state.commit_for_all(tx).await?;
    }
    Ok(Json(shown(global_prices::multipliers(db).await?)))
}
