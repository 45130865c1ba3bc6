//! Which issuers somebody can sign in at, before anybody has signed in.

use crate::{docs, error::ApiError, extract::Params, state::AdminState};
use axum::{Json, extract::State};
use causeway_domain::sso::email_domain;
use causeway_openapi::{SsoButton, SsoButtons, SsoQuery};
use causeway_store::sso;

/// Find the issuers of an organisation
///
/// By the organisation's name in addresses, or by the domain of an e-mail address. An organisation that does not exist and
/// one without issuers get the same answer, and of an address nothing but its domain is looked at. Needs no access token.
#[utoipa::path(
    get, path = "/auth/oidc", tag = "auth", operation_id = "discoverSso", security(()), params(SsoQuery),
    responses((status = 200, description = "The issuers; none where nobody is known", body = SsoButtons), docs::Malformed, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Params(query): Params<SsoQuery>,
) -> Result<Json<SsoButtons>, ApiError> {
    let slug = query.organization.map(|slug| slug.trim().to_lowercase()).filter(|slug| is_storable(slug));
    let domain = query.email.as_deref().and_then(email_domain).filter(|domain| is_storable(domain));
    if slug.is_none() && domain.is_none() {
        return Ok(Json(SsoButtons::default()));
    }
    let found = sso::discover(&state.store.app, slug.as_deref(), domain.as_deref()).await?;
    let providers = found.into_iter().map(|p| SsoButton { id: p.id, name: p.name }).collect();
    Ok(Json(SsoButtons { providers }))
}

/// Postgres knows no zero characters.
fn is_storable(text: &str) -> bool {
    text.len() <= 300 && !text.chars().any(char::is_control)
}
