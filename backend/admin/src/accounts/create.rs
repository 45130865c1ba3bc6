//! Adding an account.

use super::{audited, binding, credential, health, owner, preset, priority, signed_in, timeouts};
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
use causeway_accounts::{Credential, Preset, ServiceAccountKey};
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
    let preset = preset(&state, input.provider).await?;
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    check.limits("limits", &input.limits);
    timeouts(&mut check, &input.timeouts);
    check.done()?;
    let credential = credential(&input.credential, &preset)?;
    let address = match input.base_url {
        Some(address) => address,
        None => usual_address(&preset, input.places, &credential)?,
    };
    let base =
        state.addresses.base_url(&address).map_err(|bad| ApiError::field("base_url", bad.to_string()))?;
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
        signed_in: &signed_in(&credential),
        owner: input.owner_id,
        enabled: input.enabled.unwrap_or(true),
        priority: priority(input.priority.unwrap_or(100))?,
        limits: &input.limits,
        timeouts: input.timeouts,
        dedicated: input.dedicated.unwrap_or(false),
        created_by: caller.user.id,
    };
    let mut tx = caller.begin(&state).await?;
    owner(&mut tx, input.owner_id).await?;
    accounts::insert(&mut tx, &new).await?;
    plan::check(&mut tx, Counted::Accounts).await?;
    let made = accounts::get(&mut tx, id, false).await?;
    caller.record(&mut tx, "account.create", ("account", Some(id.0)), None, Some(audited(&made))).await?;
    let made = health::view(&state, &mut tx, made).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// The provider's own address, with what is said of its places and what the credential says by itself.
fn usual_address(
    preset: &Preset,
    mut places: BTreeMap<String, String>,
    credential: &Credential,
) -> Result<String, ApiError> {
    let said = match credential {
        Credential::Aws { region, .. } => Some(("region", region.clone())),
        Credential::ServiceAccount { key, .. } => {
            ServiceAccountKey::read(key).ok().map(|key| ("project", key.project_id.clone()))
        }
        _ => None,
    };
    if let Some((place, value)) = said {
        places.entry(place.to_owned()).or_insert(value);
    }
    let missing = |place: String| {
        ApiError::field(
            &format!("places.{place}"),
            "is needed: 1 to 100 letters, digits, dots, dashes and underscores",
        )
    };
    let address = preset.filled(&places).map_err(missing)?;
    address.ok_or_else(|| ApiError::field("base_url", "is needed for this provider"))
}
