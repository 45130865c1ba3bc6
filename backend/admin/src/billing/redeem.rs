//! Redeeming a code.

use super::{shown_balance, shown_entry};
use crate::{
    docs,
    error::{ApiError, BadCode},
    extract::Body,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::credit::normal_code;
use causeway_openapi::{RedeemCode, Redeemed};
use causeway_store::{
    credits,
    redeem::{self, Redeemed as Outcome},
    throttle::{self, Pace},
};
use http::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Nobody can guess a code of 125 bits; this keeps those who try from asking the database all day.
const PACE: Pace = Pace { free: 10, longest: 300 };

/// Redeem a code
///
/// Credits the organisation with what the code is worth, once. The first credit makes the organisation prepaid: from then
/// on its requests are refused when nothing is left. After ten failed attempts each further one has to wait.
#[utoipa::path(
    post, path = "/balance/redeem", tag = "billing", operation_id = "redeemCode",
    request_body = RedeemCode,
    responses(
        (status = 201, description = "Credited", body = Redeemed),
        docs::Redeem, docs::Guarded, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::BillingWrite>,
    Body(input): Body<RedeemCode>,
) -> Result<(StatusCode, Json<Redeemed>), ApiError> {
    let person = format!("redeem:{}", caller.user.id);
    throttle::attempt(&state.store.app, &person, PACE)
        .await?
        .map_err(|seconds| ApiError::Throttled { seconds })?;
    let code = normal_code(input.code.expose()).ok_or(ApiError::Code(BadCode::Unknown))?;
    let mut tx = caller.begin(&state).await?;
    let entry = match redeem::redeem(&mut tx, &Sha256::digest(code.as_bytes()).into()).await? {
        Outcome::Credited(entry) => shown_entry(entry),
        Outcome::Unknown => return Err(ApiError::Code(BadCode::Unknown)),
        Outcome::Expired => return Err(ApiError::Code(BadCode::Expired)),
        Outcome::Used => return Err(ApiError::Code(BadCode::Used)),
        Outcome::Revoked => return Err(ApiError::Code(BadCode::Revoked)),
        Outcome::Yours => return Err(ApiError::Code(BadCode::Yours)),
        Outcome::TooMuch => return Err(too_much()),
    };
    let balance = shown_balance(&credits::balance(&mut tx).await?);
    let line = json!({"code": entry.code, "amount_usd": entry.amount_usd});
    caller.record(&mut tx, "code.redeem", ("credit", Some(entry.id)), None, Some(line)).await?;
    state.commit(tx).await?;
    throttle::forget(&state.store.app, &person).await?;
    Ok((StatusCode::CREATED, Json(Redeemed { entry, balance })))
}

/// More than can be counted.
pub(crate) fn too_much() -> ApiError {
    ApiError::Conflict(
        "all credits of an organisation together must stay within 9007199.25 dollars".to_owned(),
    )
}
