//! Using an authorisation up for an account.

use super::{issuer, kept::Of, view, who};
use crate::{error::ApiError, guard::Caller, state::AdminState};
use causeway_accounts::{Credential, oauth::Identified};
use causeway_domain::{AccountId, provider::Provider};
use causeway_store::{
    StoreError, TenantTx,
    accounts::SignedIn,
    oauth_flows::{self, Status},
};
use serde_json::json;
use uuid::Uuid;

/// What was authorised.
pub(crate) struct Authorized {
    /// To be sealed for the account.
    pub(crate) credential: Credential,
    /// What stands beside it.
    pub(crate) signed_in: SignedIn,
    /// The account that has the identity already.
    pub(crate) known: Option<AccountId>,
    /// Where requests go; `None` where the person says so.
    pub(crate) base_url: Option<String>,
}

/// Takes what was authorised out of an authorisation of the caller's, once.
pub(crate) async fn take(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    id: Uuid,
    provider: Provider,
) -> Result<Authorized, ApiError> {
    let flow = match oauth_flows::get(tx, id, who(caller), true).await {
        Err(StoreError::NotFound) => {
            return Err(ApiError::field(
                "authorization_id",
                "is no authorisation that this session has begun",
            ));
        }
        other => other?,
    };
    if flow.provider != provider {
        return Err(ApiError::field("provider", format!("must be {}, which was authorised", flow.provider)));
    }
    let issuer = issuer(state, provider, None).await?;
    let of = Of { org: caller.org(), id, token_endpoint: &issuer.oauth().token };
    let outcome = match (flow.status, flow.outcome) {
        (Status::Authorized, Some(outcome)) if oauth_flows::consume(tx, id).await? => outcome,
        (status, _) => {
            let why = match status {
                Status::Used => "the authorisation was used before",
                Status::Authorized => "the authorisation waited too long to be saved",
                Status::Cancelled => "the authorisation was cancelled",
                Status::Failed => "the authorisation has failed",
                Status::Pending | Status::Exchanging => "the authorisation is not finished",
            };
            return Err(ApiError::Conflict(format!("{why}; begin again")));
        }
    };
    let credential = of.open_outcome(state, &outcome)?;
    let identity = flow.identity.and_then(|said| serde_json::from_value::<Identified>(said).ok());
    let Identified { subject, organization, email, plan } = identity.unwrap_or_default();
    let known = match &subject {
        Some(subject) => oauth_flows::account_of(tx, provider, subject, organization.as_deref()).await?,
        None => None,
    };
    let signed_in = SignedIn {
        kind: credential.kind().to_owned(),
        expires_at: credential.expires_at(),
        subject,
        organization,
        identity: Some(json!({"email": email, "plan": plan})),
    };
    let base_url = view::usual_address(&issuer.entry().preset);
    Ok(Authorized { credential, signed_in, known, base_url })
}
