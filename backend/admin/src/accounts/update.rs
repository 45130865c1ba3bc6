//! Changing an account.

use super::{
    audited, binding, credential, health, owner, preset, priority, signed_in, stored_base, timeouts,
};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{Caller, May, right},
    proxies::{chosen, readers::Readers},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::Preset;
use causeway_domain::AccountId;
use causeway_openapi::{Account, UpdateAccount};
use causeway_store::{
    accounts::{self, Account as Stored},
    checks::OFF,
    cooldowns,
};

/// Change an account
///
/// Changes what is present and leaves the rest; `limits` and `timeouts` are replaced as a whole. A new credential or base URL,
/// and enabling it, end whatever rests of it. A base URL of another origin needs the credential again, because a
/// credential is only ever sent where it was meant for; so does another proxy where the provider is spoken to without TLS.
#[utoipa::path(
    patch, path = "/accounts/{id}", tag = "accounts", operation_id = "updateAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    request_body = UpdateAccount,
    responses(
        (status = 200, description = "The account as it is now", body = Account),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<AccountId>,
    Body(input): Body<UpdateAccount>,
) -> Result<Json<Account>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut account = accounts::get(&mut tx, id, true).await?;
    let (before, readers) = (audited(&account), Readers::now(&mut tx).await?);
    if let Some(choice) = input.proxy {
        account.proxy = chosen(&mut tx, "proxy", choice).await?;
    }
    let preset = match input.credential {
        Some(_) => Some(preset(&state, account.provider).await?),
        None => None,
    };
    apply(&state, &caller, &mut account, &input, preset.as_deref())?;
    if let Some(chosen) = input.owner_id {
        owner(&mut tx, chosen).await?;
        account.owner = chosen;
    }
    accounts::update(&mut tx, &account).await?;
    readers.unchanged(&mut tx, input.credential.as_ref().map(|_| id)).await?;
    // What it rests for may be what has just been mended.
    let mended = input.credential.is_some() || input.base_url.is_some() || input.enabled == Some(true);
    let rested = mended && cooldowns::reset(&mut tx, id).await? > 0;
    let now = accounts::get(&mut tx, id, false).await?;
    let target = ("account", Some(id.0));
    caller.record(&mut tx, "account.update", target, Some(before), Some(audited(&now))).await?;
    let now = health::view(&state, &mut tx, now).await?;
    state.commit(tx).await?;
    if rested {
        health::announce_reset(&state, caller.org(), id).await;
    }
    Ok(Json(now))
}

fn apply(
    state: &AdminState,
    caller: &Caller,
    account: &mut Stored,
    input: &UpdateAccount,
    preset: Option<&Preset>,
) -> Result<(), ApiError> {
    let mut check = Check::default();
    if let Some(name) = &input.name {
        account.name = check.text("name", name, 1..=100);
    }
    if let Some(limits) = &input.limits {
        check.limits("limits", limits);
        account.limits.clone_from(limits);
    }
    if let Some(given) = &input.timeouts {
        timeouts(&mut check, given);
        account.timeouts = *given;
    }
    match &input.check_schedule {
        None => {}
        Some(Some(text)) if text.trim() == OFF => account.check_schedule = Some(OFF.to_owned()),
        Some(schedule) => {
            account.check_schedule =
                schedule.as_deref().and_then(|text| check.schedule("check_schedule", text));
        }
    }
    check.done()?;
    if let Some(enabled) = input.enabled {
        account.enabled = enabled;
    }
    if let Some(dedicated) = input.dedicated {
        account.dedicated = dedicated;
    }
    if let Some(draining) = input.draining {
        account.draining = draining;
    }
    if let Some(place) = input.priority {
        account.priority = priority(place)?;
    }
    let mut base = stored_base(account)?;
    if let Some(text) = &input.base_url {
        let new =
            state.addresses.base_url(text).map_err(|bad| ApiError::field("base_url", bad.to_string()))?;
        if new.origin() != base.origin() && input.credential.is_none() {
            return Err(ApiError::field(
                "credential",
                "must be entered again, because base_url is at another origin",
            ));
        }
        account.base_url = new.to_string();
        base = new;
    }
    if let (Some(input), Some(preset)) = (&input.credential, preset) {
        let credential = credential(input, preset)?;
        let origin = base.origin();
        let place = binding(caller.org(), account.id, account.provider, &origin);
        account.credential = state.sealing.seal(&place, &credential).map_err(ApiError::internal)?;
        account.credential_hint = credential.hint();
        // Whose it is is not known of what a person enters.
        account.signed_in = signed_in(&credential);
        // What an administrator enters is the organisation's, and nobody's to withdraw.
        account.contributed_by = None;
    }
    Ok(())
}
