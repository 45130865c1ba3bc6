//! Faults below HTTP: an address of its own that writes its answers by hand and misbehaves in one way. Keys, figures,
//! scripts' figures and the ledger are the simulator's own. HTTP libraries make most of this impossible to say, which is
//! the point.

mod answer;
mod http1;

use std::{io, net::SocketAddr, sync::Arc};

use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use self::http1::Reader;
use crate::{
    Shared,
    listen::{self, Connection},
};

/// The one way in which a raw address misbehaves. Everything else about its answers is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawFault {
    /// Answers the first request of a connection and promises to keep it open; resets it when the second arrives,
    /// unread (so the second leaves no ledger entry).
    StaleKeepAlive,
    /// Stops writing after so many events (JSON: half-way) with FIN and goes on reading.
    HalfClose {
        /// Stream events written before.
        after: u32,
    },
    /// No length and no chunks: only the end of the connection ends the answer, and it comes after so many events
    /// (JSON: half-way).
    CloseDelimited {
        /// Stream events written before.
        after: u32,
    },
    /// An HTML page from a front proxy with this status, then close.
    HtmlError {
        /// 403 and 503 are usual.
        status: u16,
    },
    /// Behind a complete answer comes the beginning of another one that nobody asked for, and the connection stays open.
    ExtraBytes,
    /// A stream that never ends and does not notice that the caller has left, until writing fails.
    BytesAfterCancel,
    /// Promises more bytes than it sends (JSON: in `content-length`; stream: in a chunk), then closes.
    Truncated,
    /// Not HTTP at all.
    NotHttp,
    /// Refuses with 413 after the head and closes without reading the body.
    EarlyAnswer,
}

/// A raw address. Dropping it closes it.
pub struct RawFront {
    addr: SocketAddr,
    stop: CancellationToken,
}

impl RawFront {
    pub(crate) fn start(fault: RawFault, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = listen::bind(SocketAddr::new(shared.config.listen.ip(), 0))?;
        let addr = listener.local_addr()?;
        let stop = shared.stop.child_token();
        let (until, tasks) = (stop.clone(), shared.tasks.clone());
        let spawner = tasks.clone();
        tasks.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listen::accept(&listener, &shared) => accepted,
                    () = until.cancelled() => None,
                };
                let Some(io) = accepted else { return };
                let (shared, until) = (Arc::clone(&shared), until.clone());
                spawner.spawn(async move {
                    tokio::select! {
                        // The caller's breaking off is what these tests are about; it is in the ledger.
                        _ = converse(fault, &shared, io) => {}
                        () = until.cancelled() => {}
                    }
                });
            }
        });
        Ok(Self { addr, stop })
    }

    /// `http://host:port`: a base URL for the Anthropic dialect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Close it and its connections.
    pub fn stop(self) {
        self.stop.cancel();
    }
}

impl Drop for RawFront {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Whether the connection can serve another request.
#[derive(PartialEq, Eq)]
enum After {
    Stay,
    Close,
}

async fn converse(fault: RawFault, shared: &Shared, mut io: TcpStream) -> io::Result<()> {
    let connection = Connection::next(shared);
    let mut reader = Reader::default();
    let mut served = 0;
    loop {
        if fault == RawFault::StaleKeepAlive && served > 0 {
            io.readable().await?;
            return io.set_zero_linger();
        }
        let Some(head) = reader.head(&mut io).await? else { return Ok(()) };
        if answer::one(fault, shared, &connection, head, &mut reader, &mut io).await? == After::Close {
            return Ok(());
        }
        served += 1;
    }
}
