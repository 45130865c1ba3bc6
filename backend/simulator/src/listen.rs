//! Accepting connections. A loop of our own instead of axum's, because a scripted reset must reach the socket and
//! because a small write buffer keeps "written" in the ledger close to what the wire has seen.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body};
use http::{Request, Response, Version};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{Shared, fault::CutBeforeHead};

/// One accepted connection, as handlers know it.
pub(crate) struct Connection {
    pub(crate) id: u64,
    reset: AtomicBool,
}

impl Connection {
    pub(crate) fn next(shared: &Shared) -> Arc<Self> {
        let id = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Self { id, reset: AtomicBool::new(false) })
    }

    /// From now on closing the socket sends RST. HTTP/2 resets the stream by itself and spares its neighbours.
    pub(crate) fn reset_on_close(&self, version: Version) {
        if version < Version::HTTP_2 {
            self.reset.store(true, Ordering::Release);
        }
    }
}

pub(crate) fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Benchmarks open thousands of connections at once.
const BACKLOG: u32 = 8192;
const WRITE_BUFFER: usize = 64 * 1024;

pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    shared: Arc<Shared>,
) {
    while let Some(stream) = accept(&listener, &shared).await {
        let connection = Connection::next(&shared);
        let io = Tracked { io: stream, connection: Arc::clone(&connection) };
        let (router, stop, tls) = (router.clone(), shared.stop.clone(), tls.clone());
        shared.tasks.spawn(async move {
            let served = async {
                match tls {
                    None => speak(io, connection, router).await,
                    Some(tls) => match tls.accept(io).await {
                        Ok(io) => speak(io, connection, router).await,
                        Err(error) => tracing::debug!(%error, "TLS handshake failed"),
                    },
                }
            };
            tokio::select! {
                () = served => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

/// The next connection, or none once the simulator stops.
pub(crate) async fn accept(listener: &TcpListener, shared: &Shared) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return None,
        };
        match accepted {
            Ok((stream, _)) => {
                // Without it a paced event waits for the acknowledgement of the one before.
                if stream.set_nodelay(true).is_ok() {
                    return Some(stream);
                }
            }
            // Out of file descriptors: the only cure is that others close.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn speak<I>(io: I, connection: Arc<Connection>, router: Router)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, connection) = (router.clone(), Arc::clone(&connection));
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(connection);
            let response: Response<Body> = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            match response.extensions().get::<CutBeforeHead>() {
                Some(cut) => Err(*cut),
                None => Ok(response),
            }
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(WRITE_BUFFER).pipeline_flush(true);
    builder.http2().max_concurrent_streams(10_000);
    if let Err(error) = builder.serve_connection(TokioIo::new(io), service).await {
        tracing::trace!(%error, "connection ended");
    }
}

/// A socket that can be told to end with RST.
struct Tracked {
    io: TcpStream,
    connection: Arc<Connection>,
}

impl Drop for Tracked {
    fn drop(&mut self) {
        if self.connection.reset.load(Ordering::Acquire) {
            let _ = self.io.set_zero_linger();
        }
    }
}

impl AsyncRead for Tracked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tracked {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.reset.load(Ordering::Acquire) {
            // An orderly FIN first would spoil the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
