//! One connection to a provider, driven by whoever uses it.
//!
//! hyper wants a connection to be a task of its own: then each answer is handed from task to task several times before
//! the client has it. Here the connection is polled by the request that it carries, and rests between two requests.

use super::pool::{CallError, Pool};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{
        TrySendError,
        http1::{self, SendRequest},
    },
    rt::{Read, Write},
};
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::task::coop::unconstrained;

type Connection = dyn Future<Output = hyper::Result<()>> + Send;

/// A connection that carries one request at a time.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it is closed.
    connection: Option<Pin<Box<Connection>>>,
}

impl Link {
    /// Makes a connection ready for requests.
    pub(super) async fn over<T>(stream: T) -> Result<Self, CallError>
    where
        T: Read + Write + Send + Unpin + 'static,
    {
        let made = http1::handshake(stream).await;
        let (sender, connection) = made.map_err(|e| CallError::Connect(Box::new(e)))?;
        Ok(Self { sender, connection: Some(Box::pin(connection)) })
    }

    /// Reads and writes what can be, and wakes `cx` when there is more.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && let Poll::Ready(end) = connection.as_mut().poll(cx)
        {
            // Whatever waits for it is told by its being dropped.
            self.connection = None;
            if let Err(error) = end {
                tracing::debug!(%error, "a connection to a provider ended");
            }
        }
    }

    /// Whether it can take a request now, as far as is known here: also whether it was closed while it rested.
    pub(super) fn is_ready(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        // Only `drive` brings the answer, so nobody else need be woken for it. Nor may it be held back by tokio's budget, for
        // then somebody would have to be.
        let mut answer = pin!(unconstrained(self.sender.try_send_request(request)));
        poll_fn(|cx| {
            self.drive(cx);
            answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }
}

/// The body of an answer, with the connection that it comes on.
pub(crate) struct Leased {
    body: Incoming,
    ended: bool,
    link: Option<Link>,
    pool: Arc<Pool>,
}

impl Leased {
    /// Its connection goes back to the pool once it has been read to its end.
    pub(super) fn new(body: Incoming, link: Link, pool: Arc<Pool>) -> Self {
        Self { ended: body.is_end_stream(), body, link: Some(link), pool }
    }
}

impl Body for Leased {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let mut nobody = Context::from_waker(Waker::noop());
        let mut polled = Pin::new(&mut this.body).poll_frame(&mut nobody);
        if polled.is_pending()
            && let Some(link) = &mut this.link
        {
            link.drive(cx);
            polled = Pin::new(&mut this.body).poll_frame(&mut nobody);
        }
        this.ended = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => this.body.is_end_stream(),
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
        if let Some(link) = self.link.take().filter(|_| self.ended) {
            self.pool.put(link);
        }
    }
}
