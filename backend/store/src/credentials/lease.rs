//! Of all instances, one refreshes an account. Whoever holds the lease looks at the credential's version again, asks the
//! issuer for less time than the lease lasts, and writes only where that version is still in force: so a lease that was lost
//! in a pause writes nothing, and one whose holder has died ends by itself.

use crate::{Cache, StoreResult, cache::tenant_prefix, lease};
use causeway_domain::{AccountId, OrgId};
use std::time::Duration;

fn key(org: OrgId, account: AccountId) -> String {
    format!("{}refresh:{}", tenant_prefix(org), account.0.simple())
}

/// Takes the lease or prolongs it. False when another holds it.
pub async fn take(
    cache: &Cache,
    org: OrgId,
    account: AccountId,
    holder: &str,
    lasts: Duration,
) -> StoreResult<bool> {
    lease::take_key(cache, &key(org, account), holder, lasts).await
}

/// Lets another take it at once.
pub async fn give_up(cache: &Cache, org: OrgId, account: AccountId, holder: &str) -> StoreResult<()> {
    lease::give_up_key(cache, &key(org, account), holder).await
}
