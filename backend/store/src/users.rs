//! People. A person is not of a tenant: memberships say where they belong, so this table has no row-level security
//! and is only ever read by one person's address or id.

use crate::{AppDb, StoreResult, TenantTx};
use causeway_domain::UserId;
use sqlx::PgExecutor;

/// A person.
#[derive(Clone, Debug)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Name as shown.
    pub name: String,
    /// Language of the web admin.
    pub locale: String,
    /// argon2id in PHC form; `None` for a person who cannot sign in by password.
    pub password_hash: Option<String>,
    /// Whether they were locked out by a person (never by failed attempts).
    pub disabled: bool,
}

/// A person to be made.
pub struct NewUser<'a> {
    /// Identifier.
    pub id: UserId,
    /// E-mail address.
    pub email: &'a str,
    /// Name as shown.
    pub name: &'a str,
    /// argon2id in PHC form.
    pub password_hash: &'a str,
    /// Whether they run this installation: only the first person there is can begin as its operator.
    pub is_operator: bool,
}

/// The person with this e-mail address, in any case.
pub async fn find_by_email(db: &AppDb, email: &str) -> StoreResult<Option<User>> {
    let row = sqlx::query!(
        r#"select id, email, name, locale, password_hash, disabled_at is not null as "disabled!"
           from users where lower(email) = lower($1)"#,
        email
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(row.map(|r| User {
        id: r.id.into(),
        email: r.email,
        name: r.name,
        locale: r.locale,
        password_hash: r.password_hash,
        disabled: r.disabled,
    }))
}

/// Whether there is anybody at all. While there is not, the installation waits for its set-up.
pub async fn any(db: &AppDb) -> StoreResult<bool> {
    any_in(&db.0).await
}

pub(crate) async fn any_in(executor: impl PgExecutor<'_>) -> StoreResult<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from users) as "any!""#).fetch_one(executor).await?)
}

/// Makes a person; the address being taken is a conflict with `users_email`.
pub async fn insert(tx: &mut TenantTx, user: &NewUser<'_>) -> StoreResult<()> {
    sqlx::query!(
        "insert into users (id, email, name, password_hash) values ($1, $2, $3, $4)",
        user.id.0,
        user.email,
        user.name,
        user.password_hash
    )
    .execute(tx.conn())
    .await?;
    if user.is_operator {
        sqlx::query!("select claim_operator($1)", user.id.0).fetch_one(tx.conn()).await?;
    }
    Ok(())
}

/// Who has this e-mail address, in any case, as the transaction sees it.
pub async fn id_of(tx: &mut TenantTx, email: &str) -> StoreResult<Option<UserId>> {
    let id = sqlx::query_scalar!("select id from users where lower(email) = lower($1)", email)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(UserId))
}

/// Which language the person with this e-mail address reads; `None` when there is nobody.
pub async fn locale_of(tx: &mut TenantTx, email: &str) -> StoreResult<Option<String>> {
    Ok(sqlx::query_scalar!("select locale from users where lower(email) = lower($1)", email)
        .fetch_optional(tx.conn())
        .await?)
}

/// Notes which language a person reads.
pub async fn set_locale(tx: &mut TenantTx, user: UserId, locale: &str) -> StoreResult<()> {
    sqlx::query!("update users set locale = $2 where id = $1", user.0, locale).execute(tx.conn()).await?;
    Ok(())
}

/// Gives a person a new password and ends all their sessions.
pub async fn set_password(db: &AppDb, user: UserId, password_hash: &str) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    sqlx::query!("update users set password_hash = $2 where id = $1", user.0, password_hash)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "update sessions set ended_at = now(), end_reason = 'password' where user_id = $1 and ended_at is null",
        user.0
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
