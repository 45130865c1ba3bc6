//! People as the operator sees them: of every organisation, found by name or address, locked out or let in again.

use crate::{OperatorDb, StoreError, StoreResult, audit, policy, tenant::PolicyChange};
use causeway_domain::{OrgId, Role, UserId};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Identifier.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Whether they run this installation.
    pub is_operator: bool,
    /// When they were locked out.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When they were made.
    pub created_at: DateTime<Utc>,
    /// When a session of theirs was last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Where they belong, by name: id, name, role.
    pub memberships: Vec<(OrgId, String, Role)>,
}

/// Whom to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Part of the name or the address, in any case.
    pub part: &'a str,
    /// Only operators.
    pub operators: bool,
    /// Only those who are locked out.
    pub disabled: bool,
}

/// People, newest first, older than `before`.
pub async fn list(
    db: &OperatorDb,
    filter: Filter<'_>,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Person>> {
    select(&mut *db.0.acquire().await?, None, filter, before, limit).await
}

/// A change of one person, with its line in the log of the installation. Such changes come one after the other: whoever
/// counts the operators that are left counts right.
pub struct PersonTx {
    tx: Transaction<'static, Postgres>,
    user: UserId,
    policies: Vec<PolicyChange>,
}

impl PersonTx {
    /// Begins.
    pub async fn begin(db: &OperatorDb, user: UserId) -> StoreResult<Self> {
        let mut tx = db.0.begin().await?;
        sqlx::query("select pg_advisory_xact_lock(hashtext('causeway operators'))").execute(&mut *tx).await?;
        Ok(Self { tx, user, policies: Vec::new() })
    }

    /// The person as they are.
    pub async fn read(&mut self) -> StoreResult<Person> {
        let found = select(&mut self.tx, Some(self.user.0), Filter::default(), None, 1).await?;
        found.into_iter().next().ok_or(StoreError::NotFound)
    }

    /// How many operators there are that can sign in, beside this person.
    pub async fn other_operators(&mut self) -> StoreResult<i64> {
        let count = sqlx::query_scalar!(
            r#"select count(*) as "n!" from users where is_operator and disabled_at is null and id <> $1"#,
            self.user.0
        );
        Ok(count.fetch_one(&mut *self.tx).await?)
    }

    /// Makes them an operator, or no longer one.
    pub async fn set_operator(&mut self, is_operator: bool) -> StoreResult<()> {
        sqlx::query!("update users set is_operator = $2 where id = $1", self.user.0, is_operator)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Locks them out, which ends every session of theirs, or lets them in again. Their API keys rest meanwhile.
    pub async fn set_disabled(&mut self, disabled: bool) -> StoreResult<()> {
        sqlx::query!(
            "update users set disabled_at = case when $2 then coalesce(disabled_at, now()) end where id = $1",
            self.user.0,
            disabled
        )
        .execute(&mut *self.tx)
        .await?;
        if disabled {
            sqlx::query!(
                "update sessions set ended_at = now(), end_reason = 'disabled' where user_id = $1 and ended_at is null",
                self.user.0
            )
            .execute(&mut *self.tx)
            .await?;
        }
        self.bump_policies().await
    }

    /// Lets the relay know of the person's keys, in each organisation where they have some. In the order of their ids, as
    /// every change of several is, so that no two wait for each other.
    async fn bump_policies(&mut self) -> StoreResult<()> {
        let orgs = sqlx::query_scalar!(
            "select distinct org_id from api_keys where owner_id = $1 and deleted_at is null order by org_id",
            self.user.0
        )
        .fetch_all(&mut *self.tx)
        .await?;
        for org in orgs {
            self.enter(&org.to_string()).await?;
            let version = policy::bump(&mut self.tx, OrgId(org)).await?;
            self.policies.push(PolicyChange { org: OrgId(org), version });
        }
        self.enter("").await
    }

    /// The operator changes one organisation at a time.
    async fn enter(&mut self, org: &str) -> StoreResult<()> {
        sqlx::query("select set_config('cw.org', $1, true)").bind(org).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Writes a line into the log of the installation.
    pub async fn record(&mut self, line: audit::Line<'_>) -> StoreResult<()> {
        audit::write(&mut self.tx, None, line).await
    }

    /// Commits; changes of policy are returned for publishing.
    pub async fn commit(self) -> StoreResult<Vec<PolicyChange>> {
        self.tx.commit().await?;
        Ok(self.policies)
    }
}

async fn select(
    connection: &mut PgConnection,
    id: Option<Uuid>,
    filter: Filter<'_>,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Person>> {
    let rows = sqlx::query!(
        r#"select u.id, u.email, u.name, u.is_operator, u.disabled_at, u.created_at,
             (select max(s.last_seen_at) from sessions s where s.user_id = u.id) as "last_seen_at?",
             array(select m.org_id from memberships m join organisations o on o.id = m.org_id
                   where m.user_id = u.id order by lower(o.name), o.id) as "orgs!",
             array(select o.name from memberships m join organisations o on o.id = m.org_id
                   where m.user_id = u.id order by lower(o.name), o.id) as "names!",
             array(select m.role from memberships m join organisations o on o.id = m.org_id
                   where m.user_id = u.id order by lower(o.name), o.id) as "roles!"
           from users u
           where ($1::uuid is null or u.id = $1) and ($2::uuid is null or u.id < $2)
             and ($3 = '' or position(lower($3) in lower(u.name)) > 0 or position(lower($3) in lower(u.email)) > 0)
             and (not $4 or u.is_operator) and (not $5 or u.disabled_at is not null)
           order by u.id desc limit $6"#,
        id,
        before,
        filter.part,
        filter.operators,
        filter.disabled,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|r| {
            let memberships = r.orgs.into_iter().zip(r.names).zip(r.roles).map(|((org, name), role)| {
                let role = role.parse().map_err(|e| StoreError::corrupt("role", e))?;
                Ok((OrgId(org), name, role))
            });
            Ok(Person {
                id: UserId(r.id),
                email: r.email,
                name: r.name,
                is_operator: r.is_operator,
                disabled_at: r.disabled_at,
                created_at: r.created_at,
                last_seen_at: r.last_seen_at,
                memberships: memberships.collect::<StoreResult<_>>()?,
            })
        })
        .collect()
}
