//! The page where a person says who they are, and the way back to whoever asked, with a code or a refusal.

use std::{sync::Arc, time::Instant};

use axum::{
    Form,
    extract::{Query, State},
    response::{Html, IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{Issuer, IssuerFault, discovery, random};

/// What a client asks with. The form sends all of it again, with the person's answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    /// Of the form: subject or e-mail address.
    who: String,
    /// Of the form.
    decision: String,
}

/// What a code stands for.
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
    pub(super) sub: String,
    pub(super) at: Instant,
}

/// Shows the page, unless somebody consents without being asked.
pub(super) async fn ask(State(issuer): State<Arc<Issuer>>, Query(asked): Query<Asked>) -> Response {
    let (auto, fault) = {
        let state = issuer.lock();
        (state.auto.clone(), state.fault)
    };
    if fault == Some(IssuerFault::Outage) {
        return discovery::out();
    }
    let redirect = match check(&asked) {
        Ok(redirect) => redirect,
        Err(problem) => return (StatusCode::BAD_REQUEST, format!("{problem}\n")).into_response(),
    };
    if fault == Some(IssuerFault::Denied) {
        return back(&issuer, &asked, redirect, Err("access_denied"));
    }
    match auto {
        Some(sub) => decide(&issuer, &asked, redirect, &sub),
        None => Html(page(&asked, "")).into_response(),
    }
}

/// Takes the person's answer.
pub(super) async fn answer(State(issuer): State<Arc<Issuer>>, Form(asked): Form<Asked>) -> Response {
    match check(&asked) {
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")).into_response(),
        Ok(redirect) if asked.decision != "allow" => back(&issuer, &asked, redirect, Err("access_denied")),
        Ok(redirect) => decide(&issuer, &asked, redirect, asked.who.trim()),
    }
}

fn decide(issuer: &Issuer, asked: &Asked, redirect: Url, who: &str) -> Response {
    let mut state = issuer.lock();
    let person = state.people.iter().find(|person| person.sub == who || person.email == who);
    let Some(sub) = person.map(|person| person.sub.clone()) else {
        return (StatusCode::NOT_FOUND, Html(page(asked, "Nobody of that name is known here.")))
            .into_response();
    };
    let code = random();
    let grant = Grant {
        client_id: asked.client_id.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        nonce: asked.nonce.clone(),
        challenge: asked.code_challenge.clone(),
        sub,
        at: Instant::now(),
    };
    state.codes.insert(code.clone(), Some(grant));
    drop(state);
    back(issuer, asked, redirect, Ok(&code))
}

fn back(issuer: &Issuer, asked: &Asked, mut redirect: Url, outcome: Result<&str, &str>) -> Response {
    let other = issuer.lock().fault == Some(IssuerFault::OtherIssParameter);
    {
        let mut query = redirect.query_pairs_mut();
        match outcome {
            Ok(code) => query.append_pair("code", code),
            Err(error) => query
                .append_pair("error", error)
                .append_pair("error_description", "The person did not agree to sign in."),
        };
        query.append_pair("state", &asked.state);
        query.append_pair("iss", if other { "https://evil.example" } else { issuer.url() });
    }
    Redirect::to(redirect.as_str()).into_response()
}

/// What a provider of this day insists on.
fn check(asked: &Asked) -> Result<Url, &'static str> {
    let redirect = Url::parse(&asked.redirect_uri).map_err(|_| "redirect_uri is not a URL")?;
    if asked.client_id.is_empty() {
        return Err("client_id is missing");
    }
    if asked.response_type != "code" {
        return Err("response_type must be code");
    }
    if !asked.scope.split(' ').any(|scope| scope == "openid") {
        return Err("scope must contain openid");
    }
    if asked.code_challenge_method != "S256" || asked.code_challenge.len() != 43 {
        return Err("code_challenge of method S256 is required");
    }
    Ok(redirect)
}

fn page(asked: &Asked, problem: &str) -> String {
    let hidden = [
        ("response_type", &asked.response_type),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("scope", &asked.scope),
        ("state", &asked.state),
        ("nonce", &asked.nonce),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
    ]
    .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
    .concat();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in at the simulator</title>\
         <link rel=\"icon\" href=\"data:,\"><h1>Sign in at the simulator</h1><p role=\"alert\">{problem}</p>\
         <form method=\"post\">{hidden}<p>{} wants to know who you are.</p>\
         <p><label>Subject or e-mail address <input name=\"who\" autofocus></label></p>\
         <button name=\"decision\" value=\"allow\">Allow</button> \
         <button name=\"decision\" value=\"deny\">Deny</button></form></html>",
        escape(&asked.client_id)
    )
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
