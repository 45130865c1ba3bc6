//! What `causeway admin` does to organisations and operators, with the same checks as the API. Errors' texts are fit to be
//! shown.

use crate::{billing::redeem::too_much, check::Check, error::ApiError};
use causeway_domain::{CreditKind, Nanos};
use causeway_openapi::AddCredit;
use causeway_store::{
    OperatorDb, StoreError, TenantTx, audit,
    credits::{self, Added, Balance, NewEntry},
    operators, tenants,
};
use serde_json::json;

/// Credits the organisation with this slug; below zero is an adjustment. Returns its balance. The relay hears of it by the
/// outbox, within a second.
pub async fn credit(db: &OperatorDb, slug: &str, amount: &str, note: &str) -> Result<Balance, ApiError> {
    let amount_usd: Nanos = amount.parse().map_err(|error| ApiError::field("amount", format!("{error}")))?;
    let kind = if amount_usd < Nanos::ZERO { CreditKind::Adjustment } else { CreditKind::Credit };
    let input = AddCredit { kind, amount_usd, note: note.to_owned(), idempotency_key: None };
    let mut check = Check::default();
    let note = check.entry(&input);
    check.done()?;
    let org = tenants::by_slug(db, slug).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::field("org", "no organisation has this slug"),
        other => other.into(),
    })?;
    let mut tx = TenantTx::begin_as_operator(db, org, None).await?;
    let new = NewEntry { kind, amount: amount_usd, note: &note, actor: None, idempotency_key: None };
    let entry = match credits::add(&mut tx, new).await? {
        Added::Written(entry) | Added::Known(entry) => entry,
        Added::Different | Added::TooMuch => return Err(too_much()),
    };
    let after = json!({"kind": entry.kind, "amount_usd": entry.amount, "note": entry.note});
    let line = audit::Line {
        action: "credit.add",
        target_kind: "credit",
        target_id: Some(entry.id),
        after: Some(after),
        ..Default::default()
    };
    audit::record(&mut tx, line).await?;
    let balance = credits::balance(&mut tx).await?;
    let _ = tx.commit().await?;
    Ok(balance)
}

/// Makes a person an operator of the installation, or no longer one. False when nothing changes. The last one stays.
pub async fn set_operator(db: &OperatorDb, email: &str, is_operator: bool) -> Result<bool, ApiError> {
    operators::set(db, email.trim(), is_operator).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::field("email", "nobody has this e-mail address"),
        StoreError::Conflict(_) => last_operator(),
        other => other.into(),
    })
}

/// What would leave nobody to run the installation.
pub(crate) fn last_operator() -> ApiError {
    ApiError::Conflict("an installation needs an operator; make somebody else one first".to_owned())
}
