//! Connections to one provider address, kept for the next request.
//!
//! A connection carries one request at a time (HTTP/1.1). It comes back when the answer has been read to its end, and
//! is closed when it has not: what is left of an answer must never be taken for the next one. A request that an idle
//! connection did not take, because the provider had just closed it, is sent again on another: nothing of it had left.

use super::{
    connect::Connector,
    link::{Broken, Leased, Link},
    wire::Outgoing,
};
use causeway_accounts::{Proxy, ProxyError};
use http::{Response, Uri};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tower::Service;

/// Idle connections older than this are not used again: providers close them at about this age.
const IDLE: Duration = Duration::from_secs(55);

/// A connection that was closed while it was idle shows within this time of being used.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How often connections that rest are looked after.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Idle connections kept.
const MOST_IDLE: usize = 1024;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// No connection could be made; nothing was sent.
    #[error("connecting: {0}")]
    Connect(Box<dyn std::error::Error + Send + Sync>),
    /// No connection could be made through the account's proxy; nothing was sent.
    #[error(transparent)]
    Proxy(ProxyError),
    /// A connection from an earlier request turned out to be closed, or was closed at that moment.
    #[error("on a connection from before: {0}")]
    Stale(Broken),
    /// The connection broke before the head of the answer was there, or what came was none.
    #[error(transparent)]
    Exchange(#[from] Broken),
}

/// The connections to one address on one way.
pub(crate) struct Pool {
    address: Uri,
    connector: Connector,
    proxy: Option<Arc<Proxy>>,
    idle: Mutex<Vec<(Link, Instant)>>,
    /// Whether somebody looks after those that rest.
    kept: AtomicBool,
}

impl Pool {
    /// None yet.
    pub(super) fn new(address: Uri, proxy: Option<Arc<Proxy>>, connector: Connector) -> Arc<Self> {
        Arc::new(Self { address, connector, proxy, idle: Mutex::default(), kept: AtomicBool::new(false) })
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn call(
        self: Arc<Self>,
        mut outgoing: Outgoing,
        connect: Duration,
    ) -> Result<Response<Leased>, CallError> {
        while let Some(mut link) = self.take() {
            let sent = Instant::now();
            let answer = link.exchange(outgoing).await;
            if let Some(unsent) = link.unsent() {
                outgoing = unsent;
                continue;
            }
            match answer {
                Ok(head) => return Ok(Leased::answer(head, link, self)),
                // After a while it has thought about it: it may have been at work.
                Err(no) if no.was_closed() && sent.elapsed() <= AT_ONCE => {
                    // The others are as old: the provider may have restarted.
                    self.idle().clear();
                    return Err(CallError::Stale(no.why));
                }
                Err(no) => return Err(no.why.into()),
            }
        }
        // Boxed: the future of every request would have room for it.
        let mut link = match &self.proxy {
            None => {
                let made = tokio::time::timeout(connect, Box::pin(self.connect())).await;
                made.map_err(|_| CallError::Connect("no connection in time".into()))??
            }
            Some(proxy) => {
                let target = self.address.to_string();
                let stream = Box::pin(proxy.reach(self.connector.policy(), &target, connect)).await;
                Link::over(stream.map_err(CallError::Proxy)?)
            }
        };
        self.keep();
        match link.exchange(outgoing).await {
            Ok(head) => Ok(Leased::answer(head, link, self)),
            Err(no) if link.unsent().is_some() => Err(CallError::Connect(Box::new(no.why))),
            Err(no) => Err(no.why.into()),
        }
    }

    /// The connection that was used last, so that the others can grow old and go.
    fn take(&self) -> Option<Link> {
        let mut idle = self.idle();
        while let Some((mut link, since)) = idle.pop() {
            if since.elapsed() > IDLE {
                // The ones before it are older still.
                idle.clear();
            } else if link.is_ready() {
                return Some(link);
            }
        }
        None
    }

    /// Takes a connection back for the next request, if it is of use for one.
    pub(super) fn put(&self, mut link: Link) {
        if link.is_ready() {
            link.rest();
            let mut idle = self.idle();
            if idle.len() < MOST_IDLE {
                idle.push((link, Instant::now()));
            }
        }
    }

    /// Closes what rests too long or was closed by the provider: a connection that rests has no task that would notice.
    fn keep(self: &Arc<Self>) {
        if self.kept.swap(true, Ordering::Relaxed) {
            return;
        }
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let Some(pool) = pool.upgrade() else { return };
                pool.look();
            }
        });
    }

    fn look(&self) {
        self.idle().retain_mut(|(link, since)| since.elapsed() <= IDLE && link.is_ready());
    }

    async fn connect(&self) -> Result<Link, CallError> {
        let stream = self.connector.clone().call(self.address.clone()).await.map_err(CallError::Connect)?;
        Ok(Link::over(match stream {
            MaybeHttpsStream::Http(plain) => Box::new(plain.into_inner()),
            MaybeHttpsStream::Https(secure) => Box::new(TokioIo::into_inner(secure)),
        }))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Link, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
