//! Where an account's owner consents, and the way back to whoever asked. A rule for `/oauth/authorize` with an error
//! (`error=access_denied,message=…`) sends the person back with it, unasked.

use std::{sync::Arc, time::Instant};

use axum::{
    Form,
    extract::{Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{OAuthTerms, flow::Code, flow::Consent, page};
use crate::{Shared, draw::Draw, fault, issuer::random, script::Subject};

/// What a client asks with. The form sends all of it again, with the person's answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) response_type: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) state: String,
    pub(super) code_challenge: String,
    pub(super) code_challenge_method: String,
    /// Of the form: the account's id or e-mail address.
    account: String,
    /// Of the form.
    decision: String,
}

/// Shows the page, unless somebody consents without being asked.
pub(super) async fn ask(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>) -> Response {
    let redirect = match check(&asked, &shared.oauth.terms()) {
        Ok(redirect) => redirect,
        Err(problem) => return (StatusCode::BAD_REQUEST, Html(page::problem(problem))).into_response(),
    };
    let about = Subject {
        key: Some(&asked.client_id),
        subject: None,
        model: None,
        tag: None,
        path: "/oauth/authorize",
    };
    let mut draw = Draw::new(shared.config.seed, rand::random());
    let script = shared.scripts.take_named(&about, &mut draw).unwrap_or_default();
    fault::silence(&script).await;
    if let Some(refusal) = script.refuse {
        let Some(error) = refusal.kind else {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            return (status, Html(page::problem("The issuer is out of order."))).into_response();
        };
        let why = refusal.message.as_deref().unwrap_or("The issuer did not agree.");
        return back(&asked, redirect, Err((&error, why)));
    }
    let (auto, accounts) = {
        let state = shared.oauth.lock();
        (state.auto.clone(), state.accounts.clone())
    };
    match auto {
        Some(account) => decide(&shared, &asked, redirect, &account),
        None => Html(page::consent(&asked, &accounts, "")).into_response(),
    }
}

/// Takes the person's answer.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, Form(asked): Form<Asked>) -> Response {
    match check(&asked, &shared.oauth.terms()) {
        Err(problem) => (StatusCode::BAD_REQUEST, Html(page::problem(problem))).into_response(),
        Ok(redirect) if asked.decision != "allow" => {
            back(&asked, redirect, Err(("access_denied", "The owner of the account did not agree.")))
        }
        Ok(redirect) => decide(&shared, &asked, redirect, asked.account.trim()),
    }
}

fn decide(shared: &Shared, asked: &Asked, redirect: Url, account: &str) -> Response {
    let mut state = shared.oauth.lock();
    let Some(account) = state.account(account).map(|account| account.id.clone()) else {
        let page = page::consent(asked, &state.accounts, "There is no such account.");
        return (StatusCode::NOT_FOUND, Html(page)).into_response();
    };
    let code = random();
    let consent = Consent {
        client_id: asked.client_id.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        scope: asked.scope.clone(),
        state: asked.state.clone(),
        challenge: asked.code_challenge.clone(),
        account,
        at: Instant::now(),
    };
    state.codes.insert(code.clone(), Code::Fresh(consent));
    drop(state);
    back(asked, redirect, Ok(&code))
}

fn back(asked: &Asked, mut redirect: Url, outcome: Result<&str, (&str, &str)>) -> Response {
    {
        let mut query = redirect.query_pairs_mut();
        match outcome {
            Ok(code) => query.append_pair("code", code),
            Err((error, why)) => query.append_pair("error", error).append_pair("error_description", why),
        };
        query.append_pair("state", &asked.state);
    }
    Redirect::to(redirect.as_str()).into_response()
}

/// What must be right before anybody is sent anywhere.
fn check(asked: &Asked, terms: &OAuthTerms) -> Result<Url, &'static str> {
    let redirect = Url::parse(&asked.redirect_uri).map_err(|_| "redirect_uri is not a URL")?;
    if !terms.knows(&asked.client_id) {
        return Err("client_id is not known here");
    }
    if !terms.redirects_to(&redirect) {
        return Err("redirect_uri is not one of this client");
    }
    if asked.response_type != "code" {
        return Err("response_type must be code");
    }
    if asked.state.is_empty() {
        return Err("state is missing");
    }
    if asked.code_challenge_method != "S256" || asked.code_challenge.len() != 43 {
        return Err("code_challenge of method S256 is required");
    }
    Ok(redirect)
}
