//! Reading an account.

use super::health;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::Account;
use causeway_store::accounts;

/// Read an account
///
/// One upstream account. The credential is never shown.
#[utoipa::path(
    get, path = "/accounts/{id}", tag = "accounts", operation_id = "getAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "The account", body = Account),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<AccountId>,
) -> Result<Json<Account>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, false).await?;
    Ok(Json(health::view(&state, &mut tx, account).await?))
}
