//! What became of a browser's last sign-in.

use super::flow;
use crate::{docs, error::ApiError, extract::Place, state::AdminState};
use axum::{Json, extract::State};
use axum_extra::extract::cookie::CookieJar;
use causeway_openapi::SsoFailure;
use causeway_store::{
    TenantTx,
    sso::{self, attempts},
};
use uuid::Uuid;

/// Read why a sign-in failed
///
/// The reason why the last sign-in of this browser at this issuer did not succeed, for an hour. It is kept here and not in
/// the address of the sign-in page, so that no link can make that page say something. Needs no access token.
#[utoipa::path(
    get, path = "/auth/oidc/{id}/outcome", tag = "auth", operation_id = "getSsoOutcome", security(()),
    params(("id" = Uuid, Path, description = "Identifier of the provider")),
    responses((status = 200, description = "The reason", body = SsoFailure), docs::Missing, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    jar: CookieJar,
    Place(id): Place<Uuid>,
) -> Result<Json<SsoFailure>, ApiError> {
    let browser = flow::sent(&jar).ok_or(ApiError::NotFound)?;
    let org = sso::organisation_of(&state.store.app, id).await?.ok_or(ApiError::NotFound)?;
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let failure = attempts::failure(&mut tx, &flow::hash(&browser), id).await?.ok_or(ApiError::NotFound)?;
    Ok(Json(serde_json::from_value(failure).map_err(ApiError::internal)?))
}
