//! Adding an account.

use super::{audited, binding, credential, health, preset, priority, timeouts};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    plan,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::{Account, CreateAccount};
use causeway_store::{
    accounts::{self, NewAccount},
    plans::Counted,
};
use http::StatusCode;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Add an account
///
/// Seals the credential for this account at this address, and puts the account to use at once unless `enabled` is false.
/// Nothing is sent to the provider; `testAccount` does that.
#[utoipa::path(
    post, path = "/accounts", tag = "accounts", operation_id = "createAccount",
    request_body = CreateAccount,
    responses(
        (status = 201, description = "The account", body = Account),
        docs::Input, docs::Guarded, docs::Full, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Body(input): Body<CreateAccount>,
) -> Result<(StatusCode, Json<Account>), ApiError> {
    let preset = preset(&state, input.provider)?;
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    check.limits("limits", &input.limits);
    timeouts(&mut check, &input.timeouts);
    check.done()?;
    let usual = preset.filled(&BTreeMap::new()).unwrap_or_default();
    let address = input.base_url.clone().or(usual);
    let address = address.ok_or_else(|| ApiError::field("base_url", "is needed for this provider"))?;
    let base =
        state.addresses.base_url(&address).map_err(|bad| ApiError::field("base_url", bad.to_string()))?;
    let credential = credential(&input.credential, preset.key_header)?;
    let id = AccountId(Uuid::now_v7());
    let sealed = state
        .sealing
        .seal(&binding(caller.org(), id, input.provider, &base.origin()), &credential)
        .map_err(ApiError::internal)?;
    let new = NewAccount {
        id,
        name: &name,
        provider: input.provider,
        base_url: &base.to_string(),
        credential: &sealed,
        credential_hint: &credential.hint(),
        enabled: input.enabled.unwrap_or(true),
        priority: priority(input.priority.unwrap_or(100))?,
        limits: &input.limits,
        timeouts: input.timeouts,
        dedicated: input.dedicated.unwrap_or(false),
        created_by: caller.user.id,
    };
    let mut tx = caller.begin(&state).await?;
    accounts::insert(&mut tx, &new).await?;
    plan::check(&mut tx, Counted::Accounts).await?;
    let made = accounts::get(&mut tx, id, false).await?;
    caller.record(&mut tx, "account.create", ("account", Some(id.0)), None, Some(audited(&made))).await?;
    let made = health::view(&state, &mut tx, made).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
