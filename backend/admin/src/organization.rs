//! The organisation's settings.

use causeway_openapi::{Organization, PriceFigures};
use causeway_store::organisations::Organisation;

pub(crate) mod get;
pub(crate) mod update;

/// As the API shows it.
fn view(org: &Organisation) -> Organization {
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
        created_at: org.created_at,
    }
}
