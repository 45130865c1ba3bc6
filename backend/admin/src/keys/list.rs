//! Listing keys.

use super::view;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::Params,
    guard::{Caller, May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::{Key, KeyQuery, KeyStatus, Page};
use causeway_store::keys::{self, Filter, State as KeyState};

/// List keys
///
/// The organisation's API keys with what they have used, newest first; a member's own ones only. Deleted ones only with
/// `status=deleted`. Secrets are never shown.
#[utoipa::path(
    get, path = "/keys", tag = "keys", operation_id = "listKeys", params(KeyQuery),
    responses(
        (status = 200, description = "A page of keys", body = Page<Key>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysRead>,
    Params(query): Params<KeyQuery>,
) -> Result<Json<Page<Key>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let filter = filter(&caller, query.owner_id, query.tag, query.status, query.query)?;
    let mut tx = caller.begin(&state).await?;
    let rows = keys::list(&mut tx, &filter, window.before.map(Into::into), window.fetch()).await?;
    let page = window.page(rows, |key| key.id.0);
    Ok(Json(Page { items: view(&mut tx, &caller, page.items).await?, next_cursor: page.next_cursor }))
}

/// What the caller asks for, of what the caller sees.
pub(super) fn filter(
    caller: &Caller,
    owner: Option<UserId>,
    tag: Option<String>,
    status: Option<KeyStatus>,
    text: Option<String>,
) -> Result<Filter, ApiError> {
    for (field, text) in [("tag", &tag), ("query", &text)] {
        let fits = |t: &String| t.chars().count() <= 100 && !t.contains('\0');
        if !text.as_ref().is_none_or(fits) {
            return Err(ApiError::field(field, "must have at most 100 characters, none of them null"));
        }
    }
    Ok(Filter {
        // A member asking for somebody else's gets none, as if there were none.
        owner: match (caller.sees(), owner) {
            (Some(own), Some(asked)) if own != asked => Some(UserId(uuid::Uuid::nil())),
            (own, asked) => own.or(asked),
        },
        tag: tag.filter(|t| !t.is_empty()),
        state: status.map(|status| match status {
            KeyStatus::Active => KeyState::Active,
            KeyStatus::Disabled => KeyState::Disabled,
            KeyStatus::Expired => KeyState::Expired,
            KeyStatus::Deleted => KeyState::Deleted,
        }),
        text: text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()),
    })
}
