//! By which rules an organisation recognises clients, and what they would have made of the requests it had.

use crate::{RelayDb, StoreError, StoreResult, TenantTx, billed::first_id};
use causeway_domain::{ClientRule, ClientRules, KeyId, OrgId};
use chrono::{DateTime, Utc};

/// The rules of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// How often they were changed.
    pub version: i32,
    /// The rules.
    pub rules: ClientRules,
    /// When they were changed last.
    pub updated_at: Option<DateTime<Utc>>,
}

fn rules(own: serde_json::Value, without_shipped: bool) -> StoreResult<ClientRules> {
    let own: Vec<ClientRule> =
        serde_json::from_value(own).map_err(|e| StoreError::corrupt("client rules", e))?;
    Ok(ClientRules { own, without_shipped })
}

/// The rules of the organisation; version 0 where it has none of its own.
pub async fn get(tx: &mut TenantTx) -> StoreResult<Stored> {
    let row = sqlx::query!(
        "select version, rules, without_shipped, updated_at from client_rules where org_id = $1",
        tx.org().0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(Stored::default()) };
    Ok(Stored {
        version: r.version,
        rules: rules(r.rules, r.without_shipped)?,
        updated_at: Some(r.updated_at),
    })
}

/// Writes the rules anew, if `version` is absent or the one that they have. [`StoreError::Conflict`] where it is not.
pub async fn set(tx: &mut TenantTx, version: Option<i32>, new: &ClientRules) -> StoreResult<()> {
    let own = serde_json::to_value(&new.own).map_err(|e| StoreError::corrupt("client rules", e))?;
    let written = sqlx::query!(
        "insert into client_rules as c (org_id, version, rules, without_shipped) select $1, 1, $3, $4
         where coalesce($2::int, 0) = 0 or exists (select from client_rules where org_id = $1)
         on conflict (org_id) do update set version = c.version + 1, rules = excluded.rules,
           without_shipped = excluded.without_shipped, updated_at = now()
         where $2::int is null or c.version = $2",
        tx.org().0,
        version,
        own,
        new.without_shipped
    )
    .execute(tx.conn())
    .await?;
    if written.rows_affected() == 0 {
        return Err(StoreError::Conflict("the rules have been changed by somebody else".to_owned()));
    }
    tx.bump_policy().await
}

/// The rules of any organisation, for the relay.
pub(crate) async fn of(db: &RelayDb, org: OrgId) -> StoreResult<ClientRules> {
    let row = sqlx::query!("select rules, without_shipped from client_rules where org_id = $1", org.0)
        .fetch_optional(&db.0)
        .await?;
    row.map_or_else(|| Ok(ClientRules::default()), |r| rules(r.rules, r.without_shipped))
}

/// Requests that looked alike to rules and came with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What rules could read, as it was kept; empty where there was nothing.
    pub facts: String,
    /// What they were recognised as; empty = not.
    pub client: String,
    /// The key.
    pub key: KeyId,
    /// The clients that the key may be used with by now; empty = all.
    pub clients: Vec<String>,
    /// How many.
    pub requests: i64,
}

/// Requests begun since a moment, put together by what rules can read of them and by key; the most frequent `limit` of
/// those.
pub async fn sightings(tx: &mut TenantTx, since: DateTime<Utc>, limit: i64) -> StoreResult<Vec<Sighting>> {
    let rows = sqlx::query!(
        r#"select s.client_facts, s.client_id, s.key_id, s.requests as "requests!",
             coalesce(k.clients, '{}') as "clients!"
           from (select client_facts, client_id, key_id, count(*) as requests from usage
                 where org_id = $1 and request_id >= $2 group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit $3) s
           left join api_keys k on k.org_id = $1 and k.id = s.key_id
           order by 4 desc, 1, 2, 3"#,
        tx.org().0,
        first_id(since),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Sighting {
            facts: r.client_facts,
            client: r.client_id,
            key: KeyId(r.key_id),
            clients: r.clients,
            requests: r.requests,
        })
        .collect())
}

/// How many requests were begun since a moment.
pub async fn requests_since(tx: &mut TenantTx, since: DateTime<Utc>) -> StoreResult<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from usage where org_id = $1 and request_id >= $2"#,
        tx.org().0,
        first_id(since)
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// The clients that keys name which are not deleted, with how many keys name each.
pub async fn named_by_keys(tx: &mut TenantTx) -> StoreResult<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select client as "client!", count(*) as "keys!" from api_keys k, unnest(k.clients) as client
           where k.org_id = $1 and k.deleted_at is null group by 1 order by 1"#,
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.client, r.keys)).collect())
}
