//! The kinds of provider that an account can be at.

use super::authorizations;
use crate::{
    docs,
    error::ApiError,
    guard::{Onboarding, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::{AuthHeader, catalogue::AuthKind};
use causeway_openapi::{self as api, ProviderPreset, SignInWay, Words};

/// List kinds of provider
///
/// What is known of each kind of provider, for the form that adds an account.
#[utoipa::path(
    get, path = "/providers", tag = "accounts", operation_id = "listProviders",
    responses((status = 200, description = "All kinds", body = Vec<ProviderPreset>), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    _: Onboarding<right::AccountsRead>,
) -> Result<Json<Vec<ProviderPreset>>, ApiError> {
    state.catalogue.refresh(&state.store.app).await?;
    let all = state.catalogue.all();
    let presets = all.iter().map(|preset| ProviderPreset {
        provider: preset.id,
        name: preset.name.clone(),
        dialects: preset.dialects.iter().map(|shape| shape.dialect).collect(),
        sign_in: preset.auth.iter().filter(|way| preset.is_open(**way)).map(|way| shown(*way)).collect(),
        closed: preset.auth.iter().filter(|way| !preset.is_open(**way)).map(|way| shown(*way)).collect(),
        redirects: match &preset.oauth {
            Some(oauth) if preset.auth.contains(&AuthKind::OauthCode) => {
                oauth.redirects.iter().map(authorizations::shown).collect()
            }
            _ => Vec::new(),
        },
        notice: preset.notice.clone().map(|notice| Words { en: notice.en, zh: notice.zh }),
        places: preset.places().into_iter().map(str::to_owned).collect(),
        base_url: preset.base_url.clone(),
        auth: match preset.key_header {
            AuthHeader::XApiKey => api::AuthHeader::XApiKey,
            AuthHeader::Bearer => api::AuthHeader::Bearer,
            AuthHeader::ApiKey => api::AuthHeader::ApiKey,
            AuthHeader::XGoogApiKey => api::AuthHeader::XGoogApiKey,
        },
        key_prefix: preset.key_prefix.clone(),
        keys_page: preset.keys_page.clone(),
    });
    Ok(Json(presets.collect()))
}

/// As the API calls a way to sign in.
pub(crate) fn shown(way: AuthKind) -> SignInWay {
    match way {
        AuthKind::ApiKey => SignInWay::ApiKey,
        AuthKind::Token => SignInWay::Token,
        AuthKind::OauthCode => SignInWay::OauthCode,
        AuthKind::DeviceCode => SignInWay::DeviceCode,
        AuthKind::ServiceAccount => SignInWay::ServiceAccount,
        AuthKind::AwsKeys => SignInWay::AwsKeys,
    }
}
