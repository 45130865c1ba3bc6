//! Pools of upstream accounts: what they are called, how they choose, who is in them.

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{
    AccountId, PoolId, ProxyId,
    pool::{Member, Strategy},
    proxy::Choice,
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Identifier.
    pub id: PoolId,
    /// Name as shown.
    pub name: String,
    /// How it chooses.
    pub strategy: Strategy,
    /// How long after its last request a conversation stays with its account, in seconds; `None` = it does not.
    pub sticky_seconds: Option<u32>,
    /// The account that a pool with [`Strategy::ActiveFirst`] uses.
    pub active: Option<AccountId>,
    /// How requests of its accounts leave, where an account itself says nothing.
    pub proxy: Choice,
    /// Who is in it, by priority.
    pub members: Vec<Member>,
    /// How many keys name it.
    pub keys: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    name: String,
    strategy: String,
    sticky_seconds: Option<i32>,
    active_account_id: Option<Uuid>,
    proxy_id: Option<Uuid>,
    proxy_direct: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    keys: i64,
}

impl Row {
    fn pool(self, members: Vec<Member>) -> StoreResult<Pool> {
        Ok(Pool {
            id: PoolId(self.id),
            name: self.name,
            strategy: self.strategy.parse().map_err(|e| StoreError::corrupt("strategy of a pool", e))?,
            sticky_seconds: self.sticky_seconds.and_then(|s| u32::try_from(s).ok()),
            active: self.active_account_id.map(AccountId),
            proxy: Choice::stored(self.proxy_id.map(ProxyId), self.proxy_direct),
            members,
            keys: self.keys,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A member from its columns, which hold nothing that does not fit.
pub(crate) fn member(account: Uuid, weight: i32, priority: i32) -> Member {
    Member {
        account: AccountId(account),
        weight: u16::try_from(weight).unwrap_or(1),
        priority: u16::try_from(priority).unwrap_or(0),
    }
}

/// The pools of the organisation, newest first, older than the pool `before`.
pub async fn list(tx: &mut TenantTx, before: Option<PoolId>, limit: i64) -> StoreResult<Vec<Pool>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id, p.name, p.strategy, p.sticky_seconds, p.active_account_id, p.proxy_id, p.proxy_direct,
             p.created_at, p.updated_at,
             (select count(*) from api_keys k
              where k.org_id = p.org_id and p.id = any(k.pool_ids) and k.deleted_at is null) as "keys!"
           from pools p where p.org_id = $1 and ($2::uuid is null or p.id < $2) order by p.id desc limit $3"#,
        tx.org().0,
        before.map(|id| id.0),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut members = members(tx, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let of_it = members.remove(&PoolId(row.id)).unwrap_or_default();
            row.pool(of_it)
        })
        .collect()
}

/// One pool. With `lock`, nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, id: PoolId, lock: bool) -> StoreResult<Pool> {
    if lock {
        sqlx::query!("select id from pools where org_id = $1 and id = $2 for update", tx.org().0, id.0)
            .fetch_optional(tx.conn())
            .await?
            .ok_or(StoreError::NotFound)?;
    }
    let row = sqlx::query_as!(
        Row,
        r#"select p.id, p.name, p.strategy, p.sticky_seconds, p.active_account_id, p.proxy_id, p.proxy_direct,
             p.created_at, p.updated_at,
             (select count(*) from api_keys k
              where k.org_id = p.org_id and p.id = any(k.pool_ids) and k.deleted_at is null) as "keys!"
           from pools p where p.org_id = $1 and p.id = $2"#,
        tx.org().0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(StoreError::NotFound)?;
    let of_it = members(tx, &[id.0]).await?.remove(&id).unwrap_or_default();
    row.pool(of_it)
}

async fn members(tx: &mut TenantTx, pools: &[Uuid]) -> StoreResult<HashMap<PoolId, Vec<Member>>> {
    let rows = sqlx::query!(
        "select pool_id, account_id, weight, priority from pool_members
         where org_id = $1 and pool_id = any($2) order by priority, account_id",
        tx.org().0,
        pools
    )
    .fetch_all(tx.conn())
    .await?;
    let mut by_pool: HashMap<PoolId, Vec<Member>> = HashMap::new();
    for r in rows {
        by_pool.entry(PoolId(r.pool_id)).or_default().push(member(r.account_id, r.weight, r.priority));
    }
    Ok(by_pool)
}

/// Which of these pools there are. They stay there until the transaction ends, so that what names them now is seen by whoever
/// removes them next.
pub async fn known(tx: &mut TenantTx, ids: &[PoolId]) -> StoreResult<Vec<PoolId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        "select id from pools where org_id = $1 and id = any($2) for key share",
        tx.org().0,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(PoolId).collect())
}

/// Which of these pools are gone.
pub async fn missing(tx: &mut TenantTx, ids: &[PoolId]) -> StoreResult<Vec<PoolId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let gone = sqlx::query_scalar!(
        r#"select given as "id!" from unnest($2::uuid[]) given
           where not exists (select from pools where org_id = $1 and id = given)"#,
        tx.org().0,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(gone.into_iter().map(PoolId).collect())
}

/// Which of these accounts there are, for use in a pool.
pub async fn known_accounts(tx: &mut TenantTx, ids: &[AccountId]) -> StoreResult<Vec<AccountId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        "select id from upstream_accounts where org_id = $1 and id = any($2) and deleted_at is null",
        tx.org().0,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(AccountId).collect())
}

/// Makes a pool with its members. [`StoreError::Conflict`] where the name is taken.
pub async fn insert(tx: &mut TenantTx, pool: &Pool) -> StoreResult<()> {
    sqlx::query!(
        "insert into pools (id, org_id, name, strategy, sticky_seconds, active_account_id, proxy_id, proxy_direct)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        pool.id.0,
        tx.org().0,
        pool.name,
        pool.strategy.as_str(),
        pool.sticky_seconds.and_then(|s| i32::try_from(s).ok()),
        pool.active.map(|a| a.0),
        pool.proxy.proxy().map(|proxy| proxy.0),
        pool.proxy.is_direct()
    )
    .execute(tx.conn())
    .await?;
    set_members(tx, pool).await?;
    tx.bump_policy().await
}

/// Writes everything of a pool that a person may change. [`StoreError::Conflict`] where the name is taken.
pub async fn update(tx: &mut TenantTx, pool: &Pool) -> StoreResult<()> {
    sqlx::query!(
        "update pools set name = $3, strategy = $4, sticky_seconds = $5, active_account_id = $6,
           proxy_id = $7, proxy_direct = $8, updated_at = now()
         where org_id = $1 and id = $2",
        tx.org().0,
        pool.id.0,
        pool.name,
        pool.strategy.as_str(),
        pool.sticky_seconds.and_then(|s| i32::try_from(s).ok()),
        pool.active.map(|a| a.0),
        pool.proxy.proxy().map(|proxy| proxy.0),
        pool.proxy.is_direct()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from pool_members where org_id = $1 and pool_id = $2", tx.org().0, pool.id.0)
        .execute(tx.conn())
        .await?;
    set_members(tx, pool).await?;
    tx.bump_policy().await
}

async fn set_members(tx: &mut TenantTx, pool: &Pool) -> StoreResult<()> {
    let accounts: Vec<Uuid> = pool.members.iter().map(|m| m.account.0).collect();
    let weights: Vec<i32> = pool.members.iter().map(|m| i32::from(m.weight)).collect();
    let priorities: Vec<i32> = pool.members.iter().map(|m| i32::from(m.priority)).collect();
    sqlx::query!(
        "insert into pool_members (org_id, pool_id, account_id, weight, priority)
         select $1, $2, * from unnest($3::uuid[], $4::int[], $5::int[])",
        tx.org().0,
        pool.id.0,
        &accounts,
        &weights,
        &priorities
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts an account into pools, behind what is in them; false when one of them is not there.
pub async fn put(tx: &mut TenantTx, account: AccountId, ids: &[PoolId]) -> StoreResult<bool> {
    if ids.is_empty() {
        return Ok(true);
    }
    let there = known(tx, ids).await?;
    if ids.iter().any(|id| !there.contains(id)) {
        return Ok(false);
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into pool_members (org_id, pool_id, account_id, priority)
         select $1, p.id, $3, least(1000, coalesce((
           select max(m.priority) + 1 from pool_members m where m.org_id = $1 and m.pool_id = p.id), 0))
         from unnest($2::uuid[]) as p (id) group by p.id
         on conflict do nothing",
        tx.org().0,
        &ids,
        account.0
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await?;
    Ok(true)
}

/// Removes a pool. The caller has seen that no key names it.
pub async fn delete(tx: &mut TenantTx, id: PoolId) -> StoreResult<()> {
    let gone = sqlx::query!("delete from pools where org_id = $1 and id = $2", tx.org().0, id.0)
        .execute(tx.conn())
        .await?;
    if gone.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    tx.bump_policy().await
}

/// Takes an account that is removed out of every pool.
pub(crate) async fn forget_account(tx: &mut TenantTx, account: AccountId) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!("delete from pool_members where org_id = $1 and account_id = $2", org.0, account.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "update pools set active_account_id = null where org_id = $1 and active_account_id = $2",
        org.0,
        account.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
