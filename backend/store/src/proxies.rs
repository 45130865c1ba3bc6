//! Proxies: what upstream accounts are reached through, and who is reached so. A password is a sealed envelope here, and
//! nothing opens it. That one is set aside for a while is kept with the rests of accounts ([`crate::cooldowns`]).

use crate::{JobsDb, RelayDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{AccountId, OrgId, PoolId, ProxyId, proxy::Scheme};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The most that an organisation has.
pub const MOST: usize = 200;

/// A proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Proxy {
    /// Identifier.
    pub id: ProxyId,
    /// Name as shown.
    pub name: String,
    /// What it speaks.
    pub scheme: Scheme,
    /// Where it is: a name or an address, an IPv6 one without brackets.
    pub host: String,
    /// At which port.
    pub port: u16,
    /// As whom it is asked.
    pub username: Option<String>,
    /// The sealed password.
    pub password: Option<Vec<u8>>,
    /// Whether requests may go through it.
    pub enabled: bool,
    /// Outcome of the last test.
    pub last_test: Option<Value>,
    /// When it last came back.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Proxy {
    /// Whom its password is for: scheme, host and port.
    pub fn origin(&self) -> String {
        origin(self.scheme, &self.host, self.port)
    }
}

/// Scheme, host and port of a proxy as one text.
pub fn origin(scheme: Scheme, host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("{scheme}://[{host}]:{port}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

struct Row {
    id: Uuid,
    name: String,
    scheme: String,
    host: String,
    port: i32,
    username: Option<String>,
    password: Option<Vec<u8>>,
    enabled: bool,
    last_test: Option<Value>,
    last_success_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Proxy {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: ProxyId(r.id),
            name: r.name,
            scheme: r.scheme.parse().map_err(|e| StoreError::corrupt("scheme of a proxy", e))?,
            host: r.host,
            port: u16::try_from(r.port).map_err(|e| StoreError::corrupt("port of a proxy", e))?,
            username: r.username,
            password: r.password,
            enabled: r.enabled,
            last_test: r.last_test,
            last_success_at: r.last_success_at,
            created_at: r.created_at,
            updated_at: r.updated_at,
        })
    }
}

/// The proxies of the organisation, newest first, older than the proxy `before`.
pub async fn list(tx: &mut TenantTx, before: Option<ProxyId>, limit: i64) -> StoreResult<Vec<Proxy>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, scheme, host, port, username, password, enabled, last_test, last_success_at, created_at, updated_at
         from proxies where org_id = $1 and deleted_at is null and ($2::uuid is null or id < $2) order by id desc limit $3",
        tx.org().0,
        before.map(|id| id.0),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Proxy::try_from).collect()
}

/// One proxy. With `lock`, nobody else changes it, nor begins to use it, meanwhile.
pub async fn get(tx: &mut TenantTx, id: ProxyId, lock: bool) -> StoreResult<Proxy> {
    let org = tx.org().0;
    if lock {
        sqlx::query!(
            "select id from proxies where org_id = $1 and id = $2 and deleted_at is null for update",
            org,
            id.0
        )
        .fetch_one(tx.conn())
        .await?;
    }
    let row = sqlx::query_as!(
        Row,
        "select id, name, scheme, host, port, username, password, enabled, last_test, last_success_at, created_at, updated_at
         from proxies where org_id = $1 and id = $2 and deleted_at is null",
        org,
        id.0
    )
    .fetch_one(tx.conn())
    .await?;
    row.try_into()
}

/// Whether there is such a proxy. It stays there until the transaction ends.
pub async fn exists(tx: &mut TenantTx, id: ProxyId) -> StoreResult<bool> {
    let found = sqlx::query_scalar!(
        "select id from proxies where org_id = $1 and id = $2 and deleted_at is null for key share",
        tx.org().0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.is_some())
}

/// How many the organisation has.
pub async fn count(tx: &mut TenantTx) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from proxies where org_id = $1 and deleted_at is null"#,
        tx.org().0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Adds a proxy. [`StoreError::Conflict`] where the name is taken.
pub async fn insert(tx: &mut TenantTx, proxy: &Proxy) -> StoreResult<()> {
    sqlx::query!(
        "insert into proxies (id, org_id, name, scheme, host, port, username, password, enabled)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        proxy.id.0,
        tx.org().0,
        proxy.name,
        proxy.scheme.as_str(),
        proxy.host,
        i32::from(proxy.port),
        proxy.username,
        proxy.password,
        proxy.enabled
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Writes everything of a proxy that a person may change. [`StoreError::Conflict`] where the name is taken.
pub async fn update(tx: &mut TenantTx, proxy: &Proxy) -> StoreResult<()> {
    sqlx::query!(
        "update proxies set name = $3, scheme = $4, host = $5, port = $6, username = $7, password = $8, enabled = $9,
           updated_at = now()
         where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        proxy.id.0,
        proxy.name,
        proxy.scheme.as_str(),
        proxy.host,
        i32::from(proxy.port),
        proxy.username,
        proxy.password,
        proxy.enabled
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Notes how a test went, and that the proxy has come back if it did.
pub async fn save_test(tx: &mut TenantTx, id: ProxyId, outcome: &Value, good: bool) -> StoreResult<()> {
    sqlx::query!(
        "update proxies set last_test = $3, last_success_at = case when $4 then now() else last_success_at end
         where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        id.0,
        outcome,
        good
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a request has gone through a proxy that was set aside.
pub async fn came_back(db: &JobsDb, org: OrgId, id: ProxyId) -> StoreResult<()> {
    sqlx::query!("update proxies set last_success_at = now() where org_id = $1 and id = $2", org.0, id.0)
        .execute(&db.0)
        .await?;
    Ok(())
}

/// Removes a proxy that nobody names. The row stays, because the audit log names it; the password does not.
pub async fn delete(tx: &mut TenantTx, id: ProxyId) -> StoreResult<()> {
    let gone = sqlx::query!(
        "update proxies set deleted_at = now(), enabled = false, password = null
         where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    if gone.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    tx.bump_policy().await
}

/// Who names a proxy, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Accounts that name it themselves.
    pub accounts: Vec<(AccountId, String)>,
    /// Pools that do.
    pub pools: Vec<(PoolId, String)>,
    /// Whether the organisation does for whoever says nothing.
    pub default: bool,
}

/// Who names each proxy.
pub async fn users(tx: &mut TenantTx) -> StoreResult<HashMap<ProxyId, Users>> {
    let org = tx.org().0;
    let mut by: HashMap<ProxyId, Users> = HashMap::new();
    let accounts = sqlx::query!(
        r#"select proxy_id as "proxy!", id, name from upstream_accounts
           where org_id = $1 and proxy_id is not null and deleted_at is null order by name, id"#,
        org
    )
    .fetch_all(tx.conn())
    .await?;
    for r in accounts {
        by.entry(ProxyId(r.proxy)).or_default().accounts.push((AccountId(r.id), r.name));
    }
    let pools = sqlx::query!(
        r#"select proxy_id as "proxy!", id, name from pools
           where org_id = $1 and proxy_id is not null order by name, id"#,
        org
    )
    .fetch_all(tx.conn())
    .await?;
    for r in pools {
        by.entry(ProxyId(r.proxy)).or_default().pools.push((PoolId(r.id), r.name));
    }
    let default = sqlx::query_scalar!("select default_proxy_id from organisations where id = $1", org)
        .fetch_one(tx.conn())
        .await?;
    if let Some(id) = default {
        by.entry(ProxyId(id)).or_default().default = true;
    }
    Ok(by)
}

/// What the organisation's proxies are called.
pub async fn names(tx: &mut TenantTx) -> StoreResult<HashMap<ProxyId, String>> {
    let rows =
        sqlx::query!("select id, name from proxies where org_id = $1 and deleted_at is null", tx.org().0)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|r| (ProxyId(r.id), r.name)).collect())
}

/// Which proxy each of the organisation's accounts is reached through; those that go straight are not in it.
pub async fn ways_within(tx: &mut TenantTx) -> StoreResult<HashMap<AccountId, ProxyId>> {
    let rows = sqlx::query!(
        r#"select account_id as "account!", proxy_id as "proxy!" from account_ways
           where org_id = $1 and proxy_id is not null"#,
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (AccountId(r.account), ProxyId(r.proxy))).collect())
}

/// The account's proxy, if it has one.
pub async fn way_of(tx: &mut TenantTx, account: AccountId) -> StoreResult<Option<Proxy>> {
    let found = sqlx::query_scalar!(
        "select proxy_id from account_ways where org_id = $1 and account_id = $2",
        tx.org().0,
        account.0
    )
    .fetch_optional(tx.conn())
    .await?;
    match found.flatten() {
        Some(id) => get(tx, ProxyId(id), false).await.map(Some),
        None => Ok(None),
    }
}

/// Accounts whose provider is spoken to without TLS, so that a proxy reads their credential, each with the proxy that does:
/// its id, scheme, host and port.
pub async fn readers(tx: &mut TenantTx) -> StoreResult<BTreeMap<AccountId, (String, String)>> {
    let rows = sqlx::query!(
        r#"select a.id, a.name, x.scheme, x.host, x.port, x.id as proxy
           from upstream_accounts a join account_ways w on w.org_id = a.org_id and w.account_id = a.id
             join proxies x on x.org_id = w.org_id and x.id = w.proxy_id
           where a.org_id = $1 and a.deleted_at is null and a.base_url like 'http:%'"#,
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    let reader = rows.into_iter().map(|r| {
        let by = format!("{} {} {} {}", r.proxy, r.scheme, r.host, r.port);
        (AccountId(r.id), (r.name, by))
    });
    Ok(reader.collect())
}

/// Every proxy of an organisation.
pub(crate) async fn of(db: &RelayDb, org: OrgId) -> StoreResult<Vec<Proxy>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, scheme, host, port, username, password, enabled, last_test, last_success_at, created_at, updated_at
         from proxies where org_id = $1 and deleted_at is null",
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter().map(Proxy::try_from).collect()
}

/// Which proxy each account of an organisation is reached through; those that go straight are not in it.
pub(crate) async fn ways(db: &RelayDb, org: OrgId) -> StoreResult<HashMap<AccountId, ProxyId>> {
    let rows = sqlx::query!(
        r#"select account_id as "account!", proxy_id as "proxy!" from account_ways
           where org_id = $1 and proxy_id is not null"#,
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    Ok(rows.into_iter().map(|r| (AccountId(r.account), ProxyId(r.proxy))).collect())
}

/// The proxy that an account is reached through, for whoever refreshes its credential.
pub async fn way(db: &JobsDb, org: OrgId, account: AccountId) -> StoreResult<Option<Proxy>> {
    let row = sqlx::query_as!(
        Row,
        "select x.id, x.name, x.scheme, x.host, x.port, x.username, x.password, x.enabled, x.last_test, x.last_success_at,
           x.created_at, x.updated_at
         from account_ways w join proxies x on x.org_id = w.org_id and x.id = w.proxy_id
         where w.org_id = $1 and w.account_id = $2",
        org.0,
        account.0
    )
    .fetch_optional(&db.0)
    .await?;
    row.map(Proxy::try_from).transpose()
}

#[cfg(test)]
mod tests;
