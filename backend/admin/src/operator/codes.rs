//! Codes that organisations redeem: making, listing, taking back.

use crate::{
    check::Check,
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    CreditKind,
    credit::{CODE_SHOWN_CHARS, code_from_random, normal_code},
};
use causeway_openapi::{Code, CodeBatch, CreateCodes, ListQuery, MadeCodes, Page};
use causeway_store::redeem::{self, Batch, NewBatch, NewCode};
use chrono::Utc;
use http::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// List batches of codes
///
/// Newest first, with how often their codes were redeemed.
#[utoipa::path(
    get, path = "/operator/codes", tag = "operator", operation_id = "listCodeBatches", params(ListQuery),
    responses(
        (status = 200, description = "A page of batches", body = Page<CodeBatch>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn batches(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<CodeBatch>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let rows = redeem::batches(&state.store.operator, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |batch| batch.id)))
}

/// Make codes
///
/// A batch of codes that are alike. The answer has them; they are stored only as hashes and can never be shown again.
#[utoipa::path(
    post, path = "/operator/codes", tag = "operator", operation_id = "createCodes",
    request_body = CreateCodes,
    responses(
        (status = 201, description = "The batch with its codes", body = MadeCodes),
        docs::Input, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn create(
    State(state): State<AdminState>,
    operator: Operator,
    Body(input): Body<CreateCodes>,
) -> Result<(StatusCode, Json<MadeCodes>), ApiError> {
    let mut check = Check::default();
    let note = check.text("note", &input.note, 0..=500);
    check.credit("amount_usd", CreditKind::Redeem, input.amount_usd);
    check.require((1..=1000).contains(&input.count), "count", "must be between 1 and 1000");
    let uses = input.uses.unwrap_or(1);
    check.require((1..=1_000_000).contains(&uses), "uses", "must be between 1 and 1000000");
    check.require(input.expires_at.is_none_or(|end| end > Utc::now()), "expires_at", "must be in the future");
    check.done()?;
    let codes: Vec<String> = (0..input.count).map(|_| code_from_random(&rand::random())).collect();
    let new: Vec<NewCode> = codes.iter().map(|code| stored(code)).collect();
    let batch = NewBatch {
        id: Uuid::now_v7(),
        amount: input.amount_usd,
        uses,
        expires_at: input.expires_at,
        note: &note,
        actor: operator.user.id,
    };
    let after = json!({
        "amount_usd": input.amount_usd, "count": input.count, "uses": uses, "expires_at": input.expires_at, "note": note
    });
    let line = operator.line("code.create", ("code", Some(batch.id)), None, Some(after));
    redeem::create(&state.store.operator, &batch, &new, line).await?;
    let batch = shown(redeem::batch(&state.store.operator, batch.id).await?);
    let codes = codes.into_iter().map(Into::into).collect();
    Ok((StatusCode::CREATED, Json(MadeCodes { batch, codes })))
}

/// List the codes of a batch
///
/// By their first characters, with the organisations that redeemed them.
#[utoipa::path(
    get, path = "/operator/codes/{batch}", tag = "operator", operation_id = "listCodes",
    params(("batch" = Uuid, Path, description = "The batch"), ListQuery),
    responses(
        (status = 200, description = "A page of codes", body = Page<Code>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
    Place(batch): Place<Uuid>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<Code>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let db = &state.store.operator;
    redeem::batch(db, batch).await?;
    let rows = redeem::codes(db, batch, window.before, window.fetch()).await?;
    let rows = rows.into_iter().map(|code| Code {
        id: code.id,
        hint: code.hint,
        used: code.used,
        revoked_at: code.revoked_at,
        redeemed_by: code.organisations,
    });
    Ok(Json(window.page(rows.collect(), |code| code.id)))
}

/// Take a batch back
///
/// None of its codes can be redeemed from now on. What was redeemed stays credited.
#[utoipa::path(
    delete, path = "/operator/codes/{batch}", tag = "operator", operation_id = "revokeCodes",
    params(("batch" = Uuid, Path, description = "The batch")),
    responses(
        (status = 204, description = "Taken back"), docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn revoke_batch(
    State(state): State<AdminState>,
    operator: Operator,
    Place(batch): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let line = operator.line("code.revoke", ("code", Some(batch)), None, None);
    redeem::revoke(&state.store.operator, batch, None, line).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a code back
///
/// It cannot be redeemed from now on. What was redeemed stays credited.
#[utoipa::path(
    delete, path = "/operator/codes/{batch}/{code}", tag = "operator", operation_id = "revokeCode",
    params(("batch" = Uuid, Path, description = "The batch"), ("code" = Uuid, Path, description = "The code")),
    responses(
        (status = 204, description = "Taken back"), docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn revoke(
    State(state): State<AdminState>,
    operator: Operator,
    Place((batch, code)): Place<(Uuid, Uuid)>,
) -> Result<StatusCode, ApiError> {
    let line = operator.line("code.revoke", ("code", Some(code)), None, None);
    redeem::revoke(&state.store.operator, batch, Some(code), line).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn stored(code: &str) -> NewCode {
    let normal = normal_code(code).unwrap_or_default();
    NewCode {
        id: Uuid::now_v7(),
        hash: Sha256::digest(normal.as_bytes()).into(),
        hint: code.get(..CODE_SHOWN_CHARS).unwrap_or_default().to_owned(),
    }
}

fn shown(batch: Batch) -> CodeBatch {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    CodeBatch {
        id: batch.id,
        amount_usd: batch.amount,
        uses: batch.uses,
        expires_at: batch.expires_at,
        note: batch.note,
        codes: count(batch.codes),
        redeemed: count(batch.redeemed),
        revoked: count(batch.revoked),
        created_by: batch.created_by.unwrap_or_default(),
        created_at: batch.created_at,
    }
}
