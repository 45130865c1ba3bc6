//! Programs: an API token stands for its owner, in one organisation, for what its scopes name. Membership and role are
//! looked up for every call, so a token ends with them.

use super::{By, Caller};
use crate::{entering, error::ApiError, origin::Origin, state::AdminState};
use causeway_domain::{OrgId, secret::TOKEN_PREFIX};
use causeway_openapi::{OrganizationRef, Permission, Scope, User};
use causeway_store::{
    TenantTx,
    api_tokens::{self, Found},
    memberships,
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An API token that works.
#[derive(Clone, Debug)]
pub struct Token {
    /// Identifier.
    pub id: Uuid,
    /// Name as shown.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

impl Token {
    /// Whether its scopes name what needs a permission.
    pub(super) fn allows(&self, permission: Permission) -> bool {
        Scope::of(permission).is_some_and(|needed| self.scopes.iter().any(|scope| scope.covers(needed)))
    }

    /// Why it may not do what its owner may.
    pub(super) fn refusal(&self, permission: Permission) -> ApiError {
        let Some(needed) = Scope::of(permission) else { return for_people() };
        let own: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        ApiError::Forbidden(format!(
            "this needs an API token with the scope {}; this one has {}",
            needed.as_str(),
            own.join(", ")
        ))
    }
}

/// What is for people alone.
pub(super) fn for_people() -> ApiError {
    ApiError::Forbidden("this is for people: sign in; an API token cannot do it".to_owned())
}

/// Whether what was presented is meant to be an API token.
pub(super) fn looks_like_one(presented: &str) -> bool {
    presented.starts_with(TOKEN_PREFIX)
}

/// The token, if it works.
pub(super) async fn find(state: &AdminState, presented: &str) -> Result<Found, ApiError> {
    let hash: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
    api_tokens::find(&state.store.app, &hash).await?.ok_or(ApiError::NotSignedIn)
}

/// Who presents it.
pub(super) async fn caller(
    state: &AdminState,
    presented: &str,
    named: Option<OrgId>,
    origin: Origin,
) -> Result<Caller, ApiError> {
    let found = find(state, presented).await?;
    if named.is_some_and(|org| org != found.org) {
        return Err(ApiError::Forbidden("an API token works in its own organisation only".to_owned()));
    }
    let mut tx = TenantTx::begin(&state.store.app, found.org, Some(found.owner)).await?;
    let person = memberships::token_owner(&mut tx, found.owner).await?.ok_or(ApiError::NotSignedIn)?;
    let (membership, calendar) = person.membership.ok_or(ApiError::NotSignedIn)?;
    if person.totp_missing {
        return Err(ApiError::TotpRequired);
    }
    let address = origin.address_text();
    if found.is_news(&address, Utc::now()) {
        api_tokens::touch(&mut tx, found.id, &address).await?;
        state.commit(tx).await?;
    }
    Ok(Caller {
        user: User { id: found.owner, email: person.email, name: person.name, locale: person.locale },
        organization: OrganizationRef { id: found.org, name: membership.name, slug: membership.slug },
        role: membership.role,
        is_operator: false,
        by: By::Token(Token {
            id: found.id,
            name: found.name,
            scopes: scopes(&found.scopes),
            expires_at: found.expires_at,
        }),
        calendar,
        suspended: person.suspended.map(entering::suspended),
        entered: None,
        origin,
    })
}

/// Scopes as they are stored. One that this version does not know grants nothing.
pub(crate) fn scopes(stored: &[String]) -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|scope| stored.iter().any(|s| s == scope.as_str())).collect()
}
