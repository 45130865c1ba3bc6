//! Reading the rules.

use super::shown;
use crate::{
    docs,
    error::ApiError,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::ClientRuleSet;
use causeway_store::clients;

/// Read how clients are recognised
///
/// The organisation's own rules and the shipped ones, the headers that rules can read, and the clients that a key can be
/// restricted to. Rules recognise and change nothing; whoever sends a client's headers is taken for it.
#[utoipa::path(
    get, path = "/client-rules", tag = "clients", operation_id = "getClientRules",
    responses((status = 200, description = "The rules", body = ClientRuleSet), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationRead>,
) -> Result<Json<ClientRuleSet>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let stored = clients::get(&mut tx).await?;
    Ok(Json(shown(&mut tx, stored).await?))
}
