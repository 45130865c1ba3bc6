//! Who may read a credential. With TLS a proxy reads nothing; of a provider that is spoken to without, it reads everything.
//! So whatever a person changes, the credential of such an account goes through another proxy only where it is entered
//! again: nobody can have one sent to themselves.

use crate::error::ApiError;
use causeway_domain::AccountId;
use causeway_store::{TenantTx, proxies};
use std::collections::BTreeMap;

/// Accounts without TLS, each with the proxy that reads its credential.
pub(crate) struct Readers(BTreeMap<AccountId, (String, String)>);

impl Readers {
    /// As they are before a change.
    pub(crate) async fn now(tx: &mut TenantTx) -> Result<Self, ApiError> {
        Ok(Self(proxies::readers(tx).await?))
    }

    /// Refuses a change that has made somebody else read a credential, except that of an account for which it was entered.
    pub(crate) async fn unchanged(
        self,
        tx: &mut TenantTx,
        entered: Option<AccountId>,
    ) -> Result<(), ApiError> {
        let now = proxies::readers(tx).await?;
        let others = now.iter().filter(|(id, (_, by))| {
            Some(**id) != entered && self.0.get(*id).is_none_or(|(_, before)| before != by)
        });
        let names: Vec<&str> = others.map(|(_, (name, _))| name.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(ApiError::Conflict(format!(
            "another proxy would read the credential of {}, because the provider is spoken to without TLS there; set proxy to \
             direct at the account first, or enter its credential again together with its proxy",
            names.join(", ")
        )))
    }
}
