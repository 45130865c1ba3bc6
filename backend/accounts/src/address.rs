//! Where requests may be sent. A person who may add an account must not be able to reach what only this server can:
//! its own network, its cloud's metadata, itself.
//!
//! A base URL is checked when it is entered, for what can be told from the text. What its name resolves to is checked
//! by [`AddressPolicy::permits`] at every connect, because names can change what they point to.

mod names;
mod special;

pub use names::{Found, Names, Unreachable};

use ipnet::IpNet;
use names::System;
use rustls::pki_types::CertificateDer;
use special::{is_metadata, is_public, unwrapped};
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use url::{Host, Url};

/// Which addresses may be connected to.
#[derive(Clone, Debug)]
pub struct AddressPolicy {
    private: Arc<[IpNet]>,
    demo: bool,
    names: Arc<dyn Names>,
    authorities: Arc<[CertificateDer<'static>]>,
}

impl Default for AddressPolicy {
    fn default() -> Self {
        Self::new(Vec::new(), false)
    }
}

/// A base URL in its one spelling: no trailing slash, no `/v1`, nothing after the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a base URL is not accepted, in words for the person who entered it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadBaseUrl(pub &'static str);

impl AddressPolicy {
    /// Public addresses, these private networks, and in a demo this machine.
    pub fn new(private: Vec<IpNet>, demo: bool) -> Self {
        Self { private: private.into(), demo, names: Arc::new(System), authorities: Arc::new([]) }
    }

    /// The same, with names looked up by somebody else than the system.
    pub fn with_names(self, names: Arc<dyn Names>) -> Self {
        Self { names, ..self }
    }

    /// The same, believing the certificates of these authorities besides those of the web.
    pub fn with_authorities(self, authorities: Vec<CertificateDer<'static>>) -> Self {
        Self { authorities: authorities.into(), ..self }
    }

    /// Authorities that are believed besides those of the web.
    pub fn authorities(&self) -> &[CertificateDer<'static>] {
        &self.authorities
    }

    /// Looks a name up: the addresses of it that may be connected to, of which there is one at least. Whoever connects to
    /// these and looks nothing up again connects to what was judged here, whatever the name means a moment later. A name
    /// that leads nowhere else than to where nothing may be sent is [`Unreachable`].
    pub async fn resolve(&self, name: &str, plain: bool) -> io::Result<Vec<SocketAddr>> {
        let found = self.names.look_up(name).await?;
        let may = |ip: IpAddr| if plain { self.permits_plain(ip) } else { self.permits(ip) };
        let permitted: Vec<SocketAddr> = found.into_iter().filter(|at| may(at.ip())).collect();
        if permitted.is_empty() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, Unreachable(name.to_owned())));
        }
        Ok(permitted)
    }

    /// Whether a connection to this address may be made.
    pub fn permits(&self, ip: IpAddr) -> bool {
        let ip = unwrapped(ip);
        !is_metadata(ip) && (is_public(ip) || self.permits_plain(ip))
    }

    /// Whether this address may be spoken to without TLS: only what was explicitly allowed.
    pub fn permits_plain(&self, ip: IpAddr) -> bool {
        let ip = unwrapped(ip);
        let listed = self.private.iter().any(|net| net.contains(&ip));
        !is_metadata(ip) && (listed || (self.demo && ip.is_loopback()))
    }

    /// Checks and straightens a base URL.
    pub fn base_url(&self, text: &str) -> Result<BaseUrl, BadBaseUrl> {
        let mut url = Url::parse(text.trim())
            .map_err(|_| BadBaseUrl("is not a URL such as https://api.example.com"))?;
        let plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err(BadBaseUrl("must begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBaseUrl("must not contain a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadBaseUrl("must not contain ? or #"));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(name)) if names::is_this_machine(name) => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Some(Host::Domain(_)) => None,
            None => return Err(BadBaseUrl("has no host")),
        };
        if literal.is_some_and(|ip| !self.permits(ip)) {
            return Err(BadBaseUrl("points into a private network; UPSTREAM_ALLOW_PRIVATE can allow it"));
        }
        // A name may turn out to be in a network that was allowed; that is seen when it is connected to.
        let may_be_plain = literal.map_or(!self.private.is_empty(), |ip| self.permits_plain(ip));
        if plain && !may_be_plain {
            return Err(BadBaseUrl(
                "must begin with https://; plain http is only for networks in UPSTREAM_ALLOW_PRIVATE",
            ));
        }
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path).trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(BaseUrl(url))
    }
}

impl BaseUrl {
    /// One that was checked when it was stored.
    pub fn stored(text: &str) -> Result<Self, BadBaseUrl> {
        Url::parse(text).map(Self).map_err(|_| BadBaseUrl("is not a URL"))
    }

    /// Scheme, host and port: what a credential is bound to.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether connections are made without TLS.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address of `path`, which begins with a slash and may have a query.
    pub fn join(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests;
