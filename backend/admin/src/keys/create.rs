//! Issuing a key.

use super::{audited, check_account, check_multiplier, view_one};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    plan,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    KeyId,
    secret::{KEY_SHOWN_CHARS, key_from_random},
};
use causeway_openapi::{CreateKey, IssuedKey};
use causeway_store::{
    keys::{self, NewKey},
    plans::Counted,
};
use chrono::Utc;
use http::StatusCode;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Issue a key
///
/// Makes an API key that belongs to the caller. The answer has its secret, which is stored only as a hash and can never
/// be shown again. The key works at once.
#[utoipa::path(
    post, path = "/keys", tag = "keys", operation_id = "createKey",
    request_body(content = CreateKey, examples(
        ("bare" = (summary = "No limits", value = json!({"name": "Ada's laptop"}))),
        ("limited" = (summary = "With limits", value = json!({
            "name": "Trainee", "limits": {"requests_per_minute": 30, "concurrency": 2, "usd": {"day": "5.00", "total": "100.00"}},
            "models": {"allow": ["claude-*"], "deny": ["*opus*"]}, "expires_at": "2027-06-30T22:00:00Z"
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
    check_multiplier(&caller, input.multiplier)?;
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    let description = check.text("description", &input.description, 0..=1000);
    check.limits("limits", &input.limits);
    check.models("models", &input.models);
    check.require(input.expires_at.is_none_or(|end| end > Utc::now()), "expires_at", "must be in the future");
    let mut tx = caller.begin(&state).await?;
    check_account(&mut tx, &mut check, input.account_id).await?;
    check.done()?;
    let secret = draw();
    let id = KeyId(Uuid::now_v7());
    let new = NewKey {
        id,
        owner: caller.user.id,
        name: &name,
        description: &description,
        hash: Sha256::digest(secret.as_bytes()).into(),
        prefix: secret.get(..KEY_SHOWN_CHARS).unwrap_or_default(),
        limits: &input.limits,
        multiplier: input.multiplier.unwrap_or_default(),
        models: &input.models,
        account_id: input.account_id,
        enabled: input.enabled.unwrap_or(true),
        expires_at: input.expires_at,
    };
    keys::insert(&mut tx, &new).await?;
    plan::check(&mut tx, Counted::Keys).await?;
    let made = keys::get(&mut tx, id, None, false).await?;
    caller.record(&mut tx, "key.create", ("key", Some(id.0)), None, Some(audited(&made))).await?;
    let key = view_one(&mut tx, &caller, made).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(IssuedKey { key, secret: secret.into() })))
}

/// Draws a secret. Twice the bytes that are needed: too few of them being fair has odds of one in 10²⁰ and more, and is
/// drawn again.
pub(super) fn draw() -> String {
    loop {
        if let Some(key) = key_from_random(&rand::random::<[u8; 96]>()) {
            return key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::secret::looks_like_key;

    #[test]
    fn drawn_secrets_have_the_form_of_keys_and_differ() {
        let (one, two) = (draw(), draw());
        assert!(looks_like_key(&one) && looks_like_key(&two) && one != two);
    }
}
