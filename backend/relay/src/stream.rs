//! Forwarding an answer: bytes to the client as they arrive, a side copy to the meter, the hold settled at the end,
//! at an error, or when the client drops us.
//!
//! A broken answer never ends cleanly: clients take a clean early end for success. The dialect's error event is sent,
//! flushed, and then the connection is cut.

use crate::{
    body::RelayBody,
    drain,
    health::Health,
    hold::Hold,
    identify::SUSPENDED,
    settle::Ending,
    translate::{self, Way},
    upstream::{framing::Unframed, headers, opening::Opened},
};
use bytes::{Bytes, BytesMut};
use causeway_accounts::rules::Row;
use causeway_dialect::{
    Dialect,
    convert::{Converter, Wire},
    error::{Failure, UpstreamError},
    framing::Framing,
    meter::Meter,
};
use causeway_domain::RequestId;
use causeway_store::ledger::Outcome;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::{Body, SizeHint};
use serde_json::Map;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// A first checkpoint after this long, and another each time it has passed again.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// An answer on its way through.
pub(crate) struct Forward {
    /// What was held back until content came; the meter has seen it.
    held: std::vec::IntoIter<Bytes>,
    upstream: Option<Unframed>,
    meter: Option<Meter>,
    hold: Option<Hold>,
    way: Way,
    /// What is left to hand out when the provider's answer has ended.
    tail: Option<Bytes>,
    dialect: Dialect,
    status: u16,
    /// How the client gets it.
    framing: Framing,
    /// The provider says itself when its answer is whole.
    says_end: bool,
    size: SizeHint,
    idle: Duration,
    /// After so much silence the client is told that we are still there; `None` = never.
    keep_alive: Option<Duration>,
    /// When it was told last.
    told: Instant,
    health: Arc<Health>,
    /// Made when there is first something to wait for; most answers that do not stream never wait.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Over when the organisation is suspended. Made like the alarm.
    halted: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// The code of what cut it off.
    code: &'static str,
    last: Instant,
    checkpointed: Instant,
    end: End,
    request: RequestId,
}

enum End {
    /// Still going.
    Running,
    /// The client is told next what broke, in its own dialect.
    Broken(&'static str),
    /// It has been told; once that is flushed the connection is cut.
    Told { flushed: bool, why: &'static str },
    /// Nothing more comes.
    Over,
}

/// How an answer gets through.
pub(crate) struct Passage {
    /// What it passes through.
    pub way: Way,
    /// For the next piece of an answer.
    pub idle: Duration,
    /// Before the client is told that we are still there.
    pub keep_alive: Option<Duration>,
    /// Where it is noted when the answer breaks off.
    pub health: Arc<Health>,
}

/// The meter for an answer.
pub(crate) fn meter_for(hold: &Hold, headers: &HeaderMap) -> Meter {
    let text = |name| headers.get(name).and_then(|v: &http::HeaderValue| v.to_str().ok());
    hold.speaks().meter(hold.stream(), text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING))
}

/// Turns a provider's answer into ours.
pub(crate) fn forward(
    opened: Opened,
    hold: Hold,
    wire: Wire,
    passage: Passage,
    request: RequestId,
) -> Response<RelayBody> {
    let Opened { head, mut held, body, meter, ended } = opened;
    let Passage { mut way, .. } = passage;
    let mut status = head.status;
    let mut headers = headers::downward(head.headers);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let says_end = status.as_u16() < 400 && Framing::of(hold.speaks(), hold.stream(), kind) != Framing::Body;
    let packed = headers.contains_key(header::CONTENT_ENCODING);
    let mut framing = Framing::of(wire.dialect, wire.framing != Framing::Body, kind);
    // What has ended may be shorter than was announced, where it was an error that broke off: it is as long as it is.
    if ended || !matches!(way, Way::Straight) {
        headers.remove(header::CONTENT_LENGTH);
    }
    if let Way::Converted(converter) = &mut way {
        framing = wire.framing;
        headers.insert(header::CONTENT_TYPE, translate::content_type(framing));
        headers.remove(header::CONTENT_ENCODING);
        // Nearly always it is all here, and can still be told properly what cannot be converted.
        if framing == Framing::Body && ended && !packed {
            let converted = whole(converter, &held, wire.dialect, request);
            status = if converted.is_ok() { status } else { StatusCode::BAD_GATEWAY };
            held = vec![converted.unwrap_or_else(|error| error)];
            way = Way::Straight;
        }
    }
    let now = Instant::now();
    let rest = match &way {
        Way::Straight if ended => Some(0),
        Way::Straight => body.size_hint().exact(),
        _ => None,
    };
    let size = rest.map(|rest| rest + held.iter().map(|bytes| bytes.len() as u64).sum::<u64>());
    let events = framing != Framing::Body;
    let unreadable = packed && !matches!(way, Way::Straight);
    let mut forward = Forward {
        size: size.map_or_else(SizeHint::default, SizeHint::with_exact),
        held: held.into_iter(),
        upstream: Some(body),
        meter: Some(meter),
        hold: Some(hold),
        way,
        tail: None,
        dialect: wire.dialect,
        status: status.as_u16(),
        framing,
        says_end,
        idle: passage.idle,
        // A length that was announced leaves no room for more.
        keep_alive: passage.keep_alive.filter(|_| events && size.is_none_or(|_| ended)),
        told: now,
        health: passage.health,
        alarm: None,
        halted: None,
        code: "upstream_broke_off",
        last: now,
        checkpointed: now,
        end: End::Running,
        request,
    };
    if unreadable {
        forward.broken(Row::ProviderError, "the provider compressed an answer that has to be read");
    } else if size == Some(0)
        || (forward.held.len() == 0 && forward.upstream.as_ref().is_none_or(Body::is_end_stream))
    {
        // hyper never asks for the body of an answer that has none.
        forward.ended();
    }
    let mut response = Response::new(RelayBody::forward(forward));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if status == StatusCode::UNAUTHORIZED {
        // The credential that was refused is the account's. Claude Code would try its own key eleven times.
        response.headers_mut().entry("x-should-retry").or_insert(http::HeaderValue::from_static("false"));
    }
    if events {
        // nginx in front would otherwise collect events before it passes them on.
        response.headers_mut().insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    }
    response
}

/// An answer in one piece, converted; where it cannot be, the error's body.
fn whole(
    converter: &mut Converter,
    held: &[Bytes],
    dialect: Dialect,
    request: RequestId,
) -> Result<Bytes, Bytes> {
    let mut out = BytesMut::new();
    held.iter().for_each(|chunk| converter.push(chunk, &mut out));
    converter.finish(&mut out).map_err(|error| {
        let (id, facts) = (request.to_string(), Map::new());
        let (code, message) = ("unreadable_answer", error.message.as_str());
        dialect.error_body(&Failure { status: 502, code, message, request_id: &id, facts: &facts })
    })?;
    Ok(out.freeze())
}

impl Forward {
    /// Whether everything has been handed out.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.end, End::Over) && self.tail.is_none()
    }

    /// What is known of the length of what is left.
    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.end {
            End::Running => self.size,
            _ => SizeHint::default(),
        }
    }

    /// The next bytes.
    pub(crate) fn poll_data(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if !matches!(self.end, End::Running)
                && let Some(tail) = self.tail.take()
            {
                return Poll::Ready(Some(Ok(tail)));
            }
            match self.end {
                End::Over => return Poll::Ready(None),
                End::Broken(why) => {
                    self.end = End::Told { flushed: false, why };
                    if self.framing != Framing::Body {
                        return Poll::Ready(Some(Ok(self.error_event(why))));
                    }
                }
                End::Told { flushed: false, why } => {
                    // hyper flushes when the body has nothing to give, and drops what is unflushed when it fails.
                    self.end = End::Told { flushed: true, why };
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                End::Told { flushed: true, why } => {
                    self.end = End::Over;
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, why))));
                }
                End::Running => match self.poll_upstream(cx) {
                    Poll::Ready(Some(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                    Poll::Ready(None) => {}
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// The next bytes of the provider; `None` when it is over and `end` says how.
    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        while let Some(data) = self.held.next() {
            if let Some(data) = self.through(data) {
                return Poll::Ready(Some(data));
            }
        }
        loop {
            let Some(upstream) = &mut self.upstream else {
                self.end = End::Over;
                return Poll::Ready(None);
            };
            match Pin::new(upstream).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.take(&data);
                    if let Some(data) = self.through(data) {
                        return Poll::Ready(Some(data));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    tracing::debug!(%error, "a provider broke off");
                    self.broken(Row::ProviderError, "the provider broke off in the middle of its answer");
                    return Poll::Ready(None);
                }
                Poll::Ready(None) => {
                    self.ended();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if self.is_halted(cx) {
                        self.halt();
                        return Poll::Ready(None);
                    }
                    let due = self.last + self.idle;
                    let ping = self.keep_alive.map(|every| self.last.max(self.told) + every);
                    let next = ping.map_or(due, |ping| ping.min(due));
                    let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
                    let Poll::Ready(()) = alarm.as_mut().poll(cx) else { return Poll::Pending };
                    let now = Instant::now();
                    if now >= due {
                        self.broken(Row::Silent, "the provider fell silent in the middle of its answer");
                        return Poll::Ready(None);
                    }
                    alarm.as_mut().reset(next);
                    if now >= next {
                        // The alarm is set anew by the next round.
                        self.told = now;
                        if let Some(bytes) = self.still_there() {
                            return Poll::Ready(Some(bytes));
                        }
                    }
                }
            }
        }
    }

    fn is_halted(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(hold) = &self.hold else { return false };
        let halted = self.halted.get_or_insert_with(|| Box::pin(hold.halted().cancelled_owned()));
        halted.as_mut().poll(cx).is_ready()
    }

    /// The organisation was suspended: the client is told, and the rest is read for the bill only.
    fn halt(&mut self) {
        const WHY: &str = "the organisation of this API key was suspended";
        if let (Some(upstream), Some(meter), Some(hold)) =
            (self.upstream.take(), self.meter.take(), self.hold.take())
        {
            drain::rest(upstream, meter, hold, self.status, WHY);
        }
        self.code = SUSPENDED;
        self.end = End::Broken(WHY);
    }

    fn take(&mut self, data: &Bytes) {
        self.last = Instant::now();
        let Some(meter) = &mut self.meter else { return };
        meter.push(data);
        if self.last.duration_since(self.checkpointed) >= CHECKPOINT_EVERY {
            self.checkpointed = self.last;
            if let Some(hold) = &self.hold {
                hold.checkpoint(meter.peek());
            }
        }
    }

    /// What of it goes to the client now.
    fn through(&mut self, data: Bytes) -> Option<Bytes> {
        let out = match &mut self.way {
            Way::Straight => {
                self.pass(data.len());
                return Some(data);
            }
            Way::Filtered(filter) => filter.push(data),
            Way::Converted(converter) => {
                let mut out = BytesMut::new();
                converter.push(&data, &mut out);
                out.freeze()
            }
        };
        (!out.is_empty()).then_some(out)
    }

    /// What tells the client that we are still there, if it can be told now.
    fn still_there(&self) -> Option<Bytes> {
        match &self.way {
            Way::Converted(converter) => (!converter.ended()).then(|| converter.keep_alive()),
            _ => {
                let between = self.meter.as_ref().is_some_and(Meter::between_events);
                between.then(|| self.dialect.keep_alive(self.framing))
            }
        }
    }

    /// So many bytes are handed out.
    fn pass(&mut self, bytes: usize) {
        let Some(size) = self.size.exact().map(|n| n.saturating_sub(bytes as u64)) else { return };
        self.size = SizeHint::with_exact(size);
        // hyper stops asking once it has seen content-length bytes, so the end is noticed here and not at `None`.
        if size == 0 {
            self.ended();
        }
    }

    /// The provider has closed its answer.
    fn ended(&mut self) {
        let whole = self.meter.as_ref().is_none_or(|m| m.complete() || m.peek().unmetered.is_some());
        if self.says_end && !whole {
            self.broken(Row::ProviderError, "the provider ended its stream before it was whole");
            return;
        }
        if let Err(error) = self.finish_way() {
            tracing::debug!(%error.kind, %error.message, "an answer could not be converted to its end");
            self.settle(Outcome::UpstreamError, Some(format!("{}: {}", error.kind, error.message)));
            const WHY: &str = "the provider's answer could not be converted";
            let told = self.framing != Framing::Body;
            self.end = if told { End::Told { flushed: false, why: WHY } } else { End::Broken(WHY) };
            return;
        }
        let outcome = if self.status >= 400 { Outcome::UpstreamError } else { Outcome::Completed };
        self.settle(outcome, None);
        self.end = End::Over;
    }

    /// What waits for the end of the answer goes on. An error has been told where the client gets a stream.
    fn finish_way(&mut self) -> Result<(), UpstreamError> {
        let mut out = BytesMut::new();
        let done = match std::mem::replace(&mut self.way, Way::Straight) {
            Way::Straight => return Ok(()),
            Way::Filtered(filter) => {
                out.extend_from_slice(&filter.finish());
                Ok(())
            }
            Way::Converted(mut converter) => converter.finish(&mut out),
        };
        self.tail = (!out.is_empty()).then(|| out.freeze());
        done
    }

    fn broken(&mut self, row: Row, why: &'static str) {
        if let (Some(hold), Some(meter)) = (&self.hold, &self.meter) {
            let told = meter.error().map(|e| (e.kind.as_str(), e.message.as_str()));
            hold.broke_off(&self.health, row, why, told);
        }
        self.settle(Outcome::UpstreamCut, Some(why.to_owned()));
        self.end = End::Broken(why);
    }

    fn settle(&mut self, outcome: Outcome, error: Option<String>) {
        self.upstream = None;
        if let (Some(hold), Some(meter)) = (self.hold.take(), self.meter.take()) {
            let reading = meter.finish();
            let told = reading.error.as_ref().map(|e| format!("{}: {}", e.kind, e.message));
            hold.settle(&Ending {
                status: self.status,
                outcome,
                reading: Some(reading),
                free: false,
                error: error.or(told),
            });
        }
    }

    fn error_event(&mut self, why: &str) -> Bytes {
        let facts = Map::new();
        let id = self.request.to_string();
        let failure = Failure { status: 502, code: self.code, message: why, request_id: &id, facts: &facts };
        let mut out = BytesMut::new();
        match &mut self.way {
            Way::Converted(converter) => converter.broke(&failure, &mut out),
            _ => {
                if self.framing == Framing::Events {
                    out.extend_from_slice(b"\n\n"); // whatever line was cut ends here
                }
                out.extend_from_slice(&self.dialect.error_event(&failure, self.framing));
            }
        }
        out.freeze()
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        if let (Some(upstream), Some(meter), Some(hold)) =
            (self.upstream.take(), self.meter.take(), self.hold.take())
        {
            drain::rest(upstream, meter, hold, self.status, drain::LEFT);
        }
    }
}
