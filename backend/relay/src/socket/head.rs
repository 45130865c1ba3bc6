//! What every request of a connection has in common: what the upgrade said.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use std::net::IpAddr;

/// Names of headers that were about the upgrade itself, or about a body that it did not have.
const OF_THE_UPGRADE: [HeaderName; 8] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
];

const BETA: HeaderName = HeaderName::from_static("openai-beta");

/// The beginning of the beta with which Codex asks for WebSockets: a provider that is asked over HTTP is not to hear of it.
const SOCKETS_BETA: &str = "responses_websockets";

/// Headers, address and query of the upgrade.
pub(super) struct Head {
    headers: HeaderMap,
    uri: Uri,
    address: IpAddr,
}

impl Head {
    /// Of an upgrade that came from `address`.
    pub(super) fn of(headers: &HeaderMap, uri: &Uri, address: IpAddr) -> Self {
        let mut headers = headers.clone();
        for name in &OF_THE_UPGRADE {
            headers.remove(name);
        }
        let betas: Vec<&str> = headers.get_all(BETA).iter().filter_map(|v| v.to_str().ok()).collect();
        let betas = betas.iter().flat_map(|v| v.split(',')).map(str::trim);
        let left: Vec<&str> = betas.filter(|b| !b.is_empty() && !b.starts_with(SOCKETS_BETA)).collect();
        let left = HeaderValue::from_str(&left.join(",")).ok().filter(|value| !value.is_empty());
        headers.remove(BETA);
        if let Some(left) = left {
            headers.insert(BETA, left);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        Self { headers, uri: uri.clone(), address }
    }

    /// The request that `POST …/responses` with this body would be.
    pub(super) fn request(&self, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Headers, among which the key is.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address, in whose query the key may be.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Who is calling, as trusted proxies tell it.
    pub(super) const fn address(&self) -> IpAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_what_the_upgrade_said_of_the_client_and_nothing_of_the_upgrade() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-key", "x"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("openai-beta", "responses_websockets=2026-02-06, other=1"),
            ("authorization", "Bearer cw_x"),
            ("user-agent", "codex_exec/1"),
            ("session-id", "s"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let uri = Uri::from_static("/openai/v1/responses?a=b");
        let head = Head::of(&headers, &uri, IpAddr::from([127, 0, 0, 1]));
        let request = head.request(Bytes::from_static(b"{}"));
        let mut names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["accept", "authorization", "content-type", "openai-beta", "session-id", "user-agent"]
        );
        assert_eq!(request.headers()["openai-beta"], "other=1");
        assert_eq!((request.method(), request.uri()), (&Method::POST, &uri));
        headers.insert("openai-beta", "responses_websockets=2026-02-06".parse().unwrap());
        assert!(!Head::of(&headers, &uri, head.address()).headers().contains_key("openai-beta"));
    }
}
