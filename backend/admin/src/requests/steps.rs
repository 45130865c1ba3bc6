//! What happened to a request at each account on its way.

use crate::error::ApiError;
use causeway_domain::AccountId;
use causeway_openapi::AttemptStep;
use causeway_store::{TenantTx, accounts};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// As the relay has written it.
#[derive(Deserialize)]
pub(super) struct Step {
    account: AccountId,
    what: String,
    tried: bool,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    after_ms: Option<u64>,
    #[serde(default)]
    took_ms: Option<u64>,
    #[serde(default)]
    until: Option<DateTime<Utc>>,
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
}

/// Reads what is stored of a way.
pub(super) fn read(steps: Value) -> Result<Vec<Step>, ApiError> {
    serde_json::from_value(steps).map_err(ApiError::internal)
}

/// The names of the accounts on a way, as far as they are still there.
pub(super) async fn names<'s>(
    tx: &mut TenantTx,
    steps: impl IntoIterator<Item = &'s Step>,
) -> Result<HashMap<AccountId, String>, ApiError> {
    let mut ids: Vec<AccountId> = steps.into_iter().map(|step| step.account).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(accounts::names(tx, &ids).await?)
}

/// As the API shows them.
pub(super) fn view(steps: Vec<Step>, names: &HashMap<AccountId, String>) -> Vec<AttemptStep> {
    steps.into_iter().map(|step| step.view(names)).collect()
}

impl Step {
    fn view(self, names: &HashMap<AccountId, String>) -> AttemptStep {
        AttemptStep {
            account_id: self.account,
            account_name: names.get(&self.account).cloned().unwrap_or_default(),
            what: self.what,
            tried: self.tried,
            status: self.status,
            message: self.message,
            after_ms: self.after_ms,
            took_ms: self.took_ms,
            until: self.until,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
        }
    }
}
