//! Invitations to share that wait for the caller.

pub(crate) mod accept;
pub(crate) mod decline;
pub(crate) mod list;

use crate::{error::ApiError, guard::Caller, shares::ended};
use causeway_store::{
    TenantTx,
    shares::{self, Share},
};
use chrono::Utc;
use uuid::Uuid;

/// One that the caller may follow at this moment; nobody else changes it meanwhile. To others it is not there.
pub(crate) async fn open(tx: &mut TenantTx, caller: &Caller, id: Uuid) -> Result<Share, ApiError> {
    let share = shares::lock(tx, id).await?;
    if share.person.as_ref().is_none_or(|(person, _)| *person != caller.user.id) {
        return Err(ApiError::NotFound);
    }
    if let Some(why) = ended(&share) {
        return Err(ApiError::Conflict(why.to_owned()));
    }
    if share.expires_at <= Utc::now() {
        return Err(ApiError::Conflict("this invitation has expired; ask for a reminder".to_owned()));
    }
    Ok(share)
}
