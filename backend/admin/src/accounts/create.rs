//! Adding an account.

use super::{
    adding::{Added, add, checked, given},
    health, preset,
};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Account, CreateAccount};
use http::StatusCode;

/// Add an account
///
/// Seals the credential for this account at this address, and puts the account to use at once unless `enabled` is false.
/// Nothing is sent to the provider; `testAccount` does that.
///
/// With `authorization_id` the credential is the one that was authorised, and the authorisation is used up. Where the
/// organisation has an account of the same identity at the provider already, that one gets the credential and comes back
/// with 200; its name and settings stay, except for an `owner_id` and a `proxy` that are given, and it is put into `pool_ids`
/// too.
#[utoipa::path(
    post, path = "/accounts", tag = "accounts", operation_id = "createAccount",
    request_body = CreateAccount,
    responses(
        (status = 201, description = "The account", body = Account),
        (status = 200, description = "The account that has this identity, with the new credential", body = Account),
        docs::Input, docs::Guarded, docs::AuthorizedFull, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Body(input): Body<CreateAccount>,
) -> Result<(StatusCode, Json<Account>), ApiError> {
    let preset = preset(&state, input.provider).await?;
    checked(&input)?;
    let mut tx = caller.begin(&state).await?;
    let given = given(&state, &caller, &mut tx, &input, &preset).await?;
    let Added { account, known, rested } = add(&state, &caller, &mut tx, &input, given, None).await?;
    let id = account.id;
    let now = health::view(&state, &mut tx, account).await?;
    state.commit(tx).await?;
    if rested {
        health::announce_reset(&state, caller.org(), id).await;
    }
    Ok((if known { StatusCode::OK } else { StatusCode::CREATED }, Json(now)))
}
