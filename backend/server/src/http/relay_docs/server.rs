//! Whether anybody is there, and well.

use crate::http::health::Readiness;

/// Is anybody there
#[utoipa::path(
    get, path = "/ping", operation_id = "ping", tag = "server",
    responses((status = 200, description = "Yes", body = String, content_type = "text/plain", example = json!("pong"))),
    security(())
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn ping() {}

/// Is the process alive
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "server",
    responses((status = 200, description = "It is", body = Value, example = json!({"status": "ok"}))),
    security(())
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn health() {}

/// May requests be sent here
///
/// Asks Postgres (and whether row-level security holds), Redis (and whether it might evict counters) and whether all
/// migrations have run.
#[utoipa::path(
    get, path = "/ready", operation_id = "ready", tag = "server",
    responses(
        (status = 200, description = "They may", body = Readiness),
        (status = 503, description = "They may not; the components say why", body = Readiness)
    ),
    security(())
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn ready() {}
