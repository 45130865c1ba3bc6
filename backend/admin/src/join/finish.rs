//! Finishing a registration: a member, with a key in hand.

use super::{hash, make_person, organization, record, record_refused, register};
use crate::{
    auth::session,
    docs,
    error::{ApiError, BadLink},
    extract::Body,
    keys,
    members::standing,
    origin::Origin,
    state::AdminState,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use causeway_domain::{OrgId, UserId};
use causeway_openapi::{FinishRegistration, FinishedRegistration, IssuedKey, Permission};
use causeway_store::{
    TenantTx, people,
    registration::{
        self,
        requests::{self, Request, State as Stored},
    },
    sign_in_rules, users,
};
use chrono::Utc;
use http::StatusCode;
use serde_json::json;

/// Wrong codes after which a registration is over.
const ATTEMPTS: i16 = 5;

/// Finish a registration
///
/// With the mailed code, which makes the person a member and signs somebody new in; or once an administrator has let them
/// in, who sign in with their password as always. Either way a first API key is issued. After five wrong codes the
/// registration is over. Works once.
#[utoipa::path(
    post, path = "/join/registration/finish", tag = "join", operation_id = "finishRegistration", security(()),
    request_body = FinishRegistration,
    responses(
        (status = 201, description = "A member, with a key", body = FinishedRegistration,
            headers(("set-cookie" = String, description = "The refresh token, for somebody new"))),
        docs::Link, docs::Forbidden, docs::Full, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    Body(input): Body<FinishRegistration>,
) -> Result<Response, ApiError> {
    let claim = hash(&input.claim);
    let org =
        requests::organisation(&state.store.app, &claim).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    sign_in_rules::lock_organisation(&mut tx).await?;
    let request = requests::claimed(&mut tx, &claim, true).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    match request.state {
        Stored::Done => Err(ApiError::Link(BadLink::Used)),
        Stored::Refused => Err(ApiError::Forbidden("an administrator did not let you in".to_owned())),
        Stored::Waiting => Err(ApiError::Conflict("an administrator has not decided yet".to_owned())),
        _ if request.expires_at <= Utc::now() => Err(ApiError::Link(BadLink::Expired)),
        Stored::Confirming => {
            if !code_fits(&request, &input)? {
                requests::wrong_code(&mut tx, request.id).await?;
                // Five at most.
                let after = json!({
                    "reason": "wrong code", "email": request.email, "attempt": request.attempts + 1,
                });
                let target = ("registration", request.id);
                record_refused(&mut tx, "registration.wrong_code", target, after, &origin).await?;
                state.commit(tx).await?;
                return Err(ApiError::field("code", "is not the one that was mailed"));
            }
            confirmed(&state, tx, request, org, &origin).await
        }
        Stored::Approved => approved(&state, tx, request, org, &origin).await,
    }
}

fn code_fits(request: &Request, input: &FinishRegistration) -> Result<bool, ApiError> {
    if request.attempts >= ATTEMPTS {
        return Err(ApiError::Link(BadLink::Expired));
    }
    let code =
        input.code.as_ref().ok_or_else(|| ApiError::field("code", "is needed: it was mailed to you"))?;
    let digits: String = code.expose().chars().filter(char::is_ascii_digit).collect();
    // Compared as hashes of something that the caller does not choose freely: how long it takes tells nothing.
    let hash = register::hash_code(&digits, input.claim.expose().trim());
    Ok(request.code_hash.as_deref() == Some(&hash[..]))
}

/// Somebody has confirmed their address.
async fn confirmed(
    state: &AdminState,
    mut tx: TenantTx,
    request: Request,
    org: OrgId,
    origin: &Origin,
) -> Result<Response, ApiError> {
    let link = registration::lock(&mut tx, request.link).await?;
    let rules = sign_in_rules::get(&mut tx, false).await?;
    register::check_open(&link, &rules)?;
    if !register::belongs(&request.email, &register::confirmed_domains(&mut tx, &rules).await?) {
        return Err(ApiError::Link(BadLink::Revoked));
    }
    if !registration::count(&mut tx, link.id).await? {
        return Err(ApiError::Link(BadLink::Used));
    }
    let (user, known) = match users::owner_of(&mut tx, &request.email).await? {
        Some(owner) if people::was_removed(&mut tx, owner.id).await? => {
            return Err(ApiError::Forbidden(REMOVED.to_owned()));
        }
        Some(owner) if owner.proven => (owner.id, true),
        // The address is proven, but not that the account is theirs: whoever made it may still have its password.
        Some(_) => return Err(ApiError::Conflict(UNPROVEN.to_owned())),
        None => (new_person(&mut tx, &request).await?, false),
    };
    users::prove(&mut tx, user).await?;
    standing::admit(&mut tx, user, request.role).await?;
    requests::admit(&mut tx, request.id, Stored::Done, user, known).await?;
    let key = first_key(&mut tx, user, &request).await?;
    answer(state, tx, (request, user, known), org, key, origin, !known).await
}

/// An administrator has let somebody in, whose address nobody has confirmed. They sign in with their password as always;
/// here they get the key alone, and only while that password is the one they chose.
async fn approved(
    state: &AdminState,
    mut tx: TenantTx,
    request: Request,
    org: OrgId,
    origin: &Origin,
) -> Result<Response, ApiError> {
    standing::check_served(&mut tx).await?;
    let user = request.user.ok_or(ApiError::Link(BadLink::Revoked))?;
    if people::role(&mut tx, user).await?.is_none() {
        return Err(ApiError::Link(BadLink::Revoked));
    }
    let theirs = !request.known && users::still_has(&mut tx, user, &request.password_hash).await?;
    let known = request.known;
    requests::admit(&mut tx, request.id, Stored::Done, user, known).await?;
    let key = if theirs { first_key(&mut tx, user, &request).await? } else { None };
    answer(state, tx, (request, user, known), org, key, origin, false).await
}

/// What is told of somebody who was a member before.
const REMOVED: &str = "you were a member of this organisation before; an administrator can invite you again, a link alone does not";

/// What is told of an account that may be somebody else's.
const UNPROVEN: &str = "this address has an account, and nobody has shown yet whose it is: choose a new password by mail \
     (\u{201c}Forgot password\u{201d} on the sign-in page), then come back here";

/// A new person with the address.
pub(crate) async fn new_person(tx: &mut TenantTx, request: &Request) -> Result<UserId, ApiError> {
    let as_written = (request.email.as_str(), request.name.as_str(), request.locale.as_str());
    make_person(tx, as_written, &request.password_hash).await
}

async fn first_key(
    tx: &mut TenantTx,
    user: UserId,
    request: &Request,
) -> Result<Option<IssuedKey>, ApiError> {
    if !Permission::KeysWriteOwn.granted_to(request.role) {
        return Ok(None);
    }
    let name = if request.locale == "zh" { "首个密钥" } else { "First key" };
    keys::first::issue(tx, user, name).await.map(Some)
}

async fn answer(
    state: &AdminState,
    mut tx: TenantTx,
    (request, user, known): (Request, UserId, bool),
    org: OrgId,
    key: Option<IssuedKey>,
    origin: &Origin,
    signs_in: bool,
) -> Result<Response, ApiError> {
    let organization = organization(&mut tx).await?;
    let after = json!({
        "email": request.email, "name": request.name, "role": request.role, "link": request.link_name,
        "new_person": !known, "key_id": key.as_ref().map(|k| k.key.id), "key_prefix": key.as_ref().map(|k| &k.key.prefix),
    });
    record(&mut tx, user, "registration.finish", ("member", user.0), after, origin).await?;
    state.commit(tx).await?;
    let finished = FinishedRegistration { organization, key, session: None };
    if !signs_in {
        return Ok((StatusCode::CREATED, Json(finished)).into_response());
    }
    match session::begin(state, user, org, origin).await {
        Ok((cookie, session)) => {
            let finished = FinishedRegistration { session: Some(session), ..finished };
            Ok((StatusCode::CREATED, cookie, Json(finished)).into_response())
        }
        // The organisation lets people in by its own issuer only; the key is theirs all the same.
        Err(ApiError::Forbidden(_)) => Ok((StatusCode::CREATED, Json(finished)).into_response()),
        Err(error) => Err(error),
    }
}
