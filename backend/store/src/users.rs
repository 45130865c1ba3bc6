//! People. A person is not of a tenant: memberships say where they belong, so this table has no row-level security
//! and is only ever read by one person's address or id.

use crate::{AppDb, PersonTx, StoreResult, TenantTx, reset_links, sessions};
use causeway_domain::UserId;
use sqlx::PgExecutor;
use uuid::Uuid;

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

struct Row {
    id: Uuid,
    email: String,
    name: String,
    locale: String,
    password_hash: Option<String>,
    disabled: bool,
}

impl From<Row> for User {
    fn from(r: Row) -> Self {
        Self {
            id: r.id.into(),
            email: r.email,
            name: r.name,
            locale: r.locale,
            password_hash: r.password_hash,
            disabled: r.disabled,
        }
    }
}

/// The person with this e-mail address, in any case.
pub async fn find_by_email(db: &AppDb, email: &str) -> StoreResult<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, email, name, locale, password_hash, disabled_at is not null as "disabled!"
           from users where lower(email) = lower($1)"#,
        email
    )
    .fetch_optional(&db.0)
    .await?;
    Ok(row.map(User::from))
}

/// The person with this id.
pub async fn get(db: &AppDb, id: UserId) -> StoreResult<User> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, email, name, locale, password_hash, disabled_at is not null as "disabled!"
           from users where id = $1"#,
        id.0
    )
    .fetch_one(&db.0)
    .await?;
    Ok(row.into())
}

/// Changes name and language of the person of the transaction.
pub async fn update(tx: &mut PersonTx, name: &str, locale: &str) -> StoreResult<()> {
    let user = tx.user().0;
    sqlx::query!("update users set name = $2, locale = $3 where id = $1", user, name, locale)
        .execute(tx.conn())
        .await?;
    Ok(())
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

/// Somebody who has an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who.
    pub id: UserId,
    /// Whether it was shown that the address is theirs. If not, the account may be anybody's.
    pub proven: bool,
}

/// Who has this e-mail address, in any case, as the transaction sees it.
pub async fn owner_of(tx: &mut TenantTx, email: &str) -> StoreResult<Option<Owner>> {
    let found = sqlx::query!(
        r#"select id, email_proven_at is not null as "proven!" from users where lower(email) = lower($1)"#,
        email
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|r| Owner { id: UserId(r.id), proven: r.proven }))
}

/// Notes that the person's address was shown to be theirs.
pub async fn prove(tx: &mut TenantTx, user: UserId) -> StoreResult<()> {
    sqlx::query!(
        "update users set email_proven_at = now() where id = $1 and email_proven_at is null",
        user.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The same by a link that was mailed to the person of the transaction. True when it had not been shown before.
pub async fn prove_by_mail(tx: &mut PersonTx) -> StoreResult<bool> {
    let user = tx.user().0;
    let proven = sqlx::query!(
        "update users set email_proven_at = now() where id = $1 and email_proven_at is null",
        user
    )
    .execute(tx.conn())
    .await?;
    Ok(proven.rows_affected() == 1)
}

/// Whether a person can still sign in with this very password.
pub async fn still_has(tx: &mut TenantTx, user: UserId, password_hash: &str) -> StoreResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from users where id = $1 and password_hash = $2 and disabled_at is null) as "has!""#,
        user.0,
        password_hash
    )
    .fetch_one(tx.conn())
    .await?)
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

/// Which sessions a new password ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// All of them.
    All,
    /// All but this one.
    Others(Uuid),
    /// None.
    None,
}

/// Gives the person of the transaction a new password. Ends the sign-ins that wait for a code, and the links that would
/// change it again.
pub async fn set_password(tx: &mut PersonTx, password_hash: &str, ends: Ends) -> StoreResult<()> {
    let user = tx.user().0;
    sqlx::query!("update users set password_hash = $2 where id = $1", user, password_hash)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "update sign_in_challenges set used_at = now() where user_id = $1 and used_at is null",
        user
    )
    .execute(tx.conn())
    .await?;
    reset_links::end_all(tx).await?;
    match ends {
        Ends::All => sessions::end_all(tx, None, "password").await?,
        Ends::Others(keep) => sessions::end_all(tx, Some(keep), "password").await?,
        Ends::None => 0,
    };
    Ok(())
}
