//! Asking an issuer for what a person has agreed to, and keeping what it says. All of this goes on when whoever waits for it
//! has left: a code is good once.

use super::{client, issuer, kept::Of, record};
use crate::{error::ApiError, origin::Origin, state::AdminState};
use causeway_accounts::oauth::{Authorised, Code, Device, GrantError, Issuer, Polled, TokenClient, Tokens};
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
    let client = match client(&state, org, kept.proxy).await {
        Ok(client) => client,
        Err(error) => return closed(&state, org, &flow, error, &origin).await,
    };
    let tokens = client.exchange(issuer.oauth(), issuer.asking(), code).await;
    conclude(&state, org, &flow, (&issuer, &client), tokens, &origin).await
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
    let client = match client(&state, org, kept.proxy).await {
        Ok(client) => client,
        Err(error) => return closed(&state, org, &flow, error, &origin).await,
    };
    let slower = match client.poll(issuer.oauth(), issuer.asking(), device).await {
        Ok(Polled::Done(tokens)) => {
            return conclude(&state, org, &flow, (&issuer, &client), Ok(tokens), &origin).await;
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
    (issuer, client): (&Issuer, &TokenClient),
    tokens: Result<Tokens, GrantError>,
    origin: &Origin,
) -> Result<(), ApiError> {
    let authorised = match tokens {
        Ok(tokens) => client.complete(issuer.oauth(), tokens).await,
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

/// The issuer's words, with its code apart from them. They may be none.
fn said(error: GrantError) -> AuthorizationFailure {
    let (code, message) = match error {
        GrantError::Dead { reason } => {
            let (code, words) = reason.split_once(": ").unwrap_or((&reason, ""));
            if is_code(code) {
                (code.to_owned(), words.to_owned())
            } else {
                ("invalid_grant".to_owned(), reason)
            }
        }
        GrantError::Refused { code, reason } => {
            let words = match reason.strip_prefix(&code) {
                Some(rest) => rest.strip_prefix(": ").unwrap_or(rest).to_owned(),
                None => reason,
            };
            (code, words)
        }
        GrantError::Unavailable { reason, .. } => ("unavailable".to_owned(), reason),
    };
    AuthorizationFailure { code, message }
}

/// Whether it is an error's name and not a sentence.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_an_issuers_error_is_not_said_again_in_its_words() {
        let dead = |reason: &str| said(GrantError::Dead { reason: reason.to_owned() });
        let refused = |code: &str, reason: &str| {
            said(GrantError::Refused { code: code.to_owned(), reason: reason.to_owned() })
        };
        let away = GrantError::Unavailable { reason: "server_error: Ill".to_owned(), retry_after: None };
        for (told, code, message) in [
            (dead("invalid_grant: The code has expired."), "invalid_grant", "The code has expired."),
            (dead("invalid_grant"), "invalid_grant", ""),
            (dead("the token has ended"), "invalid_grant", "the token has ended"),
            (refused("access_denied", "access_denied: No: thanks"), "access_denied", "No: thanks"),
            (refused("access_denied", "access_denied"), "access_denied", ""),
            (refused("provider_closed", "it is closed"), "provider_closed", "it is closed"),
            (said(away), "unavailable", "server_error: Ill"),
        ] {
            assert_eq!((told.code.as_str(), told.message.as_str()), (code, message));
        }
    }
}
