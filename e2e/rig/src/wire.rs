//! HTTP/1.1 as far as a load client needs it: requests are bytes made once, answers are read only to find their end.
//! The client shares the machine with what it measures, so it must cost little; it is no general client.

use anyhow::{Context, Result, bail};
use memchr::memmem;

/// Where to send what. The bytes are the same for every request.
#[derive(Clone, Debug)]
pub struct Target {
    /// `127.0.0.1:port`.
    pub address: String,
    /// A whole request, head and body.
    pub request: Vec<u8>,
}

impl Target {
    /// `POST` of a JSON body with further headers.
    pub fn post(address: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self { address: address.to_owned(), request: request("POST", address, path, headers, body) }
    }
}

/// The bytes of a request that keeps its connection.
pub fn request(method: &str, host: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    head.into_bytes()
}

/// What came back, complete.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Without chunk framing only where there was none.
    pub body: Vec<u8>,
    /// Seconds that a refusal asks to wait.
    pub retry_after: Option<u64>,
}

/// Bytes received on one connection, and how far they have been understood.
#[derive(Debug, Default)]
pub struct Inbox {
    /// Append what was read.
    pub bytes: Vec<u8>,
    head: Option<Head>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    retry_after: Option<u64>,
    length: usize,
    body: Framing,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length(usize),
    /// Where the next chunk begins.
    Chunked(usize),
}

impl Inbox {
    /// Whether the head of the next answer has been understood; its body may still be coming.
    pub fn status(&self) -> Option<u16> {
        self.head.map(|head| head.status)
    }

    /// With room for an answer of the usual size.
    pub fn roomy() -> Self {
        Self { bytes: Vec::with_capacity(16 * 1024), head: None }
    }

    /// Whether an answer is complete; it is then taken out. `keep` asks for its body, which costs a copy.
    pub fn take(&mut self, keep: bool) -> Result<Option<Answer>> {
        let Some(mut head) = self.head.map_or_else(|| self.parse_head(), |head| Ok(Some(head)))? else {
            return Ok(None);
        };
        let end = match &mut head.body {
            Framing::Length(length) => Some(head.length + *length).filter(|end| *end <= self.bytes.len()),
            Framing::Chunked(next) => skip_chunks(&self.bytes, next)?,
        };
        let Some(end) = end else {
            self.head = Some(head);
            return Ok(None);
        };
        let body =
            if keep || head.status >= 300 { self.bytes[head.length..end].to_vec() } else { Vec::new() };
        self.head = None;
        if end == self.bytes.len() {
            self.bytes.clear();
        } else {
            self.bytes.drain(..end);
        }
        Ok(Some(Answer { status: head.status, body, retry_after: head.retry_after }))
    }

    fn parse_head(&self) -> Result<Option<Head>> {
        let Some(end) = memmem::find(&self.bytes, b"\r\n\r\n") else { return Ok(None) };
        let text = std::str::from_utf8(&self.bytes[..end]).context("the head is not text")?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok());
        let Some(status) = status else { bail!("not an HTTP answer: {text}") };
        let length = end + 4;
        let mut retry_after = None;
        let mut body = if status == 204 { Framing::Length(0) } else { Framing::Length(usize::MAX) };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                body = Framing::Length(value.trim().parse().context("content-length")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                body = Framing::Chunked(length);
            } else if name.eq_ignore_ascii_case("retry-after") {
                retry_after = value.trim().parse().ok();
            }
        }
        if matches!(body, Framing::Length(usize::MAX)) {
            bail!("an answer without a length: {text}");
        }
        Ok(Some(Head { status, retry_after, length, body }))
    }
}

/// Moves `next` over complete chunks; the end of the last one when it is there.
fn skip_chunks(bytes: &[u8], next: &mut usize) -> Result<Option<usize>> {
    loop {
        let Some(line) = memmem::find(&bytes[*next..], b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[*next..*next + line]).context("chunk size")?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
            .with_context(|| format!("chunk size {size:?}"))?;
        let end = *next + line + 2 + size + 2;
        if end > bytes.len() {
            return Ok(None);
        }
        *next = end;
        if size == 0 {
            return Ok(Some(end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytewise(answer: &[u8]) -> Vec<Answer> {
        let mut inbox = Inbox::default();
        let mut answers = Vec::new();
        for byte in answer {
            inbox.bytes.push(*byte);
            answers.extend(inbox.take(true).unwrap());
        }
        assert!(inbox.bytes.is_empty());
        answers
    }

    #[test]
    fn answers_with_a_length_end_there() {
        let answers = bytewise(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n",
        );
        assert_eq!(answers[0], Answer { status: 200, body: b"ok".to_vec(), retry_after: None });
        assert_eq!(answers[1], Answer { status: 404, body: Vec::new(), retry_after: None });
    }

    #[test]
    fn chunked_answers_end_with_the_empty_chunk() {
        let answer =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\na\r\n\r\n1;x\r\nb\r\n0\r\n\r\n";
        assert_eq!(bytewise(answer).len(), 1);
    }

    #[test]
    fn an_answer_that_ends_with_the_connection_is_refused() {
        let mut inbox = Inbox { bytes: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), head: None };
        assert!(inbox.take(false).is_err());
    }
}
