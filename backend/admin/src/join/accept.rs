//! Accepting an invitation by somebody who is not signed in.

use super::{accept, check_open, invited_to, locale, make_person, refused, take_invitation};
use crate::{
    auth::session,
    check::Check,
    docs,
    error::{ApiError, BadLink},
    extract::Body,
    origin::Origin,
    state::AdminState,
};
use axum::response::Response;
use axum::{Json, extract::State, response::IntoResponse};
use causeway_domain::OrgId;
use causeway_openapi::{AcceptInvitation, AcceptedInvitation};
use causeway_store::{
    TenantTx, invitations,
    throttle::{self, Pace},
    users,
};
use sha2::{Digest, Sha256};

/// For one address that an organisation has invited.
const PACE: Pace = Pace { free: 5, longest: 300 };

/// Accept an invitation
///
/// Makes the person with the invited address a member. Somebody new gives a name and a password and is signed in; somebody
/// who has an account gives its password, and signs in afterwards. Whoever is signed in uses `POST /me/memberships`
/// instead. Of two that accept at once one wins.
#[utoipa::path(
    post, path = "/join/invitation", tag = "join", operation_id = "acceptInvitation", security(()),
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "A member", body = AcceptedInvitation,
            headers(("set-cookie" = String, description = "The refresh token, for somebody new"))),
        docs::Link, docs::Addressed, docs::Full, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    Body(input): Body<AcceptInvitation>,
) -> Result<Response, ApiError> {
    let (org, hash) = invited_to(&state, &input.token).await?;
    // Counted by organisation and address: another link for the same address gives nobody more tries at whose it is, or at
    // its password. Nobody is kept from signing in by it.
    let whose = Sha256::digest(input.email.trim().to_lowercase());
    let (db, subject) = (&state.store.app, format!("invitation:{org}:{}", hex::encode(&whose[..16])));
    throttle::attempt(db, &subject, PACE).await?.map_err(|seconds| ApiError::Throttled { seconds })?;
    look(&state, org, &hash, &input.email, &origin).await?;
    let known = users::find_by_email(&state.store.app, input.email.trim()).await?;
    let Some(known) = known else { return somebody_new(&state, org, &hash, &input, &origin).await };
    let fits = state.passwords.fits(input.password.expose(), known.password_hash.as_deref()).await?;
    if !fits || known.disabled {
        return Err(ApiError::WrongCredentials);
    }
    throttle::forget(db, &subject).await?;
    let mut tx = TenantTx::begin(db, org, Some(known.id)).await?;
    let invitation = take_invitation(&mut tx, &hash, &input.email).await?;
    let accepted = accept(&mut tx, &invitation, known.id, false, &origin).await?;
    state.commit(tx).await?;
    Ok(Json(accepted).into_response())
}

/// Refuses what cannot succeed before a password is computed.
async fn look(
    state: &AdminState,
    org: OrgId,
    hash: &[u8; 32],
    email: &str,
    origin: &Origin,
) -> Result<(), ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let invitation = invitations::lock_shown(&mut tx, hash).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    drop(tx);
    let same = invitation.email.to_lowercase() == email.trim().to_lowercase();
    let open = check_open(&invitation);
    if let Err(error) = open.and_then(|()| if same { Ok(()) } else { Err(ApiError::WrongAddress) }) {
        refused(state, org, invitation.id, &error, origin).await?;
        return Err(error);
    }
    Ok(())
}

async fn somebody_new(
    state: &AdminState,
    org: OrgId,
    hash: &[u8; 32],
    input: &AcceptInvitation,
    origin: &Origin,
) -> Result<Response, ApiError> {
    let mut check = Check::default();
    let name = check.text("name", input.name.as_deref().unwrap_or_default(), 1..=100);
    check.password("password", input.password.expose(), &[&input.email, &name]);
    check.done()?;
    let password_hash = state.passwords.hash(input.password.expose()).await?;
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let invitation = take_invitation(&mut tx, hash, &input.email).await?;
    let person = (invitation.email.as_str(), name.as_str(), locale(input.locale.as_deref()));
    let user = make_person(&mut tx, person, &password_hash).await?;
    let accepted = accept(&mut tx, &invitation, user, true, origin).await?;
    state.commit(tx).await?;
    match session::begin(state, user, org, origin).await {
        Ok((cookie, session)) => {
            Ok((cookie, Json(AcceptedInvitation { session: Some(session), ..accepted })).into_response())
        }
        // The organisation lets people in by its own issuer only.
        Err(ApiError::Forbidden(_)) => Ok(Json(accepted).into_response()),
        Err(error) => Err(error),
    }
}
