//! Credentials that can be had anew: asking for another one, and testing an account with one that is not over.

use super::{binding, preset, probe, stored_base};
use crate::{error::ApiError, proxies::opened as opened_proxy, state::AdminState};
use causeway_accounts::{
    Credential, SealError,
    refresh::{Outcome, Wanted, Why},
};
use causeway_domain::{AccountId, OrgId};
use causeway_openapi::AccountTest;
use causeway_store::{
    StoreError, TenantTx,
    accounts::{self, Account as Stored},
    credentials, proxies,
};
use chrono::Utc;
use std::time::Duration;

/// How long a person waits for an issuer: longer than one call to it may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// The status with which a provider refuses a credential.
const REFUSED: Option<u16> = Some(401);

/// Has another credential for an account, or says in words why there is none.
pub(super) async fn another(
    state: &AdminState,
    org: OrgId,
    account: AccountId,
    why: Why,
) -> Result<Result<(), String>, ApiError> {
    let held = credentials::held(&state.store.jobs, org, account).await?;
    let version = held.ok_or(StoreError::NotFound)?.version;
    let wanted = Wanted { org, account, version, why };
    Ok(match state.refresher.refresh(wanted, PATIENCE).await {
        Outcome::Ready { .. } => Ok(()),
        Outcome::Dead { reason } => {
            Err(format!("the issuer gives no other token: {reason}; authorise the account anew"))
        }
        Outcome::Later { reason, .. } => Err(format!("there is no other token yet: {reason}")),
        Outcome::Off => Err("the account is switched off, and nothing is asked for it".to_owned()),
        Outcome::Unfit { reason } => Err(reason),
    })
}

/// An account's credential.
pub(super) fn opened(state: &AdminState, org: OrgId, account: &Stored) -> Result<Credential, ApiError> {
    let base = stored_base(account)?;
    let origin = base.origin();
    let place = binding(org, account.id, account.provider, &origin);
    state.sealing.open(&place, &account.credential).map_err(|error| match error {
        SealError::OtherKey | SealError::Damaged => {
            ApiError::Conflict(format!("{error}; enter the credential again"))
        }
        other => ApiError::internal(other),
    })
}

/// Asks the provider for its models. Where a token is over, or turns out to be refused, with another one.
pub(crate) async fn tested(
    state: &AdminState,
    org: OrgId,
    mut account: Stored,
) -> Result<AccountTest, ApiError> {
    let id = account.id;
    let over = is_over(&opened(state, org, &account)?);
    if over && let Err(words) = another(state, org, id, Why::Over).await? {
        return Ok(not_asked(&sentence(&words)));
    }
    if over {
        account = again(state, org, id).await?;
    }
    let outcome = asked(state, org, &account).await?;
    let renewable = !over && opened(state, org, &account)?.can_refresh();
    if outcome.status != REFUSED || !renewable {
        return Ok(outcome);
    }
    if let Err(words) = another(state, org, id, Why::Refused).await? {
        return Ok(AccountTest { message: format!("{} {}", outcome.message, sentence(&words)), ..outcome });
    }
    asked(state, org, &again(state, org, id).await?).await
}

async fn again(state: &AdminState, org: OrgId, id: AccountId) -> Result<Stored, ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    Ok(accounts::get(&mut tx, id, false).await?)
}

async fn asked(state: &AdminState, org: OrgId, account: &Stored) -> Result<AccountTest, ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let way = proxies::way_of(&mut tx, account.id).await?;
    // Not across the call: the provider may take its time.
    drop(tx);
    let way = match opened_proxy(state, org, way) {
        Ok(way) => way,
        Err(words) => return Ok(not_asked(&words)),
    };
    let preset = preset(state, account.provider).await?;
    let (base, credential) = (stored_base(account)?, opened(state, org, account)?);
    Ok(probe::models((&state.addresses, way.as_deref()), &preset, &base, &credential).await)
}

/// Whether what requests carry is over, or was never had.
fn is_over(credential: &Credential) -> bool {
    let bare = matches!(credential, Credential::ServiceAccount { access: None, .. });
    credential.can_refresh() && (bare || credential.expires_at().is_some_and(|end| end <= Utc::now()))
}

/// The outcome where the provider was not even asked.
pub(crate) fn not_asked(message: &str) -> AccountTest {
    let message = message.to_owned();
    AccountTest { ok: false, status: None, latency_ms: 0, message, models: Vec::new(), at: Utc::now() }
}

pub(crate) fn sentence(words: &str) -> String {
    let mut text = words.trim_end_matches('.').to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text + "."
}
