//! Connections through a proxy: to the proxy, through it to the target, and TLS with the target inside that.
//!
//! A tunnel carries bytes. With TLS inside, which ends at the provider and is checked against its certificate here, a proxy
//! learns where a request goes and how large it is, and can neither read nor change it. Without TLS it reads everything, so
//! such targets are subject to [`AddressPolicy::base_url`] as they are without a proxy, and to more where accounts are
//! changed. The name of a target is looked up by the proxy; the proxy's own is looked up, and judged, here.

mod error;
mod tunnel;

pub use error::ProxyError;

use crate::{AddressPolicy, SealError, SealingKey, SecretPlace, tls};
use causeway_domain::{OrgId, ProxyId, proxy::Scheme};
use causeway_store::proxies::{self, Proxy as Stored};
use rustls::pki_types::ServerName;
use std::{
    fmt,
    hash::{Hash, Hasher},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Url;
use zeroize::Zeroizing;

/// Addresses of a proxy that are tried.
const MOST_ADDRESSES: usize = 8;

/// A proxy that is ready for use. Two are equal when they are reached in the same way with the same login.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Which.
    pub id: ProxyId,
    scheme: Scheme,
    host: String,
    port: u16,
    login: Option<Login>,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: String,
    password: Zeroizing<String>,
}

/// A connection whose other end is the target.
pub type Through = Box<dyn Stream>;

/// What bytes go over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Proxy {
    /// Opens the password of a stored one.
    pub fn open(sealing: &SealingKey, org: OrgId, stored: &Stored) -> Result<Self, SealError> {
        let origin = stored.origin();
        let password = match &stored.password {
            None => Zeroizing::new(String::new()),
            Some(envelope) => {
                let plain = sealing.open_secret(&SecretPlace::proxy(org, stored.id, &origin), envelope)?;
                Zeroizing::new(String::from_utf8(plain.to_vec()).map_err(|_| SealError::Damaged)?)
            }
        };
        Ok(Self {
            id: stored.id,
            scheme: stored.scheme,
            host: stored.host.clone(),
            port: stored.port,
            login: stored.username.clone().map(|user| Login { user, password }),
        })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        proxies::origin(self.scheme, &self.host, self.port)
    }

    /// The same for a client that is not this module.
    pub(crate) fn for_client(&self, addresses: &AddressPolicy) -> Result<reqwest::Proxy, ProxyError> {
        self.literal(addresses)?;
        // `h`: names are looked up by the proxy.
        let origin = self.origin().replacen("socks5:", "socks5h:", 1);
        let proxy = reqwest::Proxy::all(origin).map_err(|_| ProxyError::Name(self.host.clone()))?;
        Ok(match &self.login {
            Some(login) => proxy.basic_auth(&login.user, &login.password),
            None => proxy,
        })
    }

    /// The address that it is given by, if that is a number; one that may not be connected to is refused.
    fn literal(&self, addresses: &AddressPolicy) -> Result<Option<IpAddr>, ProxyError> {
        let ip: Option<IpAddr> = self.host.parse().ok();
        match ip {
            Some(ip) if !addresses.permits(ip) => Err(ProxyError::Forbidden),
            ip => Ok(ip),
        }
    }

    /// Connects to a target, with TLS where its address says `https`. Each of the three steps (to the proxy, through it, TLS)
    /// may take `patience`.
    pub async fn reach(
        &self,
        addresses: &AddressPolicy,
        target: &str,
        patience: Duration,
    ) -> Result<Through, ProxyError> {
        // Addresses written as numbers are judged here: the proxy would go anywhere.
        let base = addresses.base_url(target).map_err(|_| ProxyError::TargetForbidden)?;
        let url = Url::parse(&base.to_string()).map_err(|_| ProxyError::TargetForbidden)?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(ProxyError::TargetForbidden);
        };
        let slow = |_| ProxyError::Slow(patience.as_secs());
        let stream = timeout(patience, self.dial(addresses)).await.map_err(slow)??;
        let asked = self.asked(stream, host, port);
        let stream = timeout(patience, asked).await.map_err(slow)??;
        if base.is_plain() {
            return Ok(stream);
        }
        let name = server_name(host).map_err(ProxyError::TargetTls)?;
        let tls = TlsConnector::from(tls::config(addresses)).connect(name, stream);
        let late = |_| ProxyError::TargetTls(io::ErrorKind::TimedOut.into());
        Ok(Box::new(timeout(patience, tls).await.map_err(late)?.map_err(ProxyError::TargetTls)?))
    }

    /// A connection to the proxy itself.
    async fn dial(&self, addresses: &AddressPolicy) -> Result<Through, ProxyError> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for at in self.found(addresses).await?.into_iter().take(MOST_ADDRESSES) {
            match TcpStream::connect(SocketAddr::new(at, self.port)).await {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(ProxyError::Connect)?;
                    return self.secured(addresses, stream).await;
                }
                Err(error) => last = error,
            }
        }
        Err(ProxyError::Connect(last))
    }

    async fn found(&self, addresses: &AddressPolicy) -> Result<Vec<IpAddr>, ProxyError> {
        if let Some(ip) = self.literal(addresses)? {
            return Ok(vec![ip]);
        }
        let found = addresses.resolve(&self.host, false).await.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => ProxyError::Forbidden,
            _ => ProxyError::Name(self.host.clone()),
        })?;
        Ok(found.into_iter().map(|at| at.ip()).collect())
    }

    async fn secured(&self, addresses: &AddressPolicy, stream: TcpStream) -> Result<Through, ProxyError> {
        if self.scheme != Scheme::Https {
            return Ok(Box::new(stream));
        }
        let name = server_name(&self.host).map_err(ProxyError::Tls)?;
        let tls = TlsConnector::from(tls::config(addresses)).connect(name, stream);
        Ok(Box::new(tls.await.map_err(ProxyError::Tls)?))
    }

    async fn asked(&self, stream: Through, host: &str, port: u16) -> Result<Through, ProxyError> {
        let login = self.login.as_ref().map(|login| (login.user.as_str(), login.password.as_str()));
        match self.scheme {
            Scheme::Http | Scheme::Https => tunnel::connect(stream, host, port, login).await,
            Scheme::Socks5 => tunnel::socks(stream, host, port, login).await,
        }
    }
}

fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(bare).map_err(io::Error::other)
}

/// The same proxy under another password is another one, and rare.
impl Hash for Proxy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({} {})", self.id, self.origin())
    }
}

/// How something is reached: straight, or through a proxy.
pub type Way = Option<Arc<Proxy>>;

#[cfg(test)]
mod tests;
