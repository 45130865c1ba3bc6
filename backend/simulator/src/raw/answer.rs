//! One raw answer: planned as any other, framed by hand, wrong where the fault says.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderMap, request::Parts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{After, RawFault, http1::Reader};
use crate::{
    Shared,
    anthropic::{self, Stream},
    ledger::{Outcome, Progress},
    listen::Connection,
    play::{Event, Kind},
    receive::Call,
    reply::Plan,
};

pub(super) async fn one(
    fault: RawFault,
    shared: &Shared,
    connection: &Arc<Connection>,
    head: Parts,
    reader: &mut Reader,
    io: &mut TcpStream,
) -> io::Result<After> {
    let mut call = Call::open(shared, Arc::clone(connection), head.clone());
    match fault {
        RawFault::EarlyAnswer => {
            let refusal = anthropic::problem(413, "request_too_large", "Request exceeds the maximum size");
            refuse(&mut call, &refusal, "connection: close\r\n", io).await?;
            return Ok(After::Close);
        }
        RawFault::NotHttp => {
            call.took(shared, reader.body(io, &head).await?);
            io.write_all(b"\x15\x03\x01\x00\x02\x02\x46 SSH-2.0-not-http\r\n").await?;
            call.slot.finish(Outcome::CutByFault);
            return Ok(After::Close);
        }
        _ => call.took(shared, reader.body(io, &head).await?),
    }
    if let RawFault::HtmlError { status } = fault {
        let refusal = crate::Refusal { status, html: true, ..crate::Refusal::default() };
        refuse(&mut call, &refusal, "connection: close\r\n", io).await?;
        return Ok(After::Close);
    }
    if head.uri.path() != "/v1/messages" {
        refuse(&mut call, &anthropic::problem(404, "not_found_error", "Not found"), "", io).await?;
        return Ok(After::Stay);
    }
    match anthropic::plan(shared, &mut call) {
        Err(refusal) => refuse(&mut call, &refusal, "", io).await.map(|()| After::Stay),
        Ok(plan) => answer(fault, call, plan, io).await,
    }
}

async fn answer(fault: RawFault, mut call: Call, plan: Plan, io: &mut TcpStream) -> io::Result<After> {
    let Plan { script, answer, stream, repeat_usage } = plan;
    call.slot.update(|entry| {
        entry.status = Some(200);
        entry.message_id = Some(answer.message_id.clone());
    });
    let events: Vec<Event> = if stream {
        Stream::new(answer, &script, repeat_usage).collect()
    } else {
        vec![Event {
            bytes: anthropic::body(&answer).into_bytes(),
            kind: Kind::Other,
            told: Some(answer.tokens),
            billed: Some(answer.tokens),
        }]
    };
    let framing = match fault {
        RawFault::CloseDelimited { .. } => Framing::Close,
        _ if stream => Framing::Chunked,
        _ => Framing::Length(events.iter().map(|event| event.bytes.len()).sum()),
    };
    let mut wire = Wire { io, framing, call: &mut call };
    wire.head(if stream { "text/event-stream; charset=utf-8" } else { "application/json" }).await?;

    let stop_after = match fault {
        RawFault::HalfClose { after } | RawFault::CloseDelimited { after } if stream => after as usize,
        RawFault::Truncated if stream => events.len() / 2,
        RawFault::HalfClose { .. } | RawFault::CloseDelimited { .. } | RawFault::Truncated => 0,
        _ => usize::MAX,
    };
    let endless = fault == RawFault::BytesAfterCancel && stream;
    for event in events.iter().take(stop_after).take_while(|event| !endless || event.kind != Kind::Usage) {
        wire.event(event).await?;
    }
    if stop_after < events.len() {
        wire.half(&events[stop_after]).await?;
        wire.call.slot.finish(Outcome::CutByFault);
        if matches!(fault, RawFault::HalfClose { .. }) {
            wire.io.shutdown().await?;
            // Still listening: the other side decides when it is over.
            while wire.io.read(&mut [0; 1024]).await? > 0 {}
        }
        return Ok(After::Close);
    }
    if endless {
        let ping = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";
        // Until writing fails; dropping the call then says that the caller left.
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            wire.bytes(ping).await?;
        }
    }
    wire.end().await?;
    wire.call.slot.finish(Outcome::Completed);
    if fault == RawFault::ExtraBytes {
        wire.io.write_all(UNASKED).await?;
    }
    Ok(After::Stay)
}

/// The answer to a question that nobody asked, for whoever reuses the connection without looking.
const UNASKED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 32\r\n\r\n{\"stolen\":\"an answer of another\"}";

enum Framing {
    Length(usize),
    Chunked,
    Close,
}

struct Wire<'a> {
    io: &'a mut TcpStream,
    framing: Framing,
    call: &'a mut Call,
}

impl Wire<'_> {
    async fn head(&mut self, content_type: &str) -> io::Result<()> {
        let framing = match self.framing {
            Framing::Length(length) => format!("content-length: {length}"),
            Framing::Chunked => "transfer-encoding: chunked".to_owned(),
            Framing::Close => "connection: close".to_owned(),
        };
        let described = described(self.call);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n{framing}\r\n{described}\r\n");
        self.io.write_all(head.as_bytes()).await
    }

    async fn event(&mut self, event: &Event) -> io::Result<()> {
        self.bytes(&event.bytes).await?;
        self.call.slot.advance(Progress { events: 1, told: event.told, billed: event.billed, last: false });
        Ok(())
    }

    async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if matches!(self.framing, Framing::Chunked) {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(bytes);
            chunk.extend_from_slice(b"\r\n");
            self.io.write_all(&chunk).await?;
        } else {
            self.io.write_all(bytes).await?;
        }
        self.call.slot.wrote(bytes);
        Ok(())
    }

    /// The first half of an event whose other half was promised. What it says has not been told, but was generated.
    async fn half(&mut self, event: &Event) -> io::Result<()> {
        let half = &event.bytes[..event.bytes.len() / 2];
        if matches!(self.framing, Framing::Chunked) {
            self.io.write_all(format!("{:x}\r\n", event.bytes.len()).as_bytes()).await?;
        }
        self.io.write_all(half).await?;
        self.call.slot.wrote(half);
        self.call.slot.advance(Progress { billed: event.billed, ..Progress::default() });
        Ok(())
    }

    async fn end(&mut self) -> io::Result<()> {
        if matches!(self.framing, Framing::Chunked) {
            self.io.write_all(b"0\r\n\r\n").await?;
        }
        Ok(())
    }
}

async fn refuse(
    call: &mut Call,
    refusal: &crate::Refusal,
    extra: &str,
    io: &mut TcpStream,
) -> io::Result<()> {
    let (content_type, body) = anthropic::render(refusal, call.slot.request_id());
    let described = if refusal.html { String::new() } else { described(call) };
    let answer = format!(
        "HTTP/1.1 {} Refused\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{extra}{described}\r\n{body}",
        refusal.status,
        body.len()
    );
    call.slot.update(|entry| entry.status = Some(refusal.status));
    io.write_all(answer.as_bytes()).await?;
    call.slot.wrote(body.as_bytes());
    call.slot.finish(Outcome::Completed);
    Ok(())
}

/// The usual headers of an answer, as lines.
fn described(call: &Call) -> String {
    let mut headers = HeaderMap::new();
    anthropic::describe(&call.slot, &mut headers);
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\r\n", value.to_str().unwrap_or_default())
    };
    headers.iter().map(line).collect()
}
