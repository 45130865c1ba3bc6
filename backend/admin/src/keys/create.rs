//! Issuing a key.

use super::{audited, ceiling::Ceiling, check_prepaid, fields, secret::Drawn, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{Caller, May, right},
    plan,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::{CreateKey, IssuedKey, UpdateKey};
use causeway_store::{
    TenantTx,
    keys::{self, Key as Stored, NewKey},
    plans::Counted,
};
use http::StatusCode;
use uuid::Uuid;

/// Issue a key
///
/// Makes an API key that belongs to the caller, or to whom an administrator names. The answer has its secret, which is
/// stored only as a hash and can never be shown again. The key works at once. Members issue keys within
/// `GET /organization/key-ceilings`.
#[utoipa::path(
    post, path = "/keys", tag = "keys", operation_id = "createKey",
    request_body(content = CreateKey, examples(
        ("bare" = (summary = "No limits", value = json!({"name": "Ada's laptop"}))),
        ("limited" = (summary = "With limits", value = json!({
            "name": "Trainee", "limits": {"requests_per_minute": 30, "concurrency": 2, "usd": {"day": "5.00", "total": "100.00"}},
            "models": {"allow": ["claude-*"], "deny": ["*opus*"]}, "expires_at": "2027-06-30T22:00:00Z"
        }))),
        ("bound" = (summary = "From the office only, for 30 days from its first use", value = json!({
            "name": "Workshop", "device": "Room 4", "tags": ["workshop"], "expires_after_first_use_days": 30,
            "addresses": {"allow": ["192.0.2.0/24"]}, "services": {"dialects": ["anthropic"]}
        })))
    )),
    responses(
        (status = 201, description = "The key with its secret", body = IssuedKey),
        docs::Input, docs::Guarded, docs::Full, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    Body(input): Body<CreateKey>,
) -> Result<(StatusCode, Json<IssuedKey>), ApiError> {
    let terms = fields::as_change(&caller, input);
    fields::check_rights(&caller, &terms)?;
    fields::known_providers(&state, &terms)?;
    let mut tx = caller.begin(&state).await?;
    let ceiling = Ceiling::of(&mut tx, &caller, true).await?;
    let key = judge(&mut tx, &ceiling, &terms).await?;
    let (made, secret) = issue(&mut tx, &caller, key, None).await?;
    plan::check(&mut tx, Counted::Keys).await?;
    ceiling.check_count(&mut tx, &caller).await?;
    let key = view_one(&mut tx, &caller, made).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(IssuedKey { key, secret: secret.text.into() })))
}

/// The key that is asked for, if it may be issued.
pub(super) async fn judge(
    tx: &mut TenantTx,
    ceiling: &Ceiling,
    terms: &UpdateKey,
) -> Result<Stored, ApiError> {
    let mut check = Check::default();
    let mut key = Stored::new(KeyId(Uuid::now_v7()), "", "");
    fields::apply(&mut check, &mut key, terms);
    fields::check_new(&mut check, terms);
    fields::references(tx, &mut check, &mut key, terms).await?;
    check_prepaid(tx, &mut check, terms.multiplier).await?;
    ceiling.check(&mut check, &key, None);
    check.done()?;
    Ok(key)
}

/// Draws a secret and writes the key. That it has a place is checked once all are written.
pub(super) async fn issue(
    tx: &mut TenantTx,
    caller: &Caller,
    mut key: Stored,
    batch: Option<Uuid>,
) -> Result<(Stored, Drawn), ApiError> {
    let secret = Drawn::new();
    secret.prefix().clone_into(&mut key.prefix);
    let new = NewKey { key: &key, hash: secret.hash, created_by: caller.user.id, batch };
    keys::insert(tx, &new).await?;
    let made = keys::get(tx, key.id, None, false).await?;
    caller.record(tx, "key.create", ("key", Some(key.id.0)), None, Some(audited(&made))).await?;
    Ok((made, secret))
}
