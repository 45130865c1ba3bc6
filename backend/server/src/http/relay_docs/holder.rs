//! What the holder of a key may know about it.

use super::refusals::Looking;

/// The key's limits and what is left of them
///
/// Limits of the key and of the member whose key it is, never those of the organisation. Dollars are decimal strings;
/// `reserved` is held by requests that are still running. `recent` has the organisation's last seven days, and the key's
/// last twenty requests. The same at `/v1/me` and `/v1/usage`.
#[utoipa::path(
    get, path = "/v1/key-info", operation_id = "getKeyInfo", tag = "key holder",
    responses(
        (status = 200, description = "Name, models, limits and how they stand", body = Value, example = json!({
            "object": "api_key", "name": "Ada's laptop", "expires_at": null,
            "limits": [{"scope": "key", "unit": "usd", "window": "day", "limit": "5.00", "used": "1.20", "reserved": "0.05",
                "remaining": "3.75", "resets_at": "2026-11-21T00:00:00+00:00"}],
            "usage": {"total_usd": "12.90", "total_tokens": 1904210, "total_requests": 311, "reserved_usd": "0.05", "running_requests": 1},
            "recent": {
                "days": [{"day": "2026-11-20", "requests": 31, "tokens": 190421, "usd": "1.20"}],
                "requests": [{"at": "2026-11-20T16:28:50+00:00", "model": "claude-sonnet-5", "status": 200, "outcome": "completed",
                    "tokens": 6112, "usd": "0.0391"}]
            }
        })),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn key_info() {}

/// Who the key belongs to
///
/// The same answer as `GET /v1/key-info`, where some clients look for it.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "getKeyHolder", tag = "key holder",
    responses(
        (status = 200, description = "Name, models, limits and how they stand", body = Value),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn me() {}

/// What the key has used
///
/// The same answer as `GET /v1/key-info`, where some clients look for it.
#[utoipa::path(
    get, path = "/v1/usage", operation_id = "getKeyUsage", tag = "key holder",
    responses(
        (status = 200, description = "Name, models, limits and how they stand", body = Value),
        Looking
    ),
    security(("key" = []), ("key_header" = []))
)]
#[expect(dead_code, reason = "read by the macro only")]
pub(super) fn usage() {}
