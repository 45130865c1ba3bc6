//! What clients send to the token and device endpoints: providers differ in whether it is JSON or a form.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use serde::Deserialize;

use super::{OAuthTerms, TokenBody};
use crate::endpoint::Answer;

/// All that any grant needs. What is not known is skipped, as RFC 6749 wants it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) grant_type: String,
    pub(super) client_id: String,
    client_secret: String,
    pub(super) code: String,
    pub(super) redirect_uri: String,
    pub(super) code_verifier: String,
    pub(super) code_challenge: String,
    pub(super) code_challenge_method: String,
    pub(super) state: Option<String>,
    pub(super) refresh_token: String,
    pub(super) device_code: String,
    pub(super) scope: String,
}

/// The fields, and how they were written.
pub(super) async fn read(request: Request<Body>) -> (Result<Fields, Answer>, TokenBody) {
    let (parts, body) = request.into_parts();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let json = text(header::CONTENT_TYPE).starts_with("application/json");
    let form = text(header::CONTENT_TYPE).starts_with("application/x-www-form-urlencoded");
    let kind = if json { TokenBody::Json } else { TokenBody::Form };
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let fields = match kind {
        TokenBody::Json => serde_json::from_slice::<Fields>(&bytes).map_err(|error| error.to_string()),
        TokenBody::Form if form => Ok(form_fields(&bytes)),
        TokenBody::Form => {
            Err("The body must be a form or JSON, and its content-type must say so".to_owned())
        }
    };
    let fields = fields.map(|fields| with_basic(fields, &parts.headers));
    (fields.map_err(|why| Answer::refused(400, "invalid_request", &why)), kind)
}

impl Fields {
    /// Whether the client is known and, where it must have one, has its secret; and writes as it should.
    pub(super) fn admitted(&self, terms: &OAuthTerms, kind: TokenBody) -> Result<(), Answer> {
        if terms.body.is_some_and(|only| only != kind) {
            let why = "This endpoint does not read bodies of this content-type";
            return Err(Answer::refused(400, "invalid_request", why));
        }
        let proven = terms.client_secret.as_ref().is_none_or(|secret| *secret == self.client_secret);
        if terms.knows(&self.client_id) && proven {
            return Ok(());
        }
        Err(Answer::refused(401, "invalid_client", "Client authentication failed."))
    }
}

fn form_fields(bytes: &Bytes) -> Fields {
    let pairs = url::form_urlencoded::parse(bytes);
    let object = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
    serde_json::from_value(serde_json::Value::Object(object)).unwrap_or_default()
}

/// The client may say who it is by header.
fn with_basic(mut fields: Fields, headers: &HeaderMap) -> Fields {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    if let Some((id, secret)) = basic.as_deref().and_then(|pair| pair.split_once(':')) {
        id.clone_into(&mut fields.client_id);
        secret.clone_into(&mut fields.client_secret);
    }
    fields
}
