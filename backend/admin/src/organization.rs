//! The organisation's settings.

use crate::error::ApiError;
use causeway_openapi::{self as api, Organization, PlanUse, PriceFigures};
use causeway_store::{
    TenantTx,
    organisations::Organisation,
    plans::{self, InUse},
    principal::{HoldMode, OnRedisLoss},
};

pub(crate) mod administrators;
pub(crate) mod get;
pub(crate) mod limits;
pub(crate) mod sign_in;
pub(crate) mod update;

/// As the API shows it.
async fn view(tx: &mut TenantTx, org: &Organisation) -> Result<Organization, ApiError> {
    Ok(shown(org, plans::in_use(tx).await?))
}

fn shown(org: &Organisation, has: InUse) -> Organization {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let minute = org.calendar.day_start_minute;
    Organization {
        id: org.id,
        name: org.name.clone(),
        slug: org.slug.clone(),
        time_zone: org.calendar.time_zone.name().to_owned(),
        week_start: u8::try_from(org.calendar.week_start.number_from_monday()).unwrap_or(1),
        day_start: format!("{:02}:{:02}", minute / 60, minute % 60),
        drain_seconds: u32::try_from(org.drain_ms / 1000).unwrap_or(0),
        default_price: org.default_price.as_ref().map(PriceFigures::from),
        limits: org.limits.clone(),
        plan: org.plan.clone(),
        plan_in_use: PlanUse {
            members: count(has.members),
            keys: count(has.keys),
            accounts: count(has.accounts),
        },
        multiplier: org.multiplier,
        provider_multipliers: org.provider_multipliers.clone(),
        hold_mode: match org.hold_mode {
            HoldMode::Strict => api::HoldMode::Strict,
            HoldMode::Expected => api::HoldMode::Expected,
        },
        on_redis_loss: match org.on_redis_loss {
            OnRedisLoss::Refuse => api::OnRedisLoss::Refuse,
            OnRedisLoss::Allow => api::OnRedisLoss::Allow,
        },
        check_schedule: org.check_schedule.clone(),
        thinking_suffix: org.thinking_suffix,
        default_proxy_id: org.default_proxy,
        created_at: org.created_at,
    }
}
