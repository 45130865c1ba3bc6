//! Removing an account.

use super::audited;
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::extract::State;
use causeway_domain::AccountId;
use causeway_store::accounts;
use http::StatusCode;

/// Remove an account
///
/// Erases the credential. Requests that are under way end normally; usage keeps the account's name. Refused while keys
/// are bound to the account, because they would stop working without anybody noticing.
#[utoipa::path(
    delete, path = "/accounts/{id}", tag = "accounts", operation_id = "deleteAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 204, description = "Removed"),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<AccountId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, true).await?;
    let bound = accounts::bound_keys(&mut tx, id).await?;
    if bound > 0 {
        let keys = if bound == 1 { "1 key is".to_owned() } else { format!("{bound} keys are") };
        return Err(ApiError::Conflict(format!(
            "{keys} bound to this account; bind them to another one first"
        )));
    }
    accounts::delete(&mut tx, id).await?;
    caller.record(&mut tx, "account.delete", ("account", Some(id.0)), Some(audited(&account)), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
