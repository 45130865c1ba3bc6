//! Connections to one provider address, kept for the next request.
//!
//! A connection carries one request at a time (HTTP/1.1). It comes back when the answer has been read to its end, and
//! is closed when it has not: what is left of an answer must never be taken for the next one. A request that an idle
//! connection did not take, because the provider had just closed it, is sent again on another: nothing of it had left.

use super::connect::Connector;
use bytes::Bytes;
use causeway_accounts::{Proxy, ProxyError};
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tower::Service;

/// Idle connections older than this are not used again: providers close them at about this age.
const IDLE: Duration = Duration::from_secs(55);

/// A connection that was closed while it was idle shows within this time of being used.
const AT_ONCE: Duration = Duration::from_millis(500);

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
    Stale(hyper::Error),
    /// The connection broke before the head of the answer was there.
    #[error("{0}")]
    Exchange(#[from] hyper::Error),
}

type Sender = SendRequest<Full<Bytes>>;

/// The connections to one address on one way.
pub(crate) struct Pool {
    address: Uri,
    connector: Connector,
    proxy: Option<Arc<Proxy>>,
    idle: Mutex<Vec<(Sender, Instant)>>,
}

impl Pool {
    /// None yet.
    pub(super) fn new(address: Uri, proxy: Option<Arc<Proxy>>, connector: Connector) -> Arc<Self> {
        Arc::new(Self { address, connector, proxy, idle: Mutex::default() })
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn call(
        self: Arc<Self>,
        request: Request<Full<Bytes>>,
        connect: Duration,
    ) -> Result<Response<Leased>, CallError> {
        let mut request = request;
        while let Some(mut sender) = self.take() {
            let sent = Instant::now();
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.lease(sender, response)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    // It has thought about it first: it may have been at work.
                    None if sent.elapsed() > AT_ONCE => return Err(failed.into_error().into()),
                    None => {
                        // The others are as old: the provider may have restarted.
                        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                        return Err(CallError::Stale(failed.into_error()));
                    }
                },
            }
        }
        let mut sender = match &self.proxy {
            None => {
                let made = tokio::time::timeout(connect, self.connect()).await;
                made.map_err(|_| CallError::Connect("no connection in time".into()))??
            }
            Some(proxy) => {
                let target = self.address.to_string();
                // Boxed: the future of every request would have room for it.
                let stream = Box::pin(proxy.reach(self.connector.policy(), &target, connect)).await;
                shaken(TokioIo::new(stream.map_err(CallError::Proxy)?)).await?
            }
        };
        let response = sender.send_request(request).await?;
        Ok(self.lease(sender, response))
    }

    /// The connection that was used last, so that the others can grow old and go.
    fn take(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        for i in (0..idle.len()).rev() {
            let (sender, since) = &idle[i];
            if since.elapsed() > IDLE {
                // The ones before it are older still.
                idle.drain(..=i);
                return None;
            }
            if sender.is_closed() {
                idle.remove(i);
            } else if sender.is_ready() {
                return Some(idle.remove(i).0);
            }
            // Else its last answer is not quite put away yet; it will do for the next request.
        }
        None
    }

    async fn connect(&self) -> Result<Sender, CallError> {
        let stream = self.connector.clone().call(self.address.clone()).await.map_err(CallError::Connect)?;
        shaken(stream).await
    }

    fn lease(self: Arc<Self>, sender: Sender, response: Response<Incoming>) -> Response<Leased> {
        response.map(|body| Leased { ended: body.is_end_stream(), body, back: Some((sender, self)) })
    }
}

/// Makes a connection ready for requests.
async fn shaken<T>(stream: T) -> Result<Sender, CallError>
where
    T: Read + Write + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(stream).await.map_err(|e| CallError::Connect(Box::new(e)))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a provider ended");
        }
    });
    Ok(sender)
}

/// The body of an answer, with the connection it comes on.
pub(crate) struct Leased {
    body: Incoming,
    ended: bool,
    back: Option<(Sender, Arc<Pool>)>,
}

impl Body for Leased {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.ended = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            _ => false,
        };
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some((sender, pool)) = self.back.take().filter(|(sender, _)| self.ended && !sender.is_closed())
        else {
            return;
        };
        let mut idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push((sender, Instant::now()));
        }
    }
}
