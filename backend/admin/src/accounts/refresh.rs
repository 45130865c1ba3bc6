//! Refreshing an account's credential because a person wants it now.

use super::{fresh, health};
use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::refresh::Why;
use causeway_domain::AccountId;
use causeway_openapi::Account;
use causeway_store::{accounts, cooldowns};
use serde_json::json;

/// Why an account rests that another token puts back to use.
const BAD_CREDENTIAL: &str = "bad_credential";

/// Refresh a credential now
///
/// Asks the issuer for another token, whatever the time of the present one and however short ago the issuer could not be
/// reached, and waits for it up to 25 seconds. The new one is in force at once, on every instance; a rest for a credential that
/// was not accepted ends. Instances ask an issuer one at a time: a refresh that is under way is waited for. A grant that the
/// issuer declares void is marked as such.
#[utoipa::path(
    post, path = "/accounts/{id}/refresh", tag = "accounts", operation_id = "refreshAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "The account, with the end of its new token", body = Account),
        docs::Guarded, docs::Missing, docs::Refreshing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<AccountId>,
) -> Result<Json<Account>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let before = accounts::get(&mut tx, id, false).await?;
    // Not across the call: the issuer may take its time.
    drop(tx);
    let credential = fresh::opened(&state, caller.org(), &before)?;
    if !credential.can_refresh() {
        return Err(ApiError::Conflict(
            "there is nothing to refresh: the credential of this account is good until somebody changes it"
                .to_owned(),
        ));
    }
    fresh::another(&state, caller.org(), id, Why::Person).await?.map_err(ApiError::Conflict)?;
    let mut tx = caller.begin(&state).await?;
    let now = accounts::get(&mut tx, id, false).await?;
    let rests = cooldowns::of_account(&mut tx, id).await?;
    // One that rests for a limit as well goes on doing so.
    let mended = !rests.is_empty() && rests.iter().all(|rest| rest.cause == BAD_CREDENTIAL);
    if mended {
        cooldowns::reset(&mut tx, id).await?;
    }
    let ends = |account: &accounts::Account| json!({"name": account.name, "credential_expires_at": account.signed_in.expires_at});
    let target = ("account", Some(id.0));
    caller.record(&mut tx, "account.refresh", target, Some(ends(&before)), Some(ends(&now))).await?;
    let view = health::view(&state, &mut tx, now).await?;
    state.commit(tx).await?;
    if mended {
        health::announce_reset(&state, caller.org(), id).await;
    }
    Ok(Json(view))
}
