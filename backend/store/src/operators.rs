//! Who runs this installation: a property of a person, apart from every organisation.

use crate::{AppDb, OperatorDb, PersonTx, StoreError, StoreResult, audit};
use causeway_domain::UserId;
use std::collections::HashMap;
use uuid::Uuid;

/// What a change contradicts that would leave no operator.
pub const LAST: &str = "the last operator";

/// The person behind a session.
#[derive(Clone, Debug)]
pub struct Person {
    /// E-mail address.
    pub email: String,
    /// Name as shown.
    pub name: String,
    /// Language of the web admin.
    pub locale: String,
    /// Whether they run this installation.
    pub is_operator: bool,
    /// Whether they have a second factor.
    pub has_totp: bool,
    /// Whether an organisation that they belong to demands one.
    pub totp_required: bool,
}

/// The person behind `session`, whatever organisation they are in; `None` when the session is over. A session that an
/// organisation's issuer vouches for runs no installation. `user` is whom the
/// access token names.
pub async fn signed_in(db: &AppDb, session: Uuid, user: UserId) -> StoreResult<Option<Person>> {
    // In a transaction of the person's own, which sees where they belong.
    let mut tx = PersonTx::begin(db, user).await?;
    Ok(sqlx::query_as!(
        Person,
        r#"select u.email, u.name, u.locale, u.is_operator and s.only_org is null as "is_operator!",
             exists (select from totp f where f.user_id = u.id and f.confirmed_at is not null) as "has_totp!",
             exists (select from memberships m join organisations o on o.id = m.org_id
                     where m.user_id = u.id and o.require_totp) as "totp_required!"
           from sessions s join users u on u.id = s.user_id
           where s.id = $1 and s.user_id = $2 and s.ended_at is null and u.disabled_at is null"#,
        session,
        user.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Names of operators who can sign in, at most five: who can make somebody else one.
pub async fn names(db: &AppDb) -> StoreResult<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select name from users where is_operator and disabled_at is null order by lower(name), id limit 5"
    )
    .fetch_all(&db.0)
    .await?)
}

/// Whether a person runs this installation.
pub async fn is_operator(db: &AppDb, user: UserId) -> StoreResult<bool> {
    Ok(sqlx::query_scalar!("select is_operator from users where id = $1", user.0).fetch_one(&db.0).await?)
}

/// What people are called, as operators read it.
pub async fn names_of(db: &OperatorDb, people: &[UserId]) -> StoreResult<HashMap<UserId, String>> {
    let people: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows =
        sqlx::query!("select id, name from users where id = any($1)", &people).fetch_all(&db.0).await?;
    Ok(rows.into_iter().map(|r| (UserId(r.id), r.name)).collect())
}

/// Makes the person with this e-mail address an operator, or no longer one. False when nothing changes; a conflict with
/// [`LAST`] when there would be none left that can sign in.
pub async fn set(db: &OperatorDb, email: &str, is_operator: bool) -> StoreResult<bool> {
    let mut tx = db.0.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtext('causeway operators'))").execute(&mut *tx).await?;
    let person =
        sqlx::query!("select id, is_operator from users where lower(email) = lower($1) for update", email)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(StoreError::NotFound)?;
    if person.is_operator == is_operator {
        return Ok(false);
    }
    if !is_operator {
        let others = sqlx::query_scalar!(
            r#"select count(*) as "n!" from users where is_operator and disabled_at is null and id <> $1"#,
            person.id
        );
        if others.fetch_one(&mut *tx).await? == 0 {
            return Err(StoreError::Conflict(LAST.to_owned()));
        }
    }
    sqlx::query!("update users set is_operator = $2 where id = $1", person.id, is_operator)
        .execute(&mut *tx)
        .await?;
    let line = audit::Line {
        action: if is_operator { "operator.grant" } else { "operator.revoke" },
        target_kind: "user",
        target_id: Some(person.id),
        ..Default::default()
    };
    audit::write(&mut tx, None, line).await?;
    tx.commit().await?;
    Ok(true)
}
