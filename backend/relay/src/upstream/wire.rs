//! HTTP/1.1 as it is spoken with providers (RFC 9112): a request's bytes, an answer's head, and where its body ends. Nothing
//! is read or written here; that is the [link](super::link)'s.
//!
//! It is ours because of what passes over it: an answer of many small pieces. What has arrived is handed on at once, in one
//! piece, where a general client would hand on every chunk by itself, through a channel, and it is read into one buffer that
//! is as large as the answer needs. Whatever is not certain is refused: bytes that could be taken for the end of one answer
//! and the beginning of another must never be guessed at.

pub(crate) mod body;
pub(crate) mod head;
mod names;

use bytes::{Buf, Bytes};
use http::{Request, Version, header};
use std::io::IoSlice;

/// A body of so many bytes goes in one piece with its head: copying it costs less than a second piece does the system, and
/// TLS.
const SMALL: usize = 2048;

/// A request as bytes, as far as they have not gone.
pub(crate) struct Outgoing {
    /// With the body, where that is small.
    head: Vec<u8>,
    /// So much of that has gone.
    gone: usize,
    body: Bytes,
}

impl Outgoing {
    /// Writes it. The body is announced with its length; a large one is not copied.
    pub(crate) fn of(request: &Request<Bytes>) -> Self {
        debug_assert_eq!(request.version(), Version::HTTP_11);
        let headers = request.headers();
        let place = request.uri().path_and_query().map_or("/", |place| place.as_str());
        let room = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>();
        let body = request.body();
        let small = body.len() <= SMALL;
        let mut head = Vec::with_capacity(room + place.len() + 64 + if small { body.len() } else { 0 });
        head.extend_from_slice(request.method().as_str().as_bytes());
        head.extend_from_slice(b" ");
        head.extend_from_slice(place.as_bytes());
        head.extend_from_slice(b" HTTP/1.1\r\n");
        for (name, value) in headers {
            // How the body ends is said once, and here.
            if name == header::CONTENT_LENGTH || name == header::TRANSFER_ENCODING {
                continue;
            }
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"content-length: ");
        head.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
        head.extend_from_slice(b"\r\n\r\n");
        if small {
            head.extend_from_slice(body);
        }
        Self { head, gone: 0, body: if small { Bytes::new() } else { body.clone() } }
    }

    /// Whether all of it has gone.
    pub(super) fn is_gone(&self) -> bool {
        self.gone == self.head.len() && self.body.is_empty()
    }

    /// What is to go, in order: mostly all of it is in the first.
    pub(super) fn slices(&self) -> [IoSlice<'_>; 2] {
        [IoSlice::new(&self.head[self.gone..]), IoSlice::new(&self.body)]
    }

    /// So many bytes have gone.
    pub(super) fn went(&mut self, bytes: usize) {
        let of_head = bytes.min(self.head.len() - self.gone);
        self.gone += of_head;
        self.body.advance(bytes - of_head);
    }
}

/// Why what a provider sends is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// Another protocol, or none.
    #[error("it does not begin as an answer in HTTP/1.1 does")]
    NotHttp,
    /// The head breaks a rule.
    #[error("its head cannot be read: {0}")]
    Head(#[from] httparse::Error),
    /// The head does not end.
    #[error("its head is longer than {} bytes", head::LONGEST)]
    LongHead,
    /// Another protocol was not asked for.
    #[error("it wants to speak another protocol (101)")]
    Switches,
    /// No number, or several.
    #[error("its content-length is not one number")]
    Length,
    /// In another encoding than chunks.
    #[error("its transfer-encoding is not chunked")]
    Encoding,
    /// A chunk does not begin with its size, or it is too large a number.
    #[error("the size of a chunk cannot be read")]
    ChunkSize,
    /// A chunk is longer or shorter than its size.
    #[error("a chunk does not end where its size says")]
    ChunkEnd,
    /// What is said beside chunks, or after the last, does not end.
    #[error("it says more than {} bytes beside its chunks", body::MOST_ASIDE)]
    Aside,
}

#[cfg(test)]
mod tests;
