//! Where a call comes from, for the audit log and for counting failed sign-ins.

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use crate::{edge::REQUEST_ID, state::AdminState};

/// Where a call comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Network address of the caller, as far as trusted proxies tell; `None` when the listener did not say.
    pub address: Option<IpAddr>,
    /// Identifier of the call.
    pub request_id: String,
    /// The program, as it calls itself, cut to 300 characters.
    pub user_agent: String,
}

impl Origin {
    /// The address as text.
    pub fn address_text(&self) -> String {
        self.address.map(|a| a.to_string()).unwrap_or_default()
    }
}

impl FromRequestParts<AdminState> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Infallible> {
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let values = |name: &str| parts.headers.get_all(name).into_iter().map(http::HeaderValue::as_bytes);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
        let client = |peer| state.proxies.client(peer, values("x-forwarded-for"), values("forwarded"));
        Ok(Self {
            address: peer.map(client),
            request_id: header(REQUEST_ID.as_str()).to_owned(),
            user_agent: header("user-agent").chars().take(300).collect(),
        })
    }
}
