//! Upstream accounts as the admin API sees them. The credential is a sealed envelope here, and nothing opens it.

mod alike;

pub use alike::{alike, marked, take_turns};

use crate::{StoreError, StoreResult, TenantTx, pools};
use causeway_domain::{
    AccountId, Limits, ProxyId, UserId, provider::Provider, proxy::Choice, timeouts::Timeouts,
};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::QueryBuilder;
use std::collections::HashMap;
use uuid::Uuid;

/// An upstream account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Identifier.
    pub id: AccountId,
    /// Name as shown.
    pub name: String,
    /// Kind of provider.
    pub provider: Provider,
    /// Where its API is.
    pub base_url: String,
    /// The sealed credential.
    pub credential: Vec<u8>,
    /// The last characters of the secret.
    pub credential_hint: String,
    /// What is known of the credential besides.
    pub signed_in: SignedIn,
    /// Whether its provider still accepts the credential; only a person can help otherwise.
    pub credential_dead: bool,
    /// Why it is dead, or why it could not be refreshed the last time.
    pub credential_reason: Option<String>,
    /// When it was refreshed.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// The member to remind when it needs a person.
    pub owner: Option<UserId>,
    /// Whose it is; `None` = the organisation's own.
    pub contributed_by: Option<UserId>,
    /// Whether requests may go there.
    pub enabled: bool,
    /// Smaller is tried first.
    pub priority: i16,
    /// Its limits; dollars are the provider's.
    pub limits: Limits,
    /// How long its provider may take.
    pub timeouts: Timeouts,
    /// It serves only keys that name it or a pool that it is in.
    pub dedicated: bool,
    /// It takes nothing new: only conversations that it has.
    pub draining: bool,
    /// How its requests leave.
    pub proxy: Choice,
    /// What the provider listed when last asked.
    pub models: Option<Vec<String>>,
    /// When it was asked.
    pub models_fetched_at: Option<DateTime<Utc>>,
    /// Outcome of the last test.
    pub last_test: Option<Value>,
    /// When it is checked, in five fields of cron or `off`; `None` = as its organisation says.
    pub check_schedule: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What is known of a credential besides its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// `accounts::Credential`, by its tag.
    pub kind: String,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Who the provider says that it is.
    pub subject: Option<String>,
    /// In which organisation there.
    pub organization: Option<String>,
    /// What to show of them: `email`, `plan`.
    pub identity: Option<Value>,
}

impl SignedIn {
    /// Of a credential of which nothing is known but its kind.
    pub fn by(kind: &str) -> Self {
        Self { kind: kind.to_owned(), expires_at: None, subject: None, organization: None, identity: None }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    provider: String,
    base_url: String,
    credential: Vec<u8>,
    credential_hint: String,
    credential_kind: String,
    credential_expires_at: Option<DateTime<Utc>>,
    credential_state: String,
    credential_reason: Option<String>,
    refreshed_at: Option<DateTime<Utc>>,
    subject: Option<String>,
    subject_organization: Option<String>,
    identity: Option<Value>,
    owner_id: Option<Uuid>,
    contributed_by: Option<Uuid>,
    enabled: bool,
    priority: i16,
    limits: Value,
    timeouts: Value,
    dedicated: bool,
    draining: bool,
    proxy_id: Option<Uuid>,
    proxy_direct: bool,
    models: Option<Value>,
    models_fetched_at: Option<DateTime<Utc>>,
    last_test: Option<Value>,
    check_schedule: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Account {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.id.into(),
            name: r.name,
            provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
            base_url: r.base_url,
            credential: r.credential,
            credential_hint: r.credential_hint,
            signed_in: SignedIn {
                kind: r.credential_kind,
                expires_at: r.credential_expires_at,
                subject: r.subject,
                organization: r.subject_organization,
                identity: r.identity,
            },
            credential_dead: r.credential_state == "dead",
            credential_reason: r.credential_reason,
            refreshed_at: r.refreshed_at,
            owner: r.owner_id.map(UserId),
            contributed_by: r.contributed_by.map(UserId),
            enabled: r.enabled,
            priority: r.priority,
            limits: serde_json::from_value(r.limits)
                .map_err(|e| StoreError::corrupt("limits of an account", e))?,
            timeouts: serde_json::from_value(r.timeouts)
                .map_err(|e| StoreError::corrupt("timeouts of an account", e))?,
            dedicated: r.dedicated,
            draining: r.draining,
            proxy: Choice::stored(r.proxy_id.map(ProxyId), r.proxy_direct),
            models: r
                .models
                .map(serde_json::from_value)
                .transpose()
                .map_err(|e| StoreError::corrupt("list of models", e))?,
            models_fetched_at: r.models_fetched_at,
            last_test: r.last_test,
            check_schedule: r.check_schedule,
            created_at: r.created_at,
            updated_at: r.updated_at,
        })
    }
}

const SELECT: &str = "select id, name, provider, base_url, credential, credential_hint, credential_kind, \
     credential_expires_at, credential_state, credential_reason, refreshed_at, subject, subject_organization, \
     identity, owner_id, contributed_by, enabled, priority, limits, timeouts, dedicated, draining, proxy_id, proxy_direct, \
     models, models_fetched_at, last_test, check_schedule, created_at, updated_at from upstream_accounts \
     where deleted_at is null and org_id = ";

/// The accounts of the organisation, newest first, older than the account `before`.
pub async fn list(tx: &mut TenantTx, before: Option<AccountId>, limit: i64) -> StoreResult<Vec<Account>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    if let Some(before) = before {
        query.push(" and id < ").push_bind(before.0);
    }
    query.push(" order by id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// Those that a person shares or looks after, newest first.
pub async fn own(tx: &mut TenantTx, person: UserId) -> StoreResult<Vec<Account>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and (contributed_by = ").push_bind(person.0);
    query.push(" or owner_id = ").push_bind(person.0).push(") order by id desc");
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// The names of accounts, also of those that are deleted.
pub async fn names(tx: &mut TenantTx, ids: &[AccountId]) -> StoreResult<HashMap<AccountId, String>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select id, name from upstream_accounts where org_id = $1 and id = any($2)",
        tx.org().0,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (AccountId(r.id), r.name)).collect())
}

/// One account. With `lock`, nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, id: AccountId, lock: bool) -> StoreResult<Account> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and id = ").push_bind(id.0);
    if lock {
        query.push(" for update");
    }
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// An account to be made.
pub struct NewAccount<'a> {
    /// Identifier, which the seal of the credential covers.
    pub id: AccountId,
    /// Name as shown.
    pub name: &'a str,
    /// Kind of provider.
    pub provider: Provider,
    /// Where its API is.
    pub base_url: &'a str,
    /// The sealed credential.
    pub credential: &'a [u8],
    /// The last characters of the secret.
    pub credential_hint: &'a str,
    /// What is known of the credential besides.
    pub signed_in: &'a SignedIn,
    /// The member to remind when it needs a person.
    pub owner: Option<UserId>,
    /// Whose it is; `None` = the organisation's own.
    pub contributed_by: Option<UserId>,
    /// Whether requests may go there.
    pub enabled: bool,
    /// Smaller is tried first.
    pub priority: i16,
    /// Its limits; dollars are the provider's.
    pub limits: &'a Limits,
    /// How long its provider may take.
    pub timeouts: Timeouts,
    /// It serves only keys that name it or a pool that it is in.
    pub dedicated: bool,
    /// How its requests leave.
    pub proxy: Choice,
    /// Who adds it.
    pub created_by: UserId,
}

/// Adds an account.
pub async fn insert(tx: &mut TenantTx, account: &NewAccount<'_>) -> StoreResult<()> {
    let limits = serde_json::to_value(account.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    sqlx::query!(
        "insert into upstream_accounts (id, org_id, name, provider, base_url, credential, credential_hint, enabled,
           priority, limits, created_by, timeouts, credential_kind, credential_expires_at, subject,
           subject_organization, identity, owner_id, dedicated, proxy_id, proxy_direct, contributed_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        account.id.0,
        tx.org().0,
        account.name,
        account.provider.as_str(),
        account.base_url,
        account.credential,
        account.credential_hint,
        account.enabled,
        account.priority,
        limits,
        account.created_by.0,
        timeouts(account.timeouts)?,
        account.signed_in.kind,
        account.signed_in.expires_at,
        account.signed_in.subject,
        account.signed_in.organization,
        account.signed_in.identity,
        account.owner.map(|owner| owner.0),
        account.dedicated,
        account.proxy.proxy().map(|proxy| proxy.0),
        account.proxy.is_direct(),
        account.contributed_by.map(|person| person.0)
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// Writes everything of an account that a person may change. A credential that differs gets a new version.
pub async fn update(tx: &mut TenantTx, account: &Account) -> StoreResult<()> {
    let limits = serde_json::to_value(&account.limits).map_err(|e| StoreError::corrupt("limits", e))?;
    sqlx::query!(
        "update upstream_accounts set name = $3, base_url = $4, enabled = $5, priority = $6,
           limits = $7, credential_version = credential_version + case when credential = $8 then 0 else 1 end,
           credential_state = case when credential = $8 then credential_state else 'ok' end,
           credential_reason = case when credential = $8 then credential_reason end,
           refreshed_at = case when credential = $8 then refreshed_at end,
           refresh_after = case when credential = $8 then refresh_after end,
           refresh_failures = case when credential = $8 then refresh_failures else 0 end,
           credential = $8, credential_hint = $9, timeouts = $10, credential_kind = $11, credential_expires_at = $12,
           subject = $13, subject_organization = $14, identity = $15, owner_id = $16,
           dedicated = $17, draining = $18, check_schedule = $19, proxy_id = $20, proxy_direct = $21,
           contributed_by = $22, updated_at = now()
         where org_id = $1 and id = $2",
        tx.org().0,
        account.id.0,
        account.name,
        account.base_url,
        account.enabled,
        account.priority,
        limits,
        account.credential,
        account.credential_hint,
        timeouts(account.timeouts)?,
        account.signed_in.kind,
        account.signed_in.expires_at,
        account.signed_in.subject,
        account.signed_in.organization,
        account.signed_in.identity,
        account.owner.map(|owner| owner.0),
        account.dedicated,
        account.draining,
        account.check_schedule,
        account.proxy.proxy().map(|proxy| proxy.0),
        account.proxy.is_direct(),
        account.contributed_by.map(|person| person.0)
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

fn timeouts(timeouts: Timeouts) -> StoreResult<Value> {
    serde_json::to_value(timeouts).map_err(|e| StoreError::corrupt("timeouts", e))
}

/// Notes how a test went, and the models that the provider listed if it did. The account is not touched otherwise.
pub async fn save_test(
    tx: &mut TenantTx,
    id: AccountId,
    outcome: &Value,
    models: Option<&[String]>,
) -> StoreResult<()> {
    let before = get(tx, id, false).await?.models;
    // The relay routes by the list of models.
    let news = models.is_some_and(|now| before.as_deref() != Some(now));
    let models = models.map(|m| Value::from(m.to_vec()));
    sqlx::query!(
        "update upstream_accounts set last_test = $3, models = coalesce($4, models),
           models_fetched_at = case when $4::jsonb is null then models_fetched_at else now() end
         where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        id.0,
        outcome,
        models
    )
    .execute(tx.conn())
    .await?;
    if news { tx.bump_policy().await } else { Ok(()) }
}

/// How many keys that are still there are bound to an account.
pub async fn bound_keys(tx: &mut TenantTx, id: AccountId) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from api_keys where org_id = $1 and account_id = $2 and deleted_at is null"#,
        tx.org().0,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes an account. The row stays, because usage names it; the credential does not.
pub async fn delete(tx: &mut TenantTx, id: AccountId) -> StoreResult<()> {
    let gone = sqlx::query!(
        "update upstream_accounts set deleted_at = now(), enabled = false, credential = ''::bytea, credential_hint = '',
           identity = null, proxy_id = null
         where org_id = $1 and id = $2 and deleted_at is null",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    if gone.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    pools::forget_account(tx, id).await?;
    tx.bump_policy().await
}
