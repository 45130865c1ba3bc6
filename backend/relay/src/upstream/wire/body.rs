//! The body of an answer in what has come over the connection: its bytes without what delimits them, and its end.

use super::Malformed;
use bytes::{Buf, Bytes, BytesMut};

/// Bytes that an answer may say beside its chunks: their extensions and what trails them, which nobody here wants.
pub(crate) const MOST_ASIDE: u32 = 64 * 1024;

/// Where a body ends, and how far it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimited {
    /// After so many bytes more.
    ByLength(u64),
    /// After its last chunk.
    ByChunks {
        /// What comes next.
        next: Next,
        /// Bytes said beside the chunks so far.
        aside: u32,
    },
    /// When the connection is closed.
    ByClose,
    /// It has been read to its end, or there was none.
    Over,
}

/// What comes next in a body of chunks (RFC 9112, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A digit of a size; how many there were, and the size by them.
    Size(u8, u64),
    /// Blanks behind the size, which some servers fill up with; how many there were.
    Blank(u8, u64),
    /// The rest of the line that has told the size.
    Extension(u64),
    /// The end of that line.
    SizeEnd(u64),
    /// So many bytes of a chunk.
    Data(u64),
    /// The line's end behind a chunk.
    DataEnd,
    /// Its second half.
    DataEndFeed,
    /// A line that trails the last chunk; how long it is so far.
    Trailer(u32),
    /// The end of such a line.
    TrailerEnd(u32),
    /// Nothing: the last chunk has been read.
    Nothing,
}

impl Delimited {
    /// A body of chunks, at its beginning.
    pub(crate) const fn chunked() -> Self {
        Self::ByChunks { next: Next::Size(0, 0), aside: 0 }
    }

    /// Whether all of it has been taken.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self, Self::Over | Self::ByChunks { next: Next::Nothing, .. })
    }

    /// Bytes left, where they were announced: of chunks nobody says more, even behind the last.
    pub(crate) const fn left(&self) -> Option<u64> {
        match self {
            Self::ByLength(left) => Some(*left),
            Self::Over => Some(0),
            Self::ByChunks { .. } | Self::ByClose => None,
        }
    }

    /// The connection was closed. Whether that is where it ends.
    pub(crate) fn closed(&mut self) -> bool {
        if *self == Self::ByClose {
            *self = Self::Over;
        }
        self.is_over()
    }

    /// Takes what has come of it, in one piece; `None` while there is nothing. What comes behind its end stays.
    pub(crate) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
        if buffer.is_empty() {
            return Ok(None);
        }
        let data = match self {
            Self::Over => return Ok(None),
            Self::ByClose => buffer.split(),
            Self::ByLength(left) => {
                let here = usize::try_from(*left).map_or(buffer.len(), |left| left.min(buffer.len()));
                *left -= here as u64;
                if *left == 0 {
                    *self = Self::Over;
                }
                buffer.split_to(here)
            }
            Self::ByChunks { next, aside } => {
                let run = unchunk(next, aside, buffer)?;
                if run.begin == run.end {
                    buffer.advance(run.read);
                    return Ok(None);
                }
                buffer.advance(run.begin);
                let data = buffer.split_to(run.end - run.begin);
                buffer.advance(run.read - run.end);
                data
            }
        };
        Ok(Some(data.freeze()))
    }
}

/// What was found: data from `begin` to `end`, everything up to `read` is done with.
struct Run {
    begin: usize,
    end: usize,
    read: usize,
}

/// Reads chunks. Where there are several, their data is moved together: one piece costs less to hand on than many.
fn unchunk(next: &mut Next, aside: &mut u32, bytes: &mut [u8]) -> Result<Run, Malformed> {
    let mut run = Run { begin: 0, end: 0, read: 0 };
    while let Some(&byte) = bytes.get(run.read) {
        match next {
            Next::Nothing => break,
            Next::Data(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - run.read);
                if run.begin == run.end {
                    (run.begin, run.end) = (run.read, run.read);
                } else {
                    bytes.copy_within(run.read..run.read + here, run.end);
                }
                run.end += here;
                run.read += here;
                *left -= here as u64;
                if *left == 0 {
                    *next = Next::DataEnd;
                }
            }
            _ => match after(*next, byte, aside) {
                Ok(then) => {
                    run.read += 1;
                    *next = then;
                }
                // What was good goes on first: it may hold what was used. The byte stays, and is refused the next time.
                Err(_) if run.begin < run.end => break,
                Err(why) => return Err(why),
            },
        }
    }
    Ok(run)
}

/// What comes after a byte that is no data.
fn after(next: Next, byte: u8, aside: &mut u32) -> Result<Next, Malformed> {
    Ok(match (next, byte) {
        (Next::Size(digits, size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 16 => {
            let digit = char::from(byte).to_digit(16).ok_or(Malformed::ChunkSize)?;
            Next::Size(digits + 1, size << 4 | u64::from(digit))
        }
        (Next::Size(1.., size) | Next::Blank(_, size) | Next::Extension(size), b'\r') => Next::SizeEnd(size),
        (Next::Size(1.., size) | Next::Blank(_, size), b';') => Next::Extension(size),
        (Next::Size(1.., size), b' ' | b'\t') => Next::Blank(1, size),
        (Next::Blank(blanks, size), b' ' | b'\t') if blanks < u8::MAX => Next::Blank(blanks + 1, size),
        // Another digit, or a line's end of another kind: somebody else might read another size.
        (Next::Size(..) | Next::Blank(..), _) | (Next::Extension(_), b'\n') => {
            return Err(Malformed::ChunkSize);
        }
        (Next::Extension(size), _) => {
            count(aside)?;
            Next::Extension(size)
        }
        (Next::SizeEnd(0), b'\n') => Next::Trailer(0),
        (Next::SizeEnd(size), b'\n') => Next::Data(size),
        (Next::SizeEnd(_), _) => return Err(Malformed::ChunkSize),
        (Next::DataEnd, b'\r') => Next::DataEndFeed,
        (Next::DataEndFeed, b'\n') => Next::Size(0, 0),
        (Next::Trailer(length), b'\r') => Next::TrailerEnd(length),
        (Next::Trailer(length), _) => {
            count(aside)?;
            Next::Trailer(length.saturating_add(1))
        }
        (Next::TrailerEnd(0), b'\n') => Next::Nothing,
        (Next::TrailerEnd(_), b'\n') => Next::Trailer(0),
        (Next::DataEnd | Next::DataEndFeed | Next::TrailerEnd(_) | Next::Data(_) | Next::Nothing, _) => {
            return Err(Malformed::ChunkEnd);
        }
    })
}

fn count(aside: &mut u32) -> Result<(), Malformed> {
    *aside += 1;
    if *aside > MOST_ASIDE { Err(Malformed::Aside) } else { Ok(()) }
}
