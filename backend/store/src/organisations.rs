//! Organisations: the tenants themselves, and how they count their days.

use crate::{
    JobsDb, StoreError, StoreResult, TenantTx,
    principal::{self, HoldMode, OnRedisLoss, multiplier, shape},
};
use causeway_domain::{Limits, Multiplier, Nanos, OrgId, Plan, ProxyId, price::Price, window::Calendar};
use chrono::{DateTime, Utc, Weekday};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// An organisation with its settings.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Identifier.
    pub id: OrgId,
    /// Name as shown.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// How it counts days and weeks.
    pub calendar: Calendar,
    /// Milliseconds for which an answer is read on after its client has left.
    pub drain_ms: i32,
    /// Price of models that no table knows; `None` refuses them.
    pub default_price: Option<Price>,
    /// The limits it sets itself.
    pub limits: Limits,
    /// What the operator of the installation allows it.
    pub plan: Plan,
    /// The sum of its credits where it is prepaid.
    pub credit: Option<Nanos>,
    /// What it is charged for a dollar of cost.
    pub multiplier: Multiplier,
    /// The same at one provider, by its name.
    pub provider_multipliers: BTreeMap<String, Multiplier>,
    /// How much a request reserves.
    pub hold_mode: HoldMode,
    /// What happens to requests while Redis is away.
    pub on_redis_loss: OnRedisLoss,
    /// When its accounts are checked, in five fields of cron; `None` = never.
    pub check_schedule: Option<String>,
    /// Whether a model may be asked for with a level of thinking behind its name.
    pub thinking_suffix: bool,
    /// The proxy of accounts of which nobody has said anything else; `None` = straight to the provider.
    pub default_proxy: Option<ProxyId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Organisation {
    /// What it may use, as the relay has it: the tighter of its own limits, its plan's, and its credits.
    pub fn effective_limits(&self) -> Limits {
        principal::tightest(&self.limits, &self.plan, self.credit)
    }
}

/// Makes the organisation that the transaction is in.
pub async fn insert(tx: &mut TenantTx, name: &str, time_zone: Tz) -> StoreResult<()> {
    let base = slug(name);
    let mut candidate = base.clone();
    // The names of other tenants are invisible here, so a taken one shows only as a row that was not inserted.
    for _ in 0..20 {
        let made = sqlx::query!(
            "insert into organisations (id, name, slug, time_zone) values ($1, $2, $3, $4) on conflict (slug) do nothing",
            tx.org().0,
            name,
            candidate,
            time_zone.name()
        )
        .execute(tx.conn())
        .await?;
        if made.rows_affected() == 1 {
            return Ok(());
        }
        candidate = format!("{base}-{:04x}", rand::random::<u16>());
    }
    Err(StoreError::Conflict("organisations_slug_key".to_owned()))
}

/// The organisation that the transaction is in. With `lock`, nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, lock: bool) -> StoreResult<Organisation> {
    let org = tx.org();
    if lock {
        sqlx::query!("select id from organisations where id = $1 for update", org.0)
            .fetch_one(tx.conn())
            .await?;
    }
    let row = sqlx::query!(
        "select name, slug, time_zone, week_start, day_start_minute, drain_ms, default_price, limits, plan, credit_nanos,
           multiplier, hold_mode, on_redis_loss, check_schedule, thinking_suffix, default_proxy_id, created_at
         from organisations where id = $1",
        org.0
    )
    .fetch_one(tx.conn())
    .await?;
    let multipliers =
        sqlx::query!("select provider, multiplier from provider_multipliers where org_id = $1", org.0)
            .fetch_all(tx.conn())
            .await?;
    Ok(Organisation {
        id: org,
        name: row.name,
        slug: row.slug,
        calendar: calendar(&row.time_zone, row.week_start, row.day_start_minute)?,
        drain_ms: row.drain_ms,
        default_price: row.default_price.map(|p| shape("default price", p)).transpose()?,
        limits: shape("limits of an organisation", row.limits)?,
        plan: shape("plan of an organisation", row.plan)?,
        credit: row.credit_nanos.map(Nanos),
        multiplier: multiplier(row.multiplier)?,
        provider_multipliers: multipliers
            .into_iter()
            .map(|r| Ok((r.provider, multiplier(r.multiplier)?)))
            .collect::<StoreResult<_>>()?,
        hold_mode: HoldMode::stored(&row.hold_mode),
        on_redis_loss: OnRedisLoss::stored(&row.on_redis_loss),
        check_schedule: row.check_schedule,
        thinking_suffix: row.thinking_suffix,
        default_proxy: row.default_proxy_id.map(ProxyId),
        created_at: row.created_at,
    })
}

/// Whether the organisation of the transaction pays in advance.
pub async fn is_prepaid(tx: &mut TenantTx) -> StoreResult<bool> {
    let org = tx.org();
    Ok(sqlx::query_scalar!(
        r#"select credit_nanos is not null as "prepaid!" from organisations where id = $1"#,
        org.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Writes the settings of the organisation that the transaction is in: what a tenant may write of
/// them. Plan, multipliers and credits are the operator's.
pub async fn update(tx: &mut TenantTx, org: &Organisation) -> StoreResult<()> {
    let default_price = org
        .default_price
        .as_ref()
        .map(serde_json::to_value)
        .transpose()
        .map_err(|e| StoreError::corrupt("default price", e))?;
    let limits = serde_json::to_value(&org.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    sqlx::query!(
        "update organisations set name = $2, time_zone = $3, week_start = $4, day_start_minute = $5, drain_ms = $6,
           default_price = $7, limits = $8, hold_mode = $9, on_redis_loss = $10, check_schedule = $11,
           thinking_suffix = $12, default_proxy_id = $13 where id = $1",
        tx.org().0,
        org.name,
        org.calendar.time_zone.name(),
        i16::try_from(org.calendar.week_start.number_from_monday()).unwrap_or(1),
        i16::try_from(org.calendar.day_start_minute).unwrap_or(0),
        org.drain_ms,
        default_price,
        limits,
        org.hold_mode.as_str(),
        org.on_redis_loss.as_str(),
        org.check_schedule,
        org.thinking_suffix,
        org.default_proxy.map(|proxy| proxy.0)
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// An organisation as the command line finds it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Identifier.
    pub id: OrgId,
    /// Name in addresses.
    pub slug: String,
    /// How it counts days and weeks.
    pub calendar: Calendar,
}

/// Every organisation of the installation, by their names in addresses.
pub async fn all(db: &JobsDb) -> StoreResult<Vec<Named>> {
    let rows = sqlx::query!(
        "select id, slug, time_zone, week_start, day_start_minute from organisations order by slug"
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter()
        .map(|r| {
            let calendar = calendar(&r.time_zone, r.week_start, r.day_start_minute)?;
            Ok(Named { id: r.id.into(), slug: r.slug, calendar })
        })
        .collect()
}

/// Reads the three columns that say how days are counted.
pub(crate) fn calendar(time_zone: &str, week_start: i16, day_start_minute: i16) -> StoreResult<Calendar> {
    let week_start = u8::try_from(week_start - 1)
        .ok()
        .and_then(|day| Weekday::try_from(day).ok())
        .ok_or_else(|| StoreError::corrupt("week start", week_start))?;
    Ok(Calendar {
        time_zone: time_zone.parse().map_err(|e| StoreError::corrupt("time zone", e))?,
        week_start,
        day_start_minute: u16::try_from(day_start_minute)
            .map_err(|e| StoreError::corrupt("start of day", e))?,
    })
}

/// Letters and digits in lower case, everything else a dash, at most 50 characters.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(50);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "organisation".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_script_become_addresses() {
        let slugs = ["Analytical Engines Ltd.", "—", "研究所 7", "a--b"].map(slug);
        assert_eq!(slugs, ["analytical-engines-ltd", "organisation", "7", "a-b"]);
    }

    #[test]
    fn weeks_begin_on_the_day_that_the_number_names() {
        assert_eq!(calendar("UTC", 1, 0).unwrap().week_start, Weekday::Mon);
        assert_eq!(calendar("UTC", 7, 0).unwrap().week_start, Weekday::Sun);
        assert!(calendar("UTC", 0, 0).is_err() && calendar("Mars/Olympus", 1, 0).is_err());
    }
}
