//! Ending an account's rest.

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
use causeway_store::{accounts, cooldowns};
use serde_json::json;

/// Put an account back to use
///
/// Ends whatever rests of it after failures or limits, whole or in part, at every instance within a second. An account that
/// is disabled stays so.
#[utoipa::path(
    post, path = "/accounts/{id}/reset", tag = "accounts", operation_id = "resetAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "The account as it is now", body = Account),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<AccountId>,
) -> Result<Json<Account>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, true).await?;
    let rests = cooldowns::of_account(&mut tx, id).await?;
    cooldowns::reset(&mut tx, id).await?;
    let before = json!({"name": account.name, "rests": health::audited(&rests)});
    let after = json!({"name": account.name, "rests": []});
    caller.record(&mut tx, "account.reset", ("account", Some(id.0)), Some(before), Some(after)).await?;
    let now = health::view(&state, &mut tx, account).await?;
    state.commit(tx).await?;
    health::announce_reset(&state, caller.org(), id).await;
    Ok(Json(now))
}
