//! Playing a stream: takes the events of a well-behaved answer from a dialect and writes them as the script wants them:
//! paced, packed, split, compressed, corrupted or broken off. The ledger is told what has been handed to the connection,
//! at the moment it is; a player dropped early is a caller that went away.

mod packet;

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep};

use self::packet::{Encoder, Next, Packets};
use crate::{
    ledger::{Outcome, Progress, Slot, Tokens},
    listen::Connection,
    receive::Call,
    script::{CutHow, Script},
};

/// One event of an answer, framed by its dialect.
pub(crate) struct Event {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: Kind,
    /// Usage figures that this event tells the caller.
    pub(crate) told: Option<Tokens>,
    /// What has been generated once it is out.
    pub(crate) billed: Option<Tokens>,
}

/// What scripts tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A piece of content: paced.
    Content,
    /// The event with the final usage.
    Usage,
    /// The event that ends the answer.
    Stop,
    /// Anything else.
    Other,
}

pub(crate) type Events = Box<dyn Iterator<Item = Event> + Send>;

/// A response body that plays an answer.
pub(crate) struct Player {
    packets: Packets,
    encoder: Encoder,
    slot: Slot,
    connection: Arc<Connection>,
    version: Version,
    interval: Duration,
    next_at: Option<Instant>,
    piece: usize,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Encoded and on its way; its progress counts once its last piece is handed over.
    writing: Bytes,
    progress: Progress,
    /// Whether to let the connection flush before the next piece.
    breathe: bool,
    waiting: Option<packet::Packet>,
    end: Option<End>,
    /// The announced length: a server stops asking once it has that, and never sees the end.
    length: Option<u64>,
}

enum End {
    Clean(Outcome),
    Broken(CutHow),
}

impl Player {
    pub(crate) fn new(call: Call, script: &Script, events: Events, error_event: Option<Vec<u8>>) -> Self {
        Self {
            packets: Packets::new(script, events, error_event),
            encoder: Encoder::new(script),
            slot: call.slot,
            connection: call.connection,
            version: call.version,
            interval: Duration::from_millis(script.interval_ms),
            next_at: None,
            piece: script.piece_bytes.unwrap_or(usize::MAX).max(1),
            sleep: None,
            writing: Bytes::new(),
            progress: Progress::default(),
            breathe: false,
            waiting: None,
            end: None,
            length: None,
        }
    }

    /// The answer has been announced with this length.
    pub(crate) fn of_length(mut self, length: usize) -> Self {
        self.length = Some(length as u64);
        self
    }

    /// The event that [`Script::bad_utf8_after`] asks for, in the dialect's words.
    pub(crate) fn with_bad_utf8(mut self, event: &'static [u8]) -> Self {
        self.packets.bad_utf8 = event;
        self
    }

    fn hand_over(&mut self) -> Bytes {
        let piece = self.writing.split_to(self.piece.min(self.writing.len()));
        self.slot.wrote(&piece);
        if self.writing.is_empty() {
            self.slot.advance(std::mem::take(&mut self.progress));
        }
        if self.length == Some(self.slot.written()) {
            self.slot.finish(Outcome::Completed);
        }
        piece
    }

    fn write(&mut self, packet: packet::Packet) {
        self.writing = self.encoder.encode(packet.bytes);
        self.progress.merge(packet.progress);
        self.breathe = self.piece != usize::MAX;
    }

    /// Deadlines are counted from the first, so that a busy machine does not stretch the stream.
    fn pace(&mut self) {
        let at = self.next_at.unwrap_or_else(Instant::now) + self.interval;
        self.next_at = Some(at);
        self.sleep = Some(Box::pin(tokio::time::sleep_until(at)));
    }

    fn advance(&mut self) {
        match self.packets.next() {
            Next::Packet(packet) if packet.paced && !self.interval.is_zero() => {
                self.pace();
                self.waiting = Some(packet);
            }
            Next::Packet(packet) => self.write(packet),
            Next::Silence(ms) => {
                // The clock stands still meanwhile: what comes after is not made up for in a burst.
                self.next_at = None;
                self.sleep = Some(Box::pin(tokio::time::sleep(Duration::from_millis(ms))));
            }
            Next::End(outcome) => {
                self.writing = self.encoder.finish();
                self.end = Some(End::Clean(outcome));
            }
            Next::Break(how) => {
                // What is in the connection's buffer must be out before it breaks.
                self.sleep = Some(Box::pin(tokio::time::sleep(FLUSH)));
                self.end = Some(End::Broken(how));
            }
        }
    }
}

const FLUSH: Duration = Duration::from_millis(3);

impl Body for Player {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        loop {
            if let Some(sleep) = &mut this.sleep {
                ready!(sleep.as_mut().poll(cx));
                this.sleep = None;
            }
            if !this.writing.is_empty() {
                if std::mem::take(&mut this.breathe) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                this.breathe = this.piece != usize::MAX;
                return Poll::Ready(Some(Ok(Frame::data(this.hand_over()))));
            }
            if let Some(packet) = this.waiting.take() {
                this.write(packet);
                continue;
            }
            match this.end.take() {
                Some(End::Clean(outcome)) => {
                    this.slot.finish(outcome);
                    return Poll::Ready(None);
                }
                Some(End::Broken(how)) => {
                    if how == CutHow::Reset {
                        this.connection.reset_on_close(this.version);
                    }
                    this.slot.finish(Outcome::CutByFault);
                    return Poll::Ready(Some(Err(io::Error::other("broken off by script"))));
                }
                None => this.advance(),
            }
        }
    }
}
