//! Testing an account.

use super::fresh;
use crate::{
    checks::kept,
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{AccountId, OrgId};
use causeway_openapi::AccountTest;
use causeway_store::{TenantTx, accounts};

/// Test an account
///
/// Asks the provider for its models with the account's credential, waiting up to ten seconds, and keeps the outcome with
/// the account. Costs nothing. A token that has ended, or that the provider refuses, is refreshed first where it can be. A
/// provider or an issuer that refuses is not an error of this call: see `ok` and `message`.
#[utoipa::path(
    post, path = "/accounts/{id}/test", tag = "accounts", operation_id = "testAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "What happened", body = AccountTest),
        docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<AccountId>,
) -> Result<Json<AccountTest>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, false).await?;
    // Not across the call: the provider may take its time.
    drop(tx);
    let outcome = fresh::tested(&state, caller.org(), account).await?;
    keep(&state, caller.org(), id, &outcome).await?;
    Ok(Json(outcome))
}

/// Keeps an outcome with its account.
pub(crate) async fn keep(
    state: &AdminState,
    org: OrgId,
    id: AccountId,
    outcome: &AccountTest,
) -> Result<(), ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let models = outcome.ok.then_some(outcome.models.as_slice());
    accounts::save_test(&mut tx, id, &kept(outcome), models).await?;
    state.commit(tx).await
}
