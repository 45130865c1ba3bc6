//! The one place where a key is held against what members may give their own keys. Whoever writes a key on a member's
//! behalf, one or many, comes through here.

use crate::{check::Check, error::ApiError, guard::Caller};
use causeway_domain::{Ceilings, ceilings::Terms};
use causeway_openapi::{Permission, UpdateKey};
use causeway_store::{TenantTx, ceilings, keys::Key};
use chrono::Utc;

const WHOSE: &str = "that is what this organisation lets members give their own keys";

/// What bounds the caller.
pub(super) struct Ceiling(Option<Ceilings>);

impl Ceiling {
    /// Nothing bounds who may change everybody's keys. With `counted`, keys are added: nobody else adds any meanwhile.
    pub(super) async fn of(tx: &mut TenantTx, caller: &Caller, counted: bool) -> Result<Self, ApiError> {
        if caller.may(Permission::KeysWrite) {
            return Ok(Self(None));
        }
        Ok(Self(Some(ceilings::get(tx, counted).await?)))
    }

    /// Notes every field of a key that is above its ceiling: of a change only what it sets, since a key from before is
    /// held down at its requests anyway, and its holder must be able to give it another name.
    pub(super) fn check(&self, check: &mut Check, key: &Key, change: Option<&UpdateKey>) {
        let Some(ceilings) = &self.0 else { return };
        let terms = Terms {
            limits: &key.limits,
            models: &key.models,
            account: key.account_id,
            pools: &key.pools,
            expires_at: key.expiry.at,
        };
        for exceeded in ceilings.exceeded_by(&terms, Utc::now()) {
            let set = change.is_none_or(|change| match exceeded.field.split('.').next() {
                Some("limits") => change.limits.is_some(),
                Some("models") => change.models.is_some(),
                Some("account_id") => change.account_id.is_some(),
                Some("pool_ids") => change.pool_ids.is_some(),
                _ => change.expires_at.is_some(),
            });
            if set {
                check.refuse(&exceeded.field, format!("{}; {WHOSE}", exceeded.allowed));
            }
        }
    }

    /// Refuses what was just added when the caller has more keys than members may. Under the lock that [`Self::of`] took.
    pub(super) async fn check_count(&self, tx: &mut TenantTx, caller: &Caller) -> Result<(), ApiError> {
        let Some(allowed) = self.0.as_ref().and_then(|ceilings| ceilings.keys) else { return Ok(()) };
        let has = ceilings::keys_of(tx, caller.user.id).await?;
        if has <= i64::from(allowed) {
            return Ok(());
        }
        Err(ApiError::Conflict(format!(
            "this organisation lets a member have {allowed} API {}, and there is no place left: delete one that is \
             not needed, or ask an administrator",
            if allowed == 1 { "key" } else { "keys" }
        )))
    }
}
