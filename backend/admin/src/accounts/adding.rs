//! What makes an account, or renews the one that is there already: for the form, for an import, and for members who share
//! one of their own.

use super::{audited, authorizations::save, binding, credential, owner, priority, signed_in, timeouts};
use crate::{
    check::Check,
    error::ApiError,
    guard::Caller,
    plan,
    proxies::{chosen, readers::Readers},
    state::AdminState,
};
use causeway_accounts::{Credential, Preset, ServiceAccountKey};
use causeway_domain::{AccountId, UserId};
use causeway_openapi::CreateAccount;
use causeway_store::{
    StoreError, TenantTx,
    accounts::{self, Account as Stored, NewAccount, SignedIn},
    cooldowns,
    plans::Counted,
    pools,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The pools that an account may be put into at once.
const MOST_POOLS: usize = 10;

/// What the account signs in with, and what is known of that.
pub(crate) struct Given {
    pub(super) credential: Credential,
    pub(super) signed_in: SignedIn,
    /// The account that has the identity already, and gets the credential.
    pub(crate) known: Option<AccountId>,
    pub(super) base_url: String,
}

/// What came of it, before it is committed.
pub(crate) struct Added {
    pub(crate) account: Stored,
    /// Whether it was there, and has been renewed.
    pub(super) known: bool,
    /// Whether it rested, and does not any more.
    pub(crate) rested: bool,
}

/// Everything but what it signs in with and who it is for.
pub(crate) fn checked(input: &CreateAccount) -> Result<(), ApiError> {
    let mut check = Check::default();
    check.text("name", &input.name, 1..=100);
    check.limits("limits", &input.limits);
    timeouts(&mut check, &input.timeouts);
    check.require(input.pool_ids.len() <= MOST_POOLS, "pool_ids", "must be at most 10");
    check.done()
}

/// Adds the account, or renews the one that has the identity, in a transaction of the caller's. With a contributor it is
/// theirs.
pub(crate) async fn add(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    input: &CreateAccount,
    given: Given,
    contributor: Option<UserId>,
) -> Result<Added, ApiError> {
    let readers = Readers::now(tx).await?;
    let proxy = match input.proxy {
        Some(choice) => Some(chosen(tx, "proxy", choice).await?),
        None => None,
    };
    let base = state
        .addresses
        .base_url(&given.base_url)
        .map_err(|bad| ApiError::field("base_url", bad.to_string()))?;
    owner(tx, input.owner_id).await?;
    let id = given.known.unwrap_or_else(|| AccountId(Uuid::now_v7()));
    let sealed = state
        .sealing
        .seal(&binding(caller.org(), id, input.provider, &base.origin()), &given.credential)
        .map_err(ApiError::internal)?;
    let (action, before, rested) = if given.known.is_some() {
        let mut account = accounts::get(tx, id, true).await?;
        let before = audited(&account);
        account.base_url = base.to_string();
        account.credential = sealed;
        account.credential_hint = given.credential.hint();
        account.signed_in = given.signed_in;
        account.owner = input.owner_id.or(account.owner);
        account.contributed_by = contributor.or(account.contributed_by);
        account.proxy = proxy.unwrap_or(account.proxy);
        accounts::update(tx, &account).await?;
        // What it rests for may be what has just been mended.
        (
            if contributor.is_some() { "account.share" } else { "account.update" },
            Some(before),
            cooldowns::reset(tx, id).await? > 0,
        )
    } else {
        let new = NewAccount {
            id,
            name: input.name.trim(),
            provider: input.provider,
            base_url: &base.to_string(),
            credential: &sealed,
            credential_hint: &given.credential.hint(),
            signed_in: &given.signed_in,
            owner: input.owner_id,
            contributed_by: contributor,
            enabled: input.enabled.unwrap_or(true),
            priority: priority(input.priority.unwrap_or(100))?,
            limits: &input.limits,
            timeouts: input.timeouts,
            dedicated: input.dedicated.unwrap_or(false),
            proxy: proxy.unwrap_or_default(),
            created_by: caller.user.id,
        };
        match accounts::insert(tx, &new).await {
            Err(StoreError::Conflict(_)) => {
                let text = "the same account at the provider was added at this moment; look at the list";
                return Err(ApiError::Conflict(text.to_owned()));
            }
            other => other?,
        }
        plan::check(tx, Counted::Accounts).await?;
        (if contributor.is_some() { "account.share" } else { "account.create" }, None, false)
    };
    if !pools::put(tx, id, &input.pool_ids).await? {
        return Err(ApiError::field("pool_ids", "must be pools of this organisation"));
    }
    readers.unchanged(tx, Some(id)).await?;
    let account = accounts::get(tx, id, false).await?;
    caller.record(tx, action, ("account", Some(id.0)), before, Some(audited(&account))).await?;
    Ok(Added { account, known: given.known.is_some(), rested })
}

/// What the account signs in with: entered, or authorised.
pub(crate) async fn given(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    input: &CreateAccount,
    preset: &Preset,
) -> Result<Given, ApiError> {
    match (&input.credential, input.authorization_id) {
        (Some(entered), None) => {
            let credential = credential(entered, preset)?;
            let base_url = match &input.base_url {
                Some(address) => address.clone(),
                None => usual_address(preset, input.places.clone(), &credential)?,
            };
            Ok(Given { signed_in: signed_in(&credential), credential, known: None, base_url })
        }
        (None, Some(id)) => {
            let taken = save::take(state, caller, tx, id, input.provider).await?;
            let base_url = match (taken.base_url, &input.base_url) {
                (Some(usual), None) => usual,
                // What a person has authorised for a provider is sent there and nowhere else.
                (Some(_), Some(_)) => {
                    let text = "must be absent: what was authorised is only sent to the provider itself";
                    return Err(ApiError::field("base_url", text));
                }
                (None, Some(address)) => address.clone(),
                (None, None) => usual_address(preset, input.places.clone(), &taken.credential)?,
            };
            let (credential, signed_in, known) = (taken.credential, taken.signed_in, taken.known);
            Ok(Given { credential, signed_in, known, base_url })
        }
        (Some(_), Some(_)) => {
            Err(ApiError::field("authorization_id", "must be absent where there is a credential"))
        }
        (None, None) => Err(ApiError::field("credential", "is needed, or an authorization_id")),
    }
}

/// The provider's own address, with what is said of its places and what the credential says by itself.
fn usual_address(
    preset: &Preset,
    mut places: BTreeMap<String, String>,
    credential: &Credential,
) -> Result<String, ApiError> {
    let said = match credential {
        Credential::Aws { region, .. } => Some(("region", region.clone())),
        Credential::ServiceAccount { key, .. } => {
            ServiceAccountKey::read(key).ok().map(|key| ("project", key.project_id.clone()))
        }
        _ => None,
    };
    if let Some((place, value)) = said {
        places.entry(place.to_owned()).or_insert(value);
    }
    let missing = |place: String| {
        ApiError::field(
            &format!("places.{place}"),
            "is needed: 1 to 100 letters, digits, dots, dashes and underscores",
        )
    };
    let address = preset.filled(&places).map_err(missing)?;
    address.ok_or_else(|| ApiError::field("base_url", "is needed for this provider"))
}
