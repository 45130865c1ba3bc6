//! Setting an override.

use super::{line, of_name};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::price::{Price, overrides::in_force};
use causeway_openapi::{PriceFigures, SetPrice};
use causeway_store::{
    organisations,
    price_overrides::{self, NewVersion},
};
use chrono::{DateTime, TimeDelta, Utc};

/// Names with a price of their own that an organisation may have: every request looks through them.
pub(crate) const MOST: i64 = 500;

/// How far in the past a moment may be that was meant to be now.
const NOW: TimeDelta = TimeDelta::minutes(1);

/// How far ahead a price can be planned.
const FAR: TimeDelta = TimeDelta::days(3660);

/// Set a price
///
/// Uses this price for the model in this organisation, instead of the table's, from the next request on or from a moment
/// that is given. Past requests keep the price they were charged at, so a moment in the past is refused. Of several
/// names that fit a model the most exact one wins: a name before patterns, then the pattern with more letters. Cache
/// prices that are absent follow from `input`.
#[utoipa::path(
    put, path = "/prices/overrides/{model}", tag = "prices", operation_id = "setPrice",
    params(("model" = String, Path, description = "Model, as the provider names it, or a pattern with `*`; a slash as %2F", example = "claude-haiku-4-5")),
    request_body = SetPrice,
    responses(
        (status = 200, description = "The price as it was recorded, with everything filled in", body = PriceFigures),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesWrite>,
    Place(model): Place<String>,
    Body(input): Body<SetPrice>,
) -> Result<Json<PriceFigures>, ApiError> {
    let (provider, from) = (input.provider, input.from);
    let figures = input.figures();
    let now = Utc::now();
    let mut check = Check::default();
    let model = check.model("model", &model);
    check.price("", &figures);
    moment(&mut check, from, now);
    if let Some(provider) = provider {
        check.provider("provider", provider, &state.catalogue);
    }
    check.done()?;
    let price = Price::from(&figures);
    // What was meant to be now is now by the clock of the database, and not a moment ago.
    let from = from.filter(|from| *from > now);

    let mut tx = caller.begin(&state).await?;
    if organisations::is_prepaid(&mut tx).await? {
        let message =
            "cannot have a price of its own while this organisation is prepaid: the operator sets its prices";
        return Err(ApiError::field("model", message));
    }
    let known = price_overrides::history(&mut tx, Some(&model)).await?;
    let versions = of_name(&known, &model, provider);
    if versions.is_empty() && price_overrides::names(&mut tx).await? >= MOST {
        return Err(ApiError::Conflict(format!(
            "{MOST} names have had a price of their own, which is the most there can be; use a pattern instead"
        )));
    }
    let before = in_force(&versions, from.unwrap_or(now)).map(line);
    let new = NewVersion { provider, model: &model, from, price: Some(&price), by: caller.user.id };
    let after = price_overrides::add(&mut tx, new).await?;
    caller.record(&mut tx, "price.set", ("price", None), before, Some(line(&after))).await?;
    state.commit(tx).await?;
    Ok(Json(PriceFigures::from(&price)))
}

pub(crate) fn moment(check: &mut Check, from: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    let Some(from) = from else { return };
    let past = "must not be in the past: requests keep the price they were billed at";
    check.require(from >= now - NOW, "from", past);
    check.require(from <= now + FAR, "from", "must be within the next ten years");
}
