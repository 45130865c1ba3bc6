//! Reading one organisation.

use super::shown;
use crate::{docs, error::ApiError, extract::Place, guard::Operator, state::AdminState};
use axum::{Json, extract::State};
use causeway_domain::OrgId;
use causeway_openapi::Tenant;
use causeway_store::tenants;

/// Read an organisation
///
/// Its plan, what it uses of it, what it is charged, and its balance.
#[utoipa::path(
    get, path = "/operator/organizations/{org}", tag = "operator", operation_id = "getTenant",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    responses(
        (status = 200, description = "The organisation", body = Tenant),
        docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    _: Operator,
    Place(org): Place<OrgId>,
) -> Result<Json<Tenant>, ApiError> {
    Ok(Json(shown(tenants::get(&state.store.operator, org).await?)))
}
