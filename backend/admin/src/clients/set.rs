//! Changing the rules.

use super::{accepted, shown};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::ClientRules;
use causeway_openapi::{ClientRuleSet, SetClientRules};
use causeway_store::{StoreError, clients};
use serde_json::{Value, json};

fn audited(rules: &ClientRules) -> Value {
    json!({"rules": rules.own, "without_shipped": rules.without_shipped})
}

/// Set how clients are recognised
///
/// Replaces the organisation's own rules, if nobody has changed them since `version`. In force from the next request on, on every
/// instance. Try them first: a key that is restricted to clients which no rule recognises any more is refused to everybody.
#[utoipa::path(
    put, path = "/client-rules", tag = "clients", operation_id = "setClientRules",
    request_body(content = SetClientRules, example = json!({
        "version": 0, "rules": [{"client": "our_agent", "name": "Our agent",
            "when": [{"header": "user-agent", "matches": "our-agent/*"}]}]
    })),
    responses(
        (status = 200, description = "The rules as they are now", body = ClientRuleSet),
        docs::Input, docs::Clash, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Body(input): Body<SetClientRules>,
) -> Result<Json<ClientRuleSet>, ApiError> {
    let rules = accepted(input.rules, input.without_shipped)?;
    let meanwhile = || {
        ApiError::Conflict(
            "the rules have been changed by somebody else meanwhile; load them again".to_owned(),
        )
    };
    let version = input.version.map(|v| i32::try_from(v).map_err(|_| meanwhile())).transpose()?;
    let mut tx = caller.begin(&state).await?;
    let before = clients::get(&mut tx).await?;
    clients::set(&mut tx, version, &rules).await.map_err(|error| match error {
        StoreError::Conflict(_) => meanwhile(),
        other => other.into(),
    })?;
    let target = ("organization", Some(caller.org().0));
    let (old, new) = (audited(&before.rules), audited(&rules));
    caller.record(&mut tx, "client_rules.set", target, Some(old), Some(new)).await?;
    let stored = clients::get(&mut tx).await?;
    let shown = shown(&mut tx, stored).await?;
    state.commit(tx).await?;
    Ok(Json(shown))
}
