//! Invitations: one person, by their address, once. Of the token only its hash is stored.

use crate::{AppDb, JobsDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{OrgId, Role, UserId};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// An invitation.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Identifier.
    pub id: Uuid,
    /// For whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Who invited, with their name; `None` when they are gone.
    pub invited_by: Option<(UserId, String)>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its present link was made.
    pub sent_at: DateTime<Utc>,
    /// Whether that was mailed.
    pub mailed: bool,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// Whether somebody has accepted it.
    pub accepted: bool,
    /// Whether it was taken back.
    pub revoked: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    role: String,
    invited_by: Option<Uuid>,
    inviter: Option<String>,
    created_at: DateTime<Utc>,
    sent_at: DateTime<Utc>,
    mailed: bool,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Invitation {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.id,
            email: r.email,
            role: r.role.parse().map_err(|e| StoreError::corrupt("role", e))?,
            invited_by: r.invited_by.zip(r.inviter).map(|(id, name)| (id.into(), name)),
            created_at: r.created_at,
            sent_at: r.sent_at,
            mailed: r.mailed,
            expires_at: r.expires_at,
            accepted: r.accepted_at.is_some(),
            revoked: r.revoked_at.is_some(),
        })
    }
}

const SELECT: &str = "select i.id, i.email, i.role, i.invited_by, u.name as inviter, i.created_at, i.sent_at, i.mailed, \
     i.expires_at, i.accepted_at, i.revoked_at from invitations i left join users u on u.id = i.invited_by \
     where i.org_id = ";

/// Those that nobody has accepted or revoked, newest first, older than `before`; expired ones too, until they are resent
/// or revoked.
pub async fn open(tx: &mut TenantTx, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Invitation>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and i.accepted_at is null and i.revoked_at is null");
    if let Some(before) = before {
        query.push(" and i.id < ").push_bind(before);
    }
    query.push(" order by i.id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// One that is still open; nobody else changes it meanwhile.
pub async fn lock_open(tx: &mut TenantTx, id: Uuid) -> StoreResult<Invitation> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and i.id = ").push_bind(id);
    query.push(" and i.accepted_at is null and i.revoked_at is null for update of i");
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// The one that is open for an address, expired or not; nobody else changes it meanwhile.
pub async fn lock_open_for(tx: &mut TenantTx, email: &str) -> StoreResult<Option<Invitation>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and lower(i.email) = lower(").push_bind(email.to_owned()).push(")");
    query.push(" and i.accepted_at is null and i.revoked_at is null for update of i");
    let row: Option<Row> = query.build_query_as().fetch_optional(tx.conn()).await?;
    row.map(Invitation::try_from).transpose()
}

/// An invitation to be made.
pub struct NewInvitation<'a> {
    /// Identifier.
    pub id: Uuid,
    /// For whom.
    pub email: &'a str,
    /// As what.
    pub role: Role,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Who invites.
    pub invited_by: UserId,
    /// Whether its link is mailed.
    pub mailed: bool,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Makes an invitation. One for the same address that has expired gives way; one that has not is a conflict with
/// `invitations_open`.
pub async fn insert(tx: &mut TenantTx, new: &NewInvitation<'_>) -> StoreResult<()> {
    let org = tx.org().0;
    sqlx::query!(
        "update invitations set revoked_at = now() where org_id = $1 and lower(email) = lower($2)
           and accepted_at is null and revoked_at is null and expires_at <= now()",
        org,
        new.email
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into invitations (id, org_id, email, role, hash, invited_by, mailed, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        org,
        new.email,
        new.role.as_str(),
        &new.hash[..],
        new.invited_by.0,
        new.mailed,
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives an open invitation another token and more time. The old token is worthless from then on.
pub async fn renew(
    tx: &mut TenantTx,
    id: Uuid,
    hash: &[u8; 32],
    mailed: bool,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query!(
        "update invitations set hash = $3, mailed = $4, expires_at = $5, sent_at = now() where org_id = $1 and id = $2",
        tx.org().0,
        id,
        &hash[..],
        mailed,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an invitation back.
pub async fn revoke(tx: &mut TenantTx, id: Uuid) -> StoreResult<()> {
    sqlx::query!("update invitations set revoked_at = now() where org_id = $1 and id = $2", tx.org().0, id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// In which organisation an invitation with this token is.
pub async fn organisation(db: &AppDb, hash: &[u8; 32]) -> StoreResult<Option<OrgId>> {
    let mut tx = db.0.begin().await?;
    show(&mut tx, hash).await?;
    let org = sqlx::query_scalar!("select org_id from invitations where hash = $1", &hash[..])
        .fetch_optional(&mut *tx)
        .await?;
    Ok(org.map(OrgId))
}

/// The invitation with this token in the transaction's organisation, whatever became of it; nobody else changes it
/// meanwhile.
pub async fn lock_shown(tx: &mut TenantTx, hash: &[u8; 32]) -> StoreResult<Option<Invitation>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and i.hash = ").push_bind(hash.to_vec()).push(" for update of i");
    let row: Option<Row> = query.build_query_as().fetch_optional(tx.conn()).await?;
    row.map(Invitation::try_from).transpose()
}

/// Notes that it was accepted, and by whom.
pub async fn accept(tx: &mut TenantTx, id: Uuid, by: UserId) -> StoreResult<()> {
    sqlx::query!(
        "update invitations set accepted_at = now(), accepted_by = $3 where org_id = $1 and id = $2",
        tx.org().0,
        id,
        by.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes those that expired long ago and that nobody accepted: they hold addresses of people who are nobody here.
pub(crate) async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let removed = sqlx::query!(
        "delete from invitations where accepted_at is null and expires_at < now() - interval '90 days'"
    )
    .execute(&db.0)
    .await?;
    Ok(removed.rows_affected())
}

/// Lets a transaction see the one row whose token it was shown.
pub(crate) async fn show(connection: &mut sqlx::PgConnection, hash: &[u8; 32]) -> StoreResult<()> {
    sqlx::query("select set_config('cw.token', $1, true)")
        .bind(hex::encode(hash))
        .execute(connection)
        .await?;
    Ok(())
}
