//! The HTTP proxy inside TLS: connections are taken here, and led to one that is not.

use std::{io, net::Ipv4Addr};

use tokio::{io::copy_bidirectional, net::TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{ProxyKind, TestProxy};
use crate::tls::Front;

/// A proxy that is spoken to by TLS. Dropping it closes it and every tunnel.
pub struct SecureProxy {
    proxy: TestProxy,
    port: u16,
    ca_pem: String,
    _stop: DropGuard,
}

impl SecureProxy {
    /// Listen on a free loopback port, on the current runtime. With a login nobody passes without it.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(login: Option<(&str, &str)>) -> io::Result<Self> {
        let proxy = TestProxy::start(ProxyKind::Http, login).await?;
        let mut front = Front::bind(Ipv4Addr::LOCALHOST.into())?;
        let listener = front.listener()?;
        let (inner, acceptor) = (proxy.addr(), front.acceptor.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stopped.cancelled() => return,
                };
                let Ok((io, _)) = accepted else { continue };
                let (acceptor, stopped) = (acceptor.clone(), stopped.clone());
                tokio::spawn(async move {
                    let passage = async {
                        let mut near = acceptor.accept(io).await?;
                        let mut far = TcpStream::connect(inner).await?;
                        far.set_nodelay(true)?;
                        copy_bidirectional(&mut near, &mut far).await
                    };
                    tokio::select! {
                        // Whoever breaks off has had what it wanted; the tunnel is on record.
                        _ = passage => {}
                        () = stopped.cancelled() => {}
                    }
                });
            }
        });
        Ok(Self { proxy, port: front.addr.port(), ca_pem: front.ca_pem, _stop: stop.drop_guard() })
    }

    /// The proxy behind the TLS: what passes is counted there, and it is what misbehaves on demand.
    #[must_use]
    pub fn inner(&self) -> &TestProxy {
        &self.proxy
    }

    /// The port of `localhost` on which it speaks TLS.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate authority to trust, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }
}
