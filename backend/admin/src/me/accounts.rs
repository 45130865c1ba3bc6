//! The upstream accounts that the caller shares, or that they are named to look after.

pub(crate) mod list;
pub(crate) mod renew;
pub(crate) mod test;
pub(crate) mod withdraw;

use crate::{error::ApiError, guard::Caller};
use causeway_domain::AccountId;
use causeway_store::{
    TenantTx,
    accounts::{self, Account},
};

/// Whether the caller shares an account or looks after it.
pub(crate) fn is_own(account: &Account, caller: &Caller) -> bool {
    [account.contributed_by, account.owner].contains(&Some(caller.user.id))
}

/// One of their own. To others it is not there.
pub(crate) async fn own(
    tx: &mut TenantTx,
    caller: &Caller,
    id: AccountId,
    lock: bool,
) -> Result<Account, ApiError> {
    let account = accounts::get(tx, id, lock).await?;
    if is_own(&account, caller) { Ok(account) } else { Err(ApiError::NotFound) }
}
