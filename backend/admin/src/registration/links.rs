//! Opening, listing and closing registration links.

use super::shown;
use crate::{
    auth::cookie,
    check::Check,
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::{May, right},
    invitations::days,
    members::standing,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::Role;
use causeway_openapi::{
    CreateRegistrationLink, ListQuery, OpenedRegistrationLink, Page, Permission, RegistrationLink,
};
use causeway_store::{
    registration::{self, NewLink},
    sign_in_rules::{self, Registration},
};
use chrono::{Duration, Utc};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// List registration links
///
/// Newest first, with how many people each has let in; closed and expired ones too.
#[utoipa::path(
    get, path = "/registration-links", tag = "registration", operation_id = "listRegistrationLinks", params(ListQuery),
    responses(
        (status = 200, description = "A page of links", body = Page<RegistrationLink>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::InvitationsRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<RegistrationLink>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = registration::list(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |link| link.id)))
}

/// Open a registration link
///
/// Good for a number of people and days. Who comes in by it is a matter of the organisation's rule (`PATCH
/// /organization/sign-in`), which must not be `closed`. The answer has the link, which is stored only as a hash and never
/// shown again.
#[utoipa::path(
    post, path = "/registration-links", tag = "registration", operation_id = "createRegistrationLink",
    request_body = CreateRegistrationLink,
    responses(
        (status = 201, description = "Opened", body = OpenedRegistrationLink),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn create(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Body(input): Body<CreateRegistrationLink>,
) -> Result<(StatusCode, Json<OpenedRegistrationLink>), ApiError> {
    let mut check = Check::default();
    let name = check.text("name", &input.name, 0..=100);
    let role = input.role.unwrap_or(Role::Member);
    check.require(
        matches!(role, Role::Viewer | Role::Member),
        "role",
        "must be viewer or member: an administrator is invited",
    );
    check.require((1..=10_000).contains(&input.max_uses), "max_uses", "must be between 1 and 10000");
    let days = days(&mut check, input.expires_in_days);
    check.done()?;
    let mut tx = caller.begin(&state).await?;
    standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    if sign_in_rules::get(&mut tx, false).await?.registration == Registration::Closed {
        return Err(ApiError::Conflict(
            "registration is closed: say in the organisation's sign-in rules who may register first"
                .to_owned(),
        ));
    }
    let (token, hash) = cookie::new_token();
    let new = NewLink {
        id: Uuid::now_v7(),
        name: &name,
        hash,
        role,
        max_uses: i32::try_from(input.max_uses).unwrap_or(i32::MAX),
        created_by: caller.user.id,
        expires_at: Utc::now() + Duration::days(days),
    };
    registration::insert(&mut tx, &new).await?;
    let details = shown(registration::lock(&mut tx, new.id).await?);
    let target = ("registration_link", Some(new.id));
    caller.record(&mut tx, "registration_link.create", target, None, Some(json!(details))).await?;
    state.commit(tx).await?;
    // The token is the fragment, which browsers send to no server and no log has.
    let link = format!("{}web/register#{token}", state.public_url).into();
    Ok((StatusCode::CREATED, Json(OpenedRegistrationLink { details, link })))
}

/// Close a registration link
///
/// Nobody begins a registration with it any more. Who waits is still to be decided about.
#[utoipa::path(
    delete, path = "/registration-links/{id}", tag = "registration", operation_id = "closeRegistrationLink",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the link")),
    responses((status = 204, description = "Closed"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn close(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::MembersWrite>,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    standing::take_turn_with(&mut tx, &caller, Permission::MembersWrite).await?;
    let before = shown(registration::lock(&mut tx, id).await?);
    if before.closed_at.is_none() {
        registration::close(&mut tx, id).await?;
        let target = ("registration_link", Some(id));
        caller.record(&mut tx, "registration_link.close", target, Some(json!(before)), None).await?;
    }
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
