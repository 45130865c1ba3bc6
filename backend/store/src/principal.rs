//! What the relay knows of a caller and of its organisation. Read across tenants, by the relay's role only.

use crate::{
    RelayDb, StoreError, StoreResult, clients, global_prices,
    keys::{addresses, expiry, services},
    model_routes,
    pools::member,
    price_overrides,
    proxies::{self, Proxy},
};
use causeway_domain::{
    AccountId, AddressRules, Ceilings, ClientRules, Expiry, KeyId, Limits, Multiplier, Nanos, OrgId, Plan,
    PoolId, ProxyId, Role, Services, UserId,
    model::ModelPolicy,
    pool::{Member, Strategy},
    price::{Overrides, Price},
    provider::Provider,
    route::Route,
    timeouts::Timeouts,
    window::Calendar,
};
use chrono::{DateTime, Utc, Weekday};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use uuid::Uuid;

/// An API key with its policy, as of a policy version.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The key.
    pub key: KeyId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub org: OrgId,
    /// The member it was issued to.
    pub owner: Option<UserId>,
    /// Limits: the tighter of its own and what members may give their keys, where that bounds it.
    pub limits: Limits,
    /// Limits of that member over all of its keys.
    pub owner_limits: Limits,
    /// What the key is charged for a dollar of cost. Not below one where the organisation is prepaid: its credit is
    /// charged by the operator's prices, and an admin of it cannot make them lower.
    pub multiplier: Multiplier,
    /// Models.
    pub models: ModelPolicy,
    /// The account it is bound to, if it is.
    pub account: Option<AccountId>,
    /// The pools that it may use, in order: its own, or else those that members' keys are given. Empty is every account
    /// that is not dedicated.
    pub pools: Vec<PoolId>,
    /// Rules that most keys do not have.
    pub rules: Option<Box<Rules>>,
    /// Switched on, and its owner is not locked out of the installation.
    pub enabled: bool,
    /// Whether it is deleted; it may come back.
    pub deleted: bool,
    /// When it ends.
    pub expiry: Expiry,
    /// Until when the secret that was shown works; `None` is for as long as the key does. A secret that was replaced has
    /// an end.
    pub secret_until: Option<DateTime<Utc>>,
    /// Whether the organisation is suspended.
    pub suspended: bool,
    /// The version of the organisation's policy that this is part of, or an older one.
    pub policy_version: i64,
}

/// Rules that most keys do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Where it may be used from.
    pub addresses: AddressRules,
    /// What it may be used for.
    pub services: Services,
    /// Models that members' keys may use; hold beside the key's own.
    pub models: ModelPolicy,
    /// Accounts that may serve members' keys; empty is any.
    pub accounts: Vec<AccountId>,
}

/// An organisation with all that the relay chooses from, as of a policy version.
#[derive(Clone, Debug)]
pub struct Tenancy {
    /// Which.
    pub org: OrgId,
    /// Name.
    pub name: String,
    /// How it counts days and weeks.
    pub calendar: Calendar,
    /// How long a stream is read on after its client has left.
    pub drain_ms: u32,
    /// Price of models that no table knows. None where it is prepaid.
    pub default_price: Option<Price>,
    /// Prices of its own. None where it is prepaid.
    pub price_overrides: Overrides,
    /// Prices of the installation, which count where it has none of its own.
    pub global_prices: Overrides,
    /// When this was read, by the clock of the database, which also says from when on a price counts.
    pub as_of: DateTime<Utc>,
    /// Its limits: the tighter of its own, its plan's, and what is left of its credits where it is prepaid.
    pub limits: Limits,
    /// Whether it is prepaid, so that a total that is used up is a matter of paying.
    pub prepaid: bool,
    /// What it has paid for, if it is prepaid.
    pub credit: Option<Nanos>,
    /// What it is charged for a dollar of cost.
    pub multiplier: Multiplier,
    /// The same at one provider: its own, else the installation's.
    pub provider_multipliers: HashMap<String, Multiplier>,
    /// How much a request reserves.
    pub hold_mode: HoldMode,
    /// What happens to requests while Redis is away.
    pub on_redis_loss: OnRedisLoss,
    /// Whether a model may be asked for with a level of thinking behind its name.
    pub thinking_suffix: bool,
    /// Its proxies.
    pub proxies: Vec<Proxy>,
    /// Accounts that are switched on, best first.
    pub accounts: Vec<AccountRow>,
    /// Accounts that are switched on and have to be authorised anew.
    pub dead: Vec<DeadRow>,
    /// Its pools.
    pub pools: Vec<PoolRow>,
    /// How it recognises clients.
    pub clients: ClientRules,
    /// Its model routes, in their order.
    pub routes: Vec<Route>,
    /// The version this is at least as new as.
    pub policy_version: i64,
}

/// How much a request reserves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoldMode {
    /// What it could cost at most: a budget is never exceeded.
    #[default]
    Strict,
    /// What requests like it have cost: a budget may be exceeded by what is open.
    Expected,
}

impl HoldMode {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Expected => "expected",
        }
    }

    /// From the column, which holds nothing else.
    pub(crate) fn stored(text: &str) -> Self {
        if text == "expected" { Self::Expected } else { Self::Strict }
    }
}

/// What happens to requests while Redis is away or being refilled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRedisLoss {
    /// They are refused and told to come back.
    #[default]
    Refuse,
    /// They are let through and counted afterwards.
    Allow,
}

impl OnRedisLoss {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Allow => "allow",
        }
    }

    /// From the column, which holds nothing else.
    pub(crate) fn stored(text: &str) -> Self {
        if text == "allow" { Self::Allow } else { Self::Refuse }
    }
}

/// A pool of accounts.
#[derive(Clone, Debug)]
pub struct PoolRow {
    /// Which.
    pub id: PoolId,
    /// How it chooses.
    pub strategy: Strategy,
    /// How long a conversation stays with its account; `None` = it does not.
    pub sticky_seconds: Option<u32>,
    /// The account that it uses, if its strategy wants one.
    pub active: Option<AccountId>,
    /// Who is in it, by priority.
    pub members: Vec<Member>,
}

/// An upstream account with its credential still sealed.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Which.
    pub id: AccountId,
    /// Name.
    pub name: String,
    /// Provider.
    pub provider: Provider,
    /// Base URL.
    pub base_url: String,
    /// Sealed credential.
    pub credential: Vec<u8>,
    /// Which one it is; grows with every one.
    pub credential_version: i64,
    /// When what requests carry ends.
    pub credential_expires_at: Option<DateTime<Utc>>,
    /// Until then it is of no use to ask for another.
    pub refresh_after: Option<DateTime<Utc>>,
    /// Its limits; dollars are the provider's.
    pub limits: Limits,
    /// How long its provider may take.
    pub timeouts: Timeouts,
    /// Models that the provider listed, if it was asked.
    pub models: Option<Vec<String>>,
    /// It serves only keys that name it or a pool that it is in.
    pub dedicated: bool,
    /// It takes nothing new: only conversations that it has.
    pub draining: bool,
    /// The proxy that its requests go through; `None` = straight to the provider.
    pub proxy: Option<ProxyId>,
}

/// An upstream account whose provider does not accept its credential any more: a person has to authorise it anew.
#[derive(Clone, Debug)]
pub struct DeadRow {
    /// Which.
    pub id: AccountId,
    /// Provider.
    pub provider: Provider,
    /// In the issuer's words.
    pub reason: String,
    /// It serves only keys that name it or a pool that it is in.
    pub dedicated: bool,
}

pub(crate) fn shape<T: DeserializeOwned>(what: &'static str, value: serde_json::Value) -> StoreResult<T> {
    serde_json::from_value(value).map_err(|e| StoreError::corrupt(what, e))
}

pub(crate) fn multiplier(ten_thousandths: i32) -> StoreResult<Multiplier> {
    Multiplier::from_ten_thousandths(ten_thousandths).map_err(|e| StoreError::corrupt("multiplier", e))
}

/// What an organisation may use: its own limits, its plan's, and its credits as a total that cannot be exceeded.
pub(crate) fn tightest(own: &Limits, plan: &Plan, credit: Option<Nanos>) -> Limits {
    let mut limits = own.tightened_by(&plan.limits);
    if let Some(credit) = credit {
        // A limit of nothing would mean none: the smallest there is lets no request through.
        let credit = credit.max(Nanos(1));
        limits.usd.total = Some(limits.usd.total.map_or(credit, |total| total.min(credit)));
    }
    limits
}

/// The key whose secret, or the one before it, has this SHA-256; `None` if there is none. A deleted key is found, so that
/// a change of it is noticed as of any other.
pub async fn by_hash(db: &RelayDb, hash: &[u8; 32]) -> StoreResult<Option<Principal>> {
    let row = sqlx::query!(
        r#"select k.id, k.org_id, k.owner_id, k.name, k.limits, k.multiplier, k.models_allow, k.models_deny,
                  k.account_id, k.pool_ids, k.enabled, k.expires_at, k.first_use_days, k.first_used_at, k.addresses_allow,
                  k.addresses_deny, k.dialects, k.providers, k.clients, k.deleted_at is not null as "deleted!",
                  case when k.hash = $1 then null else k.previous_until end as secret_until,
                  o.status, o.policy_version, o.key_ceilings, o.credit_nanos is not null as "prepaid!",
                  m.limits as "owner_limits?", m.role as "owner_role?",
                  coalesce(u.disabled_at is not null, false) as "locked_out!"
           from api_keys k join organisations o on o.id = k.org_id
             left join users u on u.id = k.owner_id
             left join memberships m on m.org_id = k.org_id and m.user_id = k.owner_id
           where k.hash = $1 or k.previous_hash = $1"#,
        &hash[..]
    )
    .fetch_optional(&db.0)
    .await?;
    row.map(|r| {
        let own: Limits = shape("limits of an API key", r.limits)?;
        let role = r.owner_role.map(|role| role.parse::<Role>().map_err(|e| StoreError::corrupt("role", e)));
        let bound = Ceilings::bound(role.transpose()?) && r.owner_id.is_some();
        let ceilings: Ceilings =
            if bound { shape("ceilings of an organisation", r.key_ceilings)? } else { Ceilings::default() };
        let rules = Rules {
            addresses: addresses(&r.addresses_allow, &r.addresses_deny)?,
            services: services(&r.dialects, &r.providers, r.clients)?,
            models: ceilings.models,
            accounts: ceilings.accounts,
        };
        let mut pools: Vec<PoolId> = r.pool_ids.into_iter().map(PoolId).collect();
        if !ceilings.pools.is_empty() {
            pools.retain(|pool| ceilings.pools.contains(pool));
            // None of its own: those that members' keys are given.
            if pools.is_empty() {
                pools = ceilings.pools;
            }
        }
        Ok(Principal {
            key: KeyId(r.id),
            name: r.name,
            org: OrgId(r.org_id),
            owner: r.owner_id.map(UserId),
            limits: own.tightened_by(&ceilings.limits),
            owner_limits: r
                .owner_limits
                .map(|l| shape("limits of a member", l))
                .transpose()?
                .unwrap_or_default(),
            multiplier: key_multiplier(multiplier(r.multiplier)?, r.prepaid),
            models: ModelPolicy { allow: r.models_allow, deny: r.models_deny },
            account: r.account_id.map(AccountId),
            pools,
            rules: (rules != Rules::default()).then(|| Box::new(rules)),
            enabled: r.enabled && !r.locked_out,
            deleted: r.deleted,
            expiry: expiry(r.expires_at, r.first_use_days, r.first_used_at),
            secret_until: r.secret_until,
            suspended: r.status != "active",
            policy_version: r.policy_version,
        })
    })
    .transpose()
}

/// The SHA-256 of a key's secret; `None` if that organisation has no such key.
pub async fn hash_of(db: &RelayDb, org: OrgId, key: KeyId) -> StoreResult<Option<[u8; 32]>> {
    let found = sqlx::query_scalar!("select hash from api_keys where id = $1 and org_id = $2", key.0, org.0)
        .fetch_optional(&db.0)
        .await?;
    found
        .map(|hash| hash.try_into().map_err(|_| StoreError::corrupt("hash of an API key", "not 32 bytes")))
        .transpose()
}

/// What counts of a key's multiplier: one below one would pay for a dollar of cost with less than a dollar of credit.
fn key_multiplier(own: Multiplier, prepaid: bool) -> Multiplier {
    if prepaid { own.max(Multiplier::ONE) } else { own }
}

/// Which of these organisations are suspended.
pub async fn suspended(db: &RelayDb, orgs: &[OrgId]) -> StoreResult<Vec<OrgId>> {
    let ids: Vec<Uuid> = orgs.iter().map(|org| org.0).collect();
    let found =
        sqlx::query_scalar!("select id from organisations where id = any($1) and status = 'suspended'", &ids)
            .fetch_all(&db.0)
            .await?;
    Ok(found.into_iter().map(OrgId).collect())
}

/// Everything of one organisation. The version is read first: what follows may be newer than it, never older, so a
/// change in between costs one more reload and is never missed.
pub async fn tenancy(db: &RelayDb, org: OrgId) -> StoreResult<Option<Tenancy>> {
    let Some(o) = sqlx::query!(
        "select name, time_zone, week_start, day_start_minute, drain_ms, default_price, policy_version, limits, plan,
           multiplier, hold_mode, on_redis_loss, thinking_suffix, credit_nanos
         from organisations where id = $1",
        org.0
    )
    .fetch_optional(&db.0)
    .await?
    else {
        return Ok(None);
    };
    let accounts = sqlx::query!(
        "select id, name, provider, base_url, credential, credential_version, credential_expires_at, credential_state,
           credential_reason, refresh_after, limits, timeouts, models, dedicated, draining
         from upstream_accounts
         where org_id = $1 and enabled and deleted_at is null order by priority, id",
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    let (accounts, dead): (Vec<_>, Vec<_>) = accounts.into_iter().partition(|r| r.credential_state == "ok");
    let pools = pools_of(db, org).await?;
    let proxies = proxies::of(db, org).await?;
    let ways = if proxies.is_empty() { HashMap::new() } else { proxies::ways(db, org).await? };
    let client_rules = clients::of(db, org).await?;
    let routes = model_routes::of(db, org).await?;
    let (as_of, overrides) = price_overrides::live(db, org).await?;
    let prepaid = o.credit_nanos.is_some();
    let own_multipliers =
        sqlx::query!("select provider, multiplier from provider_multipliers where org_id = $1", org.0)
            .fetch_all(&db.0)
            .await?;
    let mut multipliers = global_prices::multipliers_in_force(db).await?;
    for r in own_multipliers {
        multipliers.insert(r.provider, multiplier(r.multiplier)?);
    }
    let own: Limits = shape("limits of an organisation", o.limits)?;
    let plan: Plan = shape("plan of an organisation", o.plan)?;
    Ok(Some(Tenancy {
        org,
        name: o.name,
        calendar: Calendar {
            time_zone: o.time_zone.parse().map_err(|e| StoreError::corrupt("time zone", e))?,
            week_start: Weekday::try_from(u8::try_from(o.week_start - 1).unwrap_or(0))
                .unwrap_or(Weekday::Mon),
            day_start_minute: u16::try_from(o.day_start_minute).unwrap_or(0),
        },
        drain_ms: u32::try_from(o.drain_ms).unwrap_or(0),
        default_price: o.default_price.filter(|_| !prepaid).map(|p| shape("default price", p)).transpose()?,
        price_overrides: Overrides::new(if prepaid { Vec::new() } else { overrides }),
        global_prices: Overrides::new(global_prices::live(db, as_of).await?),
        as_of,
        limits: tightest(&own, &plan, o.credit_nanos.map(Nanos)),
        prepaid,
        credit: o.credit_nanos.map(Nanos),
        multiplier: multiplier(o.multiplier)?,
        provider_multipliers: multipliers,
        hold_mode: HoldMode::stored(&o.hold_mode),
        on_redis_loss: OnRedisLoss::stored(&o.on_redis_loss),
        thinking_suffix: o.thinking_suffix,
        proxies,
        accounts: accounts
            .into_iter()
            .map(|r| {
                Ok(AccountRow {
                    id: AccountId(r.id),
                    name: r.name,
                    provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
                    base_url: r.base_url,
                    credential: r.credential,
                    credential_version: r.credential_version,
                    credential_expires_at: r.credential_expires_at,
                    refresh_after: r.refresh_after,
                    limits: shape("limits of an account", r.limits)?,
                    timeouts: shape("timeouts of an account", r.timeouts)?,
                    models: r.models.map(|m| shape("models of an account", m)).transpose()?,
                    dedicated: r.dedicated,
                    draining: r.draining,
                    proxy: ways.get(&AccountId(r.id)).copied(),
                })
            })
            .collect::<StoreResult<_>>()?,
        dead: dead
            .into_iter()
            .map(|r| {
                Ok(DeadRow {
                    id: AccountId(r.id),
                    provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
                    reason: r.credential_reason.unwrap_or_default(),
                    dedicated: r.dedicated,
                })
            })
            .collect::<StoreResult<_>>()?,
        pools,
        clients: client_rules,
        routes,
        policy_version: o.policy_version,
    }))
}

async fn pools_of(db: &RelayDb, org: OrgId) -> StoreResult<Vec<PoolRow>> {
    let members = sqlx::query!(
        "select pool_id, account_id, weight, priority from pool_members where org_id = $1
         order by priority, account_id",
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    let pools = sqlx::query!(
        "select id, strategy, sticky_seconds, active_account_id from pools where org_id = $1",
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    pools
        .into_iter()
        .map(|r| {
            let of_it = members.iter().filter(|m| m.pool_id == r.id);
            Ok(PoolRow {
                id: PoolId(r.id),
                strategy: r.strategy.parse().map_err(|e| StoreError::corrupt("strategy of a pool", e))?,
                sticky_seconds: r.sticky_seconds.and_then(|s| u32::try_from(s).ok()),
                active: r.active_account_id.map(AccountId),
                members: of_it.map(|m| member(m.account_id, m.weight, m.priority)).collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::limits::Windows;

    #[test]
    fn credits_are_a_total_and_none_left_lets_nothing_through() {
        let own =
            Limits { usd: Windows { total: Some(Nanos(50)), ..Default::default() }, ..Default::default() };
        assert_eq!(tightest(&own, &Plan::default(), None), own);
        assert_eq!(tightest(&own, &Plan::default(), Some(Nanos(70))), own);
        assert_eq!(tightest(&own, &Plan::default(), Some(Nanos(7))).usd.total, Some(Nanos(7)));
        assert_eq!(tightest(&own, &Plan::default(), Some(Nanos(0))).usd.total, Some(Nanos(1)));
    }
}
