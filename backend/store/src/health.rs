//! How accounts fare, as far as requests have shown: the last error, and how much of the provider's own quota is left.

use crate::{JobsDb, StoreResult, TenantTx};
use causeway_domain::{AccountId, OrgId};
use serde_json::Value;

/// News of an account. What is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// `{at, cause, status, message}`.
    pub last_error: Option<Value>,
    /// `{at, windows: […]}`.
    pub quota: Option<Value>,
}

/// Writes news down.
pub async fn save(db: &JobsDb, news: &[(OrgId, AccountId, News)]) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    for (org, account, one) in news {
        sqlx::query!(
            "insert into account_health (org_id, account_id, last_error, quota) values ($1, $2, $3, $4)
             on conflict (org_id, account_id) do update set
               last_error = coalesce(excluded.last_error, account_health.last_error),
               quota = coalesce(excluded.quota, account_health.quota)",
            org.0,
            account.0,
            one.last_error,
            one.quota
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(tx.commit().await?)
}

/// What is known of some accounts of the organisation.
pub async fn of_accounts(tx: &mut TenantTx, accounts: &[AccountId]) -> StoreResult<Vec<(AccountId, News)>> {
    let org = tx.org().0;
    let ids: Vec<_> = accounts.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select account_id, last_error, quota from account_health where org_id = $1 and account_id = any($2)",
        org,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (AccountId(r.account_id), News { last_error: r.last_error, quota: r.quota }))
        .collect())
}
