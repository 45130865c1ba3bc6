//! Why a request went where it did.

use super::steps;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::RequestId;
use causeway_openapi::RequestAttempts;
use causeway_store::{attempts, requests};

/// Read the way of a request
///
/// Each account that a request was sent to or that was passed over, and why; also of a request that no account could take,
/// by the id in the `x-request-id` header of its refusal. Kept for 30 days. Without steps when the first account answered.
#[utoipa::path(
    get, path = "/requests/{id}/attempts", tag = "requests", operation_id = "getRequestAttempts",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the request")),
    responses(
        (status = 200, description = "Its way", body = RequestAttempts),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Place(id): Place<RequestId>,
) -> Result<Json<RequestAttempts>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let Some(found) = attempts::get(&mut tx, id, caller.sees()).await? else {
        let request = requests::get(&mut tx, id, caller.sees()).await?;
        return Ok(Json(RequestAttempts {
            request_id: id,
            model: request.model,
            status: None,
            code: "ok".to_owned(),
            message: String::new(),
            steps: Vec::new(),
        }));
    };
    let steps = steps::read(found.steps)?;
    let names = steps::names(&mut tx, &steps).await?;
    Ok(Json(RequestAttempts {
        request_id: id,
        model: found.model,
        status: (found.status > 0).then_some(found.status),
        code: found.code,
        message: found.message,
        steps: steps::view(steps, &names),
    }))
}
