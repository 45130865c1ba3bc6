//! Coming back from an issuer.

use super::{
    Stop, begin, callback_url, flow,
    flow::Ticket,
    id_token::{self, Expected},
    issuer::{Client, Issuer},
    person::{self, Admitted, Said},
    place, record, refused, said,
};
use crate::{
    auth::session,
    docs,
    error::ApiError,
    extract::{Params, Place},
    origin::Origin,
    state::AdminState,
};
use axum::{extract::State, response::Response};
use axum_extra::extract::cookie::CookieJar;
use causeway_domain::{OrgId, UserId};
use causeway_openapi::SsoFailureCode::{IssuerRefused, IssuerUnavailable, NotBelieved};
use causeway_store::{
    TenantTx,
    sso::{
        self,
        attempts::{self, Taken},
        providers::{self, Provider},
    },
};
use chrono::Utc;
use http::HeaderValue;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// What an issuer sends a browser back with. It may add more.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Come back from an issuer
///
/// For browsers, which issuers send here: exchanges the code, checks the ID token, and begins a session in the
/// organisation. Ends on the sign-in page either way, which goes on, or says what went wrong. Needs no access token.
#[utoipa::path(
    get, path = "/auth/oidc/{id}/callback", tag = "auth", operation_id = "finishSso", security(()),
    params(
        ("id" = Uuid, Path, description = "Identifier of the provider"),
        ("state" = Option<String>, Query, description = "As it was sent to the issuer"),
        ("code" = Option<String>, Query, description = "What tokens are fetched with"),
        ("iss" = Option<String>, Query, description = "The issuer, where it says so"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
        ("error_description" = Option<String>, Query, description = "The same in words"),
    ),
    responses(
        (status = 303, description = "To the sign-in page, signed in or not",
            headers(("location" = String, description = "Where to go"), ("set-cookie" = String, description = "The refresh token"))),
        docs::Malformed, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    jar: CookieJar,
    Place(id): Place<Uuid>,
    Params(answer): Params<Answer>,
) -> Result<Response, ApiError> {
    let org = sso::organisation_of(&state.store.app, id).await?.ok_or(ApiError::NotFound)?;
    let stale = || begin::redirect(&begin::failed("stale", "/web/"), std::iter::empty());
    if !flow::is_token(&answer.state) {
        return Ok(stale());
    }
    let browser = flow::sent(&jar);
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let state_hash = flow::hash(&answer.state);
    let browser_hash = browser.as_deref().map(flow::hash);
    let taken = attempts::take(&mut tx, &state_hash, browser_hash.as_ref(), id).await?;
    let (link, return_to) = match (taken, browser.is_some()) {
        (Taken::Good { link, return_to }, true) => (link, return_to),
        (Taken::Unknown, _) => return Ok(stale()),
        (other, _) => {
            let why = match other {
                Taken::Used => "the state was used before",
                Taken::Late => "the sign-in took longer than ten minutes",
                _ => "another browser began the sign-in, or at another provider",
            };
            record(&mut tx, None, &origin, "sso.refuse", id, json!({"code": "stale", "detail": why})).await?;
            state.commit(tx).await?;
            return Ok(stale());
        }
    };
    let provider = providers::get(&mut tx, id).await?;
    state.commit(tx).await?;
    let ticket = Ticket { state: answer.state.clone(), browser: browser.unwrap_or_default() };
    let mut who = None;
    match complete(&state, org, &provider, &ticket, &answer, link, &origin, &mut who).await {
        Ok(cookie) => {
            begin::forgive(&state, &origin).await?;
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("sso", "done").append_pair("next", &return_to);
            let place = if link.is_some() { return_to } else { format!("/web/sign-in?{}", query.finish()) };
            Ok(begin::redirect(&place, cookie.into_iter()))
        }
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Refused(failure)) => {
            begin::note(&state, org, link, &origin, id, &answer.state, &failure, who).await?;
            // Whoever links is signed in, and would be sent on from the sign-in page at once.
            let place = match link {
                Some(_) => {
                    let sep = if return_to.contains('?') { '&' } else { '?' };
                    format!("{return_to}{sep}sso_failed={id}")
                }
                None => begin::failed(&id.to_string(), &return_to),
            };
            Ok(begin::redirect(&place, std::iter::empty()))
        }
    }
}

/// From the issuer's answer to a session, or to a linked identity, which needs none.
#[expect(clippy::too_many_arguments, reason = "the one place where all of it meets")]
async fn complete(
    state: &AdminState,
    org: OrgId,
    provider: &Provider,
    ticket: &Ticket,
    answer: &Answer,
    link: Option<UserId>,
    origin: &Origin,
    who: &mut Option<Value>,
) -> Result<Option<HeaderValue>, Stop> {
    let said = identify(state, org, provider, ticket, answer).await?;
    *who = Some(said.summary());
    let mut tx = TenantTx::begin(&state.store.app, org, None).await?;
    let admitted = match link {
        Some(user) => person::link(&mut tx, provider, &said, user).await?,
        None => person::admit(&mut tx, provider, &said).await?,
    };
    let Admitted { user, joined, linked, new_role } = admitted;
    let after = json!({
        "issuer": provider.issuer, "subject": said.subject, "email": said.email,
        "joined": joined, "linked": linked, "new_role": new_role,
    });
    let action = if link.is_some() { "sso.link" } else { "sso.sign_in" };
    record(&mut tx, Some(user), origin, action, provider.id, after).await?;
    state.commit(tx).await?;
    if link.is_some() {
        return Ok(None);
    }
    let cookie = session::begin_confined(state, user, org, origin).await?;
    Ok(Some(HeaderValue::from_str(&cookie).map_err(ApiError::internal)?))
}

/// Who the person is, as far as the issuer can be believed.
async fn identify(
    state: &AdminState,
    org: OrgId,
    provider: &Provider,
    ticket: &Ticket,
    answer: &Answer,
) -> Result<Said, Stop> {
    let other_issuer =
        || refused(NotBelieved, "The answer is of another issuer than the one that was asked.");
    if answer.iss.as_ref().is_some_and(|iss| *iss != provider.issuer) {
        return Err(other_issuer());
    }
    if let Some(error) = &answer.error {
        let description = answer.error_description.as_deref().map(|d| format!(": {}", said(d)));
        return Err(refused(IssuerRefused, format!("{}{}", said(error), description.unwrap_or_default())));
    }
    let Some(code) = &answer.code else {
        return Err(refused(IssuerUnavailable, "The issuer answered with neither a code nor an error."));
    };
    let issuer = Issuer::discover(&state.addresses, &provider.issuer).await?;
    if issuer.names_itself() && answer.iss.is_none() {
        return Err(other_issuer());
    }
    let sealed = provider.client_secret.as_deref();
    let secret =
        sealed.map(|sealed| state.sealing.open_secret(&place(org, provider.id, &provider.issuer), sealed));
    let secret = secret.transpose().map_err(|error| {
        refused(
            IssuerUnavailable,
            format!("The client secret cannot be opened ({error}); an owner has to enter it again."),
        )
    })?;
    let secret = secret.as_ref().map(|s| std::str::from_utf8(s)).transpose().map_err(ApiError::internal)?;
    let client = Client { id: &provider.client_id, secret, redirect: &callback_url(state, provider.id) };
    let tokens = issuer.exchange(&client, code, &state.sso.verifier(ticket)).await?;
    let keys = issuer.keys().await?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: &state.sso.nonce(ticket),
        access_token: tokens.access_token.as_deref(),
        now: Utc::now().timestamp(),
    };
    let mut claims = id_token::verify(&tokens.id_token, &keys, &expected)
        .map_err(|why| refused(NotBelieved, format!("The issuer's ID token is refused: {why}.")))?;
    let known = Said::read(&claims, &provider.groups_claim);
    let wants_groups = provider.role_mapping.decides() && known.groups.is_none();
    if let Some(access) = tokens.access_token.as_deref().filter(|_| wants_groups || known.email.is_none()) {
        // Some issuers keep their ID tokens thin.
        let more = issuer.userinfo(access).await?;
        if !more.is_empty() && more.get("sub") != claims.get("sub") {
            return Err(refused(NotBelieved, "The issuer's userinfo is about somebody else."));
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
    }
    let said = Said::read(&claims, &provider.groups_claim);
    if said.subject.is_empty() {
        return Err(refused(
            NotBelieved,
            "The issuer's ID token is refused: it does not say whom it is about.",
        ));
    }
    Ok(said)
}
