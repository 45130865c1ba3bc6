//! The server loop: accepts connections, serves them, and lets them end in peace.

use super::{dispatch::Dispatch, tls::Tls, unbothered::Unbothered};
use crate::shutdown::Shutdown;
use anyhow::{Context, Result, anyhow};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::{convert::Infallible, io, net::SocketAddr, pin::pin, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A burst of this many may connect before we have accepted one of them (the kernel may allow fewer).
const BACKLOG: i32 = 4096;
/// For the head of a request, and for a connection without one. Longer than what clients keep their idle connections
/// for (90 s is usual), so that it is they who close them and no request meets a closing connection.
const HEAD_WITHIN: Duration = Duration::from_secs(120);
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Takes the address, or says who might have it.
pub(crate) fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener> {
    let listen = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow!(
                "port {} on {} is in use by another program; choose another with {setting}",
                address.port(),
                address.ip()
            )
        }
        io::ErrorKind::PermissionDenied => {
            anyhow!(
                "this user may not listen on port {}; choose one above 1023 with {setting}",
                address.port()
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            anyhow!("{} is not an address of this machine; see {setting}", address.ip())
        }
        _ => anyhow::Error::new(error).context(format!("listening on {address} (see {setting})")),
    })
}

/// Accepts until the shutdown begins. Connections live on in `connections`.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    dispatch: Dispatch,
    shutdown: Shutdown,
    connections: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.begin.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: nothing is gained by asking again at once.
                tracing::warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Events of a stream are small and must not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        // Child tokens, because waiting on one token from every connection is a lock that all of them share.
        let (begin, hurry) = (shutdown.begin.child_token(), shutdown.hurry.child_token());
        let connection = Connection { dispatch: dispatch.clone(), peer, begin, hurry };
        match &tls {
            None => drop(connections.spawn(connection.plain(stream))),
            Some(tls) => drop(connections.spawn(connection.encrypted(stream, tls.clone()))),
        }
    }
}

struct Connection {
    dispatch: Dispatch,
    peer: SocketAddr,
    begin: CancellationToken,
    hurry: CancellationToken,
}

impl Connection {
    async fn plain(self, stream: TcpStream) {
        let Self { dispatch, peer, begin, hurry } = self;
        let service = service_fn(move |request: http::Request<Incoming>| {
            let dispatch = dispatch.clone();
            async move { Ok::<_, Infallible>(dispatch.answer(request, peer).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        // Errors are the other side's: it went away, or does not speak HTTP.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = Unbothered::new(begin.cancelled()) => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            _ = connection => {}
            () = Unbothered::new(hurry.cancelled()) => {}
        }
    }

    async fn encrypted(self, stream: TcpStream, tls: Tls) {
        let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await else { return };
        let Self { dispatch, peer, begin, hurry } = self;
        let service = service_fn(move |request: http::Request<Incoming>| {
            let dispatch = dispatch.clone();
            async move { Ok::<_, Infallible>(dispatch.answer(request, peer).await) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(256);
        let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = Unbothered::new(begin.cancelled()) => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            _ = connection => {}
            () = Unbothered::new(hurry.cancelled()) => {}
        }
    }
}

/// As many connections as the system lets us have: the usual limit of 1,024 is for programs of another time.
pub(crate) fn raise_file_limit() -> Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("reading the limit of open files")?;
    // macOS says "unlimited" and refuses it.
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(1 << 20), hard).context("raising the limit of open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conflict_names_the_port_and_the_setting() {
        let first = bind("127.0.0.1:0".parse().unwrap(), "PORT").unwrap();
        let address = first.local_addr().unwrap();
        let refusal = bind(address, "PORT").unwrap_err().to_string();
        assert!(refusal.contains(&address.port().to_string()) && refusal.contains("PORT"), "{refusal}");
    }

    #[tokio::test]
    async fn address_of_another_machine_is_named() {
        let refusal = bind("192.0.2.1:0".parse().unwrap(), "LISTEN").unwrap_err().to_string();
        assert!(refusal.contains("192.0.2.1") && refusal.contains("LISTEN"), "{refusal}");
    }
}
