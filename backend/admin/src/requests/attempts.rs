//! Why a request went where it did.

use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{AccountId, RequestId};
use causeway_openapi::{AttemptStep, RequestAttempts};
use causeway_store::{accounts, attempts, requests};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::HashMap;

/// Read the way of a request
///
/// Each account that a request was sent to or that was passed over, and why; also of a request that no account could take,
/// by the id in the `x-request-id` header of its refusal. Kept for 30 days. Without steps when the first account answered.
#[utoipa::path(
    get, path = "/requests/{id}/attempts", tag = "requests", operation_id = "getRequestAttempts",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the request")),
    responses(
        (status = 200, description = "Its way", body = RequestAttempts),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Place(id): Place<RequestId>,
) -> Result<Json<RequestAttempts>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let Some(found) = attempts::get(&mut tx, id, caller.sees()).await? else {
        let request = requests::get(&mut tx, id, caller.sees()).await?;
        return Ok(Json(RequestAttempts {
            request_id: id,
            model: request.model,
            status: None,
            code: "ok".to_owned(),
            steps: Vec::new(),
        }));
    };
    let steps: Vec<Step> = serde_json::from_value(found.steps).map_err(ApiError::internal)?;
    let names: HashMap<AccountId, String> =
        accounts::names(&mut tx, &steps.iter().map(|step| step.account).collect::<Vec<_>>()).await?;
    Ok(Json(RequestAttempts {
        request_id: id,
        model: found.model,
        status: (found.status > 0).then_some(found.status),
        code: found.code,
        steps: steps.into_iter().map(|step| step.view(&names)).collect(),
    }))
}

/// As the relay has written it.
#[derive(Deserialize)]
struct Step {
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
