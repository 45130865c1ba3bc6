//! Organisations as the operator sees them: what they are allowed, what they use of it, what they have paid.

use crate::{OperatorDb, StoreError, StoreResult, TenantTx, credits::Balance};
use causeway_domain::{Multiplier, Nanos, OrgId, Plan};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An organisation.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Identifier.
    pub id: OrgId,
    /// Name as shown.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Whether its requests are refused.
    pub suspended: bool,
    /// Since when.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Why, as its people are told.
    pub suspended_reason: Option<String>,
    /// The zone in which its months begin.
    pub time_zone: Tz,
    /// What it is allowed.
    pub plan: Plan,
    /// What it is charged for a dollar of cost.
    pub multiplier: Multiplier,
    /// The same at some providers.
    pub provider_multipliers: BTreeMap<String, Multiplier>,
    /// Members it has.
    pub members: i64,
    /// API keys it has.
    pub keys: i64,
    /// Upstream accounts it has.
    pub accounts: i64,
    /// Credits and what is left of them.
    pub balance: Balance,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Organisations whose name or slug contains `part`, newest first, older than `before`.
pub async fn list(db: &OperatorDb, part: &str, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Tenant>> {
    let mut connection = db.0.acquire().await?;
    select(&mut connection, None, part, before, limit).await
}

/// The organisation with this id.
pub async fn get(db: &OperatorDb, org: OrgId) -> StoreResult<Tenant> {
    let mut connection = db.0.acquire().await?;
    select(&mut connection, Some(org.0), "", None, 1).await?.pop().ok_or(StoreError::NotFound)
}

/// The organisation of the operator's transaction; nobody else changes it meanwhile. Not found when there is none.
pub async fn lock(tx: &mut TenantTx) -> StoreResult<Tenant> {
    let org = tx.org();
    sqlx::query!("select id from organisations where id = $1 for no key update", org.0)
        .fetch_one(tx.conn())
        .await?;
    read(tx).await
}

/// The organisation of the operator's transaction.
pub async fn read(tx: &mut TenantTx) -> StoreResult<Tenant> {
    let org = tx.org();
    select(tx.conn(), Some(org.0), "", None, 1).await?.pop().ok_or(StoreError::NotFound)
}

/// Which organisation has this slug.
pub async fn by_slug(db: &OperatorDb, slug: &str) -> StoreResult<OrgId> {
    Ok(OrgId(
        sqlx::query_scalar!("select id from organisations where slug = $1", slug).fetch_one(&db.0).await?,
    ))
}

async fn select(
    connection: &mut sqlx::PgConnection,
    id: Option<Uuid>,
    part: &str,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Tenant>> {
    let rows = sqlx::query!(
        r#"select o.id, o.name, o.slug, o.status, o.suspended_at, o.suspended_reason, o.time_zone, o.plan, o.multiplier, o.created_at,
             o.credit_nanos is not null as "prepaid!",
             array(select p.provider from provider_multipliers p where p.org_id = o.id order by p.provider)
               as "providers!",
             array(select p.multiplier from provider_multipliers p where p.org_id = o.id order by p.provider)
               as "provider_multipliers!",
             (select count(*) from memberships m where m.org_id = o.id) as "members!",
             (select count(*) from api_keys k where k.org_id = o.id and k.deleted_at is null) as "keys!",
             (select count(*) from upstream_accounts a where a.org_id = o.id and a.deleted_at is null) as "accounts!",
             (select coalesce(sum(e.amount_nanos), 0)::bigint from credit_entries e where e.org_id = o.id) as "credits!",
             coalesce((select b.nanos from budget_totals b
                       where b.org_id = o.id and b.scope = 'organisation' and b.scope_id = o.id), 0) as "charged!"
           from organisations o
           where ($1::uuid is null or o.id = $1) and ($2::uuid is null or o.id < $2)
             and ($3 = '' or position(lower($3) in lower(o.name)) > 0 or position(lower($3) in o.slug) > 0)
           order by o.id desc limit $4"#,
        id,
        before,
        part,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|r| {
            let providers = r.providers.into_iter().zip(r.provider_multipliers);
            Ok(Tenant {
                id: OrgId(r.id),
                name: r.name,
                slug: r.slug,
                suspended: r.status != "active",
                suspended_at: r.suspended_at,
                suspended_reason: r.suspended_reason,
                time_zone: r.time_zone.parse().map_err(|e| StoreError::corrupt("time zone", e))?,
                plan: serde_json::from_value(r.plan).map_err(|e| StoreError::corrupt("plan", e))?,
                multiplier: multiplier(r.multiplier)?,
                provider_multipliers: providers
                    .map(|(provider, m)| Ok((provider, multiplier(m)?)))
                    .collect::<StoreResult<_>>()?,
                members: r.members,
                keys: r.keys,
                accounts: r.accounts,
                balance: Balance { prepaid: r.prepaid, credits: Nanos(r.credits), charged: Nanos(r.charged) },
                created_at: r.created_at,
            })
        })
        .collect()
}

fn multiplier(ten_thousandths: i32) -> StoreResult<Multiplier> {
    Multiplier::from_ten_thousandths(ten_thousandths).map_err(|e| StoreError::corrupt("multiplier", e))
}

/// Writes what the operator decides: name, status, plan and multipliers.
pub async fn update(tx: &mut TenantTx, tenant: &Tenant) -> StoreResult<()> {
    let org = tx.org();
    let plan = serde_json::to_value(&tenant.plan).map_err(|e| StoreError::corrupt("plan", e))?;
    sqlx::query!(
        "update organisations set status = $2, plan = $3, multiplier = $4, name = $5, suspended_reason = $6,
           suspended_at = case when $2 = 'suspended' then coalesce(suspended_at, now()) end
         where id = $1",
        org.0,
        if tenant.suspended { "suspended" } else { "active" },
        plan,
        tenant.multiplier.ten_thousandths(),
        tenant.name,
        tenant.suspended_reason
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from provider_multipliers where org_id = $1", org.0).execute(tx.conn()).await?;
    sqlx::query!(
        "insert into provider_multipliers (org_id, provider, multiplier)
         select $1, provider, multiplier from unnest($2::text[], $3::int[]) as m (provider, multiplier)",
        org.0,
        &tenant.provider_multipliers.keys().cloned().collect::<Vec<_>>(),
        &tenant.provider_multipliers.values().map(|m| m.ten_thousandths()).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}
