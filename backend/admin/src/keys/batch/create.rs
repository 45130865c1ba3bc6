//! Issuing many keys that are alike.

use crate::{
    csv, docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    keys::{
        ceiling::Ceiling,
        create::{issue, judge},
        fields, view,
    },
    plan,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::KeyId;
use causeway_openapi::{CreateKeys, IssuedKey, IssuedKeys};
use causeway_store::{
    keys::{self, Key as Stored},
    plans::Counted,
};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use uuid::Uuid;

const MOST: u32 = 500;

const HEADER: &str = "idempotency-key";

/// Issue many keys
///
/// Makes keys that are alike but for the number at the end of their names, all of them or none. The answer has their
/// secrets, once as a list and once as a file; they are stored only as hashes and can never be shown again. Members issue
/// keys within `GET /organization/key-ceilings`. With an `idempotency-key`, sending the same call twice issues nothing more:
/// the second is answered with 409, which says what the first has issued.
#[utoipa::path(
    post, path = "/keys/batch", tag = "keys", operation_id = "createKeys",
    params(("idempotency-key" = Option<String>, Header, description = "Any text of 1–100 characters")),
    request_body(content = CreateKeys, example = json!({
        "count": 20, "key": {"name": "Workshop", "tags": ["workshop"], "expires_after_first_use_days": 7,
            "limits": {"usd": {"total": "5.00"}}}
    })),
    responses(
        (status = 201, description = "The keys with their secrets", body = IssuedKeys),
        docs::Input, docs::Guarded, docs::Full, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysWriteOwn>,
    headers: HeaderMap,
    Body(input): Body<CreateKeys>,
) -> Result<(StatusCode, Json<IssuedKeys>), ApiError> {
    let CreateKeys { count, key } = input;
    if !(1..=MOST).contains(&count) {
        return Err(ApiError::field("count", "must be between 1 and 500"));
    }
    let once = idempotency_key(&headers)?;
    let terms = fields::as_change(&caller, key);
    fields::check_rights(&caller, &terms)?;
    fields::known_providers(&state, &terms)?;
    let mut tx = caller.begin(&state).await?;
    let ceiling = Ceiling::of(&mut tx, &caller, true).await?;
    let key = judge(&mut tx, &ceiling, &terms).await.map_err(within)?;
    let width = count.to_string().len();
    if key.name.chars().count() + 1 + width > 100 {
        return Err(ApiError::field("key.name", "must leave room for a number within 100 characters"));
    }
    let batch = Uuid::now_v7();
    let number = i32::try_from(count).unwrap_or(0);
    if let Err(before) = keys::begin_batch(&mut tx, batch, number, once.as_deref(), caller.user.id).await? {
        return Err(ApiError::Conflict(format!(
            "a batch of {} keys was issued with this idempotency-key at {}; its secrets cannot be shown again. Delete \
             those keys if the answer was lost, and issue others with another idempotency-key",
            before.keys,
            before.created_at.to_rfc3339()
        )));
    }
    let (mut made, mut secrets) = (Vec::new(), Vec::new());
    for n in 1..=count {
        let one = Stored { id: KeyId(Uuid::now_v7()), name: format!("{} {n}", key.name), ..key.clone() };
        let (one, secret) = issue(&mut tx, &caller, one, Some(batch)).await?;
        made.push(one);
        secrets.push(secret.text);
    }
    plan::check(&mut tx, Counted::Keys).await?;
    ceiling.check_count(&mut tx, &caller).await?;
    let shown = view(&mut tx, &caller, made).await?;
    state.commit(tx).await?;
    let keys: Vec<_> = shown
        .into_iter()
        .zip(secrets)
        .map(|(key, secret)| IssuedKey { key, secret: secret.into() })
        .collect();
    let csv = file(&keys).into();
    Ok((StatusCode::CREATED, Json(IssuedKeys { keys, csv })))
}

/// The fields of the key stand within `key` here.
fn within(error: ApiError) -> ApiError {
    let ApiError::Invalid(mut errors) = error else { return error };
    for error in &mut errors {
        error.field = format!("key.{}", error.field);
    }
    ApiError::Invalid(errors)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if !(1..=100).contains(&text.len()) {
        return Err(ApiError::field(HEADER, "must have 1 to 100 plain characters"));
    }
    Ok(Some(text.to_owned()))
}

fn file(keys: &[IssuedKey]) -> String {
    let mut text = String::new();
    csv::heading(&mut text, &["name", "secret", "id", "device", "tags", "expires_at"]);
    for IssuedKey { key, secret } in keys {
        let line = json!({
            "name": key.name,
            "secret": secret.expose(),
            "id": key.id,
            "device": key.device,
            "tags": key.tags.join(" "),
            "expires_at": key.expires_at,
        });
        csv::line(&mut text, &line);
    }
    text
}
