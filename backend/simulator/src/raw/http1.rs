//! Just enough HTTP/1.1 to read a request from a socket by hand.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use http::{Request, header, request::Parts};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// What has arrived and is not used yet.
#[derive(Default)]
pub(super) struct Reader {
    buffer: BytesMut,
}

impl Reader {
    /// The next request's head; none when the caller closed in between.
    pub(super) async fn head(&mut self, io: &mut TcpStream) -> io::Result<Option<Parts>> {
        let end = loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if io.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        };
        let head = self.buffer.split_to(end);
        self.buffer.advance(4);
        let text = std::str::from_utf8(&head).map_err(io::Error::other)?;
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            request = request.header(name, value.trim());
        }
        let (parts, ()) = request.body(()).map_err(io::Error::other)?.into_parts();
        Ok(Some(parts))
    }

    /// The body that this head announces, by length or in chunks.
    pub(super) async fn body(&mut self, io: &mut TcpStream, head: &Parts) -> io::Result<Bytes> {
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(length) = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()) {
            return Ok(self.exactly(io, length).await?.freeze());
        }
        if text(header::TRANSFER_ENCODING).is_none_or(|coding| !coding.contains("chunked")) {
            return Ok(Bytes::new());
        }
        let mut body = BytesMut::new();
        loop {
            let line = self.line(io).await?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16);
            let size = size.map_err(io::Error::other)?;
            body.extend_from_slice(&self.exactly(io, size).await?);
            self.line(io).await?;
            if size == 0 {
                return Ok(body.freeze());
            }
        }
    }

    async fn exactly(&mut self, io: &mut TcpStream, length: usize) -> io::Result<BytesMut> {
        while self.buffer.len() < length {
            self.more(io).await?;
        }
        Ok(self.buffer.split_to(length))
    }

    async fn line(&mut self, io: &mut TcpStream) -> io::Result<String> {
        let end = loop {
            match memchr::memmem::find(&self.buffer, b"\r\n") {
                Some(at) => break at,
                None => self.more(io).await?,
            }
        };
        let line = String::from_utf8_lossy(&self.buffer.split_to(end)).into_owned();
        self.buffer.advance(2);
        Ok(line)
    }

    async fn more(&mut self, io: &mut TcpStream) -> io::Result<()> {
        if io.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
