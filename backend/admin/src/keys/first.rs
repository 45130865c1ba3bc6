//! The key that somebody comes in with.

use super::{effective, secret::Drawn, shown};
use crate::{error::ApiError, plan};
use causeway_domain::{KeyId, UserId};
use causeway_openapi::IssuedKey;
use causeway_store::{
    TenantTx, ceilings,
    keys::{self, Key, NewKey, Owner, Used},
    plans::Counted,
};
use chrono::{Duration, Utc};
use uuid::Uuid;

/// Issues a key without limits of its own: the organisation's and the member's hold, and what members may give their keys.
pub(crate) async fn issue(tx: &mut TenantTx, owner: UserId, name: &str) -> Result<IssuedKey, ApiError> {
    let ceilings = ceilings::get(tx, true).await?;
    let now = Utc::now();
    let secret = Drawn::new();
    let mut key = Key::new(KeyId(Uuid::now_v7()), name, secret.prefix());
    key.owner = Some(Owner { id: owner, name: String::new(), role: None });
    key.expiry.at = ceilings.expires_within_days.map(|days| now + Duration::days(days.into()));
    let new = NewKey { key: &key, hash: secret.hash, created_by: owner, batch: None };
    keys::insert(tx, &new).await?;
    plan::check(tx, Counted::Keys).await?;
    let made = keys::get(tx, key.id, None, false).await?;
    let limits = effective(&ceilings, &made);
    Ok(IssuedKey { key: shown(made, &Used::default(), limits, now), secret: secret.text.into() })
}
