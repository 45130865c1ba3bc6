//! Server-sent events: an incremental decoder for looking at a stream from the side, and an encoder for the events
//! that are ours.
//!
//! The decoder takes any chunking, LF, CRLF or CR line ends, a leading byte-order mark, comments and data of
//! several lines. An event that lies whole inside one chunk is handed out as slices of that chunk; only what is
//! cut by a chunk's end is copied. It does not look into the data, and it never touches what is forwarded: when an
//! event outgrows [`MAX_EVENT`] the decoder gives up, the stream goes on.

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr2;

/// The largest event that is put together, in bytes of one line or of all data lines.
pub const MAX_EVENT: usize = 16 * 1024 * 1024;

/// Buffers that grew beyond this are given back once their event is done: ten thousand slow streams add up.
const KEEP: usize = 4 * 1024;

/// One event. A stream's event without an `event:` line has an empty name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What `event:` said.
    pub name: &'a [u8],
    /// The data lines, joined by LF.
    pub data: &'a [u8],
}

/// An event larger than [`MAX_EVENT`]: from here on the decoder stays silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {MAX_EVENT} bytes")]
pub struct TooLarge;

/// Where the decoder is between two chunks.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// A chunk ended with CR: an LF at the next one's start belongs to it.
    after_cr: bool,
    past_first_line: bool,
    /// A line of an event has come, and its closing blank line has not.
    inside: bool,
    given_up: bool,
}

/// What the lines of the current chunk have said of the current event, as far as it is not in the decoder.
#[derive(Default)]
struct Open<'a> {
    name: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and hands every event that they complete to `on_event`.
    pub fn push(&mut self, chunk: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<(), TooLarge> {
        if self.given_up {
            return Err(TooLarge);
        }
        let mut open = Open::default();
        let mut rest = chunk;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = match (rest[end], after) {
                (b'\r', [b'\n', after @ ..]) => after,
                (b'\r', []) => {
                    self.after_cr = true;
                    after
                }
                _ => after,
            };
            if self.line.is_empty() {
                self.take_line(line, &mut open, &mut on_event)?;
            } else {
                self.check(self.line.len() + line.len())?;
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                // Slices of `whole` cannot outlive this line, so what it says is copied at once.
                self.keep(&mut open)?;
                let mut last = Open::default();
                self.take_line(&whole, &mut last, &mut on_event)?;
                self.keep(&mut last)?;
                self.line = recycled(whole);
            }
        }
        self.keep(&mut open)?;
        self.check(self.line.len() + rest.len())?;
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// Whether what was taken ends where an event ends, so that another one may stand there.
    pub const fn between_events(&self) -> bool {
        !self.inside && self.line.is_empty() && !self.after_cr && !self.given_up
    }

    /// The stream has ended. An event whose closing blank line never came is handed out all the same: a meter
    /// wants the figures in it; whoever parses for a client must not ask.
    pub fn finish(&mut self, mut on_event: impl FnMut(Event<'_>)) {
        let line = std::mem::take(&mut self.line);
        let mut open = Open::default();
        let whole = self.take_line(&line, &mut open, &mut on_event).and_then(|()| self.keep(&mut open));
        if whole.is_ok() {
            self.dispatch(&mut open, &mut on_event);
        }
    }

    #[inline]
    fn take_line<'a>(
        &mut self,
        mut line: &'a [u8],
        open: &mut Open<'a>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), TooLarge> {
        if !self.past_first_line {
            self.past_first_line = true;
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        self.inside = !line.is_empty();
        if line.is_empty() {
            self.dispatch(open, on_event);
        } else if let Some(data) = field(line, b"data") {
            if open.data.is_some() || self.has_data {
                self.keep(open)?;
                self.check(self.data.len() + 1 + data.len())?;
                self.data.push(b'\n');
                self.data.extend_from_slice(data);
            } else {
                open.data = Some(data);
            }
        } else if let Some(name) = field(line, b"event") {
            open.name = Some(name);
        }
        // Comments, `id`, `retry` and unknown fields say nothing a meter needs.
        Ok(())
    }

    #[inline]
    fn dispatch(&mut self, open: &mut Open<'_>, on_event: &mut impl FnMut(Event<'_>)) {
        let name = open.name.take().unwrap_or(&self.name);
        let data = if self.has_data { Some(self.data.as_slice()) } else { open.data };
        open.data = None;
        if let Some(data) = data {
            on_event(Event { name, data });
        }
        self.has_data = false;
        self.name.clear();
        if self.data.capacity() > 0 {
            self.data = recycled(std::mem::take(&mut self.data));
        }
    }

    /// Copies what still points into a chunk that is about to go.
    fn keep(&mut self, open: &mut Open<'_>) -> Result<(), TooLarge> {
        if let Some(name) = open.name.take() {
            self.name.clear();
            self.name.extend_from_slice(name);
        }
        if let Some(data) = open.data.take() {
            self.check(data.len())?;
            self.data.extend_from_slice(data);
            self.has_data = true;
        }
        Ok(())
    }

    fn check(&mut self, length: usize) -> Result<(), TooLarge> {
        if length <= MAX_EVENT {
            return Ok(());
        }
        *self = Self { given_up: true, ..Self::default() };
        Err(TooLarge)
    }
}

/// An emptied buffer, or a fresh one when it has grown too large to keep.
fn recycled(mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.clear();
    if buffer.capacity() > KEEP { Vec::new() } else { buffer }
}

/// The value of a line `name: value`, without the one space that may follow the colon.
#[inline]
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

/// An event of ours, blank line included. Line ends inside `data` become further data lines.
pub fn encode(name: &str, data: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(name.len() + data.len() + 24);
    if !name.is_empty() {
        event.put_slice(b"event: ");
        event.put_slice(name.as_bytes());
        event.put_u8(b'\n');
    }
    for line in data.split(|&byte| byte == b'\n') {
        event.put_slice(b"data: ");
        event.put_slice(line.strip_suffix(b"\r").unwrap_or(line));
        event.put_u8(b'\n');
    }
    event.put_u8(b'\n');
    event.freeze()
}

#[cfg(test)]
mod tests;
