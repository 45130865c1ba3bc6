//! Proxies for tests: HTTP (CONNECT, and plain forwarding of `http://` addresses) and SOCKS5, with and without a user,
//! which count what passes and misbehave on demand. They are servers of their own and share nothing with the simulator,
//! so that one test can have several.

mod connect;
mod secure;
mod socks;
mod tunnel;

pub use secure::SecureProxy;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::listen;

/// Which protocol a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP/1.1.
    Http,
    /// SOCKS version 5; names are looked up by the proxy.
    Socks5,
}

/// What is wrong with a proxy until it is taken back. Tunnels that stand are spared, except by what says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyFault {
    /// It cannot reach the target: 502, or a general failure.
    Unreachable,
    /// The target is not allowed: 403, or not allowed by the rules.
    Forbidden,
    /// It takes the connection and says nothing.
    Hang,
    /// It resets the connection at once.
    Reset,
    /// It answers with something that is neither protocol.
    Garbage,
    /// The tunnel stands and carries nothing.
    Deaf,
    /// The tunnel breaks once so many bytes have come back from the target.
    Break {
        /// Bytes from the target.
        after: u64,
    },
}

/// One connection through a proxy that got as far as a target.
#[derive(Clone, Debug, Serialize)]
pub struct Tunnel {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// As asked for: a name where the caller left the look-up to the proxy.
    pub target: String,
    /// Bytes from the caller.
    pub up: u64,
    /// Bytes from the target.
    pub down: u64,
    /// Whether it still stands.
    pub open: bool,
}

/// A proxy. Dropping it closes it and every tunnel.
pub struct TestProxy {
    inner: Arc<Inner>,
    addr: SocketAddr,
}

struct Inner {
    kind: ProxyKind,
    login: Option<(String, String)>,
    connections: AtomicU64,
    strangers: AtomicU64,
    state: Mutex<State>,
    stop: CancellationToken,
}

#[derive(Default)]
struct State {
    fault: Option<ProxyFault>,
    names: HashMap<String, SocketAddr>,
    tunnels: Vec<Tunnel>,
}

impl TestProxy {
    /// Listen on a free loopback port, on the current runtime. With a login nobody passes without it.
    ///
    /// # Errors
    /// When no port can be bound.
    #[expect(clippy::unused_async, reason = "needs a runtime, and says so by being async")]
    pub async fn start(kind: ProxyKind, login: Option<(&str, &str)>) -> io::Result<Self> {
        let listener = listen::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let addr = listener.local_addr()?;
        let inner = Arc::new(Inner {
            kind,
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
            connections: AtomicU64::new(0),
            strangers: AtomicU64::new(0),
            state: Mutex::default(),
            stop: CancellationToken::new(),
        });
        tokio::spawn(serve(listener, Arc::clone(&inner)));
        Ok(Self { inner, addr })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://user:password@host:port` or `socks5://…`, with the login where it wants one.
    #[must_use]
    pub fn url(&self) -> String {
        let login = self.inner.login.as_ref();
        let login = login.map(|(user, password)| format!("{user}:{password}@")).unwrap_or_default();
        let scheme = match self.inner.kind {
            ProxyKind::Http => "http",
            ProxyKind::Socks5 => "socks5",
        };
        format!("{scheme}://{login}{}", self.addr)
    }

    /// The same without the login.
    #[must_use]
    pub fn bare_url(&self) -> String {
        match self.url().split_once('@') {
            Some((url, addr)) => format!("{}://{addr}", url.split("://").next().unwrap_or_default()),
            None => self.url(),
        }
    }

    /// What is wrong from now on.
    pub fn fault(&self, fault: Option<ProxyFault>) {
        self.inner.state().fault = fault;
    }

    /// This name leads there from now on, whatever the port: a name that only the proxy knows.
    pub fn name(&self, name: &str, addr: SocketAddr) {
        self.inner.state().names.insert(name.to_owned(), addr);
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.inner.connections.load(Ordering::Relaxed)
    }

    /// How many callers were turned away for want of the right login.
    #[must_use]
    pub fn strangers(&self) -> u64 {
        self.inner.strangers.load(Ordering::Relaxed)
    }

    /// Every tunnel, oldest first.
    #[must_use]
    pub fn tunnels(&self) -> Vec<Tunnel> {
        self.inner.state().tunnels.clone()
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.inner.stop.cancel();
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a caller who is turned away.
    fn stranger(&self) {
        self.strangers.fetch_add(1, Ordering::Relaxed);
    }
}

async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let stop = inner.stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((io, _)) = accepted else { continue };
        inner.connections.fetch_add(1, Ordering::Relaxed);
        let (inner, stop) = (Arc::clone(&inner), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                // Whoever breaks off has had what it wanted; the tunnel is on record.
                _ = converse(&inner, io) => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

async fn converse(inner: &Inner, mut io: TcpStream) -> io::Result<()> {
    io.set_nodelay(true)?;
    let fault = inner.state().fault;
    match fault {
        Some(ProxyFault::Reset) => return io.set_zero_linger(),
        Some(ProxyFault::Hang) => return tunnel::nothing(&mut io).await,
        Some(ProxyFault::Garbage) => return tunnel::garbage(&mut io).await,
        _ => {}
    }
    match inner.kind {
        ProxyKind::Http => connect::speak(inner, fault, io).await,
        ProxyKind::Socks5 => socks::speak(inner, fault, io).await,
    }
}
