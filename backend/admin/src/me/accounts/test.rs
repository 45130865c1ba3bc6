//! Testing one's own account.

use super::own;
use crate::{
    accounts::{fresh, test::keep},
    docs,
    error::ApiError,
    extract::Place,
    guard::Person,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::AccountTest;

/// Test an account of one's own
///
/// As `testAccount` does: asks the provider for its models, waiting up to ten seconds, and costs nothing.
#[utoipa::path(
    post, path = "/me/accounts/{id}/test", tag = "me", operation_id = "testMyAccount", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "What happened", body = AccountTest),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<AccountId>,
) -> Result<Json<AccountTest>, ApiError> {
    caller.demand_membership()?;
    let mut tx = caller.begin(&state).await?;
    let account = own(&mut tx, &caller, id, false).await?;
    // Not across the call: the provider may take its time.
    drop(tx);
    let outcome = fresh::tested(&state, caller.org(), account).await?;
    keep(&state, caller.org(), id, &outcome).await?;
    Ok(Json(outcome))
}
