//! The audit log: one line for each change, in the change's own transaction, never altered.

use crate::{AppDb, OperatorDb, StoreResult, TenantTx, billed::first_id};
use causeway_domain::{OrgId, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

/// Who did something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Actor<'a> {
    /// Whoever has the command line of the server.
    #[default]
    Cli,
    /// The server itself, unasked.
    Job,
    /// A person.
    User(UserId),
    /// A person, as the operator of the installation.
    Operator(UserId),
    /// A program with an API token.
    Token {
        /// The token.
        id: Uuid,
        /// Its name.
        name: &'a str,
        /// Whose it is.
        owner: UserId,
    },
}

impl Actor<'_> {
    /// As the log has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Job => "job",
            Self::User(_) => "user",
            Self::Operator(_) => "operator",
            Self::Token { .. } => "token",
        }
    }

    /// The person, or the person behind the token.
    pub fn person(&self) -> Option<UserId> {
        match self {
            Self::Cli | Self::Job => None,
            Self::User(id) | Self::Operator(id) | Self::Token { owner: id, .. } => Some(*id),
        }
    }

    fn token(&self) -> (Option<Uuid>, Option<&str>) {
        match self {
            Self::Token { id, name, .. } => (Some(*id), Some(*name)),
            _ => (None, None),
        }
    }
}

/// A line to be written.
#[derive(Clone, Debug, Default)]
pub struct Line<'a> {
    /// Who did it.
    pub actor: Actor<'a>,
    /// What was done, such as `key.update`.
    pub action: &'a str,
    /// The kind of thing it was done to.
    pub target_kind: &'a str,
    /// Its identifier.
    pub target_id: Option<Uuid>,
    /// How it was, without secrets.
    pub before: Option<Value>,
    /// How it is, without secrets.
    pub after: Option<Value>,
    /// Network address it was done from.
    pub address: Option<&'a str>,
    /// Identifier of the call.
    pub request_id: Option<&'a str>,
}

/// A line as read.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Entry {
    /// Identifier, which sorts by time.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// The organisation whose log it is in; `None` is the installation's.
    pub org_id: Option<Uuid>,
    /// Its name.
    pub org_name: Option<String>,
    /// `user`, `token`, `operator`, `job` or `cli`.
    pub actor_kind: String,
    /// The person, or the one whose token it was.
    pub actor_id: Option<Uuid>,
    /// Their name; `None` when there is no person or they are gone.
    pub actor_name: Option<String>,
    /// The API token.
    pub token_id: Option<Uuid>,
    /// Its name.
    pub token_name: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub target_kind: String,
    /// Its identifier.
    pub target_id: Option<Uuid>,
    /// How it was.
    pub before: Option<Value>,
    /// How it is.
    pub after: Option<Value>,
    /// Network address.
    pub address: Option<String>,
    /// Identifier of the call.
    pub request_id: Option<String>,
}

/// Writes a line into the log of the transaction's organisation.
pub async fn record(tx: &mut TenantTx, line: Line<'_>) -> StoreResult<()> {
    let org = tx.org();
    write(tx.conn(), Some(org.0), line).await
}

/// Writes a line that belongs to no organisation.
pub async fn record_for_instance(db: &AppDb, line: Line<'_>) -> StoreResult<()> {
    let mut connection = db.0.acquire().await?;
    write(&mut connection, None, line).await
}

pub(crate) async fn write(
    connection: &mut PgConnection,
    org: Option<Uuid>,
    line: Line<'_>,
) -> StoreResult<()> {
    let (token, token_name) = line.actor.token();
    sqlx::query!(
        "insert into audit (id, org_id, actor_kind, actor_id, token_id, token_name, action, target_kind, target_id,
           before, after, address, request_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        Uuid::now_v7(),
        org,
        line.actor.kind(),
        line.actor.person().map(|u| u.0),
        token,
        token_name,
        line.action,
        line.target_kind,
        line.target_id,
        line.before,
        line.after,
        line.address,
        line.request_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which lines to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    /// By this kind of actor.
    pub actor_kind: Option<&'a str>,
    /// By this person.
    pub actor: Option<UserId>,
    /// Of this kind, or a kind that begins with this and a dot: `key` finds `key.create`.
    pub action: Option<&'a str>,
    /// About things of this kind.
    pub target_kind: Option<&'a str>,
    /// About this thing.
    pub target: Option<Uuid>,
    /// Of this organisation, where lines of several are read.
    pub org: Option<OrgId>,
    /// Written at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Written before this time.
    pub to: Option<DateTime<Utc>>,
    /// From this network address.
    pub address: Option<&'a str>,
    /// By the call with this id.
    pub request_id: Option<&'a str>,
    /// With this text in the action, in what it was done to and by whom, or in how it was and is; in any case.
    pub text: Option<&'a str>,
    /// Older than this line.
    pub before: Option<Uuid>,
    /// Newer than this line.
    pub after: Option<Uuid>,
}

const SELECT: &str = "select a.id, a.at, a.org_id, o.name as org_name, a.actor_kind, a.actor_id, u.name as actor_name, \
     a.token_id, a.token_name, a.action, a.target_kind, a.target_id, a.before, a.after, a.address, a.request_id \
     from audit a left join users u on u.id = a.actor_id left join organisations o on o.id = a.org_id where ";

/// The log of the transaction's organisation, newest first.
pub async fn list(tx: &mut TenantTx, filter: &Filter<'_>, limit: i64) -> StoreResult<Vec<Entry>> {
    of_organisation(tx, filter, "desc", limit).await
}

/// The same, oldest first: for reading all of it, page by page.
pub async fn list_oldest(tx: &mut TenantTx, filter: &Filter<'_>, limit: i64) -> StoreResult<Vec<Entry>> {
    of_organisation(tx, filter, "asc", limit).await
}

/// Lines of the installation, and what operators did in every organisation, newest first.
pub async fn of_installation(db: &OperatorDb, filter: &Filter<'_>, limit: i64) -> StoreResult<Vec<Entry>> {
    installation(db, filter, "desc", limit).await
}

/// The same, oldest first.
pub async fn of_installation_oldest(
    db: &OperatorDb,
    filter: &Filter<'_>,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    installation(db, filter, "asc", limit).await
}

async fn of_organisation(
    tx: &mut TenantTx,
    filter: &Filter<'_>,
    order: &'static str,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    query.push("a.org_id = ").push_bind(tx.org().0);
    narrow(&mut query, filter, order, limit);
    Ok(query.build_query_as().persistent(false).fetch_all(tx.conn()).await?)
}

async fn installation(
    db: &OperatorDb,
    filter: &Filter<'_>,
    order: &'static str,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    // The same as row-level security says, so that the index for it can be used.
    query.push("(a.org_id is null or a.actor_kind = 'operator')");
    narrow(&mut query, filter, order, limit);
    Ok(query.build_query_as().persistent(false).fetch_all(&db.0).await?)
}

/// The conditions. Person, thing and time have indexes (migrations 1 and 15); the rest is looked for among those lines.
fn narrow(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>, order: &'static str, limit: i64) {
    let texts = [
        (" and a.actor_kind = ", filter.actor_kind),
        (" and a.target_kind = ", filter.target_kind),
        (" and a.address = ", filter.address),
        (" and a.request_id = ", filter.request_id),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            query.push(condition).push_bind(value.to_owned());
        }
    }
    let ids = [
        (" and a.actor_id = ", filter.actor.map(|u| u.0)),
        (" and a.target_id = ", filter.target),
        (" and a.org_id = ", filter.org.map(|o| o.0)),
        // Times become ids, which sort by time: that is what the indexes end with.
        (" and a.id >= ", filter.from.map(first_id)),
        (" and a.id < ", filter.to.map(first_id)),
        (" and a.id < ", filter.before),
        (" and a.id > ", filter.after),
    ];
    for (condition, value) in ids {
        if let Some(value) = value {
            query.push(condition).push_bind(value);
        }
    }
    if let Some(action) = filter.action {
        query.push(" and (a.action = ").push_bind(action.to_owned());
        query
            .push(" or starts_with(a.action, ")
            .push_bind(format!("{}.", action.trim_end_matches('.')))
            .push("))");
    }
    if let Some(text) = filter.text {
        query.push(" and position(lower(").push_bind(text.to_owned()).push(
            ") in lower(concat_ws(' ', a.action, a.target_kind, a.target_id, u.name, u.email, a.token_name, a.address, a.before, a.after))) > 0",
        );
    }
    query.push(" order by a.id ").push(order).push(" limit ").push_bind(limit);
}
