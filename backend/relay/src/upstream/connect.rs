//! Connections to providers, guarded: an address that a tenant's base URL resolves to is checked when it is dialled,
//! so that neither a private address nor a name that turns into one later gets through.

use causeway_accounts::{AddressPolicy, address::Unreachable, tls};
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use rustls::ClientConfig;
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tower::Service;

type Inner = HttpsConnector<HttpConnector<Resolver>>;

/// Makes the connector.
pub(super) fn connector(policy: &AddressPolicy) -> Connector {
    let dialer = |plain: bool| {
        let rule = Rule { policy: policy.clone(), plain };
        let mut http = HttpConnector::new_with_resolver(Resolver { rule });
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(60)));
        let tls = ClientConfig::clone(&tls::config(policy));
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http)
    };
    Connector { secure: dialer(false), plain: dialer(true), policy: policy.clone() }
}

/// Which addresses may be dialled; fewer without TLS than with it.
#[derive(Clone)]
struct Rule {
    policy: AddressPolicy,
    plain: bool,
}

impl Rule {
    fn permits(&self, ip: IpAddr) -> bool {
        if self.plain { self.policy.permits_plain(ip) } else { self.policy.permits(ip) }
    }
}

/// Resolves a name to the addresses that may be dialled. The dialler connects to those, and looks nothing up again.
#[derive(Clone)]
pub(super) struct Resolver {
    rule: Rule,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let rule = self.rule.clone();
        Box::pin(async move { Ok(rule.policy.resolve(name.as_str(), rule.plain).await?.into_iter()) })
    }
}

/// What dials providers. Addresses written as numbers are never resolved, so they are checked here.
#[derive(Clone)]
pub(super) struct Connector {
    secure: Inner,
    plain: Inner,
    policy: AddressPolicy,
}

impl Connector {
    /// Where it may connect to.
    pub(super) fn policy(&self) -> &AddressPolicy {
        &self.policy
    }
}

impl Service<Uri> for Connector {
    type Response = <Inner as Service<Uri>>::Response;
    type Error = <Inner as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // Both are always ready: neither limits anything.
        let _ = Service::<Uri>::poll_ready(&mut self.plain, cx)?;
        Service::<Uri>::poll_ready(&mut self.secure, cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default();
        let plain = uri.scheme_str() == Some("http");
        let rule = Rule { policy: self.policy.clone(), plain };
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if literal.is_some_and(|ip| !rule.permits(ip)) {
            let error = refused(host);
            return Box::pin(async move { Err(error.into()) });
        }
        let dialer = if plain { &mut self.plain } else { &mut self.secure };
        Box::pin(dialer.call(uri))
    }
}

fn refused(host: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, Unreachable(host.to_owned()))
}

#[cfg(test)]
mod tests;
