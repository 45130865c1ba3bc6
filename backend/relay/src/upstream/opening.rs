//! Waiting for an answer until it is certain that it is one: until its first content. What comes before (head, opening
//! events, pings) is held back, so that an error in it can still lead to another account. From the first content on
//! nothing is held back, and nothing is tried again.

use super::{framing::Unframed, pool::CallError};
use crate::{error::RelayError, hold::Hold, stream::meter_for};
use bytes::Bytes;
use causeway_dialect::{meter::Meter, usage::Reading};
use http::{Response, header, response::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use std::{future::Future, pin::Pin, time::Duration};

/// A call under way.
pub(crate) type Pending = Pin<Box<dyn Future<Output = Result<Response<Unframed>, CallError>> + Send>>;

/// The beginning of an answer.
pub(crate) struct Opened {
    /// Status and headers.
    pub head: Parts,
    /// What has come so far, in order.
    pub held: Vec<Bytes>,
    /// What is still to come.
    pub body: Unframed,
    /// Has read everything that has come.
    pub meter: Meter,
    /// Nothing is to come.
    pub ended: bool,
}

/// No beginning of an answer.
pub(crate) enum Failed {
    /// No connection: nothing was sent.
    Unreached(String),
    /// No connection through the account's proxy: nothing was sent.
    Proxy {
        /// In words.
        text: String,
        /// Whether the proxy fails whatever it is asked for.
        proxys: bool,
    },
    /// A connection from an earlier request turned out to be closed.
    Stale(String),
    /// It broke off before any content.
    Broke(String, Option<Box<Reading>>),
    /// No content in time.
    Silent(Option<Box<Reading>>),
}

/// Waits for the beginning, at most so long and holding back at most so many bytes. Should the client go away meanwhile,
/// the call and its hold live on in a task of their own until the answer has been read or the organisation's patience is
/// over.
pub(crate) async fn open(
    pending: Pending,
    hold: Hold,
    limit: Duration,
    most: usize,
) -> Result<(Hold, Result<Opened, Failed>), RelayError> {
    let mut waiting = Waiting { stage: Stage::Head(pending), hold: Some(hold) };
    let outcome = tokio::time::timeout(limit, waiting.run(most)).await;
    let stage = std::mem::replace(&mut waiting.stage, Stage::Over);
    let taken_over = RelayError::Unavailable("the call was taken over by its drain");
    let hold = waiting.hold.take().ok_or(taken_over)?;
    let opening = match (outcome, stage) {
        (Ok(Ok(())), Stage::Body(opened)) => whole(opened),
        (Ok(Ok(())), _) => Err(Failed::Broke("nothing came".to_owned(), None)),
        (Ok(Err(failed)), Stage::Body(opened)) => match failed {
            Failed::Broke(text, _) => Err(Failed::Broke(text, Some(Box::new(opened.meter.finish())))),
            other => Err(other),
        },
        (Ok(Err(failed)), _) => Err(failed),
        // An error whose text does not come is known by its status.
        (Err(_), Stage::Body(opened)) if opened.is_refusal() => Ok(Opened { ended: true, ..opened }),
        (Err(_), Stage::Body(opened)) => Err(Failed::Silent(Some(Box::new(opened.meter.finish())))),
        (Err(_), _) => Err(Failed::Silent(None)),
    };
    Ok((hold, opening))
}

/// A stream that has ended without any content or error has broken off, however properly it ended.
fn whole(opened: Opened) -> Result<Opened, Failed> {
    let kind =
        opened.head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let stream = kind.get(..17).is_some_and(|kind| kind.eq_ignore_ascii_case("text/event-stream"));
    if opened.ended
        && stream
        && !opened.is_refusal()
        && !opened.meter.began()
        && opened.meter.error().is_none()
    {
        let reading = Some(Box::new(opened.meter.finish()));
        return Err(Failed::Broke("the stream ended before any content".to_owned(), reading));
    }
    Ok(opened)
}

impl Opened {
    /// Whether the status is an error's.
    pub(crate) fn is_refusal(&self) -> bool {
        self.head.status.as_u16() >= 400
    }

    /// Whether an error was told in the place of content, whatever the status.
    pub(crate) fn is_error(&self) -> bool {
        self.is_refusal() || (self.meter.error().is_some() && !self.meter.began())
    }

    /// Reads until there is content, an error, or an end. An error is read whole.
    async fn read(&mut self, most: usize) -> Result<(), Failed> {
        let refusal = self.is_refusal();
        let mut bytes = 0;
        if self.body.is_end_stream() {
            self.ended = true;
            return Ok(());
        }
        loop {
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    bytes += data.len();
                    self.meter.push(&data);
                    self.held.push(data);
                    if bytes >= most || (!refusal && (self.meter.began() || self.meter.error().is_some())) {
                        return Ok(());
                    }
                }
                None => {
                    self.ended = true;
                    return Ok(());
                }
                Some(Err(_)) if refusal => {
                    self.ended = true;
                    return Ok(());
                }
                Some(Err(error)) => return Err(Failed::Broke(chain(&error), None)),
            }
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one for each request, and it is moved once")]
enum Stage {
    Head(Pending),
    Body(Opened),
    Over,
}

/// A call that is waited for. Dropped before its answer has begun, it goes on without the client.
struct Waiting {
    stage: Stage,
    hold: Option<Hold>,
}

impl Waiting {
    async fn run(&mut self, most: usize) -> Result<(), Failed> {
        if let (Stage::Head(pending), Some(hold)) = (&mut self.stage, &mut self.hold) {
            let response = pending.await.map_err(|error| match error {
                CallError::Proxy(why) => Failed::Proxy { text: why.to_string(), proxys: why.is_the_proxys() },
                CallError::Connect(_) => Failed::Unreached(chain(&error)),
                CallError::Stale(_) => Failed::Stale(chain(&error)),
                CallError::Exchange(_) => Failed::Broke(chain(&error), None),
            })?;
            hold.head_arrived(&response);
            let (head, body) = response.into_parts();
            let meter = meter_for(hold, &head.headers);
            self.stage = Stage::Body(Opened { head, held: Vec::new(), body, meter, ended: false });
        }
        match &mut self.stage {
            Stage::Body(opened) => opened.read(most).await,
            _ => Ok(()),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Head(pending) => crate::drain::answer(pending, hold),
            Stage::Body(opened) => {
                let status = opened.head.status.as_u16();
                crate::drain::rest(opened.body, opened.meter, hold, status, crate::drain::LEFT);
            }
            Stage::Over => drop(hold),
        }
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
