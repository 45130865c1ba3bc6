//! One connection to a provider, driven by whoever uses it: the request that it carries reads and writes itself, with no task
//! in between, and between two requests it rests.

use super::{
    pool::Pool,
    wire::{
        Malformed, Outgoing,
        body::Delimited,
        head::{self, Head},
    },
};
use bytes::{Bytes, BytesMut};
use causeway_accounts::proxy::Through;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::coop::unconstrained,
};
use tokio_util::io::poll_read_buf;

/// What is read at once in the beginning: a slow stream never needs more.
const LEAST_ROOM: usize = 4 * 1024;

/// What is read at once when much comes.
const MOST_ROOM: usize = 128 * 1024;

/// With less room than this, the next read gets new.
const TOO_LITTLE: usize = 1024;

/// Why there is no answer, or not all of one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// Before its head was there.
    #[error("the connection was closed before an answer was there")]
    Closed,
    /// Before it ended.
    #[error("the connection was closed in the middle of an answer")]
    Cut,
    /// By the system, or by TLS.
    #[error(transparent)]
    Failed(#[from] io::Error),
    /// By a provider that does not keep to the protocol.
    #[error("the answer is none: {0}")]
    Malformed(#[from] Malformed),
}

/// No head of an answer.
pub(super) struct NoAnswer {
    /// Something was said, though: the provider was there.
    heard: bool,
    /// Why.
    pub(super) why: Broken,
}

impl NoAnswer {
    /// Whether the connection ended, and nothing was said on it.
    pub(super) const fn was_closed(&self) -> bool {
        !self.heard && matches!(self.why, Broken::Closed | Broken::Failed(_))
    }
}

/// A connection that carries one request at a time.
pub(super) struct Link {
    stream: Through,
    /// What has come and has not been taken.
    come: BytesMut,
    /// How much is read at once.
    room: usize,
    /// What has to go still; also when all of it has, and may wait in TLS' buffers.
    going: Option<Outgoing>,
    /// The system, or TLS, has taken something of the current request.
    sent: bool,
    /// Something has come since it was to go.
    heard: bool,
    /// Why the rest of it cannot go.
    stuck: Option<io::Error>,
    /// It can carry another request.
    keeps: bool,
}

impl Link {
    /// A connection that is ready for requests.
    pub(super) fn over(stream: Through) -> Self {
        Self {
            stream,
            come: BytesMut::new(),
            room: LEAST_ROOM,
            going: None,
            sent: false,
            heard: false,
            stuck: None,
            keeps: true,
        }
    }

    /// Whether it can take a request now, as far as is known here: also whether it was closed while it rested. Nothing may
    /// have come that nobody has asked for.
    pub(super) fn is_ready(&mut self) -> bool {
        if !self.keeps || !self.come.is_empty() || self.going.is_some() {
            return false;
        }
        let mut byte = [0];
        let stream = &mut self.stream;
        let look = poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut byte)));
        // Whoever has used up tokio's budget would be told that nothing has come, without a look.
        pin!(unconstrained(look)).poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// It needs no room while it rests.
    pub(super) fn rest(&mut self) {
        (self.come, self.room) = (BytesMut::new(), LEAST_ROOM);
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn exchange(&mut self, request: Outgoing) -> Result<Head, NoAnswer> {
        (self.going, self.sent, self.heard, self.stuck) = (Some(request), false, false, None);
        let head = poll_fn(|cx| self.poll_head(cx)).await;
        head.map_err(|why| NoAnswer { heard: self.heard, why })
    }

    /// The request, when nothing of it has gone: whatever has come then is no answer to it.
    pub(super) fn unsent(&mut self) -> Option<Outgoing> {
        self.going.take_if(|_| !self.sent)
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Head, Broken>> {
        self.go(cx);
        loop {
            if let Some(head) = head::read(&mut self.come)? {
                self.keeps &= head.keeps;
                return Poll::Ready(Ok(head));
            }
            let end = match self.poll_come(cx) {
                Poll::Ready(Ok(0)) => Broken::Closed,
                Poll::Ready(Ok(_)) => continue,
                Poll::Ready(Err(error)) => Broken::Failed(error),
                Poll::Pending if self.is_hopeless() => Broken::Closed,
                Poll::Pending => return Poll::Pending,
            };
            // Why the request could not go says more than that the connection has ended.
            return Poll::Ready(Err(self.stuck.take().map_or(end, Broken::Failed)));
        }
    }

    /// Whether nothing is to be expected any more, because the request cannot go. A provider that has hung up may have said
    /// why before: that is still on its way then, or the end is.
    fn is_hopeless(&self) -> bool {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        self.stuck.as_ref().is_some_and(|error| {
            !self.sent || !matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
        })
    }

    /// Sends what can go, and wakes `cx` when more can.
    fn go(&mut self, cx: &mut Context<'_>) {
        let Poll::Ready(gone) = self.poll_go(cx) else { return };
        if self.sent {
            self.going = None;
        }
        if let Err(error) = gone {
            // An answer may still come, but nothing after it.
            self.keeps = false;
            self.stuck = Some(error);
        }
    }

    fn poll_go(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(going) = &mut self.going else { return Poll::Pending };
        while !going.is_gone() {
            let stream = Pin::new(&mut self.stream);
            let went = ready!(match going.slices() {
                [one, none] if none.is_empty() => stream.poll_write(cx, &one),
                both => stream.poll_write_vectored(cx, &both),
            })?;
            if went == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            going.went(went);
            self.sent = true;
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Reads what has come; 0 when nothing will any more.
    fn poll_come(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        let room = self.come.capacity() - self.come.len();
        let bytes = ready!(poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.come))?;
        self.heard |= bytes > 0;
        if bytes == room {
            self.room = (self.room * 2).min(MOST_ROOM);
        } else if bytes < self.room / 4 {
            self.room = (self.room / 2).max(LEAST_ROOM);
        }
        Poll::Ready(Ok(bytes))
    }

    /// Room for what comes next: what was made before, unless that is far more than is needed now.
    fn make_room(&mut self) {
        let (capacity, spare) = (self.come.capacity(), self.come.capacity() - self.come.len());
        if capacity <= 4 * self.room && (spare >= TOO_LITTLE || self.come.try_reclaim(self.room)) {
            return;
        }
        let mut new = BytesMut::with_capacity(self.come.len() + self.room);
        new.extend_from_slice(&self.come);
        self.come = new;
    }

    /// The next piece of a body; `None` at its end.
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Delimited,
    ) -> Poll<Result<Option<Bytes>, Broken>> {
        // That the rest of a request does not go is no matter while its answer comes.
        self.go(cx);
        loop {
            if let Some(data) = body.take(&mut self.come)? {
                return Poll::Ready(Ok(Some(data)));
            }
            if body.is_over() {
                return Poll::Ready(Ok(None));
            }
            if ready!(self.poll_come(cx))? == 0 && !body.closed() {
                return Poll::Ready(Err(Broken::Cut));
            }
        }
    }
}

/// The body of an answer, with the connection that it comes on.
pub(crate) struct Leased {
    body: Delimited,
    /// `None` once it has broken.
    link: Option<Link>,
    pool: Arc<Pool>,
}

impl Leased {
    /// An answer whose connection goes back to the pool once it has been read to its end.
    pub(super) fn answer(head: Head, link: Link, pool: Arc<Pool>) -> Response<Self> {
        let mut answer = Response::new(Self { body: head.body, link: Some(link), pool });
        *answer.status_mut() = head.status;
        *answer.headers_mut() = head.headers;
        answer
    }
}

impl Body for Leased {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        let Some(link) = &mut this.link else { return Poll::Ready(None) };
        let piece = ready!(link.poll_body(cx, &mut this.body));
        if piece.is_err() {
            this.link = None;
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.left().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if let Some(link) = self.link.take().filter(|_| self.body.is_over()) {
            self.pool.put(link);
        }
    }
}

#[cfg(test)]
mod tests;
