//! From one dialect to another: a request before it is sent, and the answer as it comes.
//!
//! A request is read as a [`Conversation`] and written for its [`Target`]; what cannot be carried is refused before
//! anything is reserved, and a table in [`neutral`](crate::neutral) says what. An answer goes through a [`Converter`],
//! piece by piece: every event of the upstream's becomes events of the client's at once, and nothing is held back but
//! what the client's dialect has only whole (Gemini's calls), or one after the other (Anthropic's blocks). Where both
//! sides speak one dialect in one form nothing of this is used, and the bytes pass untouched.

mod readers;
mod restoring;
mod writers;

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Map;

use crate::error::{Failure, UpstreamError};
use crate::framing::Framing;
use crate::neutral::accumulate::LARGEST;
use crate::neutral::order::TooMuch;
use crate::neutral::{Block, Conversation, Event, Restore, StopReason, Target, Unsupported, Written};
use crate::request::Path;
use crate::{Dialect, anthropic, array, chat, gemini, responses, sse};

use readers::Reader;
use restoring::Restoring;
use writers::Writer;

/// A request in a dialect, read as a conversation. `path` has what Gemini says there.
pub fn read<'a>(dialect: Dialect, path: Path<'a>, body: &'a [u8]) -> Result<Conversation<'a>, Unsupported> {
    match dialect {
        Dialect::Anthropic => anthropic::read::request(body),
        Dialect::OpenaiChat => chat::read::request(body),
        Dialect::OpenaiResponses => responses::read::request(body),
        Dialect::Gemini => gemini::read::request(body, path.model.unwrap_or_default(), path.stream),
    }
}

/// A conversation, written as a request in a dialect.
pub fn write(
    dialect: Dialect,
    conversation: &Conversation<'_>,
    target: &Target<'_>,
) -> Result<Written, Unsupported> {
    match dialect {
        Dialect::Anthropic => anthropic::write::request(conversation, target),
        Dialect::OpenaiChat => chat::write::request(conversation, target),
        Dialect::OpenaiResponses => responses::write::request(conversation, target),
        Dialect::Gemini => gemini::write::request(conversation, target),
    }
}

/// A dialect in one of its forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The dialect.
    pub dialect: Dialect,
    /// How an answer in it comes.
    pub framing: Framing,
}

/// Converts one answer.
#[derive(Debug)]
pub struct Converter {
    split: Split,
    reader: Reader,
    stage: Stage,
}

/// How the upstream's bytes are told apart.
#[derive(Debug)]
enum Split {
    Events(sse::Decoder),
    Array(array::Decoder),
    Body(Vec<u8>),
}

/// What stands behind the reader.
#[derive(Debug)]
struct Stage {
    from: Dialect,
    to: Wire,
    restore: Restore,
    restoring: Restoring,
    writer: Writer,
    started: bool,
    stopped: bool,
    ended: bool,
    error: Option<UpstreamError>,
    /// How many bytes of ids, names and proofs have come, which stay until the end.
    kept: usize,
}

/// How many blocks an answer may have. The longest that were seen have some hundreds.
const MOST_BLOCKS: usize = 16 * 1024;

/// The longest id of an answer that is handed on: some dialects repeat it in every event.
const LONGEST_ID: usize = 256;

impl Converter {
    /// A converter for the answer to the request that `restore` came from.
    pub fn new(from: Wire, to: Wire, restore: Restore) -> Self {
        let split = match from.framing {
            Framing::Events => Split::Events(sse::Decoder::new()),
            Framing::Array => Split::Array(array::Decoder::default()),
            Framing::Body => Split::Body(Vec::new()),
        };
        let stage = Stage {
            from: from.dialect,
            to,
            restore,
            restoring: Restoring::default(),
            writer: Writer::new(to),
            started: false,
            stopped: false,
            ended: false,
            error: None,
            kept: 0,
        };
        Self { split, reader: Reader::new(from.dialect), stage }
    }

    /// Takes the next bytes from the upstream, cut anywhere, and appends what they make for the client to `out`: whole
    /// events or elements, or nothing.
    pub fn push(&mut self, chunk: &[u8], out: &mut BytesMut) {
        let Self { split, reader, stage } = self;
        let mut take = |data: &[u8]| reader.event(data, &mut |event| stage.event(event, out));
        let fits = match split {
            Split::Events(decoder) => decoder.push(chunk, |event| take(event.data)).is_ok(),
            Split::Array(decoder) => decoder.push(chunk, take).is_ok(),
            Split::Body(body) => {
                let fits = body.len() + chunk.len() <= LARGEST;
                if fits {
                    body.extend_from_slice(chunk);
                }
                fits
            }
        };
        if !fits {
            self.stage.fail(too_large(), out);
        }
    }

    /// The upstream has ended its answer. Where the client gets one piece, it is written now. An error is one that the
    /// upstream told, or an answer that is not whole; a stream has been given its event, a client that waits for one
    /// piece has been given nothing.
    pub fn finish(&mut self, out: &mut BytesMut) -> Result<(), UpstreamError> {
        let Self { split, reader, stage } = self;
        if let Split::Body(body) = split
            && stage.error.is_none()
        {
            match readers::answer(stage.from, body) {
                Ok(answer) => answer.events(&mut |event| stage.event(event, out)),
                Err(error) => stage.fail(error, out),
            }
        } else {
            reader.end(&mut |event| stage.event(event, out));
        }
        stage.finish(out)
    }

    /// The upstream broke off, or is given up. A stream gets its event, unless it has ended already.
    pub fn broke(&mut self, failure: &Failure<'_>, out: &mut BytesMut) {
        self.stage.broke(failure, out);
    }

    /// The client's answer has come to an end, proper or not: nothing may follow.
    pub const fn ended(&self) -> bool {
        self.stage.ended
    }

    /// Bytes that keep the client waiting. They may stand between any two pieces.
    pub const fn keep_alive(&self) -> Bytes {
        self.stage.to.dialect.keep_alive(self.stage.to.framing)
    }
}

impl Stage {
    fn event(&mut self, event: Event<'_>, out: &mut BytesMut) {
        if self.ended {
            return;
        }
        let event = match event {
            Event::Error(error) => return self.fail(error, out),
            Event::Start { .. } if std::mem::replace(&mut self.started, true) => return,
            Event::Start { id, usage } => Event::Start { id: id.filter(|id| id.len() <= LONGEST_ID), usage },
            event if !self.started => {
                // Some servers forget how an answer begins, and no client does without it.
                self.event(Event::Start { id: None, usage: None }, out);
                event
            }
            Event::End if !self.stopped => {
                // Nor without a word about why it ends.
                self.event(Event::Stop { reason: StopReason::EndTurn, sequence: None }, out);
                event
            }
            event => event,
        };
        self.stopped |= matches!(event, Event::Stop { .. });
        if !self.has_room(&event) {
            return self.fail(too_large(), out);
        }
        let Self { to, restore, restoring, writer, .. } = self;
        let ends = event == Event::End;
        let mut written = Ok(());
        restoring.event(event, restore, to.dialect, &mut |event| {
            if written.is_ok() {
                written = writer.event(event, restore, out);
            }
        });
        match written {
            Ok(()) => self.ended |= ends,
            Err(TooMuch) => self.fail(too_large(), out),
        }
    }

    /// Whether what stays of an event still fits beside what has stayed before.
    fn has_room(&mut self, event: &Event<'_>) -> bool {
        let (blocks, bytes) = match event {
            Event::Open { index, block } => {
                let bytes = match block {
                    Block::Tool { id, name } => id.len() + name.len(),
                    Block::Redacted(opaque) => opaque.payload.len(),
                    Block::Text | Block::Refusal | Block::Thinking => 0,
                };
                (index + 1, bytes)
            }
            Event::Signature { opaque, .. } => (0, opaque.payload.len()),
            _ => return true,
        };
        self.kept = self.kept.saturating_add(bytes);
        blocks <= MOST_BLOCKS && self.kept <= LARGEST
    }

    fn finish(&mut self, out: &mut BytesMut) -> Result<(), UpstreamError> {
        if !self.ended {
            self.fail(UpstreamError::new("incomplete", "the upstream ended its answer early"), out);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.writer.finish(self.to.dialect, &self.restore, out),
        }
    }

    /// Tells an error of the upstream's in the client's dialect.
    fn fail(&mut self, error: UpstreamError, out: &mut BytesMut) {
        let facts = Map::new();
        let request_id = std::mem::take(&mut self.restore.request_id);
        let failure = Failure {
            status: self.from.error_status(&error.kind).unwrap_or(502),
            code: "upstream_error",
            message: &error.message,
            request_id: &request_id,
            facts: &facts,
        };
        self.broke(&failure, out);
        self.error.get_or_insert(error);
    }

    fn broke(&mut self, failure: &Failure<'_>, out: &mut BytesMut) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        match &self.writer {
            Writer::Whole(_) => {}
            Writer::Responses(writer) => {
                let (id, sequence) = writer.place();
                out.put(responses::error::failed(failure, id, sequence));
            }
            Writer::Gemini(writer) if self.to.framing == Framing::Array && !writer.began() => {
                out.put_u8(b'[');
                out.put(gemini::error::body(failure));
            }
            _ => out.put(self.to.dialect.error_event(failure, self.to.framing)),
        }
    }
}

fn too_large() -> UpstreamError {
    UpstreamError::new("too_large", "the upstream's answer is too large to be converted")
}
