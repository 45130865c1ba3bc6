//! A side copy of a compressed response, decoded for the meter while the client gets the bytes as they came.
//!
//! gzip and deflate are decoded as they flow, nothing is held back. Whatever goes wrong here ends the metering and
//! not the stream: the response is then settled by estimate. Other encodings (br, zstd) are not decoded at all;
//! the relay avoids them by asking the upstream for what can be read.

use std::io::Write;

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::usage::Unmetered;

/// A response's content encoding, with the sink that wants the plain bytes inside.
pub enum Decoding<S: Write> {
    /// Not compressed.
    Identity(S),
    /// `gzip`.
    Gzip(Box<MultiGzDecoder<S>>),
    /// `deflate`, as the standard means it: with a zlib header.
    Zlib(Box<ZlibDecoder<S>>),
    /// `deflate`, as some servers mean it: without.
    Deflate(Box<DeflateDecoder<S>>),
    /// `deflate` before its first byte has told which.
    UndecidedDeflate(Option<S>),
    /// Given up.
    Blind(Unmetered, S),
}

impl<S: Write + Default> Decoding<S> {
    /// The decoder for a `content-encoding` header.
    pub fn new(content_encoding: Option<&str>, sink: S) -> Self {
        let name = content_encoding.unwrap_or_default().trim();
        if name.is_empty() || name.eq_ignore_ascii_case("identity") {
            Self::Identity(sink)
        } else if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            Self::Gzip(Box::new(MultiGzDecoder::new(sink)))
        } else if name.eq_ignore_ascii_case("deflate") {
            Self::UndecidedDeflate(Some(sink))
        } else {
            Self::Blind(Unmetered::UnknownEncoding, sink)
        }
    }

    /// Takes the next bytes from the wire and passes on every plain byte they yield.
    #[inline]
    pub fn push(&mut self, chunk: &[u8]) {
        if chunk.is_empty() {
            return;
        }
        if let Self::UndecidedDeflate(sink) = self {
            let sink = sink.take().unwrap_or_default();
            // 0x78 begins every zlib stream in practice; as raw deflate it would be an odd stored block.
            *self = if chunk[0] == 0x78 {
                Self::Zlib(Box::new(ZlibDecoder::new(sink)))
            } else {
                Self::Deflate(Box::new(DeflateDecoder::new(sink)))
            };
        }
        let outcome = match self {
            Self::Identity(sink) => sink.write_all(chunk),
            // A decoder keeps what it has decoded until it is flushed.
            Self::Gzip(decoder) => decoder.write_all(chunk).and_then(|()| decoder.flush()),
            Self::Zlib(decoder) => decoder.write_all(chunk).and_then(|()| decoder.flush()),
            Self::Deflate(decoder) => decoder.write_all(chunk).and_then(|()| decoder.flush()),
            Self::UndecidedDeflate(_) | Self::Blind(..) => Ok(()),
        };
        if outcome.is_err() {
            let sink = std::mem::take(self.sink_mut());
            *self = Self::Blind(Unmetered::BrokenEncoding, sink);
        }
    }

    /// Why nothing is decoded any more.
    pub const fn unmetered(&self) -> Option<Unmetered> {
        match self {
            Self::Blind(why, _) => Some(*why),
            _ => None,
        }
    }

    /// Where the plain bytes went.
    pub fn sink(&self) -> Option<&S> {
        match self {
            Self::Identity(sink) | Self::Blind(_, sink) => Some(sink),
            Self::Gzip(decoder) => Some(decoder.get_ref()),
            Self::Zlib(decoder) => Some(decoder.get_ref()),
            Self::Deflate(decoder) => Some(decoder.get_ref()),
            Self::UndecidedDeflate(sink) => sink.as_ref(),
        }
    }

    /// As [`sink`](Self::sink), to end it.
    pub fn sink_mut(&mut self) -> &mut S {
        match self {
            Self::Identity(sink) | Self::Blind(_, sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::UndecidedDeflate(sink) => sink.get_or_insert_default(),
        }
    }
}
