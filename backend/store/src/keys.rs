//! API keys as the admin API sees them: everything but the secret, of which only the hash is ever stored.

mod batch;
mod life;
mod list;
mod row;
mod used;

pub use batch::{Batch, begin_batch};
pub use life::{delete, end_overlap, purge, restore, rotate};
pub use list::{Filter, State, list};
pub use used::{Used, used};

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{
    AccountId, AddressRules, Expiry, KeyId, Limits, Multiplier, PoolId, Role, Services, UserId,
    model::ModelPolicy,
};
use chrono::{DateTime, Utc};
use row::{Row, SELECT};
pub(crate) use row::{addresses, expiry, services};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// An API key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Identifier.
    pub id: KeyId,
    /// Whose it is; `None` when they are gone.
    pub owner: Option<Owner>,
    /// Name as shown.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The machine or program it is for.
    pub device: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The first characters of the secret.
    pub prefix: String,
    /// Limits.
    pub limits: Limits,
    /// What it is charged for a dollar of cost.
    pub multiplier: Multiplier,
    /// The models it may use.
    pub models: ModelPolicy,
    /// The account it is bound to.
    pub account_id: Option<AccountId>,
    /// The pools that it may use, in order; empty is every account that is not dedicated.
    pub pools: Vec<PoolId>,
    /// Where it may be used from.
    pub addresses: AddressRules,
    /// What it may be used for.
    pub services: Services,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it stops working.
    pub expiry: Expiry,
    /// The secret before, while and after it works beside this one.
    pub previous: Option<Previous>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The person.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their role; `None` when they have left.
    pub role: Option<Role>,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Its first characters.
    pub prefix: String,
    /// Until when it works, or worked.
    pub until: DateTime<Utc>,
}

impl Key {
    /// A key without any rules.
    pub fn new(id: KeyId, name: &str, prefix: &str) -> Self {
        let now = Utc::now();
        Self {
            id,
            owner: None,
            name: name.to_owned(),
            description: String::new(),
            device: String::new(),
            tags: Vec::new(),
            prefix: prefix.to_owned(),
            limits: Limits::default(),
            multiplier: Multiplier::ONE,
            models: ModelPolicy::default(),
            account_id: None,
            pools: Vec::new(),
            addresses: AddressRules::default(),
            services: Services::default(),
            enabled: true,
            expiry: Expiry::default(),
            previous: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Whether the secret before still works.
    pub fn overlaps(&self, now: DateTime<Utc>) -> bool {
        self.previous.as_ref().is_some_and(|p| p.until > now)
    }
}

/// One key that is not deleted; with `owner`, only if it is theirs. With `lock`, nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, id: KeyId, owner: Option<UserId>, lock: bool) -> StoreResult<Key> {
    one(tx, id, owner, lock, " and k.deleted_at is null").await
}

/// One key that is deleted and not yet purged, locked.
pub async fn get_deleted(tx: &mut TenantTx, id: KeyId, owner: Option<UserId>) -> StoreResult<Key> {
    one(tx, id, owner, true, " and k.deleted_at is not null and k.purged_at is null").await
}

async fn one(
    tx: &mut TenantTx,
    id: KeyId,
    owner: Option<UserId>,
    lock: bool,
    which: &'static str,
) -> StoreResult<Key> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and k.id = ").push_bind(id.0).push(which);
    if let Some(owner) = owner {
        query.push(" and k.owner_id = ").push_bind(owner.0);
    }
    if lock {
        query.push(" for update of k");
    }
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// A key to be issued.
pub struct NewKey<'a> {
    /// The key. Of its owner only the identifier counts.
    pub key: &'a Key,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Who issues it.
    pub created_by: UserId,
    /// The batch it is of.
    pub batch: Option<Uuid>,
}

/// Issues a key.
pub async fn insert(tx: &mut TenantTx, new: &NewKey<'_>) -> StoreResult<()> {
    let key = new.key;
    let limits = serde_json::to_value(&key.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    let lists = Lists::of(key);
    sqlx::query!(
        "insert into api_keys (id, org_id, owner_id, created_by, name, description, hash, prefix, limits, models_allow,
           models_deny, account_id, enabled, expires_at, multiplier, device, tags, first_use_days, addresses_allow,
           addresses_deny, dialects, providers, batch_id, pool_ids, clients)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
           $25)",
        key.id.0,
        tx.org().0,
        key.owner.as_ref().map(|o| o.id.0),
        new.created_by.0,
        key.name,
        key.description,
        &new.hash[..],
        key.prefix,
        limits,
        &key.models.allow,
        &key.models.deny,
        key.account_id.map(|a| a.0),
        key.enabled,
        key.expiry.at,
        key.multiplier.ten_thousandths(),
        key.device,
        &key.tags,
        lists.first_use_days,
        &lists.allow,
        &lists.deny,
        &lists.dialects,
        &lists.providers,
        new.batch,
        &lists.pools,
        &key.services.clients
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Writes everything of a key that a person may change.
pub async fn update(tx: &mut TenantTx, key: &Key) -> StoreResult<()> {
    let limits = serde_json::to_value(&key.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    let lists = Lists::of(key);
    sqlx::query!(
        "update api_keys set name = $3, description = $4, limits = $5, models_allow = $6, models_deny = $7,
           account_id = $8, enabled = $9, expires_at = $10, multiplier = $11, owner_id = $12, device = $13, tags = $14,
           first_use_days = $15, addresses_allow = $16, addresses_deny = $17, dialects = $18, providers = $19,
           pool_ids = $20, clients = $21, updated_at = now()
         where org_id = $1 and id = $2",
        tx.org().0,
        key.id.0,
        key.name,
        key.description,
        limits,
        &key.models.allow,
        &key.models.deny,
        key.account_id.map(|a| a.0),
        key.enabled,
        key.expiry.at,
        key.multiplier.ten_thousandths(),
        key.owner.as_ref().map(|o| o.id.0),
        key.device,
        &key.tags,
        lists.first_use_days,
        &lists.allow,
        &lists.deny,
        &lists.dialects,
        &lists.providers,
        &lists.pools,
        &key.services.clients
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// The lists of a key as they are stored.
struct Lists {
    first_use_days: Option<i32>,
    allow: Vec<String>,
    deny: Vec<String>,
    dialects: Vec<String>,
    providers: Vec<String>,
    pools: Vec<Uuid>,
}

impl Lists {
    fn of(key: &Key) -> Self {
        Self {
            first_use_days: key.expiry.days_after_first_use.and_then(|days| i32::try_from(days).ok()),
            allow: key.addresses.allow.iter().map(ToString::to_string).collect(),
            deny: key.addresses.deny.iter().map(ToString::to_string).collect(),
            dialects: key.services.dialects.iter().map(ToString::to_string).collect(),
            providers: key.services.providers.iter().map(ToString::to_string).collect(),
            pools: key.pools.iter().map(|pool| pool.0).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
