//! Coming back from an issuer to this installation.

use super::{
    finish, hash, over,
    page::{self, Said},
};
use crate::{error::ApiError, origin::Origin, state::AdminState};
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use causeway_accounts::oauth::{Identified, Returned};
use causeway_domain::OrgId;
use causeway_openapi::AuthorizationFailure;
use causeway_store::{
    TenantTx, memberships,
    oauth_flows::{self, Flow, Status},
};
use http::{HeaderMap, header};

/// A page for browsers, at `/oauth/callback`. In a browser of the session that began the authorisation, goes on with it and
/// says what came of it; in any other, shows the code to be pasted where it was begun.
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    jar: CookieJar,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let said = match go_on(&state, origin, &jar, query.as_deref().unwrap_or_default()).await {
        Ok(said) => said,
        Err(error) => {
            tracing::error!(%error, "coming back from an issuer failed");
            Said::Broken
        }
    };
    let language = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    page::page(&said, language.unwrap_or_default()).into_response()
}

async fn go_on(state: &AdminState, origin: Origin, jar: &CookieJar, query: &str) -> Result<Said, ApiError> {
    let Ok(returned) = Returned::query(query) else { return Ok(Said::Unknown) };
    let Some(ticket) = returned.state().map(str::to_owned) else { return Ok(Said::Unknown) };
    let ticket_hash = hash(&ticket);
    let Some(org) = oauth_flows::organisation_of(&state.store.app, &ticket_hash).await? else {
        return Ok(Said::Unknown);
    };
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let flow = oauth_flows::by_state(&mut tx, &ticket_hash).await?;
    if let Some(why) = over(&flow) {
        return Ok(Said::Over(why));
    }
    if !is_its_own(state, org, jar, &flow).await? {
        return Ok(match returned {
            Returned::Code { code, .. } => Said::Elsewhere(format!("{code}#{ticket}")),
            Returned::Refused { error, words, .. } => Said::Refused(error, words),
        });
    }
    match returned {
        Returned::Refused { error, words, .. } => {
            drop(tx);
            let failure = AuthorizationFailure { code: error.clone(), message: words.clone() };
            finish::fail(state, org, &flow, failure, &origin).await?;
            Ok(Said::Refused(error, words))
        }
        Returned::Code { code, .. } => {
            oauth_flows::take(&mut tx, flow.id).await?;
            state.commit(tx).await?;
            let (id, who) = (flow.id, flow.who);
            let exchange = finish::code(state.clone(), org, flow, code, ticket, origin);
            tokio::spawn(exchange).await.map_err(ApiError::internal)??;
            let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
            Ok(outcome(oauth_flows::get(&mut tx, id, who, false).await?))
        }
    }
}

/// Whether the browser is one of the session that began, and that session is not over.
async fn is_its_own(state: &AdminState, org: OrgId, jar: &CookieJar, flow: &Flow) -> Result<bool, ApiError> {
    if !state.browsers.is_marked(jar, flow.who.session) {
        return Ok(false);
    }
    let mut tx = TenantTx::begin(&state.store.app, org, Some(flow.who.user)).await?;
    let person = memberships::signed_in(&mut tx, flow.who.session, flow.who.user).await?;
    Ok(person.is_some_and(|person| person.membership.is_some()))
}

fn outcome(flow: Flow) -> Said {
    let failure = flow.failure.and_then(|said| serde_json::from_value::<AuthorizationFailure>(said).ok());
    match (flow.status, failure) {
        (Status::Authorized, _) => {
            let identity = flow.identity.and_then(|said| serde_json::from_value::<Identified>(said).ok());
            let identity = identity.unwrap_or_default();
            Said::Authorized(identity.email.or(identity.subject).unwrap_or_default())
        }
        (_, Some(failure)) => Said::Refused(failure.code, failure.message),
        _ => Said::Over("the authorisation was cancelled; begin again"),
    }
}
