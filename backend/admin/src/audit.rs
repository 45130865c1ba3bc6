//! Reading the audit log.

use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::{AuditActor, AuditEntry, AuditTarget, AuditToken, ListQuery, Page};
use causeway_store::audit::{self, Entry};

/// Read the audit log
///
/// Who changed what, when and from where, newest first. Lines are only ever added.
#[utoipa::path(
    get, path = "/audit", tag = "audit", operation_id = "listAudit", params(ListQuery),
    responses(
        (status = 200, description = "A page of lines", body = Page<AuditEntry>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AuditRead>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    let rows = audit::list(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(view).collect(), |entry| entry.id)))
}

fn view(entry: Entry) -> AuditEntry {
    AuditEntry {
        id: entry.id,
        at: entry.at,
        actor: AuditActor {
            kind: entry.actor_kind,
            id: entry.actor_id.map(UserId),
            name: entry.actor_name.unwrap_or_default(),
            token: entry.token_id.map(|id| AuditToken { id, name: entry.token_name.unwrap_or_default() }),
        },
        action: entry.action,
        target: AuditTarget { kind: entry.target_kind, id: entry.target_id },
        before: entry.before,
        after: entry.after,
        address: entry.address,
        request_id: entry.request_id,
    }
}
