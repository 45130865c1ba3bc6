//! Upstream accounts. The credential is sealed on its way in and never leaves again.

use crate::{check::Check, error::ApiError, state::AdminState};
use causeway_accounts::{AuthHeader, BadKey, BaseUrl, Binding, Credential, Preset, catalogue::AuthKind};
use causeway_domain::{AccountId, OrgId, ProxyId, UserId, provider::Provider, timeouts::Timeouts};
use causeway_openapi::{
    self as api, Account, AccountHealth, AccountIdentity, AccountTest, CredentialKind, CredentialState,
};
use causeway_store::{
    StoreError, TenantTx,
    accounts::{Account as Stored, SignedIn},
    members,
};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) mod adding;
pub(crate) mod authorizations;
pub(crate) mod checks;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod failures;
pub(crate) mod fresh;
pub(crate) mod get;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod providers;
pub(crate) mod record;
pub(crate) mod refresh;
pub(crate) mod remind;
pub(crate) mod reset;
pub(crate) mod test;
pub(crate) mod update;

mod probe;

/// As the API shows it.
fn plain(account: Stored, proxy_id: Option<ProxyId>, health: AccountHealth) -> Account {
    Account {
        id: account.id,
        name: account.name,
        provider: account.provider,
        base_url: account.base_url,
        credential_hint: account.credential_hint,
        // A kind that a later version has written is signed in by somehow.
        credential_kind: serde_json::from_value(account.signed_in.kind.into())
            .unwrap_or(CredentialKind::Oauth),
        credential_state: if account.credential_dead { CredentialState::Dead } else { CredentialState::Ok },
        credential_reason: account.credential_reason,
        credential_expires_at: account.signed_in.expires_at,
        refreshed_at: account.refreshed_at,
        identity: account.signed_in.subject.map(|subject| {
            let shown = |name: &str| {
                let said = account.signed_in.identity.as_ref()?.get(name)?.as_str()?;
                Some(said.to_owned())
            };
            AccountIdentity {
                subject,
                organization: account.signed_in.organization,
                email: shown("email"),
                plan: shown("plan"),
            }
        }),
        owner_id: account.owner,
        contributed_by: account.contributed_by,
        enabled: account.enabled,
        priority: u16::try_from(account.priority).unwrap_or(0),
        limits: account.limits,
        timeouts: account.timeouts,
        dedicated: account.dedicated,
        draining: account.draining,
        proxy: account.proxy,
        proxy_id,
        health,
        models: account.models,
        models_fetched_at: account.models_fetched_at,
        // What an older version wrote in another shape is as good as never tested.
        last_test: account.last_test.and_then(|test| serde_json::from_value::<AccountTest>(test).ok()),
        check_schedule: account.check_schedule,
        created_at: account.created_at,
        updated_at: account.updated_at,
    }
}

/// As the audit log keeps it: what a person can change, with the hint of the credential only.
pub(crate) fn audited(account: &Stored) -> Value {
    json!({
        "name": account.name,
        "provider": account.provider,
        "base_url": account.base_url,
        "credential_hint": account.credential_hint,
        "credential_kind": account.signed_in.kind,
        "subject": account.signed_in.subject,
        "owner_id": account.owner,
        "contributed_by": account.contributed_by,
        "enabled": account.enabled,
        "priority": account.priority,
        "limits": account.limits,
        "timeouts": account.timeouts,
        "dedicated": account.dedicated,
        "draining": account.draining,
        "check_schedule": account.check_schedule,
        "proxy": account.proxy,
    })
}

/// What is known of an account's provider, as of this moment.
pub(crate) async fn preset(state: &AdminState, provider: Provider) -> Result<Arc<Preset>, ApiError> {
    state.catalogue.refresh(&state.store.app).await?;
    let unknown = || ApiError::field("provider", format!("{provider} is not a provider that is open here"));
    state.catalogue.get(provider).ok_or_else(unknown)
}

/// Where an account's credential belongs.
pub(crate) fn binding<'a>(
    org: OrgId,
    account: AccountId,
    provider: Provider,
    origin: &'a str,
) -> Binding<'a> {
    Binding { org, account, provider, origin }
}

/// A credential as entered, checked; the provider must be one that can be signed in to so.
pub(crate) fn credential(input: &api::Credential, preset: &Preset) -> Result<Credential, ApiError> {
    let kept = |field: &'static str| move |bad: BadKey| ApiError::field(field, bad.to_string());
    let (way, made) = match input {
        api::Credential::ApiKey { api_key, auth } => {
            let auth = match auth {
                None => preset.key_header,
                Some(api::AuthHeader::XApiKey) => AuthHeader::XApiKey,
                Some(api::AuthHeader::Bearer) => AuthHeader::Bearer,
                Some(api::AuthHeader::ApiKey) => AuthHeader::ApiKey,
                Some(api::AuthHeader::XGoogApiKey) => AuthHeader::XGoogApiKey,
            };
            let made = Credential::api_key(auth, api_key.expose().trim());
            (AuthKind::ApiKey, made.map_err(kept("credential.api_key")))
        }
        api::Credential::Token { token } => {
            (AuthKind::Token, Credential::token(token.expose().trim()).map_err(kept("credential.token")))
        }
        api::Credential::ServiceAccount { key } => {
            let made = Credential::service_account(key.expose().trim());
            let made = made.map_err(|bad| ApiError::field("credential.key", bad.to_string()));
            (AuthKind::ServiceAccount, made)
        }
        api::Credential::Aws { access_key_id, secret_access_key, session_token, region } => {
            let session = session_token.as_ref().map(|token| token.expose().trim());
            let (id, secret) = (access_key_id.trim(), secret_access_key.expose().trim());
            let made = Credential::aws(id, secret, session, region.trim());
            (AuthKind::AwsKeys, made.map_err(kept("credential")))
        }
    };
    if !preset.auth.contains(&way) {
        let text = format!("{} cannot be signed in to like this", preset.name);
        return Err(ApiError::field("credential.kind", text));
    }
    made
}

/// What stands beside a sealed credential.
pub(crate) fn signed_in(credential: &Credential) -> SignedIn {
    SignedIn { expires_at: credential.expires_at(), ..SignedIn::by(credential.kind()) }
}

/// Notes it when somebody is to be reminded who is no member.
async fn owner(tx: &mut TenantTx, owner: Option<UserId>) -> Result<(), ApiError> {
    let Some(owner) = owner else { return Ok(()) };
    match members::get(tx, owner, None, false).await {
        Ok(_) => Ok(()),
        Err(StoreError::NotFound) => {
            Err(ApiError::field("owner_id", "must be a member of this organisation"))
        }
        Err(other) => Err(other.into()),
    }
}

/// The base URL of a stored account.
pub(crate) fn stored_base(account: &Stored) -> Result<BaseUrl, ApiError> {
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
