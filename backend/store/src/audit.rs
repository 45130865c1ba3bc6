//! The audit log: one line for each change, in the change's own transaction, never altered.

use crate::{AppDb, StoreResult, TenantTx};
use causeway_domain::UserId;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
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
#[derive(Clone, Debug)]
pub struct Entry {
    /// Identifier, which sorts by time.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
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

/// The log of the transaction's organisation, newest first, older than the line `before`.
pub async fn list(tx: &mut TenantTx, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Entry>> {
    let org = tx.org();
    Ok(sqlx::query_as!(
        Entry,
        r#"select a.id, a.at, a.actor_kind, a.actor_id, u.name as "actor_name?", a.token_id, a.token_name,
                  a.action, a.target_kind, a.target_id, a.before, a.after, a.address, a.request_id
           from audit a left join users u on u.id = a.actor_id
           where a.org_id = $1 and ($2::uuid is null or a.id < $2) order by a.id desc limit $3"#,
        org.0,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}
