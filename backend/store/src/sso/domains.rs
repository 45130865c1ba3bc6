//! The e-mail domains of an organisation. Only one that the operator has confirmed counts for anything.

use crate::{StoreError, StoreResult, TenantTx};
use chrono::{DateTime, Utc};

/// A domain.
#[derive(Clone, Debug)]
pub struct Domain {
    /// In small letters.
    pub domain: String,
    /// When the operator confirmed it; `None` while it counts for nothing.
    pub confirmed_at: Option<DateTime<Utc>>,
}

/// All of the transaction's organisation, by name.
pub async fn list(tx: &mut TenantTx) -> StoreResult<Vec<Domain>> {
    let org = tx.org();
    Ok(sqlx::query_as!(
        Domain,
        "select domain, confirmed_at from organisation_domains where org_id = $1 order by domain",
        org.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Adds one, unconfirmed. One that is there is a conflict.
pub async fn insert(tx: &mut TenantTx, domain: &str) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!("insert into organisation_domains (org_id, domain) values ($1, $2)", org.0, domain)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes one.
pub async fn delete(tx: &mut TenantTx, domain: &str) -> StoreResult<()> {
    let org = tx.org();
    let gone =
        sqlx::query!("delete from organisation_domains where org_id = $1 and domain = $2", org.0, domain)
            .execute(tx.conn())
            .await?;
    if gone.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// Confirms that it is the organisation's, or takes that back; in a transaction of the operator's. It being another
/// organisation's is a conflict with `organisation_domains_confirmed`.
pub async fn confirm(tx: &mut TenantTx, domain: &str, confirmed: bool) -> StoreResult<()> {
    let org = tx.org();
    let changed = sqlx::query!(
        "update organisation_domains set confirmed_at = case when $3 then coalesce(confirmed_at, now()) end
         where org_id = $1 and domain = $2",
        org.0,
        domain,
        confirmed
    )
    .execute(tx.conn())
    .await?;
    if changed.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// Whether a domain is the organisation's.
pub async fn is_own(tx: &mut TenantTx, domain: &str) -> StoreResult<bool> {
    let org = tx.org();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from organisation_domains
             where org_id = $1 and domain = $2 and confirmed_at is not null) as "own!""#,
        org.0,
        domain
    )
    .fetch_one(tx.conn())
    .await?)
}
