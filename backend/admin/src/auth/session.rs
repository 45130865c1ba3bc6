//! What signing in, renewing and setting up end with: an access token, and who it is for.

use crate::{
    auth::{
        cookie::{self, SetCookie},
        token::{Claims, LIFE_SECONDS},
    },
    entering,
    error::ApiError,
    origin::Origin,
    state::AdminState,
};
use causeway_domain::{OrgId, UserId};
use causeway_openapi::{OrganizationRef, Session, User};
use causeway_store::{
    TenantTx, audit, entries, memberships,
    sessions::{self, NewSession},
    sso,
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
    let (session, token) = open(state, user, org, origin).await?;
    record(state, "session.begin", user, org, session, origin).await?;
    let answer = describe(state, session, user, org).await?;
    // The device is known from now on.
    Ok((cookie::set_known(state, &token, &answer.user.email), answer))
}

/// The same where an issuer of the organisation's own vouches for the person: the session enters no other one. Returns the
/// cookie with its refresh token.
pub(crate) async fn begin_confined(
    state: &AdminState,
    user: UserId,
    org: OrgId,
    origin: &Origin,
) -> Result<String, ApiError> {
    let (session, token) = open(state, user, org, origin).await?;
    sso::sessions::confine(&state.store.app, session, org).await?;
    record(state, "session.begin", user, org, session, origin).await?;
    Ok(cookie::refresh(state, &token).1)
}

/// A session and its refresh token.
async fn open(
    state: &AdminState,
    user: UserId,
    org: OrgId,
    origin: &Origin,
) -> Result<(Uuid, String), ApiError> {
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
    Ok((session.id, token))
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
        totp_required: person.totp_missing
            || (person.is_operator && state.operators_need_totp && !person.has_totp),
        suspended: person.suspended.map(entering::suspended),
        entered: person.entered.as_ref().map(entering::entered),
    })
}

/// Which organisation to enter with a password: the one named, else the last one, else the first by name.
pub(crate) async fn choose(
    state: &AdminState,
    user: UserId,
    named: Option<OrgId>,
    last: Option<OrgId>,
) -> Result<OrgId, ApiError> {
    let mut homes = memberships::of(&state.store.app, user).await?;
    let closed = sso::sessions::closed_to_passwords(&state.store.app, user).await?;
    let issuer_only = |org: &OrgId| closed.contains(org);
    if named.as_ref().is_some_and(issuer_only)
        || (!homes.is_empty() && homes.iter().all(|m| issuer_only(&m.org)))
    {
        return Err(ApiError::Forbidden(
            "this organisation lets people in by its single sign-on only; the sign-in page has a button for it".to_owned(),
        ));
    }
    homes.retain(|m| !issuer_only(&m.org));
    let belongs = |org: &OrgId| homes.iter().any(|m| m.org == *org);
    match named {
        Some(org) if belongs(&org) => Ok(org),
        Some(_) => Err(ApiError::Forbidden("you are not a member of that organisation".to_owned())),
        None => last.filter(belongs).or(homes.first().map(|m| m.org)).ok_or_else(homeless),
    }
}

/// Which organisation a session goes on in.
pub(crate) async fn resume(
    state: &AdminState,
    session: Uuid,
    user: UserId,
    named: Option<OrgId>,
    last: Option<OrgId>,
) -> Result<OrgId, ApiError> {
    match sso::sessions::confinement(&state.store.app, session).await? {
        None => {
            // An operator's session may be inside an organisation that is not theirs.
            if let Some(org) = named.or(last) {
                let mut tx = TenantTx::begin(&state.store.app, org, Some(user)).await?;
                if entries::is_inside(&mut tx, session, org).await? {
                    return Ok(org);
                }
            }
            choose(state, user, named, last).await
        }
        Some(only) if named.is_none_or(|named| named == only) => Ok(only),
        Some(_) => Err(ApiError::Forbidden(
            "this session began at an organisation's own issuer and enters that organisation only; sign in with your \
             password for others"
                .to_owned(),
        )),
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
