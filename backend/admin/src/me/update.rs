//! Changing one's own name and language.

use crate::{
    auth::events, check::Check, docs, error::ApiError, extract::Body, guard::Oneself, state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{UpdateProfile, User};
use causeway_store::{audit, users};
use serde_json::json;

/// Languages that there are.
const LOCALES: [&str; 2] = ["en", "zh"];

/// Change one's own profile
///
/// Name and language. Works in every organisation, whatever the role.
#[utoipa::path(
    patch, path = "/me", tag = "me", operation_id = "updateMe",
    request_body = UpdateProfile,
    responses(
        (status = 200, description = "The person as they are now", body = User),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    person: Oneself,
    Body(input): Body<UpdateProfile>,
) -> Result<Json<User>, ApiError> {
    let mut check = Check::default();
    let name = input.name.map_or(person.user.name.clone(), |name| check.text("name", &name, 1..=100));
    let locale = input.locale.unwrap_or_else(|| person.user.locale.clone());
    check.require(LOCALES.contains(&locale.as_str()), "locale", "must be en or zh");
    check.done()?;
    let user = User { name, locale, ..person.user.clone() };
    if user != person.user {
        let mut tx = person.begin(&state).await?;
        users::update(&mut tx, &user.name, &user.locale).await?;
        let seen = |user: &User| Some(json!({"name": user.name, "locale": user.locale}));
        let address = person.origin.address_text();
        let line = audit::Line {
            before: seen(&person.user),
            after: seen(&user),
            ..events::line("user.update", person.id(), &address, &person.origin)
        };
        tx.record(&line).await?;
        tx.commit().await?;
    }
    Ok(Json(user))
}
