//! Authorising an account at its provider's issuer: a person begins here, agrees there, and comes back with a code, by
//! themselves or by pasting it, or types a short code in while this server asks. What comes of it waits, sealed, until it is
//! saved as an account.
//!
//! What keeps it from being anybody else's:
//!
//! - It belongs to one organisation, one person and one session or API token, for ten minutes; to others it is not there.
//! - Of the state only a hash is stored; verifier, device code and what comes of it are sealed. So any instance goes on with
//!   it, and nobody can who reads the database.
//! - A state is used up by the first code that comes with it, whatever comes of that.
//! - A browser that an issuer sends back goes on only where it is the session's own: a cookie says so. In any other, such as
//!   a private window, it is shown the code to be pasted where the authorisation was begun. A link that somebody was made to
//!   open does not give their account away.

pub(crate) mod begin;
pub(crate) mod browser;
pub(crate) mod callback;
pub(crate) mod cancel;
pub(crate) mod code;
mod finish;
pub(crate) mod get;
mod kept;
mod page;
pub(crate) mod save;
pub(crate) mod view;

use crate::{
    error::ApiError,
    guard::{By, Caller},
    origin::Origin,
    proxies::opened,
    state::AdminState,
};
use causeway_accounts::{
    catalogue::{AuthKind, oauth::Redirect},
    oauth::{Issuer, NoIssuer, TokenClient},
};
use causeway_domain::{OrgId, UserId, provider::Provider, proxy::Choice};
use causeway_openapi::AuthorizationRedirect;
use causeway_store::{
    StoreError, TenantTx, audit,
    oauth_flows::{Flow, Status, Who},
    organisations, proxies,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where issuers send people back to.
pub(crate) const CALLBACK: &str = "/oauth/callback";

/// Whose an authorisation is that the caller begins.
fn who(caller: &Caller) -> Who {
    let session = match &caller.by {
        By::Session(session) => *session,
        By::Token(token) => token.id,
    };
    Who { user: caller.user.id, session }
}

/// As stored.
fn hash(state: &str) -> [u8; 32] {
    Sha256::digest(state.as_bytes()).into()
}

/// Who talks to issuers, on the way that was chosen; the error says in words why there is none.
async fn client(state: &AdminState, org: OrgId, choice: Choice) -> Result<TokenClient, ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let id = match choice {
        Choice::Direct => None,
        Choice::Through(id) => Some(id),
        // Which pools it will be in is not known yet.
        Choice::Inherit => organisations::get(&mut tx, false).await?.default_proxy,
    };
    let stored = match id {
        Some(id) => match proxies::get(&mut tx, id, false).await {
            Err(StoreError::NotFound) => {
                return Err(ApiError::field(
                    "proxy",
                    "must be inherit, direct or a proxy of this organisation",
                ));
            }
            other => Some(other?),
        },
        None => None,
    };
    drop(tx);
    let way = opened(state, org, stored).map_err(ApiError::Conflict)?;
    Ok(TokenClient::new(state.addresses.clone()).on(way))
}

/// A provider's issuer, as of this moment.
async fn issuer(state: &AdminState, provider: Provider, way: Option<AuthKind>) -> Result<Issuer, ApiError> {
    state.catalogue.refresh(&state.store.app).await?;
    known_issuer(state, provider, way)
}

/// The same, as of when the catalogue was last looked at: for whoever holds a connection.
pub(super) fn known_issuer(
    state: &AdminState,
    provider: Provider,
    way: Option<AuthKind>,
) -> Result<Issuer, ApiError> {
    let entry = state.catalogue.entry(provider).filter(|entry| entry.enabled);
    let unknown = || ApiError::field("provider", format!("{provider} is not a provider that is open here"));
    Issuer::of(entry.ok_or_else(unknown)?, way, &state.sealing).map_err(|none| match none {
        NoIssuer::Otherwise(_) => ApiError::field("auth", none.to_string()),
        _ => ApiError::field("provider", none.to_string()),
    })
}

/// The address of a redirect.
fn address(state: &AdminState, redirect: &Redirect) -> String {
    match redirect {
        Redirect::Hosted => format!("{}{CALLBACK}", state.public_url.as_str().trim_end_matches('/')),
        Redirect::Loopback { port, path } => format!("http://localhost:{port}{path}"),
        Redirect::Page { url } => url.clone(),
    }
}

/// As the API calls a redirect.
pub(super) const fn shown(redirect: &Redirect) -> AuthorizationRedirect {
    match redirect {
        Redirect::Hosted => AuthorizationRedirect::Hosted,
        Redirect::Loopback { .. } => AuthorizationRedirect::Loopback,
        Redirect::Page { .. } => AuthorizationRedirect::Page,
    }
}

/// Why nothing more can come into an authorisation by a code; `None` while it can.
fn over(flow: &Flow) -> Option<&'static str> {
    match flow.status {
        Status::Pending if flow.late => {
            Some("the authorisation took longer than it may; begin again, and be back within ten minutes")
        }
        Status::Pending => None,
        Status::Exchanging | Status::Authorized | Status::Used => {
            Some("the state was used before: each authorisation takes one code, once")
        }
        Status::Failed => Some("the authorisation has failed; begin again"),
        Status::Cancelled => Some("the authorisation was cancelled; begin again"),
    }
}

/// Writes a line about an authorisation of somebody who may not be here just now.
async fn record(
    tx: &mut TenantTx,
    user: UserId,
    origin: &Origin,
    action: &str,
    id: Uuid,
    after: Value,
) -> Result<(), ApiError> {
    let address = origin.address_text();
    let line = audit::Line {
        actor: audit::Actor::User(user),
        action,
        target_kind: "authorization",
        target_id: Some(id),
        after: Some(after),
        address: Some(&address).filter(|a| !a.is_empty()).map(String::as_str),
        request_id: Some(&origin.request_id),
        ..Default::default()
    };
    Ok(audit::record(tx, line).await?)
}
