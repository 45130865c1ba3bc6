//! What signing in, renewing and setting up end with: an access token, and who it is for.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        token::{Claims, LIFE_SECONDS},
    },
    error::ApiError,
    origin::Origin,
    state::AdminState,
};
use causeway_domain::{OrgId, UserId};
use causeway_openapi::{OrganizationRef, Session, User};
use causeway_store::{
    TenantTx, audit, memberships,
    sessions::{self, NewSession},
};
use chrono::Utc;
use uuid::Uuid;

/// Begins a session, with its line in the audit log.
pub(crate) async fn begin(
    state: &AdminState,
    user: UserId,
    org: OrgId,
    origin: &Origin,
) -> Result<(SetCookie, Session), ApiError> {
    let (token, token_hash) = cookie::new_token();
    let address = origin.address_text();
    let session = NewSession {
        id: Uuid::now_v7(),
        user,
        org,
        user_agent: &origin.user_agent,
        address: &address,
        token_hash,
    };
    sessions::begin(&state.store.app, &session).await?;
    record(state, "session.begin", user, org, session.id, origin).await?;
    Ok((cookie::set(state, &token), describe(state, session.id, user, org).await?))
}

/// The answer for a session that is there.
pub(crate) async fn describe(
    state: &AdminState,
    session: Uuid,
    user: UserId,
    org: OrgId,
) -> Result<Session, ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, Some(user)).await?;
    let person = memberships::signed_in(&mut tx, session, user).await?.ok_or(ApiError::NotSignedIn)?;
    let (membership, _) = person.membership.ok_or_else(homeless)?;
    let access_token = state.access.issue(Claims { user, session, org }, Utc::now())?;
    Ok(Session {
        access_token: access_token.into(),
        token_type: "Bearer".to_owned(),
        expires_in: LIFE_SECONDS,
        user: User { id: user, email: person.email, name: person.name, locale: person.locale },
        organization: OrganizationRef { id: org, name: membership.name, slug: membership.slug },
        role: membership.role,
        is_operator: person.is_operator,
    })
}

/// Which organisation to enter: the one named, else the last one, else the first by name.
pub(crate) async fn choose(
    state: &AdminState,
    user: UserId,
    named: Option<OrgId>,
    last: Option<OrgId>,
) -> Result<OrgId, ApiError> {
    let homes = memberships::of(&state.store.app, user).await?;
    let belongs = |org: &OrgId| homes.iter().any(|m| m.org == *org);
    match named {
        Some(org) if belongs(&org) => Ok(org),
        Some(_) => Err(ApiError::Forbidden("you are not a member of that organisation".to_owned())),
        None => last.filter(belongs).or(homes.first().map(|m| m.org)).ok_or_else(homeless),
    }
}

/// Writes a session's beginning or end into the audit log.
pub(crate) async fn record(
    state: &AdminState,
    action: &str,
    user: UserId,
    org: OrgId,
    session: Uuid,
    origin: &Origin,
) -> Result<(), ApiError> {
    let address = origin.address_text();
    let line = audit::Line {
        actor: audit::Actor::User(user),
        action,
        target_kind: "session",
        target_id: Some(session),
        address: Some(&address).filter(|a| !a.is_empty()).map(String::as_str),
        request_id: Some(&origin.request_id),
        ..Default::default()
    };
    let mut tx = TenantTx::begin(&state.store.app, org, Some(user)).await?;
    audit::record(&mut tx, line).await?;
    state.commit(tx).await
}

fn homeless() -> ApiError {
    ApiError::Forbidden("you belong to no organisation (any more)".to_owned())
}
