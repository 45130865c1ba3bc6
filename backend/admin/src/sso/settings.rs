//! How people of an organisation may sign in.

use super::{view, view_domain};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, Person, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{SingleSignOn, UpdateSingleSignOn};
use causeway_store::{
    TenantTx,
    sso::{self, domains, providers},
};
use serde_json::json;

/// Read how people may sign in
///
/// Issuers, e-mail domains, and whether passwords are accepted. Client secrets are never shown.
#[utoipa::path(
    get, path = "/sso", tag = "sso", operation_id = "getSso",
    responses((status = 200, description = "The settings", body = SingleSignOn), docs::Guarded, docs::Failures)
)]
pub(crate) async fn get(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
) -> Result<Json<SingleSignOn>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    Ok(Json(read(&state, &mut tx).await?))
}

/// Change how people may sign in
///
/// Where passwords are not accepted, a session that began with one does not enter the organisation from the next call on,
/// except an owner's: an issuer that is gone must not lock everybody out.
#[utoipa::path(
    patch, path = "/sso", tag = "sso", operation_id = "updateSso", request_body = UpdateSingleSignOn,
    responses(
        (status = 200, description = "The settings as they are now", body = SingleSignOn),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn update(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Body(input): Body<UpdateSingleSignOn>,
) -> Result<Json<SingleSignOn>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let before = sso::allows_passwords(&mut tx).await?;
    if let Some(allowed) = input.password_sign_in.filter(|allowed| *allowed != before) {
        if !allowed && !providers::list(&mut tx).await?.iter().any(|p| p.enabled) {
            return Err(ApiError::Conflict(
                "passwords are the only way to sign in; put an issuer to use first".to_owned(),
            ));
        }
        sso::allow_passwords(&mut tx, allowed).await?;
        let target = ("organization", Some(caller.org().0));
        let (was, is) = (json!({"password_sign_in": before}), json!({"password_sign_in": allowed}));
        caller.record(&mut tx, "sso.update", target, Some(was), Some(is)).await?;
    }
    let shown = read(&state, &mut tx).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}

async fn read(state: &AdminState, tx: &mut TenantTx) -> Result<SingleSignOn, ApiError> {
    Ok(SingleSignOn {
        password_sign_in: sso::allows_passwords(tx).await?,
        domains: domains::list(tx).await?.into_iter().map(view_domain).collect(),
        providers: providers::list(tx).await?.iter().map(|p| view(state, p)).collect(),
    })
}
