//! A client's bytes as part of the memory for bodies.
//!
//! A message is put together inside the WebSocket's own reader, which knows how large one may be but not how many come at
//! once. So what is read is counted here, and whoever would exceed what all bodies together may take is stopped.

use crate::call::BodyBudget;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
};

/// What a message takes of the memory for bodies.
pub(super) type Share = Option<OwnedSemaphorePermit>;

/// A stream whose reading is counted.
pub(super) struct Metered<S> {
    /// The stream itself; what is read of it directly is not counted.
    pub(super) inner: S,
    budget: BodyBudget,
    /// Bytes since a share was last taken out.
    read: u64,
    share: Share,
}

impl<S> Metered<S> {
    pub(super) const fn new(inner: S, budget: BodyBudget) -> Self {
        Self { inner, budget, read: 0, share: None }
    }

    /// What the message took that has been read. Bytes of the next one, which may have come with it, are few.
    pub(super) const fn share(&mut self) -> Share {
        self.read = 0;
        self.share.take()
    }

    fn count(&mut self, bytes: usize) -> io::Result<()> {
        self.read += bytes as u64;
        // Out of memory is what nobody else says of a connection.
        let full = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        match &mut self.share {
            Some(share) => self.budget.grow(share, self.read).map_err(full),
            None => {
                self.share = Some(self.budget.take(self.read).map_err(full)?);
                Ok(())
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        Poll::Ready(if read == 0 { Ok(()) } else { self.count(read) })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn what_is_read_takes_its_share_until_there_is_no_more() {
        let budget = BodyBudget::of(8192, 1 << 20);
        let mut buf = [0; 4096];
        let mut one = Metered::new(&[7_u8; 10_000][..], budget.clone());
        one.read_exact(&mut buf).await.unwrap();
        let share = one.share();
        let mut two = Metered::new(&[7_u8; 10_000][..], budget.clone());
        two.read_exact(&mut buf).await.unwrap();
        assert_eq!(two.read(&mut buf).await.unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        drop((share, two));
        one.read_exact(&mut buf).await.unwrap();
    }
}
