//! Taking an authorisation back.

use super::who;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{Onboarding, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_store::oauth_flows;
use http::StatusCode;
use uuid::Uuid;

/// Cancel an authorisation
///
/// Nothing comes of it any more, and what has come of it is forgotten. One that is over already stays as it is.
#[utoipa::path(
    delete, path = "/accounts/authorizations/{id}", tag = "accounts", operation_id = "cancelAuthorization",
    params(("id" = Uuid, Path, description = "Identifier of the authorisation")),
    responses(
        (status = 204, description = "It is over"),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Onboarding { caller, .. }: Onboarding<right::AccountsWrite>,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    oauth_flows::get(&mut tx, id, who(&caller), true).await?;
    if oauth_flows::cancel(&mut tx, id).await? {
        caller.record(&mut tx, "authorization.cancel", ("authorization", Some(id)), None, None).await?;
    }
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
