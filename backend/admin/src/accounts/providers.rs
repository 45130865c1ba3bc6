//! The kinds of provider that an account can be at.

use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
};
use axum::Json;
use causeway_accounts::{AuthHeader, catalogue};
use causeway_openapi::{self as api, ProviderPreset};

/// List kinds of provider
///
/// What is known of each kind of provider, for the form that adds an account.
#[utoipa::path(
    get, path = "/providers", tag = "accounts", operation_id = "listProviders",
    responses((status = 200, description = "All kinds", body = Vec<ProviderPreset>), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(_: May<right::AccountsRead>) -> Result<Json<Vec<ProviderPreset>>, ApiError> {
    let presets = catalogue::PRESETS.iter().map(|preset| ProviderPreset {
        provider: preset.provider,
        name: preset.name.to_owned(),
        base_url: preset.base_url.map(str::to_owned),
        auth: match preset.auth {
            AuthHeader::XApiKey => api::AuthHeader::XApiKey,
            AuthHeader::Bearer => api::AuthHeader::Bearer,
        },
        key_prefix: preset.key_prefix.map(str::to_owned),
        keys_page: preset.keys_page.map(str::to_owned),
    });
    Ok(Json(presets.collect()))
}
