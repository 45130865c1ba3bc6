//! Who of an issuer is which person, in one organisation.

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::{Role, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A person as an issuer knows them.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Identifier.
    pub id: Uuid,
    /// As the issuer calls itself.
    pub issuer: String,
    /// As the issuer calls the person.
    pub subject: String,
    /// Who they are here.
    pub user: UserId,
    /// As the issuer last said.
    pub email: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last signed in with.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether the person, or nobody any more.
    pub linked: bool,
}

struct Row {
    id: Uuid,
    issuer: String,
    subject: String,
    user_id: Uuid,
    email: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    linked: bool,
}

impl From<Row> for Identity {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            issuer: r.issuer,
            subject: r.subject,
            user: r.user_id.into(),
            email: r.email,
            created_at: r.created_at,
            last_used_at: r.last_used_at,
            linked: r.linked,
        }
    }
}

/// The identity with this subject, unlinked ones too.
pub async fn find(tx: &mut TenantTx, issuer: &str, subject: &str) -> StoreResult<Option<Identity>> {
    let org = tx.org();
    let row = sqlx::query_as!(
        Row,
        r#"select id, issuer, subject, user_id, email, created_at, last_used_at,
             unlinked_at is null as "linked!"
           from oidc_identities where org_id = $1 and issuer = $2 and subject = $3 for update"#,
        org.0,
        issuer,
        subject
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Identity::from))
}

/// A person's identities in the transaction's organisation, the newest first.
pub async fn of(tx: &mut TenantTx, user: UserId) -> StoreResult<Vec<Identity>> {
    let org = tx.org();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, issuer, subject, user_id, email, created_at, last_used_at,
             unlinked_at is null as "linked!"
           from oidc_identities where org_id = $1 and user_id = $2 and unlinked_at is null order by id desc"#,
        org.0,
        user.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Identity::from).collect())
}

/// Says who somebody is, whatever was said before.
pub async fn link(
    tx: &mut TenantTx,
    issuer: &str,
    subject: &str,
    user: UserId,
    email: &str,
) -> StoreResult<Uuid> {
    let org = tx.org();
    Ok(sqlx::query_scalar!(
        "insert into oidc_identities as i (id, org_id, issuer, subject, user_id, email, last_used_at)
         values ($1, $2, $3, $4, $5, $6, now())
         on conflict (org_id, issuer, subject) do update set
           user_id = excluded.user_id, email = excluded.email, last_used_at = now(), unlinked_at = null
         returning i.id",
        Uuid::now_v7(),
        org.0,
        issuer,
        subject,
        user.0,
        email
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Takes a person's identity from them. The row stays, so that its subject is not taken for a newcomer.
pub async fn unlink(tx: &mut TenantTx, user: UserId, id: Uuid) -> StoreResult<Identity> {
    let org = tx.org();
    let row = sqlx::query_as!(
        Row,
        r#"update oidc_identities set unlinked_at = now()
           where org_id = $1 and user_id = $2 and id = $3 and unlinked_at is null
           returning id, issuer, subject, user_id, email, created_at, last_used_at,
             false as "linked!""#,
        org.0,
        user.0,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.into())
}

/// A person with this e-mail address or id, and their role in the transaction's organisation.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Who.
    pub user: UserId,
    /// Whether they were locked out.
    pub disabled: bool,
    /// Their role here; `None` for who is no member.
    pub role: Option<Role>,
}

/// The person with an id.
pub async fn person(tx: &mut TenantTx, user: UserId) -> StoreResult<Option<Known>> {
    known(tx, Some(user), None).await
}

/// The person with an e-mail address, in any case.
pub async fn person_by_email(tx: &mut TenantTx, email: &str) -> StoreResult<Option<Known>> {
    known(tx, None, Some(email)).await
}

async fn known(tx: &mut TenantTx, user: Option<UserId>, email: Option<&str>) -> StoreResult<Option<Known>> {
    let org = tx.org();
    let row = sqlx::query!(
        r#"select u.id, u.disabled_at is not null as "disabled!", m.role as "role?"
           from users u left join memberships m on m.user_id = u.id and m.org_id = $1
           where u.id = $2 or lower(u.email) = lower($3)"#,
        org.0,
        user.map(|u| u.0),
        email
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let role = row.role.map(|r| r.parse().map_err(|e| StoreError::corrupt("role", e))).transpose()?;
    Ok(Some(Known { user: row.id.into(), disabled: row.disabled, role }))
}

/// Makes a person who has no password.
pub async fn make_person(tx: &mut TenantTx, id: UserId, email: &str, name: &str) -> StoreResult<()> {
    sqlx::query!("insert into users (id, email, name) values ($1, $2, $3)", id.0, email, name)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives a member the role that their groups have, and lets the relay know. False when nothing changes: they have it, or
/// they are the only owner.
pub async fn set_role(tx: &mut TenantTx, user: UserId, role: Role) -> StoreResult<bool> {
    let org = tx.org();
    // Two owners who sign in at the same moment take turns, so that one of them stays.
    sqlx::query!("select id from organisations where id = $1 for no key update", org.0)
        .fetch_one(tx.conn())
        .await?;
    let changed = sqlx::query!(
        "update memberships m set role = $3 where m.org_id = $1 and m.user_id = $2 and m.role <> $3
           and (m.role <> 'owner' or exists (
             select from memberships o join users u on u.id = o.user_id
             where o.org_id = $1 and o.role = 'owner' and o.user_id <> $2 and u.disabled_at is null))",
        org.0,
        user.0,
        role.as_str()
    )
    .execute(tx.conn())
    .await?;
    let changed = changed.rows_affected() > 0;
    if changed {
        tx.bump_policy().await?;
    }
    Ok(changed)
}
