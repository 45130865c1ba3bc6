//! How issuers know the caller.

use super::{Stop, begin, flow, flow::Ticket, local};
use crate::{
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::Person,
    state::AdminState,
    watch,
};
use axum::{
    Json,
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use causeway_openapi::{Identities, Identity, LinkIdentity, LinkStarted, SsoButton};
use causeway_store::sso::{identities, providers};
use http::{StatusCode, header};
use serde_json::json;
use uuid::Uuid;

/// List how issuers know me
///
/// The caller's identities in the organisation entered, and its issuers.
#[utoipa::path(
    get, path = "/me/identities", tag = "me", operation_id = "listMyIdentities", security(("bearer" = [])),
    responses((status = 200, description = "The identities", body = Identities), docs::Guarded, docs::Failures)
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
) -> Result<Json<Identities>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let own = identities::of(&mut tx, caller.user.id).await?;
    let all = providers::list(&mut tx).await?;
    Ok(Json(Identities {
        identities: own.into_iter().map(view).collect(),
        providers: all
            .into_iter()
            .filter(|p| p.enabled)
            .map(|p| SsoButton { id: p.id, name: p.name })
            .collect(),
    }))
}

/// Link an identity
///
/// Begins what `finishSso` ends: send the browser to `url`, and the issuer sends it back. From then on the caller can sign
/// in there, whatever e-mail address the issuer has of them.
#[utoipa::path(
    post, path = "/me/identities", tag = "me", operation_id = "linkIdentity", request_body = LinkIdentity,
    responses(
        (status = 200, description = "Where to go", body = LinkStarted,
            headers(("set-cookie" = String, description = "Ties the linking to the browser"))),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn link(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Body(input): Body<LinkIdentity>,
) -> Result<Response, ApiError> {
    let to = match local(input.to.as_deref()) {
        Ok(to) => to,
        Err(error) => {
            if watch::is_news(&state, &caller.origin, "sso.refuse").await? {
                let mut tx = caller.begin(&state).await?;
                let after = begin::astray(input.to.as_deref());
                caller.record(&mut tx, "sso.refuse", ("sso_provider", None), None, Some(after)).await?;
                state.commit(tx).await?;
            }
            return Err(error);
        }
    };
    let mut tx = caller.begin(&state).await?;
    let all = providers::list(&mut tx).await?;
    let provider = all.iter().find(|p| p.id == input.provider && p.enabled).ok_or_else(|| {
        ApiError::field("provider", "must be an issuer of this organisation that is in use")
    })?;
    // The browser's cookie does not come to this address, so it gets another one.
    let ticket = Ticket::new(None);
    let url = match begin::start(&state, tx, provider, &ticket, &to, Some(caller.user.id)).await {
        Ok(url) => url.to_string(),
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Refused(failure)) => return Err(ApiError::Conflict(failure.detail)),
    };
    let cookie = flow::set(&state, &ticket.browser).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookie), Json(LinkStarted { url })).into_response())
}

/// Unlink an identity
///
/// The caller does not sign in by it any more, unless it is linked again: by hand, or by an e-mail address of the
/// organisation that the issuer vouches for. Sessions go on.
#[utoipa::path(
    delete, path = "/me/identities/{id}", tag = "me", operation_id = "unlinkIdentity",
    params(("id" = Uuid, Path, description = "Identifier of the identity")),
    responses((status = 204, description = "Unlinked"), docs::Guarded, docs::Missing, docs::Failures)
)]
pub(crate) async fn unlink(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let gone = identities::unlink(&mut tx, caller.user.id, id).await?;
    let before = json!({"issuer": gone.issuer, "subject": gone.subject, "email": gone.email});
    caller.record(&mut tx, "sso.unlink", ("user", Some(caller.user.id.0)), Some(before), None).await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(identity: identities::Identity) -> Identity {
    Identity {
        id: identity.id,
        issuer: identity.issuer,
        subject: identity.subject,
        email: identity.email,
        created_at: identity.created_at,
        last_used_at: identity.last_used_at,
    }
}
