//! Changing a provider, adding one, and taking that back.

use super::{all, audited};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_accounts::catalogue::{Entry, Source};
use causeway_domain::provider::Provider;
use causeway_openapi::{OperatorProvider, SetProvider};
use causeway_store::{
    global_prices::GlobalTx,
    providers::{self, Confirmation, StoredProvider},
};
use chrono::Utc;
use http::StatusCode;

/// The largest change that is kept, in bytes.
const LARGEST: usize = 64 * 1024;

/// The most providers that operators can say something of.
const MOST: usize = 200;

/// Change a provider
///
/// Or adds one, under a name that is not taken: then `changes` is the whole of it. What is absent stays. In force at once, on
/// every instance.
#[utoipa::path(
    put, path = "/operator/providers/{provider}", tag = "operator", operation_id = "setProvider",
    params(("provider" = String, Path, description = "Name of the provider", example = "anthropic")),
    request_body = SetProvider,
    responses(
        (status = 200, description = "The provider as it is now", body = OperatorProvider),
        docs::Input, docs::Operators, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn put(
    State(state): State<AdminState>,
    operator: Operator,
    Place(provider): Place<String>,
    Body(input): Body<SetProvider>,
) -> Result<Json<OperatorProvider>, ApiError> {
    let id: Provider = provider.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = GlobalTx::begin(&state.store.operator).await?;
    state.catalogue.refresh(&state.store.app).await?;
    let known = tx.provider(id).await?;
    let before = state.catalogue.entry(id);
    if known.is_none() && before.is_none() && state.catalogue.entries().len() >= MOST {
        return Err(ApiError::Conflict(format!(
            "there are {MOST} providers, which is the most there can be"
        )));
    }
    let mut stored = known.unwrap_or_else(|| StoredProvider::new(id));
    apply(&mut stored, &operator, &input)?;
    let entry = preview(&state, &stored)?;
    seal(&state, &mut stored, &entry, before.as_deref(), &input)?;
    let entry = preview(&state, &stored)?;
    check_subscription(&entry)?;
    tx.put_provider(&stored, operator.user.id).await?;
    let (was, is) = (before.as_deref().map(audited), audited(&entry));
    if was.as_ref() != Some(&is) {
        tx.record(operator.line("provider.set", ("provider", None), was, Some(is))).await?;
    }
    state.commit_for_all(tx).await?;
    state.catalogue.refresh(&state.store.app).await?;
    let now = all(&state).await?.into_iter().find(|one| one.provider == id);
    Ok(Json(now.ok_or_else(|| ApiError::internal("a provider was lost on its way out"))?))
}

fn apply(stored: &mut StoredProvider, operator: &Operator, input: &SetProvider) -> Result<(), ApiError> {
    let mut check = Check::default();
    if let Some(enabled) = input.enabled {
        stored.enabled = Some(enabled);
    }
    if let Some(client_id) = &input.client_id {
        stored.client_id = client_id.as_ref().map(|text| check.text("client_id", text, 1..=500));
    }
    if let Some(text) = &input.confirmation {
        let text = check.text("confirmation", text, 10..=2000);
        stored.confirmation = Some(Confirmation { text, by: Some(operator.user.id), at: Utc::now() });
    }
    if let Some(changes) = &input.changes {
        check.require(changes.is_object(), "changes", "must be an object");
        check.require(changes.to_string().len() <= LARGEST, "changes", "must have at most 64 KiB");
        check.require(changes.get("id").is_none(), "changes.id", "cannot be changed");
        let within = changes.get("oauth").and_then(|oauth| oauth.get("client_id"));
        check.require(within.is_none(), "changes.oauth.client_id", "has a field of its own: client_id");
        stored.changes = changes.clone();
    }
    check.done()
}

/// What it would be.
fn preview(state: &AdminState, stored: &StoredProvider) -> Result<Entry, ApiError> {
    state.catalogue.preview(stored).map_err(|bad| ApiError::field("changes", bad.problem))
}

/// Seals the secret for where it is sent. One that is kept must be sent where it always was.
fn seal(
    state: &AdminState,
    stored: &mut StoredProvider,
    entry: &Entry,
    before: Option<&Entry>,
    input: &SetProvider,
) -> Result<(), ApiError> {
    let endpoint = |entry: &Entry| entry.preset.oauth.as_ref().map(|oauth| oauth.token.clone());
    match &input.client_secret {
        Some(None) => stored.client_secret = None,
        Some(Some(secret)) => {
            let secret = secret.expose().trim();
            let token = endpoint(entry)
                .ok_or_else(|| ApiError::field("client_secret", "is for providers that can be authorised"))?;
            if !(1..=2000).contains(&secret.len()) {
                return Err(ApiError::field("client_secret", "must have 1 to 2000 characters"));
            }
            let sealed = state.sealing.seal_client_secret(stored.id, &token, secret.as_bytes());
            stored.client_secret = Some(sealed.map_err(ApiError::internal)?);
        }
        None if stored.client_secret.is_some() && before.and_then(endpoint) != endpoint(entry) => {
            let text = "must be entered again, because the token endpoint is another";
            return Err(ApiError::field("client_secret", text));
        }
        None => {}
    }
    Ok(())
}

/// A subscription is not switched on by the way.
fn check_subscription(entry: &Entry) -> Result<(), ApiError> {
    let switched_on = entry.preset.subscription && entry.enabled && entry.client_id.is_some();
    if switched_on && entry.confirmation.is_none() {
        let text = "is needed: say that you may use this provider's subscriptions through this installation";
        return Err(ApiError::field("confirmation", text));
    }
    Ok(())
}

/// Forget a change of a provider
///
/// It is as the product ships it again; one that an operator has added is gone, which is refused while accounts are there.
#[utoipa::path(
    delete, path = "/operator/providers/{provider}", tag = "operator", operation_id = "resetProvider",
    params(("provider" = String, Path, description = "Name of the provider", example = "anthropic")),
    responses(
        (status = 204, description = "Forgotten"),
        docs::Operators, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn delete(
    State(state): State<AdminState>,
    operator: Operator,
    Place(provider): Place<String>,
) -> Result<StatusCode, ApiError> {
    let id: Provider = provider.parse().map_err(|_| ApiError::NotFound)?;
    let mut tx = GlobalTx::begin(&state.store.operator).await?;
    state.catalogue.refresh(&state.store.app).await?;
    let before = state.catalogue.entry(id).ok_or(ApiError::NotFound)?;
    if before.source == Source::Operator {
        let accounts = providers::accounts(&state.store.operator, id).await?;
        if accounts > 0 {
            return Err(ApiError::Conflict(format!(
                "{accounts} accounts of organisations are at this provider; switch it off instead"
            )));
        }
    }
    if tx.forget_provider(id).await? {
        let was = Some(audited(&before));
        tx.record(operator.line("provider.reset", ("provider", None), was, None)).await?;
        state.commit_for_all(tx).await?;
        state.catalogue.refresh(&state.store.app).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
