//! Letting somebody in who has registered, or not.

use super::audited;
use crate::{
    docs,
    error::{ApiError, BadLink},
    extract::{Body, Place},
    guard::{May, right},
    join::finish::new_person,
    mail::words::{self, Language},
    members::standing,
    state::AdminState,
};
use axum::extract::State;
use causeway_openapi::{DecideRegistration, Permission};
use causeway_store::{
    registration::{
        self,
        requests::{self, State as Stored},
    },
    users,
};
use chrono::{Duration, Utc};
use http::StatusCode;
use uuid::Uuid;

/// For which the person can fetch their key.
const DAYS: i64 = 7;

/// Decide about a registration
///
/// Whoever is let in is a member from then on, can sign in with the password they chose, and is given a first API key by
/// the page they registered on. They are told by mail where the installation sends mail.
#[utoipa::path(
    post, path = "/registrations/{id}/decide", tag = "registration", operation_id = "decideRegistration",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the request")),
    request_body = DecideRegistration,
    responses(
        (status = 204, description = "Decided"),
        docs::Input, docs::Guarded, docs::Missing, docs::Full, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<Uuid>,
    Body(input): Body<DecideRegistration>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    let request = requests::lock_waiting(&mut tx, id).await?;
    let decision = if input.approve {
        if !registration::count(&mut tx, request.link).await? {
            return Err(ApiError::Link(BadLink::Used));
        }
        if users::owner_of(&mut tx, &request.email).await?.is_some() {
            // Whoever filled in the form has not shown that the account is theirs.
            return Err(ApiError::Conflict(format!(
                "{} has an account already; refuse this and send an invitation instead",
                request.email
            )));
        }
        let user = new_person(&mut tx, &request).await?;
        standing::admit(&mut tx, user, request.role).await?;
        requests::admit(&mut tx, id, Stored::Approved, user, false).await?;
        Stored::Approved
    } else {
        Stored::Refused
    };
    let until = Utc::now() + Duration::days(DAYS);
    requests::decided(&mut tx, id, decision, caller.user.id, until).await?;
    let action = if input.approve { "registration.approve" } else { "registration.refuse" };
    caller.record(&mut tx, action, ("registration", Some(id)), None, Some(audited(&request))).await?;
    state.commit(tx).await?;
    if let Some(mailer) = &state.mailer {
        let (language, link) = (Language::of(&request.locale), format!("{}web/sign-in", state.public_url));
        let letter = words::registration_decided(language, &caller.organization.name, input.approve, &link);
        mailer.send(&request.email, &letter);
    }
    Ok(StatusCode::NO_CONTENT)
}
