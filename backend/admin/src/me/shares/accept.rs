//! Sharing an account.

use super::open;
use crate::{
    accounts::{
        adding::{self, Added},
        authorizations::view::usual_address,
        health, preset,
    },
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{Caller, Person},
    me::accounts::is_own,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::Preset;
use causeway_domain::{AccountId, Limits, timeouts::Timeouts};
use causeway_openapi::{AcceptShare, Account, CreateAccount};
use causeway_store::{
    TenantTx, accounts, pools,
    shares::{self, Outcome, Share},
};
use http::StatusCode;
use uuid::Uuid;

/// Share an account
///
/// Adds the caller's account to the organisation as the invitation says, with the credential that is entered, or that was
/// authorised with `share_id`. It is theirs: they renew and withdraw it. Of an identity that is connected already, it renews
/// the credential where the account is their own, and is refused otherwise.
#[utoipa::path(
    post, path = "/me/shares/{id}/accept", tag = "me", operation_id = "acceptShare", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the invitation")),
    request_body = AcceptShare,
    responses(
        (status = 201, description = "The account", body = Account),
        docs::Input, docs::Guarded, docs::Missing, docs::AuthorizedFull, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<Uuid>,
    Body(input): Body<AcceptShare>,
) -> Result<(StatusCode, Json<Account>), ApiError> {
    caller.demand_membership()?;
    // Before anything holds a connection, because the catalogue takes one.
    let provider = open(&mut caller.begin(&state).await?, &caller, id).await?.provider;
    let preset = preset(&state, provider).await?;
    let mut tx = caller.begin(&state).await?;
    let share = open(&mut tx, &caller, id).await?;
    let wanted = wanted(&mut tx, &caller, &share, &preset, input).await?;
    adding::checked(&wanted)?;
    let given = adding::given(&state, &caller, &mut tx, &wanted, &preset).await?;
    if let Some(known) = given.known {
        theirs(&mut tx, &caller, known).await?;
    }
    let added = adding::add(&state, &caller, &mut tx, &wanted, given, Some(caller.user.id)).await?;
    let Added { account, rested, .. } = added;
    let account_id = account.id;
    shares::end(&mut tx, id, Outcome::Accepted, Some(account_id)).await?;
    let now = health::view(&state, &mut tx, account).await?;
    state.commit(tx).await?;
    if rested {
        health::announce_reset(&state, caller.org(), account_id).await;
    }
    Ok((StatusCode::CREATED, Json(now)))
}

/// The account that comes of the invitation and of what the person says.
async fn wanted(
    tx: &mut TenantTx,
    caller: &Caller,
    share: &Share,
    preset: &Preset,
    input: AcceptShare,
) -> Result<CreateAccount, ApiError> {
    let name = match (share.name.clone(), input.name) {
        (Some(_), Some(_)) => return Err(ApiError::field("name", "must be absent: the invitation says it")),
        (None, None) => return Err(ApiError::field("name", "is needed: 1 to 100 characters")),
        (Some(name), None) | (None, Some(name)) => name,
    };
    // What is authorised for a provider is only sent to the provider itself.
    let own_address = input.authorization_id.is_some() && usual_address(preset).is_some();
    Ok(CreateAccount {
        name,
        provider: share.provider,
        base_url: share.base_url.clone().filter(|_| !own_address),
        places: input.places,
        credential: input.credential,
        authorization_id: input.authorization_id,
        // A pool that was removed since is not the person's fault.
        pool_ids: pools::known(tx, &share.pools).await?,
        owner_id: Some(caller.user.id),
        priority: None,
        limits: Limits::default(),
        timeouts: Timeouts::default(),
        dedicated: None,
        proxy: None,
        enabled: None,
    })
}

/// Whoever signs in to a login that others use too must not come by the account that these have connected.
async fn theirs(tx: &mut TenantTx, caller: &Caller, known: AccountId) -> Result<(), ApiError> {
    let account = accounts::get(tx, known, true).await?;
    if is_own(&account, caller) {
        return Ok(());
    }
    Err(ApiError::Conflict(
        "this login is connected to the organisation already, by somebody else; use another one, or ask who invited you"
            .to_owned(),
    ))
}
