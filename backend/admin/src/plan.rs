//! What a plan allows: asked after something was added, before the transaction is committed.

use crate::error::ApiError;
use causeway_store::{
    TenantTx,
    plans::{self, Counted},
};

/// Refuses what was just added when the plan has no place for it.
pub(crate) async fn check(tx: &mut TenantTx, counted: Counted) -> Result<(), ApiError> {
    let Some(allowed) = plans::exceeded(tx, counted).await? else { return Ok(()) };
    let (one, many) = match counted {
        Counted::Members => ("member", "members"),
        Counted::Keys => ("API key", "API keys"),
        Counted::Accounts => ("upstream account", "upstream accounts"),
    };
    let what = if allowed == 1 { one } else { many };
    Err(ApiError::PlanLimit(format!(
        "the plan of this organisation allows {allowed} {what}, and there is no place left: remove one that is not \
         needed, or ask the operator of this installation for a larger plan"
    )))
}
