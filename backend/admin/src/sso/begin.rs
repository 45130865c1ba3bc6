//! Sending somebody to an issuer.

use super::{Stop, callback_url, flow, flow::Ticket, issuer::Issuer, local, record, said};
use crate::{
    auth::pace::network,
    docs,
    error::ApiError,
    extract::{Params, Place},
    origin::Origin,
    state::AdminState,
    watch,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use causeway_domain::{OrgId, UserId};
use causeway_openapi::{SsoBegin, SsoFailure};
use causeway_store::{
    TenantTx,
    sso::{
        self,
        attempts::{self, NewAttempt},
        providers::{self, Provider},
    },
    throttle::{self, Pace},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use url::Url;
use uuid::Uuid;

/// For one address, whoever it is. An office shares one, and whoever gets in is taken off the count.
const PACE: Pace = Pace { free: 200, longest: 30 };

/// Begin to sign in at an issuer
///
/// For browsers: sends the person to the issuer, and the issuer sends them back to the callback address. Sets a cookie
/// that ties the sign-in to the browser. Ten minutes and one attempt are allowed. Needs no access token.
#[utoipa::path(
    get, path = "/auth/oidc/{id}/begin", tag = "auth", operation_id = "beginSso", security(()),
    params(("id" = Uuid, Path, description = "Identifier of the provider"), SsoBegin),
    responses(
        (status = 303, description = "To the issuer, or to the sign-in page when it cannot be reached",
            headers(("location" = String, description = "Where to go"), ("set-cookie" = String, description = "Ties the sign-in to the browser"))),
        docs::Malformed, docs::BadValue, docs::Missing, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    jar: CookieJar,
    Place(id): Place<Uuid>,
    Params(query): Params<SsoBegin>,
) -> Result<Response, ApiError> {
    let org = sso::organisation_of(&state.store.app, id).await?.ok_or(ApiError::NotFound)?;
    pace(&state, &origin).await?;
    let to = match local(query.to.as_deref()) {
        Ok(to) => to,
        Err(error) => {
            led_astray(&state, org, &origin, id, query.to.as_deref()).await?;
            return Err(error);
        }
    };
    let ticket = Ticket::new(flow::sent(&jar));
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let provider = providers::get(&mut tx, id).await?;
    let place = match start(&state, tx, &provider, &ticket, &to, None).await {
        Ok(url) => url.to_string(),
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Refused(failure)) => {
            note(&state, org, None, &origin, id, &ticket.state, &failure, None).await?;
            failed(&id.to_string(), &to)
        }
    };
    Ok(redirect(&place, [flow::set(&state, &ticket.browser)].into_iter().flatten()))
}

/// Counts a call of somebody who is not signed in.
async fn pace(state: &AdminState, origin: &Origin) -> Result<(), ApiError> {
    let subject = format!("sso:{}", network(origin.address));
    let counted = throttle::attempt(&state.store.app, &subject, PACE).await?;
    counted.map_err(|seconds| ApiError::Throttled { seconds })
}

/// Takes one off the count.
pub(super) async fn forgive(state: &AdminState, origin: &Origin) -> Result<(), ApiError> {
    Ok(throttle::forgive(&state.store.app, &format!("sso:{}", network(origin.address))).await?)
}

/// Notes that a sign-in has begun, and returns the page of the issuer that it goes on at.
pub(super) async fn start(
    state: &AdminState,
    mut tx: TenantTx,
    provider: &Provider,
    ticket: &Ticket,
    return_to: &str,
    link: Option<UserId>,
) -> Result<Url, Stop> {
    let attempt = NewAttempt {
        state: ticket.state_hash(),
        browser: ticket.browser_hash(),
        provider: provider.id,
        link,
        return_to,
    };
    attempts::begin(&mut tx, &attempt).await?;
    // Not across the call: the issuer may take its time.
    state.commit(tx).await?;
    let issuer = Issuer::discover(&state.addresses, &provider.issuer).await?;
    let mut url = issuer.authorization()?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", &callback_url(state, provider.id))
        .append_pair("scope", &provider.scopes.join(" "))
        .append_pair("state", &ticket.state)
        .append_pair("nonce", &state.sso.nonce(ticket))
        .append_pair("code_challenge", &state.sso.challenge(ticket))
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

/// Writes down why a sign-in did not succeed: for its browser, and for the organisation's audit log.
#[expect(clippy::too_many_arguments, reason = "each is a column of one of two lines")]
pub(super) async fn note(
    state: &AdminState,
    org: OrgId,
    user: Option<UserId>,
    origin: &Origin,
    provider: Uuid,
    ticket: &str,
    failure: &SsoFailure,
    who: Option<serde_json::Value>,
) -> Result<(), ApiError> {
    tracing::info!(%org, %provider, code = ?failure.code, "a sign-in at an issuer was refused");
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    attempts::fail(&mut tx, &flow::hash(ticket), &json!(failure)).await?;
    let after = json!({"code": failure.code, "detail": failure.detail, "issuer_said": who});
    record(&mut tx, user, origin, "sso.refuse", provider, after).await?;
    state.commit(tx).await
}

/// Writes down that a link leads out of the web admin after the sign-in: somebody may have been sent it. A few times for
/// each network, and then ever less often.
async fn led_astray(
    state: &AdminState,
    org: OrgId,
    origin: &Origin,
    provider: Uuid,
    to: Option<&str>,
) -> Result<(), ApiError> {
    if !watch::is_news(state, origin, "sso.refuse").await? {
        return Ok(());
    }
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    record(&mut tx, None, origin, "sso.refuse", provider, astray(to)).await?;
    state.commit(tx).await
}

/// What the log has of it.
pub(super) fn astray(to: Option<&str>) -> serde_json::Value {
    json!({"code": "open_redirect", "detail": said(to.unwrap_or_default())})
}

/// The sign-in page, which asks what went wrong.
pub(super) fn failed(reason: &str, next: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("sso_failed", reason).append_pair("next", next);
    format!("/web/sign-in?{}", query.finish())
}

/// Sends a browser somewhere.
pub(super) fn redirect(place: &str, cookies: impl Iterator<Item = HeaderValue>) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(place) {
        headers.insert(header::LOCATION, place);
    }
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}
