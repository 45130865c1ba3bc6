//! Invitations to share an upstream account. Whose they are is told by the address: somebody who is invited to share may be
//! no member yet.

use crate::{JobsDb, StoreError, StoreResult, TenantTx, accounts};
use causeway_domain::{AccountId, PoolId, UserId, provider::Provider};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// An invitation to share.
#[derive(Clone, Debug)]
pub struct Share {
    /// Identifier.
    pub id: Uuid,
    /// Who is invited.
    pub email: String,
    /// The member who has that address, with their name.
    pub person: Option<(UserId, String)>,
    /// Kind of provider.
    pub provider: Provider,
    /// What the account will be called; `None` = as the person likes.
    pub name: Option<String>,
    /// The pools that it will be put into, as far as they are still there then.
    pub pools: Vec<PoolId>,
    /// Where its API is, where the provider has no address of its own.
    pub base_url: Option<String>,
    /// What the person is told.
    pub message: String,
    /// Who invites, with their name; `None` when they are gone.
    pub invited_by: Option<(UserId, String)>,
    /// The invitation into the organisation that was made along with it.
    pub invitation: Option<Uuid>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When they were last told of it.
    pub sent_at: DateTime<Utc>,
    /// Whether that was by mail.
    pub mailed: bool,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// What became of it; `None` while it waits.
    pub outcome: Option<Outcome>,
    /// The account that was shared, while it is there.
    pub account: Option<AccountId>,
}

/// What became of an invitation to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An account was shared.
    Accepted,
    /// The person would rather not.
    Declined,
    /// It was taken back.
    Revoked,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
        }
    }

    fn read(stored: &str) -> StoreResult<Self> {
        [Self::Accepted, Self::Declined, Self::Revoked]
            .into_iter()
            .find(|outcome| outcome.as_str() == stored)
            .ok_or_else(|| StoreError::corrupt("outcome of a share", stored))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    person_id: Option<Uuid>,
    person: Option<String>,
    provider: String,
    name: Option<String>,
    pool_ids: Vec<Uuid>,
    base_url: Option<String>,
    message: String,
    invited_by: Option<Uuid>,
    inviter: Option<String>,
    invitation_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    sent_at: DateTime<Utc>,
    mailed: bool,
    expires_at: DateTime<Utc>,
    outcome: Option<String>,
    account_id: Option<Uuid>,
}

impl TryFrom<Row> for Share {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.id,
            email: r.email,
            person: r.person_id.map(UserId).zip(r.person),
            provider: r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?,
            name: r.name,
            pools: r.pool_ids.into_iter().map(PoolId).collect(),
            base_url: r.base_url,
            message: r.message,
            invited_by: r.invited_by.map(UserId).zip(r.inviter),
            invitation: r.invitation_id,
            created_at: r.created_at,
            sent_at: r.sent_at,
            mailed: r.mailed,
            expires_at: r.expires_at,
            outcome: r.outcome.as_deref().map(Outcome::read).transpose()?,
            account: r.account_id.map(AccountId),
        })
    }
}

const SELECT: &str = "select s.id, s.email, p.id as person_id, p.name as person, s.provider, s.name, s.pool_ids, \
     s.base_url, s.message, s.invited_by, i.name as inviter, s.invitation_id, s.created_at, s.sent_at, s.mailed, \
     s.expires_at, s.outcome, a.id as account_id \
     from account_shares s left join users i on i.id = s.invited_by \
     left join lateral (select u.id, u.name from memberships m join users u on u.id = m.user_id \
       where m.org_id = s.org_id and lower(u.email) = lower(s.email)) p on true \
     left join upstream_accounts a on a.org_id = s.org_id and a.id = s.account_id and a.deleted_at is null \
     where s.org_id = ";

/// Newest first, older than `before`; with `of`, only those made to or by a person.
pub async fn list(
    tx: &mut TenantTx,
    before: Option<Uuid>,
    of: Option<UserId>,
    limit: i64,
) -> StoreResult<Vec<Share>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    if let Some(before) = before {
        query.push(" and s.id < ").push_bind(before);
    }
    if let Some(UserId(of)) = of {
        query.push(" and (p.id = ").push_bind(of).push(" or s.invited_by = ").push_bind(of).push(")");
    }
    query.push(" order by s.id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Share::try_from).collect()
}

/// Those that wait for a member, oldest first.
pub async fn open_for(tx: &mut TenantTx, person: UserId) -> StoreResult<Vec<Share>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and p.id = ").push_bind(person.0);
    query.push(" and s.outcome is null and s.expires_at > now() order by s.id limit 100");
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Share::try_from).collect()
}

/// One of them, whatever became of it; nobody else changes it meanwhile.
pub async fn lock(tx: &mut TenantTx, id: Uuid) -> StoreResult<Share> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and s.id = ").push_bind(id).push(" for update of s");
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// How many wait for an address.
pub async fn open_at(tx: &mut TenantTx, email: &str) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from account_shares
           where org_id = $1 and lower(email) = lower($2) and outcome is null and expires_at > now()"#,
        tx.org().0,
        email
    )
    .fetch_one(tx.conn())
    .await?)
}

/// An invitation to be made.
pub struct NewShare<'a> {
    /// Identifier.
    pub id: Uuid,
    /// Who is invited.
    pub email: &'a str,
    /// Kind of provider.
    pub provider: Provider,
    /// What the account will be called.
    pub name: Option<&'a str>,
    /// The pools that it will be put into.
    pub pools: &'a [PoolId],
    /// Where its API is.
    pub base_url: Option<&'a str>,
    /// What the person is told.
    pub message: &'a str,
    /// Who invites.
    pub invited_by: UserId,
    /// The invitation into the organisation that was made along with it.
    pub invitation: Option<Uuid>,
    /// Whether it is mailed.
    pub mailed: bool,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Makes an invitation to share.
pub async fn insert(tx: &mut TenantTx, new: &NewShare<'_>) -> StoreResult<()> {
    let pools: Vec<Uuid> = new.pools.iter().map(|pool| pool.0).collect();
    sqlx::query!(
        "insert into account_shares (id, org_id, email, provider, name, pool_ids, base_url, message, invited_by,
           invitation_id, mailed, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.id,
        tx.org().0,
        new.email,
        new.provider.as_str(),
        new.name,
        &pools,
        new.base_url,
        new.message,
        new.invited_by.0,
        new.invitation,
        new.mailed,
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives one more time, and notes how its person was told.
pub async fn renew(
    tx: &mut TenantTx,
    id: Uuid,
    invitation: Option<Uuid>,
    mailed: bool,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query!(
        "update account_shares set invitation_id = $3, mailed = $4, expires_at = $5, sent_at = now()
         where org_id = $1 and id = $2",
        tx.org().0,
        id,
        invitation,
        mailed,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what became of one that waited. An account is there exactly where it was accepted.
pub async fn end(
    tx: &mut TenantTx,
    id: Uuid,
    outcome: Outcome,
    account: Option<AccountId>,
) -> StoreResult<()> {
    sqlx::query!(
        "update account_shares set outcome = $3, ended_at = now(), account_id = $4
         where org_id = $1 and id = $2 and outcome is null",
        tx.org().0,
        id,
        outcome.as_str(),
        account.map(|account| account.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who invited to share an account.
pub async fn inviter(tx: &mut TenantTx, account: AccountId) -> StoreResult<Option<UserId>> {
    let found = sqlx::query_scalar!(
        "select invited_by from account_shares where org_id = $1 and account_id = $2 order by id desc limit 1",
        tx.org().0,
        account.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.flatten().map(UserId))
}

/// Takes back what waits for a member: at their address nobody of the organisation is left to be asked. To be called while
/// they are a member still. Returns how many.
pub async fn revoke_for(tx: &mut TenantTx, person: UserId) -> StoreResult<u64> {
    let revoked = sqlx::query!(
        "update account_shares set outcome = $3, ended_at = now()
         where org_id = $1 and outcome is null and lower(email) =
           (select lower(u.email) from memberships m join users u on u.id = m.user_id
            where m.org_id = $1 and m.user_id = $2)",
        tx.org().0,
        person.0,
        Outcome::Revoked.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(revoked.rows_affected())
}

/// Withdraws all that a person has shared: they are no member any more, and could not do it themselves. Returns how many.
pub async fn withdraw_all(tx: &mut TenantTx, person: UserId) -> StoreResult<u64> {
    let theirs = sqlx::query_scalar!(
        "select id from upstream_accounts where org_id = $1 and contributed_by = $2 and deleted_at is null
         order by id for update",
        tx.org().0,
        person.0
    )
    .fetch_all(tx.conn())
    .await?;
    for id in &theirs {
        accounts::delete(tx, AccountId(*id)).await?;
    }
    Ok(theirs.len() as u64)
}

/// Removes those that came to nothing and are long over: they hold addresses of people who may be nobody here.
pub(crate) async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let removed = sqlx::query!(
        "delete from account_shares
         where outcome is distinct from 'accepted' and expires_at < now() - interval '90 days'"
    )
    .execute(&db.0)
    .await?;
    Ok(removed.rows_affected())
}
