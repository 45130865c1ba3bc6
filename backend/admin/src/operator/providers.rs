//! Providers: what is known of each, and what this installation has changed.

pub(crate) mod set;

use crate::{accounts::providers::shown as way, docs, error::ApiError, guard::Operator, state::AdminState};
use axum::{Json, extract::State};
use causeway_accounts::catalogue::{Entry, Source};
use causeway_domain::UserId;
use causeway_openapi::{OperatorProvider, ProviderConfirmation, ProviderSource};
use causeway_store::operators;
use serde_json::{Value, json};
use std::collections::HashMap;

/// As the API shows it.
fn plain(entry: &Entry, names: &HashMap<UserId, String>) -> OperatorProvider {
    let preset = &entry.preset;
    OperatorProvider {
        provider: preset.id,
        name: preset.name.clone(),
        source: match entry.source {
            Source::Shipped => ProviderSource::Shipped,
            Source::File => ProviderSource::File,
            Source::Operator => ProviderSource::Operator,
        },
        enabled: entry.enabled,
        subscription: preset.subscription,
        sign_in: preset.auth.iter().filter(|auth| preset.is_open(**auth)).map(|auth| way(*auth)).collect(),
        closed: preset.auth.iter().filter(|auth| !preset.is_open(**auth)).map(|auth| way(*auth)).collect(),
        client_id: entry.client_id.clone(),
        has_client_secret: entry.client_secret.is_some(),
        confirmation: entry.confirmation.as_ref().map(|said| ProviderConfirmation {
            text: said.text.clone(),
            by: said.by.and_then(|by| names.get(&by).cloned()),
            at: said.at,
        }),
        preset: serde_json::to_value(&**preset).unwrap_or_default(),
        changes: entry.changes.clone(),
    }
}

/// As the log of the installation keeps it.
fn audited(entry: &Entry) -> Value {
    json!({
        "provider": entry.preset.id,
        "enabled": entry.enabled,
        "client_id": entry.client_id,
        "has_client_secret": entry.client_secret.is_some(),
        "confirmation": entry.confirmation.as_ref().map(|said| &said.text),
        "changes": entry.changes,
    })
}

/// List providers
///
/// All of them with what this installation has changed: those that the product knows, those of `PROVIDERS_FILE`, and those
/// that operators have added.
#[utoipa::path(
    get, path = "/operator/providers", tag = "operator", operation_id = "listOperatorProviders",
    responses(
        (status = 200, description = "All of them", body = Vec<OperatorProvider>),
        docs::Operators, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
) -> Result<Json<Vec<OperatorProvider>>, ApiError> {
    state.catalogue.refresh(&state.store.app).await?;
    Ok(Json(all(&state).await?))
}

async fn all(state: &AdminState) -> Result<Vec<OperatorProvider>, ApiError> {
    let entries = state.catalogue.entries();
    let people: Vec<UserId> = entries.iter().filter_map(|entry| entry.confirmation.as_ref()?.by).collect();
    let names = operators::names_of(&state.store.operator, &people).await?;
    Ok(entries.iter().map(|entry| plain(entry, &names)).collect())
}
