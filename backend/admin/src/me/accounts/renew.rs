//! Renewing one's own account.

use super::own;
use crate::{
    accounts::{audited, authorizations::save, binding, credential, health, preset, signed_in, stored_base},
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{Caller, Person},
    proxies::readers::Readers,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::{Credential, Preset};
use causeway_domain::AccountId;
use causeway_openapi::{Account, RenewAccount};
use causeway_store::{
    TenantTx,
    accounts::{self, Account as Stored, SignedIn},
    cooldowns,
};

/// Renew an account of one's own
///
/// Gives it another credential: one that is entered, or that was authorised with `account_id`. It ends whatever rests of the
/// account. Where the provider says whose the account is, the new credential must be of the same identity.
#[utoipa::path(
    put, path = "/me/accounts/{id}/credential", tag = "me", operation_id = "renewMyAccount", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    request_body = RenewAccount,
    responses(
        (status = 200, description = "The account as it is now", body = Account),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<AccountId>,
    Body(input): Body<RenewAccount>,
) -> Result<Json<Account>, ApiError> {
    caller.demand_membership()?;
    // Before anything holds a connection, because the catalogue takes one.
    let provider = own(&mut caller.begin(&state).await?, &caller, id, false).await?.provider;
    let preset = preset(&state, provider).await?;
    let mut tx = caller.begin(&state).await?;
    let mut account = own(&mut tx, &caller, id, true).await?;
    let (before, readers) = (audited(&account), Readers::now(&mut tx).await?);
    let (given, known) = given(&state, &caller, &mut tx, &account, &preset, &input).await?;
    let origin = stored_base(&account)?.origin();
    let place = binding(caller.org(), id, account.provider, &origin);
    account.credential = state.sealing.seal(&place, &given).map_err(ApiError::internal)?;
    account.credential_hint = given.hint();
    account.signed_in = known;
    accounts::update(&mut tx, &account).await?;
    readers.unchanged(&mut tx, Some(id)).await?;
    // What it rests for may be what has just been mended.
    let rested = cooldowns::reset(&mut tx, id).await? > 0;
    let now = accounts::get(&mut tx, id, false).await?;
    caller
        .record(&mut tx, "account.renew", ("account", Some(id.0)), Some(before), Some(audited(&now)))
        .await?;
    let now = health::view(&state, &mut tx, now).await?;
    state.commit(tx).await?;
    if rested {
        health::announce_reset(&state, caller.org(), id).await;
    }
    Ok(Json(now))
}

/// What it signs in with from now on, and what is known of that.
async fn given(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    account: &Stored,
    preset: &Preset,
    input: &RenewAccount,
) -> Result<(Credential, SignedIn), ApiError> {
    match (&input.credential, input.authorization_id) {
        (Some(entered), None) => {
            let credential = credential(entered, preset)?;
            let known = signed_in(&credential);
            Ok((credential, known))
        }
        (None, Some(id)) => {
            let taken = save::take(state, caller, tx, id, account.provider).await?;
            let other = |known: &AccountId| *known != account.id;
            // One that nothing is known of yet may be anybody's; but two of one identity cannot be.
            let told = account.signed_in.subject.is_some() && taken.signed_in.subject.is_some();
            let elsewhere = taken.known.as_ref().is_some_and(other) || told && taken.known.is_none();
            if elsewhere {
                let text = "is of another login than this account; sign in with the one that it has";
                return Err(ApiError::field("authorization_id", text));
            }
            Ok((taken.credential, taken.signed_in))
        }
        (Some(_), Some(_)) => {
            Err(ApiError::field("authorization_id", "must be absent where there is a credential"))
        }
        (None, None) => Err(ApiError::field("credential", "is needed, or an authorization_id")),
    }
}
