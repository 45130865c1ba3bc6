//! Where a call comes from, for the audit log and for counting failed sign-ins.

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use ipnet::IpNet;
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
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip().to_canonical());
        let forwarded: Vec<&str> =
            parts.headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
        Ok(Self {
            address: peer.map(|peer| client(peer, &forwarded.join(","), &state.args.trusted_proxies)),
            request_id: header(REQUEST_ID.as_str()).to_owned(),
            user_agent: header("user-agent").chars().take(300).collect(),
        })
    }
}

/// Reads `x-forwarded-for` from its end, where trusted proxies write, up to the first address that is not one.
fn client(peer: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut client = peer;
    for hop in forwarded.rsplit(',') {
        if !is_trusted(&client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => client = ip.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let from =
            |peer: &str, forwarded: &str| client(peer.parse().unwrap(), forwarded, &trusted).to_string();
        assert_eq!(from("203.0.113.1", "1.1.1.1"), "203.0.113.1");
        assert_eq!(from("10.0.0.1", ""), "10.0.0.1");
        assert_eq!(from("10.0.0.1", "6.6.6.6, 1.1.1.1"), "1.1.1.1");
        assert_eq!(from("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2"), "1.1.1.1");
        assert_eq!(from("10.0.0.1", "nonsense"), "10.0.0.1");
    }
}
