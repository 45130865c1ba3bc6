//! Single sign-on by OpenID Connect, at issuers that each organisation chooses for itself.
//!
//! An issuer says who somebody is, so trusting one is letting it act as any person it likes. What keeps that apart:
//!
//! - A person is known by issuer and subject, in the organisation that trusts the issuer. Never by the e-mail address
//!   alone: an issuer can be made to say any address, its own people may be free to change theirs, and whoever runs an
//!   issuer of their own would become anybody. An address counts where the issuer vouches for it *and* its domain is one
//!   that the operator of the installation has confirmed to be the organisation's. Whoever has the domain reads its mail
//!   and could reset the password anyway.
//! - A session that begins at an issuer is confined to the organisation that trusts it, and runs no installation: another
//!   organisation of the same person has not chosen this issuer.
//! - Every provider has a callback address of its own, so that a code of one issuer never reaches another (mix-up).
//! - State, nonce and PKCE belong to one browser, for ten minutes and one use.
//!
//! Discovery documents and keys are fetched anew for each sign-in: a key that was changed is known at once, a key that
//! was withdrawn is refused at once, and nothing has to be kept in step between instances. The second factor is the
//! issuer's affair.

pub(crate) mod begin;
pub(crate) mod callback;
pub(crate) mod discover;
pub(crate) mod domains;
pub(crate) mod flow;
pub(crate) mod identities;
pub(crate) mod outcome;
pub(crate) mod providers;
pub(crate) mod settings;

mod id_token;
mod issuer;
mod person;

use crate::{error::ApiError, origin::Origin, state::AdminState};
use causeway_accounts::SecretPlace;
use causeway_domain::{OrgId, UserId};
use causeway_openapi::{GroupRole, SsoDomain, SsoFailure, SsoFailureCode, SsoProvider};
use causeway_store::{
    StoreError, TenantTx, audit,
    sso::{domains::Domain, providers::Provider},
};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

/// Why a sign-in stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is refused, and the person is told why.
    Refused(SsoFailure),
    /// Something of ours is broken.
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn refused(code: SsoFailureCode, detail: impl Into<String>) -> Stop {
    Stop::Refused(SsoFailure { code, detail: detail.into() })
}

/// What an issuer said, fit to be shown.
fn said(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Where an issuer sends people back to.
fn callback_url(state: &AdminState, provider: Uuid) -> String {
    let base = state.public_url.as_str().trim_end_matches('/');
    format!("{base}/admin/v1/auth/oidc/{provider}/callback")
}

/// A page of the web admin, or nothing: whatever a link says, nobody is sent anywhere else.
fn local(to: Option<&str>) -> Result<String, ApiError> {
    let Some(to) = to.filter(|to| !to.is_empty()) else { return Ok("/web/".to_owned()) };
    let plain =
        to.len() <= 500 && !to.contains('\\') && !to.chars().any(|c| c.is_control() || c.is_whitespace());
    let here = Url::parse("http://here.invalid/").map_err(ApiError::internal)?;
    match here.join(to) {
        Ok(url)
            if plain
                && to.starts_with("/web/")
                && url.path().starts_with("/web/")
                && url.origin() == here.origin() =>
        {
            Ok(to.to_owned())
        }
        _ => Err(ApiError::field("to", "must be a page of the web admin, such as /web/keys")),
    }
}

/// Where a client secret belongs: to one provider, and to the issuer that it is sent to.
fn place(org: OrgId, provider: Uuid, issuer: &str) -> SecretPlace<'_> {
    SecretPlace::oidc(org, provider, issuer)
}

/// As the API shows it.
fn view(state: &AdminState, provider: &Provider) -> SsoProvider {
    let entries = provider.role_mapping.0.iter();
    SsoProvider {
        id: provider.id,
        name: provider.name.clone(),
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        has_secret: provider.client_secret.is_some(),
        scopes: provider.scopes.clone(),
        groups_claim: provider.groups_claim.clone(),
        role_mapping: entries.map(|e| GroupRole { group: e.group.clone(), role: e.role }).collect(),
        default_role: provider.default_role,
        auto_join: provider.auto_join,
        enabled: provider.enabled,
        callback_url: callback_url(state, provider.id),
        created_at: provider.created_at,
        updated_at: provider.updated_at,
    }
}

fn view_domain(domain: Domain) -> SsoDomain {
    SsoDomain { domain: domain.domain, confirmed_at: domain.confirmed_at }
}

/// Writes a line about a sign-in into the organisation's audit log. Nobody is named of whom nobody is sure.
async fn record(
    tx: &mut TenantTx,
    user: Option<UserId>,
    origin: &Origin,
    action: &str,
    provider: Uuid,
    after: Value,
) -> Result<(), StoreError> {
    let address = origin.address_text();
    let line = audit::Line {
        actor: user.map_or(audit::Actor::Job, audit::Actor::User),
        action,
        target_kind: "sso_provider",
        target_id: Some(provider),
        after: Some(after),
        address: Some(&address).filter(|a| !a.is_empty()).map(String::as_str),
        request_id: Some(&origin.request_id),
        ..Default::default()
    };
    audit::record(tx, line).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_out_of_the_web_admin() {
        for good in ["/web/", "/web/keys", "/web/requests?model=claude&x=%2F%2Fevil.example"] {
            assert_eq!(local(Some(good)).unwrap(), good);
        }
        assert_eq!(local(None).unwrap(), "/web/");
        for bad in [
            "https://evil.example/web/",
            "//evil.example/web/",
            "/\\evil.example",
            "/web/\\..\\",
            "/web/../admin/v1/me",
            "/web/%2e%2e/admin",
            "/webmail",
            "javascript:alert(1)",
            "/web/\u{9}",
            "web/",
        ] {
            assert!(local(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_an_issuer_says_is_shown_without_control_characters_and_not_for_ever() {
        assert_eq!(said("no\u{7}\u{1b}[31m way"), "no[31m way");
        assert_eq!(said(&"x".repeat(1000)).len(), 300);
    }
}
