//! The key that somebody comes in with.

use super::{create::draw, shown};
use crate::{error::ApiError, plan};
use causeway_domain::{KeyId, Limits, Multiplier, UserId, model::ModelPolicy, secret::KEY_SHOWN_CHARS};
use causeway_openapi::IssuedKey;
use causeway_store::{
    TenantTx,
    keys::{self, NewKey, Used},
    plans::Counted,
};
use chrono::Utc;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Issues a key without limits of its own: the organisation's and the member's hold.
pub(crate) async fn issue(tx: &mut TenantTx, owner: UserId, name: &str) -> Result<IssuedKey, ApiError> {
    let secret = draw();
    let id = KeyId(Uuid::now_v7());
    let new = NewKey {
        id,
        owner,
        name,
        description: "",
        hash: Sha256::digest(secret.as_bytes()).into(),
        prefix: secret.get(..KEY_SHOWN_CHARS).unwrap_or_default(),
        limits: &Limits::default(),
        multiplier: Multiplier::default(),
        models: &ModelPolicy::default(),
        account_id: None,
        enabled: true,
        expires_at: None,
    };
    keys::insert(tx, &new).await?;
    plan::check(tx, Counted::Keys).await?;
    let made = keys::get(tx, id, None, false).await?;
    Ok(IssuedKey { key: shown(made, &Used::default(), Utc::now()), secret: secret.into() })
}
