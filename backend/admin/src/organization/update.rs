//! Changing the settings.

use super::view;
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    proxies::readers::Readers,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::price::Price;
use causeway_openapi::{HoldMode, OnRedisLoss, Organization, UpdateOrganization};
use causeway_store::{
    organisations::{self, Organisation},
    principal, proxies,
};
use chrono::Weekday;
use serde_json::json;

/// Change the settings
///
/// Changes what is present and leaves the rest; `limits` are replaced as a whole. In force from the next request on, on
/// every instance. Plan and multipliers are the operator's to set.
#[utoipa::path(
    patch, path = "/organization", tag = "organization", operation_id = "updateOrganization",
    request_body = UpdateOrganization,
    responses(
        (status = 200, description = "The settings as they are now", body = Organization),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Body(input): Body<UpdateOrganization>,
) -> Result<Json<Organization>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut org = organisations::get(&mut tx, true).await?;
    let before = view(&mut tx, &org).await?;
    apply(&mut org, &input)?;
    let readers = Readers::now(&mut tx).await?;
    if let Some(chosen) = input.default_proxy_id {
        if let Some(id) = chosen
            && !proxies::exists(&mut tx, id).await?
        {
            return Err(ApiError::field("default_proxy_id", "must be a proxy of this organisation"));
        }
        org.default_proxy = chosen;
    }
    organisations::update(&mut tx, &org).await?;
    readers.unchanged(&mut tx, None).await?;
    let after = view(&mut tx, &org).await?;
    let target = ("organization", Some(caller.org().0));
    caller.record(&mut tx, "organization.update", target, Some(json!(before)), Some(json!(after))).await?;
    state.commit(tx).await?;
    Ok(Json(after))
}

fn apply(org: &mut Organisation, input: &UpdateOrganization) -> Result<(), ApiError> {
    let mut check = Check::default();
    if let Some(name) = &input.name {
        org.name = check.text("name", name, 1..=100);
    }
    if let Some(zone) = &input.time_zone {
        match zone.parse() {
            Ok(zone) => org.calendar.time_zone = zone,
            Err(_) => check.refuse("time_zone", "must be an IANA time zone such as Europe/Berlin"),
        }
    }
    if let Some(day) = input.week_start {
        match day.checked_sub(1).and_then(|day| Weekday::try_from(day).ok()) {
            Some(day) => org.calendar.week_start = day,
            None => check.refuse("week_start", "must be 1 (Monday) to 7 (Sunday)"),
        }
    }
    if let Some(time) = &input.day_start {
        match minutes(time) {
            Some(minutes) => org.calendar.day_start_minute = minutes,
            None => check.refuse("day_start", "must be HH:MM at a quarter of an hour, such as 04:00"),
        }
    }
    if let Some(seconds) = input.drain_seconds {
        check.require(seconds <= 600, "drain_seconds", "must be between 0 and 600");
        org.drain_ms = i32::try_from(seconds.min(600) * 1000).unwrap_or(600_000);
    }
    if let Some(price) = &input.default_price {
        if let Some(price) = price {
            check.price("default_price", price);
            // One that was set before does not count while that lasts.
            check.require(
                org.credit.is_none() || org.default_price.as_ref() == Some(&Price::from(price)),
                "default_price",
                "must be absent while this organisation is prepaid: the operator sets its prices",
            );
        }
        org.default_price = price.as_ref().map(Price::from);
    }
    if let Some(schedule) = &input.check_schedule {
        org.check_schedule = schedule.as_deref().and_then(|text| check.schedule("check_schedule", text));
    }
    if let Some(suffix) = input.thinking_suffix {
        org.thinking_suffix = suffix;
    }
    apply_limits(&mut check, org, input);
    check.done()
}

fn apply_limits(check: &mut Check, org: &mut Organisation, input: &UpdateOrganization) {
    if let Some(limits) = &input.limits {
        check.limits("limits", limits);
        org.limits.clone_from(limits);
    }
    if let Some(mode) = input.hold_mode {
        org.hold_mode = match mode {
            HoldMode::Strict => principal::HoldMode::Strict,
            HoldMode::Expected => principal::HoldMode::Expected,
        };
    }
    if let Some(answer) = input.on_redis_loss {
        org.on_redis_loss = match answer {
            OnRedisLoss::Refuse => principal::OnRedisLoss::Refuse,
            OnRedisLoss::Allow => principal::OnRedisLoss::Allow,
        };
    }
}

/// Minutes after midnight of `HH:MM`, a quarter of an hour, because usage is summed by those.
fn minutes(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let two_digits =
        |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok())?;
    let (hours, minutes): (u16, u16) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 24 && minutes < 60 && minutes % 15 == 0).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_quarters_of_an_hour_and_nothing_else() {
        assert_eq!(["00:00", "04:15", "23:45"].map(minutes), [Some(0), Some(255), Some(1425)]);
        for bad in ["4:00", "24:00", "12:60", "12:05", "12", "+1:00", ""] {
            assert_eq!(minutes(bad), None, "{bad}");
        }
    }
}
