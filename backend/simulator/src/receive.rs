//! Taking a request in: its ledger entry is opened when the head arrives, so that even a caller that leaves while
//! sending its body is on record.

use std::sync::Arc;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Uri, Version, header, request::Parts};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use crate::{
    Shared,
    bearer::{Holder, Realm},
    draw::Draw,
    gemini,
    ledger::{Entry, Outcome, Slot},
    listen::Connection,
    script::{Script, ScriptError, Subject, marker},
};

/// A request received whole.
pub(crate) struct Call {
    pub(crate) slot: Slot,
    pub(crate) draw: Draw,
    pub(crate) connection: Arc<Connection>,
    pub(crate) version: Version,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) key: Option<String>,
    /// Whose access token the key is, where it is one that was issued here.
    pub(crate) holder: Option<Holder>,
    pub(crate) body: Bytes,
}

/// The caller left while sending.
pub(crate) struct Gone;

impl Call {
    pub(crate) async fn receive(
        shared: &Shared,
        connection: Arc<Connection>,
        request: Request<Body>,
    ) -> Result<Self, Gone> {
        let (parts, mut body) = request.into_parts();
        let mut call = Self::open(shared, connection, parts);
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                call.took(shared, whole.freeze());
                call.slot.finish(Outcome::CutByClient);
                return Err(Gone);
            };
            let Ok(data) = frame.into_data() else { continue };
            if whole.is_empty() && http_body::Body::is_end_stream(&body) {
                // The usual small request comes in one piece and is not copied.
                call.took(shared, data);
                return Ok(call);
            }
            whole.extend_from_slice(&data);
            call.slot.update(|entry| entry.body_bytes = whole.len() as u64);
        }
        call.took(shared, whole.freeze());
        Ok(call)
    }

    /// Open the entry; the body is still to come.
    pub(crate) fn open(shared: &Shared, connection: Arc<Connection>, parts: Parts) -> Self {
        let key = credential(&parts.headers).or_else(|| gemini::key_in(&parts.uri));
        let token = bearer(&parts.headers).filter(|token| !token.starts_with("sk-sim-"));
        let holder = token.and_then(|token| shared.bearers.find(token));
        let full = shared.ledger.keeps_everything();
        let slot = shared.ledger.begin(Entry {
            connection: connection.id,
            protocol: if full { format!("{:?}", parts.version) } else { String::new() },
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path_and_query().map_or_else(String::new, |path| path.as_str().to_owned()),
            headers: if full { copy(&parts.headers) } else { Vec::new() },
            leaks: leaks(&parts),
            key: key.clone(),
            subject: holder.as_ref().map(|holder| holder.subject.clone()),
            grant: holder.as_ref().and_then(|holder| holder.grant.clone()),
            ..Entry::default()
        });
        let draw = Draw::new(shared.config.seed, slot.seq());
        let Parts { method, uri, version, headers, .. } = parts;
        Self { slot, draw, connection, version, method, uri, headers, key, holder, body: Bytes::new() }
    }

    pub(crate) fn took(&mut self, shared: &Shared, body: Bytes) {
        let sha = shared.ledger.keeps_everything().then(|| hex::encode(Sha256::digest(&body)));
        self.slot.update(|entry| {
            entry.body_bytes = body.len() as u64;
            entry.body_sha256 = sha.unwrap_or_default();
        });
        self.body = body;
    }

    /// Whether the key is one of ours, or an access token that an account's owner consented to and that is still good.
    pub(crate) fn authentic(&self, shared: &Shared) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.opens(Realm::Account)) || self.keyed(shared)
    }

    /// Whether the key is one of ours, and no access token.
    pub(crate) fn keyed(&self, shared: &Shared) -> bool {
        let Some(key) = self.key.as_deref() else { return false };
        let keys = &shared.config.keys;
        if keys.is_empty() { key.starts_with("sk-sim-") } else { keys.iter().any(|known| known == key) }
    }

    /// What this answer shall do: the queued rule or the default, and on top of it what the request itself says.
    /// Also the tag by which it is found in the ledger.
    pub(crate) fn script(
        &mut self,
        shared: &Shared,
        model: Option<&str>,
        user: Option<&str>,
    ) -> Result<Script, ScriptError> {
        let header = self.headers.get("x-sim-fault").and_then(|value| value.to_str().ok());
        let in_model = model.and_then(marker);
        let in_user = user.and_then(marker);
        let own = [header, in_model.map(|found| found.1), in_user.map(|found| found.1)];

        let mut alone = Script::default();
        own.iter().flatten().try_for_each(|text| alone.apply(text))?;
        let tag = self
            .headers
            .get("x-sim-tag")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
            .or(alone.tag)
            .or_else(|| user.map(str::to_owned));
        if tag.is_some() {
            self.slot.update(|entry| entry.tag.clone_from(&tag));
        }
        let subject = Subject {
            key: self.key.as_deref(),
            subject: self.holder.as_ref().map(|holder| holder.subject.as_str()),
            model: in_model.map(|found| found.0).or(model),
            tag: tag.as_deref(),
            path: self.uri.path(),
        };
        let queued = shared.scripts.take(&subject, &mut self.draw);
        let mut script = queued.unwrap_or_else(|| shared.config.script.clone());
        own.iter().flatten().try_for_each(|text| script.apply(text))?;
        Ok(shared.scripts.once(script, tag.as_deref()))
    }
}

/// Headers that hold a key and nothing else.
const OWN_HEADERS: [&str; 3] = ["x-api-key", "api-key", "x-goog-api-key"];

fn credential(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    OWN_HEADERS
        .iter()
        .find_map(|name| text(header::HeaderName::from_static(name)))
        .or_else(|| bearer(headers))
        .or_else(|| access_key(text(header::AUTHORIZATION)?))
        .map(str::to_owned)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    if OWN_HEADERS.iter().any(|name| headers.contains_key(*name)) {
        return None;
    }
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Who says to have signed: the id in `AWS4-HMAC-SHA256 Credential=AKID…/20261101/…`.
fn access_key(authorization: &str) -> Option<&str> {
    authorization.strip_prefix("AWS4-")?.split_once("Credential=")?.1.split('/').next()
}

fn copy(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Names of what a relay must keep to itself. `connection` and `transfer-encoding` are absent: the last hop has its own.
/// A key for Google is Google's only.
fn leaks(parts: &Parts) -> Vec<String> {
    const NEVER: [&str; 7] =
        ["cookie", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade"];
    let mut found = Vec::new();
    for (name, value) in &parts.headers {
        let astray = name == "x-goog-api-key" && !gemini::serves(parts.uri.path());
        if astray || NEVER.contains(&name.as_str()) {
            found.push(name.as_str().to_owned());
        }
        if memchr::memmem::find(value.as_bytes(), b"cw_").is_some() {
            found.push(format!("credential in {name}"));
        }
    }
    if parts
        .uri
        .path_and_query()
        .and_then(|path| memchr::memmem::find(path.as_str().as_bytes(), b"cw_"))
        .is_some()
    {
        found.push("credential in the path".to_owned());
    }
    found
}
