//! Which of the ids that a file names are an organisation's own.

use crate::{StoreResult, TenantTx};
use causeway_domain::{AccountId, KeyId, UserId};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// The ids that belong to the organisation, deleted things included.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// API keys.
    pub keys: HashSet<KeyId>,
    /// Upstream accounts, with the provider of each.
    pub accounts: HashMap<AccountId, String>,
    /// People who are members, or who own a key: those who have left are no strangers.
    pub users: HashSet<UserId>,
}

/// Of these ids, those that the transaction's organisation has.
pub async fn known(
    tx: &mut TenantTx,
    keys: &BTreeSet<KeyId>,
    accounts: &BTreeSet<AccountId>,
    users: &BTreeSet<UserId>,
) -> StoreResult<References> {
    let org = tx.org().0;
    let keys: Vec<Uuid> = keys.iter().map(|id| id.0).collect();
    let accounts: Vec<Uuid> = accounts.iter().map(|id| id.0).collect();
    let users: Vec<Uuid> = users.iter().map(|id| id.0).collect();
    let keys = sqlx::query_scalar!("select id from api_keys where org_id = $1 and id = any($2)", org, &keys)
        .fetch_all(tx.conn())
        .await?;
    let accounts = sqlx::query!(
        "select id, provider from upstream_accounts where org_id = $1 and id = any($2)",
        org,
        &accounts
    )
    .fetch_all(tx.conn())
    .await?;
    let users = sqlx::query_scalar!(
        r#"select user_id as "id!" from memberships where org_id = $1 and user_id = any($2)
           union select owner_id from api_keys where org_id = $1 and owner_id = any($2)"#,
        org,
        &users
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(References {
        keys: keys.into_iter().map(KeyId).collect(),
        accounts: accounts.into_iter().map(|a| (AccountId(a.id), a.provider)).collect(),
        users: users.into_iter().map(UserId).collect(),
    })
}
