//! Why nothing can be reached through a proxy, in words, and whose matter that is.

use std::io;

/// No connection through a proxy.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Nobody knows the proxy's name.
    #[error("the name {0} is not found")]
    Name(String),
    /// The proxy is where nothing may be connected to.
    #[error("the proxy is at a private or reserved address; UPSTREAM_ALLOW_PRIVATE can allow it")]
    Forbidden,
    /// It cannot be connected to.
    #[error("the proxy cannot be connected to: {}", refused(.0))]
    Connect(#[source] io::Error),
    /// The proxy's certificate is not trusted, or it speaks no TLS.
    #[error("TLS with the proxy failed: {0}")]
    Tls(#[source] io::Error),
    /// It has not answered in time, so many seconds.
    #[error("the proxy did not answer within {0} s")]
    Slow(u64),
    /// It broke off.
    #[error("the proxy broke the connection off: {0}")]
    Broke(#[source] io::Error),
    /// What listens there is no proxy of this kind.
    #[error("what answers there is no proxy of this kind: {0}")]
    NotAProxy(String),
    /// It wants to know who asks, or knows them not: 407, or SOCKS authentication.
    #[error("the proxy does not accept the user name and password ({0})")]
    Login(&'static str),
    /// It does not connect to the target, by its HTTP status or its SOCKS reply.
    #[error("the proxy does not connect to the provider: {0}")]
    Refused(String),
    /// The target is where nothing may be sent.
    #[error("the provider's address is not one that requests may be sent to")]
    TargetForbidden,
    /// TLS with the target failed inside the tunnel.
    #[error("TLS with the provider failed through the proxy: {0}")]
    TargetTls(#[source] io::Error),
}

impl ProxyError {
    /// Whether it is about the proxy, whatever it is asked for. The rest is about one target through it: another may be
    /// reached, and this one otherwise. A proxy that says nothing counts as one that is out of order.
    pub const fn is_the_proxys(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::TargetForbidden | Self::TargetTls(_))
    }

    /// For programs: a closed set.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "name_not_found",
            Self::Forbidden => "address_forbidden",
            Self::Connect(_) => "connection_refused",
            Self::Tls(_) => "tls",
            Self::Slow(_) => "timeout",
            Self::Broke(_) => "broken_off",
            Self::NotAProxy(_) => "not_a_proxy",
            Self::Login(_) => "authentication",
            Self::Refused(_) => "tunnel_refused",
            Self::TargetForbidden => "target_forbidden",
            Self::TargetTls(_) => "target_tls",
        }
    }
}

/// The system's words, without its numbers.
fn refused(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there (refused)".to_owned(),
        io::ErrorKind::TimedOut => "it did not answer".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no route leads there".to_owned()
        }
        _ => error.to_string(),
    }
}
