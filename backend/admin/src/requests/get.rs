//! Reading a request.

use super::view;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::RequestId;
use causeway_openapi::Request;
use causeway_store::requests;

/// Read a request
///
/// One row of the request log, by the id that the client was told in the `request-id` header.
#[utoipa::path(
    get, path = "/requests/{id}", tag = "requests", operation_id = "getRequest",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the request")),
    responses(
        (status = 200, description = "The request", body = Request),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Place(id): Place<RequestId>,
) -> Result<Json<Request>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    Ok(Json(view(requests::get(&mut tx, id, caller.sees()).await?)?))
}
