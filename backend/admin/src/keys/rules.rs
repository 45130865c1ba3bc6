//! What members may give their own keys.

use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::Ceilings;
use causeway_openapi::{KeyRules, Permission, schema};
use causeway_store::{StoreError, TenantTx, accounts, ceilings, pools};
use serde_json::json;
use std::collections::BTreeSet;

const MOST_ACCOUNTS: usize = 200;

/// Read what members may give their own keys
///
/// How many keys a member may have, the highest limits, the models and accounts, and within how many days keys must end.
/// Holds for the keys of members and viewers; a tighter ceiling holds for the keys from before as well.
#[utoipa::path(
    get, path = "/organization/key-ceilings", tag = "organization", operation_id = "getKeyCeilings",
    responses((status = 200, description = "The ceilings", body = KeyRules), docs::Guarded, docs::Failures)
)]
pub(crate) async fn get(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationRead>,
) -> Result<Json<KeyRules>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let ceilings = ceilings::get(&mut tx, false).await?;
    Ok(Json(shown(&mut tx, &caller, ceilings).await?))
}

/// Set what members may give their own keys
///
/// Replaces all of it; what is absent is not bounded. In force from the next request on, on every instance, for keys from
/// before as well: their limits are the tighter ones from then on. Ends and counts are only asked of what is written anew.
#[utoipa::path(
    put, path = "/organization/key-ceilings", tag = "organization", operation_id = "setKeyCeilings",
    request_body(content = schema::Ceilings, example = json!({
        "keys": 3, "limits": {"concurrency": 4, "usd": {"day": "5.00", "month": "60.00"}},
        "models": {"allow": ["claude-*"], "deny": ["*opus*"]}, "expires_within_days": 90
    })),
    responses(
        (status = 200, description = "The ceilings as they are now", body = KeyRules),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn set(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Body(mut input): Body<Ceilings>,
) -> Result<Json<KeyRules>, ApiError> {
    let mut check = Check::default();
    if let Err(bad) = input.validate() {
        check.refuse(&bad.field, bad.problem);
    }
    check.models("models", &input.models);
    check.require(input.accounts.len() <= MOST_ACCOUNTS, "accounts", "must be at most 200");
    let mut seen = BTreeSet::new();
    input.accounts.retain(|account| seen.insert(*account));
    let mut tx = caller.begin(&state).await?;
    for (i, account) in input.accounts.iter().enumerate().take(MOST_ACCOUNTS) {
        match accounts::get(&mut tx, *account, false).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => {
                check.refuse(&format!("accounts[{i}]"), "must be an account of this organisation");
            }
            Err(other) => return Err(other.into()),
        }
    }
    check.require(input.pools.len() <= MOST_ACCOUNTS, "pools", "must be at most 200");
    let mut seen = BTreeSet::new();
    input.pools.retain(|pool| seen.insert(*pool));
    let known = pools::known(&mut tx, &input.pools).await?;
    for (i, pool) in input.pools.iter().enumerate() {
        check.require(known.contains(pool), &format!("pools[{i}]"), "must be a pool of this organisation");
    }
    check.done()?;
    let before = ceilings::get(&mut tx, true).await?;
    ceilings::set(&mut tx, &input).await?;
    let target = ("organization", Some(caller.org().0));
    caller
        .record(&mut tx, "organization.key_ceilings", target, Some(json!(before)), Some(json!(input)))
        .await?;
    let rules = shown(&mut tx, &caller, input).await?;
    state.commit(tx).await?;
    Ok(Json(rules))
}

async fn shown(tx: &mut TenantTx, caller: &Caller, ceilings: Ceilings) -> Result<KeyRules, ApiError> {
    let own_keys = u64::try_from(ceilings::keys_of(tx, caller.user.id).await?).unwrap_or(0);
    Ok(KeyRules { ceilings, bound: !Permission::KeysWrite.granted_to(caller.role), own_keys })
}
