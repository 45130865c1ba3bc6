//! Asking an issuer for what a person has agreed to, and keeping what it says. All of this goes on when whoever waits for it
//! has left: a code is good once.

use super::{client, issuer, kept::Of, record};
use crate::{error::ApiError, origin::Origin, state::AdminState};
use causeway_accounts::oauth::{Authorised, Code, Device, GrantError, Issuer, Polled, Tokens};
use causeway_domain::OrgId;
use causeway_openapi::AuthorizationFailure;
use causeway_store::{
    TenantTx,
    oauth_flows::{self, Flow},
};
use serde_json::json;

/// How much longer a device waits that has asked too soon (RFC 8628, 3.5), or in vain.
const SLOWER: i32 = 5;

/// Exchanges a code. The flow was taken for it.
pub(super) async fn code(
    state: AdminState,
    org: OrgId,
    flow: Flow,
    code: String,
    ticket: String,
    origin: Origin,
) -> Result<(), ApiError> {
    let issuer = match issuer(&state, flow.provider, None).await {
        Ok(issuer) => issuer,
        Err(error) => return closed(&state, org, &flow, error, &origin).await,
    };
    let of = Of { org, id: flow.id, token_endpoint: &issuer.oauth().token };
    let kept = match of.open(&state, flow.secret.as_deref().unwrap_or_default()) {
        Ok(kept) => kept,
        Err(error) => return closed(&state, org, &flow, error, &origin).await,
    };
    let code = Code { code: &code, verifier: &kept.verifier, redirect: &kept.redirect, state: &ticket };
    let tokens = client(&state).exchange(issuer.oauth(), issuer.asking(), code).await;
    conclude(&state, org, &flow, &issuer, tokens, &origin).await
}

/// Asks how a device stands. The flow is this call's alone for the time being.
pub(super) async fn poll(state: AdminState, org: OrgId, flow: Flow, origin: Origin) -> Result<(), ApiError> {
    let issuer = match issuer(&state, flow.provider, None).await {
        Ok(issuer) => issuer,
        Err(error) => return closed(&state, org, &flow, error, &origin).await,
    };
    let of = Of { org, id: flow.id, token_endpoint: &issuer.oauth().token };
    let kept = match of.open(&state, flow.secret.as_deref().unwrap_or_default()) {
        Ok(kept) => kept,
        Err(error) => return closed(&state, org, &flow, error, &origin).await,
    };
    let device = Device {
        device_code: &kept.device_code,
        user_code: &kept.user_code,
        verifier: Some(kept.verifier.as_str()).filter(|verifier| !verifier.is_empty()),
    };
    let slower = match client(&state).poll(issuer.oauth(), issuer.asking(), device).await {
        Ok(Polled::Done(tokens)) => {
            return conclude(&state, org, &flow, &issuer, Ok(tokens), &origin).await;
        }
        Ok(Polled::Pending) => 0,
        Ok(Polled::SlowDown) => SLOWER,
        // It may be back before the code's time is over.
        Err(GrantError::Unavailable { reason, .. }) => {
            tracing::info!(%org, provider = %flow.provider, reason, "an issuer was asked about a device in vain");
            SLOWER
        }
        Err(error) => return fail(&state, org, &flow, said(error), &origin).await,
    };
    let mut tx = TenantTx::begin(&state.store.app, org, Some(flow.who.user)).await?;
    oauth_flows::polled(&mut tx, flow.id, slower).await?;
    state.commit(tx).await
}

async fn conclude(
    state: &AdminState,
    org: OrgId,
    flow: &Flow,
    issuer: &Issuer,
    tokens: Result<Tokens, GrantError>,
    origin: &Origin,
) -> Result<(), ApiError> {
    let authorised = match tokens {
        Ok(tokens) => client(state).complete(issuer.oauth(), tokens).await,
        Err(error) => Err(error),
    };
    let Authorised { credential, identity } = match authorised {
        Ok(authorised) => authorised,
        Err(error) => return fail(state, org, flow, said(error), origin).await,
    };
    let of = Of { org, id: flow.id, token_endpoint: &issuer.oauth().token };
    let outcome = of.seal_outcome(state, &credential)?;
    let mut tx = TenantTx::begin(&state.store.app, org, Some(flow.who.user)).await?;
    if oauth_flows::authorise(&mut tx, flow.id, &outcome, Some(&json!(identity))).await? {
        let after = json!({"provider": flow.provider, "identity": identity});
        record(&mut tx, flow.who.user, origin, "authorization.finish", flow.id, after).await?;
    }
    state.commit(tx).await
}

/// Keeps why nothing comes of it.
pub(super) async fn fail(
    state: &AdminState,
    org: OrgId,
    flow: &Flow,
    failure: AuthorizationFailure,
    origin: &Origin,
) -> Result<(), ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, Some(flow.who.user)).await?;
    oauth_flows::fail(&mut tx, flow.id, &json!(failure)).await?;
    let after = json!({"provider": flow.provider, "code": failure.code, "message": failure.message});
    record(&mut tx, flow.who.user, origin, "authorization.fail", flow.id, after).await?;
    state.commit(tx).await
}

/// The provider was closed, or changed, while the person was away. What is broken here is told as such, and not as its doing.
async fn closed(
    state: &AdminState,
    org: OrgId,
    flow: &Flow,
    error: ApiError,
    origin: &Origin,
) -> Result<(), ApiError> {
    if matches!(error, ApiError::Failed { .. }) {
        return Err(error);
    }
    let failure = AuthorizationFailure { code: "closed".to_owned(), message: error.to_string() };
    fail(state, org, flow, failure, origin).await
}

/// The issuer's words.
fn said(error: GrantError) -> AuthorizationFailure {
    let (code, message) = match error {
        GrantError::Dead { reason } => {
            let code = reason.split(':').next().unwrap_or_default().to_owned();
            (code, reason)
        }
        GrantError::Refused { code, reason } => (code, reason),
        GrantError::Unavailable { reason, .. } => ("unavailable".to_owned(), reason),
    };
    AuthorizationFailure { code, message }
}
