//! What a plan allows an organisation to have, and what it has.
//!
//! The check comes after the insertion, in its transaction: it locks the organisation's row and counts. Of two that
//! take the last place at the same moment, the second waits for the first to commit, counts it, and is refused.

use crate::{StoreError, StoreResult, TenantTx};
use causeway_domain::Plan;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Members.
    Members,
    /// API keys, deleted ones left out.
    Keys,
    /// Upstream accounts, deleted ones left out.
    Accounts,
}

/// What an organisation has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// Members.
    pub members: i64,
    /// API keys.
    pub keys: i64,
    /// Upstream accounts.
    pub accounts: i64,
}

/// Counts what the organisation of the transaction has.
pub async fn in_use(tx: &mut TenantTx) -> StoreResult<InUse> {
    let org = tx.org();
    Ok(sqlx::query_as!(
        InUse,
        r#"select (select count(*) from memberships where org_id = $1) as "members!",
             (select count(*) from api_keys where org_id = $1 and deleted_at is null) as "keys!",
             (select count(*) from upstream_accounts where org_id = $1 and deleted_at is null) as "accounts!""#,
        org.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// To be asked after something was added: the plan's figure when it is exceeded now, and the transaction must not be
/// committed.
pub async fn exceeded(tx: &mut TenantTx, counted: Counted) -> StoreResult<Option<u32>> {
    let org = tx.org();
    // Not `for update`: that would wait for every row that is being added elsewhere and refers to the organisation.
    let plan = sqlx::query_scalar!("select plan from organisations where id = $1 for no key update", org.0)
        .fetch_one(tx.conn())
        .await?;
    let plan: Plan =
        serde_json::from_value(plan).map_err(|e| StoreError::corrupt("plan of an organisation", e))?;
    let allowed = match counted {
        Counted::Members => plan.members,
        Counted::Keys => plan.keys,
        Counted::Accounts => plan.accounts,
    };
    let Some(allowed) = allowed else { return Ok(None) };
    // A statement of its own: it must see what was committed while the lock was waited for.
    let has = in_use(tx).await?;
    let has = match counted {
        Counted::Members => has.members,
        Counted::Keys => has.keys,
        Counted::Accounts => has.accounts,
    };
    Ok((has > i64::from(allowed)).then_some(allowed))
}
