//! From a call to a request to one account: the path, the headers and the few bytes of the body that its provider wants
//! otherwise. All of it is said by the preset; a provider that wants nothing else gets the client's own bytes.

use super::{headers, target::Target};
use crate::{call::Call, error::RelayError, plan::Candidate};
use bytes::Bytes;
use causeway_accounts::catalogue::{Betas, Preset, Shape};
use causeway_dialect::{Dialect, framing::Framing, request::Endpoint, splice};
use causeway_domain::service::ApiDialect;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use std::{borrow::Cow, time::SystemTime};

/// What is asked of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// An answer.
    Answer,
    /// How many tokens a prompt has.
    Count,
}

/// The dialect as presets call it.
pub(crate) fn named(dialect: Dialect) -> ApiDialect {
    match dialect {
        Dialect::Anthropic => ApiDialect::Anthropic,
        Dialect::OpenaiChat => ApiDialect::OpenaiChat,
        Dialect::OpenaiResponses => ApiDialect::OpenaiResponses,
        Dialect::Gemini => ApiDialect::Gemini,
    }
}

/// Presets' dialects as the relay calls them.
const fn of(dialect: ApiDialect) -> Dialect {
    match dialect {
        ApiDialect::Anthropic => Dialect::Anthropic,
        ApiDialect::OpenaiChat => Dialect::OpenaiChat,
        ApiDialect::OpenaiResponses => Dialect::OpenaiResponses,
        ApiDialect::Gemini => Dialect::Gemini,
    }
}

/// In which dialect a provider is asked what this call asks for: in the caller's own, if it can be; answers also in
/// another. None where it cannot be asked at all.
pub(crate) fn spoken(preset: &Preset, call: &Call, model: &str) -> Option<Dialect> {
    match other(call.endpoint) {
        None => preset.shape_for(named(call.dialect), model).map(|shape| of(shape.dialect)),
        Some(path) => preset
            .shape(named(call.dialect))
            .filter(|s| s.other_paths.contains_key(path))
            .map(|_| call.dialect),
    }
}

/// Whether a provider counts tokens in a dialect.
pub(crate) fn counts(preset: &Preset, dialect: Dialect) -> bool {
    preset.shape(named(dialect)).is_some_and(|shape| shape.count_path.is_some())
}

/// What presets call what is asked for beside answers.
const fn other(endpoint: Endpoint) -> Option<&'static str> {
    match endpoint {
        Endpoint::Generate | Endpoint::CountTokens => None,
        Endpoint::Compact => Some("compact"),
        Endpoint::Complete => Some("complete"),
        Endpoint::Embed => Some("embed"),
        Endpoint::Image => Some("image"),
    }
}

/// Makes the request.
pub(super) fn build(
    call: &Call,
    body: &Bytes,
    candidate: &Candidate,
    asked: Asked,
) -> Result<Request<Bytes>, RelayError> {
    let account = &candidate.account;
    let target = &account.target;
    let shape = account.preset.shape(named(candidate.speaks)).ok_or_else(|| unsendable("no such dialect"))?;
    let own = candidate.speaks == call.dialect;
    let (mut headers, betas) = heading(&call.headers, own, target);
    let (path, query) = place(call, shape, asked, own, &candidate.upstream);
    let uri = target.uri(&path, &query).map_err(|e| unsendable(&e.to_string()))?;
    let body = edited(shape, body.clone(), betas, &mut headers)?;
    headers.insert(header::HOST, target.host.clone());
    if let (Some(signing), Some(signer)) = (&shape.signing, &target.signer) {
        let at = SystemTime::now();
        let url = format!("{}{uri}", target.address.to_string().trim_end_matches('/'));
        let signed = signer.sign(signing, ("POST", &url), &mut headers, &body, at);
        signed.map_err(|e| unsendable(&format!("it cannot be signed: {e}")))?;
    }
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// The client's headers that cross, what the provider needs besides, and the credential; and the betas that are asked for.
fn heading(from: &HeaderMap, own: bool, target: &Target) -> (HeaderMap, Vec<String>) {
    let mut to = headers::upward(from, own);
    if !to.contains_key(header::CONTENT_TYPE) {
        to.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &target.usual {
        if !to.contains_key(name) {
            to.insert(name.clone(), value.clone());
        }
    }
    let said = to.get_all(&BETA).iter().filter_map(|value| value.to_str().ok());
    let mut betas: Vec<String> = said.flat_map(|v| v.split(',')).map(|v| v.trim().to_owned()).collect();
    betas.retain(|beta| !beta.is_empty());
    let missing: Vec<String> = target.betas.iter().filter(|own| !betas.contains(own)).cloned().collect();
    if !missing.is_empty() {
        betas.extend(missing);
        if let Ok(value) = HeaderValue::from_str(&betas.join(",")) {
            to.insert(BETA.clone(), value);
        }
    }
    for (name, value) in &target.headers {
        to.insert(name.clone(), value.clone());
    }
    (to, betas)
}

pub(crate) static BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// Path and query.
fn place<'s>(call: &Call, shape: &'s Shape, asked: Asked, own: bool, model: &str) -> (Cow<'s, str>, String) {
    let stream = call.parsed.stream && asked == Asked::Answer;
    let path = match (asked, other(call.endpoint)) {
        (Asked::Count, _) => shape.count_path.as_ref(),
        (_, Some(other)) => shape.other_paths.get(other),
        _ if stream => shape.stream_path.as_ref(),
        _ => None,
    };
    let path = path.unwrap_or(&shape.path);
    // Who wants a stream in another form than events gets it from the provider.
    let events = stream && !(own && call.framing == Framing::Array);
    let fixed = shape.query.iter().chain(shape.stream_query.iter().filter(|_| events));
    let mut pairs: Vec<String> = fixed.map(|(name, value)| format!("{name}={value}")).collect();
    // A provider that has the model in its path is not the one that the client takes it for: its query means nothing there.
    if let Some(query) = call.query.as_ref().filter(|_| own && !shape.path.contains("{model}")) {
        pairs.push(query.clone());
    }
    let path = if path.contains("{model}") {
        Cow::Owned(path.replace("{model}", &encoded(model)))
    } else {
        Cow::Borrowed(path.as_str())
    };
    (path, pairs.join("&"))
}

/// A name as one segment of a path: what RFC 3986 does not reserve stays, and Google's `@`.
fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The body as the provider wants it.
fn edited(
    shape: &Shape,
    body: Bytes,
    betas: Vec<String>,
    headers: &mut HeaderMap,
) -> Result<Bytes, RelayError> {
    let set = shape.set.iter().map(|(name, value)| (name.as_str(), value.to_string()));
    let mut set: Vec<(&str, String)> = set.collect();
    if shape.betas == Betas::Body {
        headers.remove(&BETA);
        if !betas.is_empty() {
            set.push(("anthropic_beta", serde_json::Value::from(betas).to_string()));
        }
    }
    splice::with_members(body, set, &shape.remove).map_err(|e| unsendable(&e.to_string()))
}

fn unsendable(why: &str) -> RelayError {
    RelayError::BadRequest {
        code: "invalid_path",
        field: None,
        message: format!("the request cannot be passed on: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_is_one_segment_of_a_path() {
        assert_eq!(encoded("anthropic.claude-v2:1"), "anthropic.claude-v2%3A1");
        assert_eq!(encoded("claude-haiku-4-5@20251001"), "claude-haiku-4-5@20251001");
        assert_eq!(encoded("../a b?c#d"), "..%2Fa%20b%3Fc%23d");
    }
}
