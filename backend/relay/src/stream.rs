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
    upstream::{framing::Unframed, headers, opening::Opened},
};
use bytes::Bytes;
use causeway_accounts::rules::Row;
use causeway_dialect::{Dialect, error::Failure, framing::Framing, meter::Meter};
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
    dialect: Dialect,
    status: u16,
    events: bool,
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

/// How long is waited for what.
pub(crate) struct Waits {
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
    Dialect::Anthropic.meter(hold.stream(), text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING))
}

/// Turns a provider's answer into ours.
pub(crate) fn forward(
    opened: Opened,
    hold: Hold,
    dialect: Dialect,
    waits: Waits,
    request: RequestId,
) -> Response<RelayBody> {
    let Opened { head, held, body, meter, ended } = opened;
    let status = head.status;
    let headers = headers::downward(head.headers);
    let now = Instant::now();
    let rest = if ended { Some(0) } else { body.size_hint().exact() };
    let size = rest.map(|rest| rest + held.iter().map(|bytes| bytes.len() as u64).sum::<u64>());
    let events = is_event_stream(&headers);
    let mut forward = Forward {
        size: size.map_or_else(SizeHint::default, SizeHint::with_exact),
        held: held.into_iter(),
        upstream: Some(body),
        meter: Some(meter),
        hold: Some(hold),
        dialect,
        status: status.as_u16(),
        events,
        idle: waits.idle,
        // A length that was announced leaves no room for more.
        keep_alive: waits.keep_alive.filter(|_| events && size.is_none_or(|_| ended)),
        told: now,
        health: waits.health,
        alarm: None,
        halted: None,
        code: "upstream_broke_off",
        last: now,
        checkpointed: now,
        end: End::Running,
        request,
    };
    if size == Some(0)
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

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.get(..17).is_some_and(|k| k.eq_ignore_ascii_case("text/event-stream"))
}

impl Forward {
    /// Whether everything has been handed out.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.end, End::Over)
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
            match self.end {
                End::Over => return Poll::Ready(None),
                End::Broken(why) => {
                    self.end = End::Told { flushed: false, why };
                    if self.events {
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
        if let Some(data) = self.held.next() {
            self.pass(data.len());
            return Poll::Ready(Some(data));
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
                    return Poll::Ready(Some(data));
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
                        if self.meter.as_ref().is_some_and(Meter::between_events) {
                            return Poll::Ready(Some(self.dialect.keep_alive(Framing::Events)));
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
        self.pass(data.len());
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
        if self.status < 400 && self.events && !whole {
            self.broken(Row::ProviderError, "the provider ended its stream before it was whole");
            return;
        }
        let outcome = if self.status >= 400 { Outcome::UpstreamError } else { Outcome::Completed };
        self.settle(outcome, None);
        self.end = End::Over;
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

    fn error_event(&self, why: &str) -> Bytes {
        let facts = Map::new();
        let id = self.request.to_string();
        let failure = Failure { status: 502, code: self.code, message: why, request_id: &id, facts: &facts };
        let mut event = Vec::from(&b"\n\n"[..]); // whatever line was cut ends here
        event.extend_from_slice(&self.dialect.error_event(&failure, Framing::Events));
        event.into()
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
