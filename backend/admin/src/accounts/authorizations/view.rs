//! An authorisation as the API shows it.

use crate::{error::ApiError, guard::Caller, me::accounts::is_own, state::AdminState};
use causeway_accounts::{Preset, oauth::Identified};
use causeway_openapi::{
    AccountIdentity, Authorization, AuthorizationAccount, AuthorizationFailure, AuthorizationRedirect,
    AuthorizationStatus, AuthorizationWay, Permission,
};
use causeway_store::{
    TenantTx, accounts,
    oauth_flows::{self, Flow, Status},
};
use serde_json::Value;

/// How often a page asks that waits for the person.
const INTERVAL: i32 = 2;

/// With the account that has the identity already, if there is one that the caller may see.
pub(super) async fn view(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    flow: Flow,
    url: Option<String>,
) -> Result<Authorization, ApiError> {
    let identity = flow.identity.clone().and_then(|said| serde_json::from_value::<Identified>(said).ok());
    let known_account = match (&identity, flow.status) {
        (Some(Identified { subject: Some(subject), organization, .. }), Status::Authorized) => {
            match oauth_flows::account_of(tx, flow.provider, subject, organization.as_deref()).await? {
                Some(id) => {
                    let account = accounts::get(tx, id, false).await?;
                    let seen = caller.may(Permission::AccountsRead) || is_own(&account, caller);
                    seen.then_some(AuthorizationAccount { id, name: account.name })
                }
                None => None,
            }
        }
        _ => None,
    };
    let shown = |name: &str| flow.shown.get(name).and_then(Value::as_str).map(str::to_owned);
    let device = flow.redirect.is_none();
    let interval = if device { flow.poll_seconds } else { INTERVAL };
    Ok(Authorization {
        id: flow.id,
        provider: flow.provider,
        auth: if device { AuthorizationWay::DeviceCode } else { AuthorizationWay::OauthCode },
        status: status(&flow),
        redirect: flow.redirect.as_deref().map(redirect),
        url,
        user_code: shown("user_code"),
        verification_uri: shown("verification_uri"),
        verification_uri_complete: shown("verification_uri_complete"),
        interval: u32::try_from(interval).unwrap_or(0).max(1),
        expires_at: flow.expires_at,
        identity: identity.and_then(plain),
        known_account,
        base_url: state.catalogue.get(flow.provider).and_then(|preset| usual_address(&preset)),
        failure: flow.failure.and_then(|said| serde_json::from_value::<AuthorizationFailure>(said).ok()),
    })
}

/// Where requests with a token of the provider's issuer go; `None` where each account says so.
pub(crate) fn usual_address(preset: &Preset) -> Option<String> {
    let own = preset.oauth.as_ref().and_then(|oauth| oauth.base_url.clone());
    own.or_else(|| preset.base_url.clone().filter(|_| preset.places().is_empty()))
}

fn status(flow: &Flow) -> AuthorizationStatus {
    match flow.status {
        Status::Pending | Status::Exchanging | Status::Authorized if flow.late => {
            AuthorizationStatus::Expired
        }
        Status::Pending => AuthorizationStatus::Pending,
        Status::Exchanging => AuthorizationStatus::Exchanging,
        Status::Authorized => AuthorizationStatus::Authorized,
        Status::Failed => AuthorizationStatus::Failed,
        Status::Cancelled => AuthorizationStatus::Cancelled,
        Status::Used => AuthorizationStatus::Used,
    }
}

/// As stored, from how the API calls it.
pub(super) const fn stored(redirect: AuthorizationRedirect) -> &'static str {
    match redirect {
        AuthorizationRedirect::Hosted => "hosted",
        AuthorizationRedirect::Loopback => "loopback",
        AuthorizationRedirect::Page => "page",
    }
}

fn redirect(stored: &str) -> AuthorizationRedirect {
    match stored {
        "hosted" => AuthorizationRedirect::Hosted,
        "loopback" => AuthorizationRedirect::Loopback,
        _ => AuthorizationRedirect::Page,
    }
}

fn plain(identity: Identified) -> Option<AccountIdentity> {
    let Identified { subject, organization, email, plan } = identity;
    Some(AccountIdentity { subject: subject?, organization, email, plan })
}
