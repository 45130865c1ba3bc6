//! One's own sessions: which there are, and ending them.

use crate::{auth::events, docs, error::ApiError, extract::Place, guard::Oneself, state::AdminState};
use axum::{Json, extract::State};
use causeway_openapi::OwnSession;
use causeway_store::sessions::{self, SessionRow};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// List one's own sessions
///
/// Every browser and program that is signed in as the caller, the last used first.
#[utoipa::path(
    get, path = "/me/sessions", tag = "me", operation_id = "listMySessions", security(("bearer" = [])),
    responses((status = 200, description = "The sessions", body = Vec<OwnSession>), docs::Guarded, docs::Failures)
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    person: Oneself,
) -> Result<Json<Vec<OwnSession>>, ApiError> {
    let rows = sessions::list(&state.store.app, person.id()).await?;
    Ok(Json(rows.into_iter().map(|row| view(row, person.session)).collect()))
}

/// End one of one's own sessions
///
/// Its access tokens are dead at once. The session that asks may be the one that ends.
#[utoipa::path(
    delete, path = "/me/sessions/{id}", tag = "me", operation_id = "endMySession",
    params(("id" = Uuid, Path, description = "Identifier of the session")),
    responses((status = 204, description = "It is over"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn end(
    State(state): State<AdminState>,
    person: Oneself,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = person.begin(&state).await?;
    if !sessions::end(&mut tx, id, "revoked").await? {
        return Err(ApiError::NotFound);
    }
    events::record_session(&mut tx, "session.revoke", id, None, &person.origin).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all of one's other sessions
///
/// Everywhere but here.
#[utoipa::path(
    delete, path = "/me/sessions", tag = "me", operation_id = "endMyOtherSessions",
    responses((status = 204, description = "They are over"), docs::Guarded, docs::Failures)
)]
pub(crate) async fn end_others(
    State(state): State<AdminState>,
    person: Oneself,
) -> Result<StatusCode, ApiError> {
    let mut tx = person.begin(&state).await?;
    let ended = sessions::end_all(&mut tx, Some(person.session), "revoked").await?;
    if ended > 0 {
        let after = Some(json!({"sessions": ended}));
        events::record(&mut tx, "session.revoke_others", person.id(), after, &person.origin).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(row: SessionRow, current: Uuid) -> OwnSession {
    OwnSession {
        browser: browser(&row.user_agent),
        system: system(&row.user_agent).to_owned(),
        id: row.id,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        current: row.id == current,
    }
}

/// The name of the browser; of anything else, what it begins with. Every browser claims to be the ones before it, so the
/// order matters.
fn browser(agent: &str) -> String {
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    match browsers.iter().find(|(mark, _)| agent.contains(mark)) {
        Some((_, name)) => (*name).to_owned(),
        None => agent.split(['/', ' ']).next().unwrap_or_default().chars().take(40).collect(),
    }
}

/// The system, where it is said. Android calls itself Linux too, and an iPad a Mac.
fn system(agent: &str) -> &'static str {
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    systems.iter().find(|(mark, _)| agent.contains(mark)).map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                ("Edge", "Windows"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
                ("Chrome", "Linux"),
            ),
            ("Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", ("Firefox", "Android")),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1",
                ("Safari", "iOS"),
            ),
            ("curl/8.5.0", ("curl", "")),
            ("", ("", "")),
        ] {
            assert_eq!((browser(agent).as_str(), system(agent)), expected, "{agent}");
        }
    }
}
