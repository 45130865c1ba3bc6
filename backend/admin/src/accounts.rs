//! Upstream accounts. The credential is sealed on its way in and never leaves again.

use crate::{check::Check, error::ApiError, state::AdminState};
use causeway_accounts::{AuthHeader, BaseUrl, Binding, Credential, Preset};
use causeway_domain::{AccountId, OrgId, provider::Provider, timeouts::Timeouts};
use causeway_openapi::{self as api, Account, AccountHealth, AccountTest};
use causeway_store::accounts::Account as Stored;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
mod health;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod providers;
pub(crate) mod reset;
pub(crate) mod test;
pub(crate) mod update;

mod probe;

/// As the API shows it.
fn plain(account: Stored, health: AccountHealth) -> Account {
    Account {
        id: account.id,
        name: account.name,
        provider: account.provider,
        base_url: account.base_url,
        credential_hint: account.credential_hint,
        enabled: account.enabled,
        priority: u16::try_from(account.priority).unwrap_or(0),
        limits: account.limits,
        timeouts: account.timeouts,
        dedicated: account.dedicated,
        draining: account.draining,
        health,
        models: account.models,
        models_fetched_at: account.models_fetched_at,
        // What an older version wrote in another shape is as good as never tested.
        last_test: account.last_test.and_then(|test| serde_json::from_value::<AccountTest>(test).ok()),
        created_at: account.created_at,
        updated_at: account.updated_at,
    }
}

/// As the audit log keeps it: what a person can change, with the hint of the credential only.
fn audited(account: &Stored) -> Value {
    json!({
        "name": account.name,
        "provider": account.provider,
        "base_url": account.base_url,
        "credential_hint": account.credential_hint,
        "enabled": account.enabled,
        "priority": account.priority,
        "limits": account.limits,
        "timeouts": account.timeouts,
        "dedicated": account.dedicated,
        "draining": account.draining,
    })
}

/// What is known of an account's provider.
fn preset(state: &AdminState, provider: Provider) -> Result<Arc<Preset>, ApiError> {
    let unknown = || ApiError::field("provider", format!("{provider} is not a provider that is known here"));
    state.catalogue.get(provider).ok_or_else(unknown)
}

/// Where an account's credential belongs.
fn binding<'a>(org: OrgId, account: AccountId, provider: Provider, origin: &'a str) -> Binding<'a> {
    Binding { org, account, provider, origin }
}

/// A credential as entered, checked.
fn credential(input: &api::Credential, usual: AuthHeader) -> Result<Credential, ApiError> {
    let api::Credential::ApiKey { api_key, auth } = input;
    let auth = match auth {
        None => usual,
        Some(api::AuthHeader::XApiKey) => AuthHeader::XApiKey,
        Some(api::AuthHeader::Bearer) => AuthHeader::Bearer,
        Some(api::AuthHeader::ApiKey) => AuthHeader::ApiKey,
        Some(api::AuthHeader::XGoogApiKey) => AuthHeader::XGoogApiKey,
    };
    Credential::api_key(auth, api_key.expose().trim())
        .map_err(|bad| ApiError::field("credential.api_key", bad.to_string()))
}

/// The base URL of a stored account.
fn stored_base(account: &Stored) -> Result<BaseUrl, ApiError> {
    BaseUrl::stored(&account.base_url).map_err(ApiError::internal)
}

/// Times that a provider may take, checked.
fn timeouts(check: &mut Check, timeouts: &Timeouts) {
    let all = [
        ("timeouts.connect_seconds", timeouts.connect_seconds, 300),
        ("timeouts.first_event_seconds", timeouts.first_event_seconds, 3600),
        ("timeouts.answer_seconds", timeouts.answer_seconds, 3600),
        ("timeouts.idle_seconds", timeouts.idle_seconds, 3600),
    ];
    for (field, seconds, most) in all {
        if seconds.is_some_and(|n| n == 0 || n > most) {
            check.refuse(field, format!("must be between 1 and {most}"));
        }
    }
}

/// The place in line, as stored.
fn priority(priority: u16) -> Result<i16, ApiError> {
    match i16::try_from(priority) {
        Ok(priority) if priority <= 1000 => Ok(priority),
        _ => Err(ApiError::field("priority", "must be between 0 and 1000")),
    }
}
