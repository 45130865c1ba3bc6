//! Registration: the links that an organisation opens. Who fills in the form behind one is in [`requests`].

pub mod requests;

use crate::{AppDb, StoreError, StoreResult, TenantTx, invitations::show};
use causeway_domain::{OrgId, Role, UserId};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// A registration link.
#[derive(Clone, Debug)]
pub struct Link {
    /// Identifier.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// As what people come in.
    pub role: Role,
    /// People that it lets in at most.
    pub max_uses: i32,
    /// People that it has let in.
    pub used: i32,
    /// Name of who opened it; `None` when they are gone.
    pub created_by: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    role: String,
    max_uses: i32,
    used: i32,
    creator: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Link {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.id,
            name: r.name,
            role: r.role.parse().map_err(|e| StoreError::corrupt("role", e))?,
            max_uses: r.max_uses,
            used: r.used,
            created_by: r.creator,
            created_at: r.created_at,
            expires_at: r.expires_at,
            closed_at: r.closed_at,
        })
    }
}

const SELECT: &str = "select l.id, l.name, l.role, l.max_uses, l.used, u.name as creator, l.created_at, l.expires_at, \
     l.closed_at from registration_links l left join users u on u.id = l.created_by where l.org_id = ";

/// The links, newest first, older than `before`.
pub async fn list(tx: &mut TenantTx, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Link>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    if let Some(before) = before {
        query.push(" and l.id < ").push_bind(before);
    }
    query.push(" order by l.id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Link::try_from).collect()
}

/// One link; nobody else changes it meanwhile.
pub async fn lock(tx: &mut TenantTx, id: Uuid) -> StoreResult<Link> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and l.id = ").push_bind(id).push(" for no key update of l");
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// The link with this token in the transaction's organisation.
pub async fn shown(tx: &mut TenantTx, hash: &[u8; 32]) -> StoreResult<Option<Link>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and l.hash = ").push_bind(hash.to_vec());
    let row: Option<Row> = query.build_query_as().fetch_optional(tx.conn()).await?;
    row.map(Link::try_from).transpose()
}

/// In which organisation a link with this token is.
pub async fn organisation(db: &AppDb, hash: &[u8; 32]) -> StoreResult<Option<OrgId>> {
    let mut tx = db.0.begin().await?;
    show(&mut tx, hash).await?;
    let org = sqlx::query_scalar!("select org_id from registration_links where hash = $1", &hash[..])
        .fetch_optional(&mut *tx)
        .await?;
    Ok(org.map(OrgId))
}

/// A link to be opened.
pub struct NewLink<'a> {
    /// Identifier.
    pub id: Uuid,
    /// What it is for.
    pub name: &'a str,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// As what people come in.
    pub role: Role,
    /// People that it lets in at most.
    pub max_uses: i32,
    /// Who opens it.
    pub created_by: UserId,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Opens a link.
pub async fn insert(tx: &mut TenantTx, new: &NewLink<'_>) -> StoreResult<()> {
    sqlx::query!(
        "insert into registration_links (id, org_id, name, hash, role, max_uses, created_by, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        tx.org().0,
        new.name,
        &new.hash[..],
        new.role.as_str(),
        new.max_uses,
        new.created_by.0,
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Closes a link. Who waits is still to be decided about.
pub async fn close(tx: &mut TenantTx, id: Uuid) -> StoreResult<()> {
    sqlx::query!(
        "update registration_links set closed_at = coalesce(closed_at, now()) where org_id = $1 and id = $2",
        tx.org().0,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts one more person whom a link has let in. False when it has let in as many as it may.
pub async fn count(tx: &mut TenantTx, id: Uuid) -> StoreResult<bool> {
    let counted = sqlx::query!(
        "update registration_links set used = used + 1 where org_id = $1 and id = $2 and used < max_uses",
        tx.org().0,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(counted.rows_affected() == 1)
}
