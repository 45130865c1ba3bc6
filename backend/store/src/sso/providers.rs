//! The issuers that an organisation trusts.

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{Role, UserId, sso::RoleMapping};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

/// An issuer with its settings.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Identifier.
    pub id: Uuid,
    /// Name as shown.
    pub name: String,
    /// As the issuer calls itself.
    pub issuer: String,
    /// As the issuer calls us; empty while it does not know us.
    pub client_id: String,
    /// Sealed; `None` for a public client.
    pub client_secret: Option<Vec<u8>>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// The roles of groups.
    pub role_mapping: RoleMapping,
    /// The role of those for whom no group fits.
    pub default_role: Option<Role>,
    /// Whether people of the organisation's domains become members by signing in.
    pub auto_join: bool,
    /// Whether people may sign in there.
    pub enabled: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    name: String,
    issuer: String,
    client_id: String,
    client_secret: Option<Vec<u8>>,
    scopes: Vec<String>,
    groups_claim: String,
    role_mapping: Value,
    default_role: Option<String>,
    auto_join: bool,
    enabled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Provider {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        let role = |text: String| text.parse::<Role>().map_err(|e| StoreError::corrupt("role", e));
        Ok(Self {
            id: r.id,
            name: r.name,
            issuer: r.issuer,
            client_id: r.client_id,
            client_secret: r.client_secret,
            scopes: r.scopes,
            groups_claim: r.groups_claim,
            role_mapping: serde_json::from_value(r.role_mapping)
                .map_err(|e| StoreError::corrupt("roles of groups", e))?,
            default_role: r.default_role.map(role).transpose()?,
            auto_join: r.auto_join,
            enabled: r.enabled,
            created_at: r.created_at,
            updated_at: r.updated_at,
        })
    }
}

/// All of the transaction's organisation, the oldest first.
pub async fn list(tx: &mut TenantTx) -> StoreResult<Vec<Provider>> {
    let org = tx.org();
    let rows = sqlx::query_as!(
        Row,
        "select id, name, issuer, client_id, client_secret, scopes, groups_claim, role_mapping, default_role, auto_join,
           enabled, created_at, updated_at from oidc_providers where org_id = $1 order by id",
        org.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Provider::try_from).collect()
}

/// One of them. Locked, so that nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, id: Uuid) -> StoreResult<Provider> {
    let org = tx.org();
    let row = sqlx::query_as!(
        Row,
        "select id, name, issuer, client_id, client_secret, scopes, groups_claim, role_mapping, default_role, auto_join,
           enabled, created_at, updated_at from oidc_providers where org_id = $1 and id = $2 for no key update",
        org.0,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    row.try_into()
}

/// Adds one; its times are the database's.
pub async fn insert(tx: &mut TenantTx, provider: &Provider, by: UserId) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "insert into oidc_providers (id, org_id, name, issuer, client_id, client_secret, scopes, groups_claim,
           role_mapping, default_role, auto_join, enabled, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        provider.id,
        org.0,
        provider.name,
        provider.issuer,
        provider.client_id,
        provider.client_secret.as_deref(),
        &provider.scopes,
        provider.groups_claim,
        mapping(provider)?,
        provider.default_role.map(Role::as_str),
        provider.auto_join,
        provider.enabled,
        by.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what can be changed of one.
pub async fn update(tx: &mut TenantTx, provider: &Provider) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "update oidc_providers set name = $3, issuer = $4, client_id = $5, client_secret = $6, scopes = $7,
           groups_claim = $8, role_mapping = $9, default_role = $10, auto_join = $11, enabled = $12, updated_at = now()
         where org_id = $1 and id = $2",
        org.0,
        provider.id,
        provider.name,
        provider.issuer,
        provider.client_id,
        provider.client_secret.as_deref(),
        &provider.scopes,
        provider.groups_claim,
        mapping(provider)?,
        provider.default_role.map(Role::as_str),
        provider.auto_join,
        provider.enabled
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes one, with the sign-ins that are under way there. Identities stay: another provider may have the same issuer.
pub async fn delete(tx: &mut TenantTx, id: Uuid) -> StoreResult<()> {
    let org = tx.org();
    let gone = sqlx::query!("delete from oidc_providers where org_id = $1 and id = $2", org.0, id)
        .execute(tx.conn())
        .await?;
    if gone.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

fn mapping(provider: &Provider) -> StoreResult<Value> {
    serde_json::to_value(&provider.role_mapping).map_err(|e| StoreError::corrupt("roles of groups", e))
}
