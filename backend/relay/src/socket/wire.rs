//! The WebSocket itself: frames in, messages out, and a proper end.

use super::metered::{Metered, Share};
use crate::call::BodyBudget;
use futures_util::{SinkExt, StreamExt};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// A client that takes nothing for this long counts as gone.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// How long is waited for the client's part of an end.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

/// What is read of a message that is refused for its size, so that the client gets to read why.
const READ_ON: u64 = 64 << 20;

/// Read at once; there is one such buffer for each connection.
const BUFFER: usize = 8 * 1024;

/// A connection's WebSocket.
pub(super) struct Wire<S> {
    stream: WebSocketStream<Metered<S>>,
}

/// What was heard of the client.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message, and what it takes of the memory for bodies.
    Text(Utf8Bytes, Share),
    /// It has left, politely or not.
    Left,
    /// Something after which nothing can be understood.
    Fault(Fault),
}

/// What cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A binary message.
    Binary,
    /// Text that is none.
    NotText,
    /// A message that is too large.
    TooLarge,
    /// Frames that are no WebSocket's.
    NotFrames,
    /// No memory for it at the moment.
    Crowded,
}

/// The client is gone.
#[derive(Debug)]
pub(super) struct Gone;

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Over a connection whose upgrade has been answered. Messages of up to `most` bytes.
    pub(super) async fn new(stream: S, budget: BodyBudget, most: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let metered = Metered::new(stream, budget);
        Self { stream: WebSocketStream::from_raw_socket(metered, Role::Server, Some(config)).await }
    }

    /// What the client says next. Pings are answered on the way. May be given up and asked again at any time.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            let message = self.stream.next().await;
            let share = self.stream.get_mut().share();
            return match message {
                Some(Ok(Message::Text(text))) => Heard::Text(text, share),
                Some(Ok(Message::Binary(_))) => Heard::Fault(Fault::Binary),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_))) | None => Heard::Left,
                Some(Err(error)) => fault(&error),
            };
        }
    }

    /// Tells it something. What several of these have told is on its way after [`Wire::flush`].
    pub(super) async fn tell(&mut self, text: String) -> Result<(), Gone> {
        let told = timeout(TAKEN_WITHIN, self.stream.feed(Message::text(text))).await;
        told.ok().and_then(Result::ok).ok_or(Gone)
    }

    /// Sends what was told.
    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        timeout(TAKEN_WITHIN, self.stream.flush()).await.ok().and_then(Result::ok).ok_or(Gone)
    }

    /// A sign of life, which keeps open what lies between.
    pub(super) async fn ping(&mut self) -> Result<(), Gone> {
        let ping = Message::Ping(bytes::Bytes::new());
        timeout(TAKEN_WITHIN, self.stream.send(ping)).await.ok().and_then(Result::ok).ok_or(Gone)
    }

    /// Ends it, saying why. The other side has a moment to agree; a message that it is still sending is read on, because a
    /// connection that is closed with bytes unread is reset, and then nobody reads why.
    pub(super) async fn close(mut self, code: CloseCode, reason: &'static str) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let closing = async {
            let _ = self.stream.send(Message::Close(Some(frame))).await;
            while let Some(Ok(_)) = self.stream.next().await {
                self.stream.get_mut().share();
            }
            self.hang_up().await;
        };
        let _ = timeout(CLOSED_WITHIN, closing).await;
    }

    /// The client has left. If it has said so, it is told that it was heard.
    pub(super) async fn leave(mut self) {
        let leaving = async {
            while let Some(Ok(_)) = self.stream.next().await {}
            let _ = self.stream.get_mut().inner.shutdown().await;
        };
        let _ = timeout(CLOSED_WITHIN, leaving).await;
    }

    async fn hang_up(&mut self) {
        let inner = &mut self.stream.get_mut().inner;
        if inner.shutdown().await.is_ok() {
            let _ = tokio::io::copy(&mut inner.take(READ_ON), &mut tokio::io::sink()).await;
        }
    }
}

fn fault(error: &Error) -> Heard {
    match error {
        Error::Capacity(_) => Heard::Fault(Fault::TooLarge),
        Error::Utf8(_) => Heard::Fault(Fault::NotText),
        Error::Io(error) if error.kind() == io::ErrorKind::OutOfMemory => Heard::Fault(Fault::Crowded),
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => Heard::Left,
        Error::Protocol(_) => Heard::Fault(Fault::NotFrames),
        _ => Heard::Left,
    }
}
