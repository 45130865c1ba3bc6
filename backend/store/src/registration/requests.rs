//! People who have filled in the form of a registration link. They are nobody yet: a row becomes a person when they have
//! confirmed their address, or when an administrator lets them in.

use crate::{AppDb, JobsDb, StoreError, StoreResult, TenantTx, invitations::show};
use causeway_domain::{OrgId, Role, UserId};
use chrono::{DateTime, Utc};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// How far somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They have been mailed a code.
    Confirming,
    /// An administrator decides.
    Waiting,
    /// They were let in and have no key yet.
    Approved,
    /// They were refused.
    Refused,
    /// They are a member and have had their key.
    Done,
}

impl State {
    const ALL: [Self; 5] = [Self::Confirming, Self::Waiting, Self::Approved, Self::Refused, Self::Done];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirming => "confirming",
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }

    fn stored(text: &str) -> StoreResult<Self> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt("state of a registration", text))
    }
}

/// Somebody who has filled in the form.
#[derive(Clone, Debug)]
pub struct Request {
    /// Identifier.
    pub id: Uuid,
    /// The link that they used.
    pub link: Uuid,
    /// What it is for.
    pub link_name: String,
    /// As what they come in.
    pub role: Role,
    /// Address as they wrote it.
    pub email: String,
    /// Name as they wrote it.
    pub name: String,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// Language that they read.
    pub locale: String,
    /// How far they are.
    pub state: State,
    /// SHA-256 of the code and the claim.
    pub code_hash: Option<Vec<u8>>,
    /// Wrong codes that were entered.
    pub attempts: i16,
    /// Network address.
    pub address: String,
    /// When they filled it in.
    pub created_at: DateTime<Utc>,
    /// Until when they can go on.
    pub expires_at: DateTime<Utc>,
    /// Who they are now.
    pub user: Option<UserId>,
    /// Whether they had an account before.
    pub known: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    link_id: Uuid,
    link_name: String,
    role: String,
    email: String,
    name: String,
    password_hash: String,
    locale: String,
    state: String,
    code_hash: Option<Vec<u8>>,
    attempts: i16,
    address: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    user_id: Option<Uuid>,
    known: bool,
}

impl TryFrom<Row> for Request {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            id: r.id,
            link: r.link_id,
            link_name: r.link_name,
            role: r.role.parse().map_err(|e| StoreError::corrupt("role", e))?,
            email: r.email,
            name: r.name,
            password_hash: r.password_hash,
            locale: r.locale,
            state: State::stored(&r.state)?,
            code_hash: r.code_hash,
            attempts: r.attempts,
            address: r.address,
            created_at: r.created_at,
            expires_at: r.expires_at,
            user: r.user_id.map(UserId),
            known: r.known,
        })
    }
}

const SELECT: &str = "select r.id, r.link_id, l.name as link_name, l.role, r.email, r.name, r.password_hash, r.locale, \
     r.state, r.code_hash, r.attempts, r.address, r.created_at, r.expires_at, r.user_id, r.known \
     from registrations r join registration_links l on l.id = r.link_id where r.org_id = ";

/// Those who wait, newest first, older than `before`.
pub async fn waiting(tx: &mut TenantTx, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Request>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and r.state = 'waiting' and r.expires_at > now()");
    if let Some(before) = before {
        query.push(" and r.id < ").push_bind(before);
    }
    query.push(" order by r.id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Request::try_from).collect()
}

/// One who waits; nobody else decides about them meanwhile.
pub async fn lock_waiting(tx: &mut TenantTx, id: Uuid) -> StoreResult<Request> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and r.id = ").push_bind(id);
    query.push(" and r.state = 'waiting' and r.expires_at > now() for update of r");
    let row: Row = query.build_query_as().fetch_one(tx.conn()).await?;
    row.try_into()
}

/// In which organisation a registration with this claim is.
pub async fn organisation(db: &AppDb, claim: &[u8; 32]) -> StoreResult<Option<OrgId>> {
    let mut tx = db.0.begin().await?;
    show(&mut tx, claim).await?;
    let org = sqlx::query_scalar!("select org_id from registrations where claim_hash = $1", &claim[..])
        .fetch_optional(&mut *tx)
        .await?;
    Ok(org.map(OrgId))
}

/// The registration with this claim. With `lock`, nobody else changes it meanwhile.
pub async fn claimed(tx: &mut TenantTx, claim: &[u8; 32], lock: bool) -> StoreResult<Option<Request>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0).push(" and r.claim_hash = ").push_bind(claim.to_vec());
    if lock {
        query.push(" for update of r");
    }
    let row: Option<Row> = query.build_query_as().fetch_optional(tx.conn()).await?;
    row.map(Request::try_from).transpose()
}

/// How many wait whom a link may still have to let in.
pub async fn count_waiting(tx: &mut TenantTx, link: Uuid) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from registrations
           where org_id = $1 and link_id = $2 and state = 'waiting' and expires_at > now()"#,
        tx.org().0,
        link
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A form to be kept.
pub struct NewRequest<'a> {
    /// Identifier.
    pub id: Uuid,
    /// The link.
    pub link: Uuid,
    /// Address.
    pub email: &'a str,
    /// Name.
    pub name: &'a str,
    /// argon2id in PHC form.
    pub password_hash: &'a str,
    /// Language.
    pub locale: &'a str,
    /// SHA-256 of the claim.
    pub claim_hash: [u8; 32],
    /// SHA-256 of the code and the claim, where the address is to be confirmed; otherwise an administrator decides.
    pub code_hash: Option<[u8; 32]>,
    /// Network address.
    pub address: &'a str,
    /// Until when they can go on.
    pub expires_at: DateTime<Utc>,
}

/// Keeps a form.
pub async fn insert(tx: &mut TenantTx, new: &NewRequest<'_>) -> StoreResult<()> {
    let state = if new.code_hash.is_some() { State::Confirming } else { State::Waiting };
    sqlx::query!(
        "insert into registrations (id, org_id, link_id, email, name, password_hash, locale, claim_hash, state, code_hash,
           address, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.id,
        tx.org().0,
        new.link,
        new.email,
        new.name,
        new.password_hash,
        new.locale,
        &new.claim_hash[..],
        state.as_str(),
        new.code_hash.as_ref().map(|hash| &hash[..]),
        new.address,
        new.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes a wrong code.
pub async fn wrong_code(tx: &mut TenantTx, id: Uuid) -> StoreResult<()> {
    sqlx::query!(
        "update registrations set attempts = attempts + 1 where org_id = $1 and id = $2",
        tx.org().0,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes who somebody became, and how far they are. The form's password is with the person from now on, or nowhere.
pub async fn admit(tx: &mut TenantTx, id: Uuid, state: State, user: UserId, known: bool) -> StoreResult<()> {
    sqlx::query!(
        "update registrations set state = $3, user_id = $4, known = $5, password_hash = case when $3 = 'approved' then password_hash else '' end where org_id = $1 and id = $2",
        tx.org().0,
        id,
        state.as_str(),
        user.0,
        known
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that an administrator has decided, and until when the person can learn of it.
pub async fn decided(
    tx: &mut TenantTx,
    id: Uuid,
    state: State,
    by: UserId,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    sqlx::query!(
        "update registrations set state = $3, decided_by = $4, decided_at = now(), expires_at = $5
         where org_id = $1 and id = $2",
        tx.org().0,
        id,
        state.as_str(),
        by.0,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes what is over: it holds addresses of people who may be nobody here.
pub(crate) async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let removed = sqlx::query!("delete from registrations where expires_at < now() - interval '7 days'")
        .execute(&db.0)
        .await?;
    Ok(removed.rows_affected())
}
