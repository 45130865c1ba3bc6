//! Who can give rights: what a page says to somebody who lacks one.

use crate::{docs, error::ApiError, guard::Caller, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::{Administrator, Administrators};
use causeway_store::members;

/// Read who can give rights
///
/// The names of the owners and admins of the organisation entered, for everybody who belongs to it.
#[utoipa::path(
    get, path = "/organization/administrators", tag = "organization", operation_id = "getAdministrators",
    security(("bearer" = []), ("api_token" = [])),
    responses((status = 200, description = "The people", body = Administrators), docs::Guarded, docs::Failures)
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    caller: Caller,
) -> Result<Json<Administrators>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let people = members::administrators(&mut tx).await?;
    Ok(Json(Administrators {
        organization: caller.organization,
        people: people.into_iter().map(|(name, role)| Administrator { name, role }).collect(),
    }))
}
