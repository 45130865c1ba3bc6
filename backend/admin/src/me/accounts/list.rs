//! Listing one's own accounts.

use crate::{accounts::health, docs, error::ApiError, guard::Person, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::Account;
use causeway_store::accounts;

/// List the caller's own accounts
///
/// The upstream accounts of the organisation entered that the caller shares, or is named to look after; the newest first.
#[utoipa::path(
    get, path = "/me/accounts", tag = "me", operation_id = "listMyAccounts", security(("bearer" = [])),
    responses(
        (status = 200, description = "All of them", body = Vec<Account>),
        docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
) -> Result<Json<Vec<Account>>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let own = accounts::own(&mut tx, caller.user.id).await?;
    Ok(Json(health::views(&state, &mut tx, own).await?))
}
