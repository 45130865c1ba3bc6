//! A reservation in our hands. Letting go of it settles it: there is no way to forget.

use crate::{
    ledger::{Ledger, Place},
    plan::Candidate,
    settle::{Draft, Ending, Figures},
};
use causeway_dialect::usage::Reading;
use causeway_domain::{Nanos, RequestId};
use causeway_store::{
    Store,
    hold::{self, Ask, Checkpoint, Growth, Held, Reserved, ScopeId},
    ledger::Outcome,
};
use http::{Response, StatusCode};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// A reservation, until the request is over. Owns its place in the settlement queue from the start, so settling never
/// waits and never fails.
pub(crate) struct Hold {
    inner: Option<Box<Inner>>,
}

struct Inner {
    ledger: Arc<Ledger>,
    place: Place,
    request: RequestId,
    draft: Arc<Draft>,
    chosen: usize,
    candidates: Arc<[Candidate]>,
    ask: Arc<Ask>,
    reserved: Nanos,
    drain: Duration,
    received: Instant,
    sent: bool,
    first_byte: Option<Duration>,
    upstream_request_id: Option<String>,
    status: u16,
    five_hours: Vec<(ScopeId, i64)>,
    /// Set where less than the worst case may be reserved: what is reserved by now.
    grown: Option<AtomicI64>,
}

/// What the script has granted.
pub(crate) struct Granted {
    /// Index of the candidate.
    pub chosen: usize,
    /// The candidates, in the order they were offered.
    pub candidates: Arc<[Candidate]>,
    /// What was asked for.
    pub ask: Arc<Ask>,
    /// The most that can be charged.
    pub reserved: Nanos,
    /// Ends of the windows of five hours that it counts in.
    pub five_hours: Vec<(ScopeId, i64)>,
    /// Whether the organisation reserves what is expected, and not what is possible.
    pub expected: bool,
}

impl Hold {
    /// Takes over what the script has reserved.
    pub(crate) fn new(
        ledger: Arc<Ledger>,
        place: Place,
        request: RequestId,
        draft: Arc<Draft>,
        granted: Granted,
        drain: Duration,
        received: Instant,
    ) -> Self {
        Self {
            inner: Some(Box::new(Inner {
                ledger,
                place,
                request,
                draft,
                chosen: granted.chosen,
                candidates: granted.candidates,
                ask: granted.ask,
                reserved: granted.reserved,
                five_hours: granted.five_hours,
                grown: granted.expected.then(|| AtomicI64::new(granted.reserved.0)),
                drain,
                received,
                sent: false,
                first_byte: None,
                upstream_request_id: None,
                status: 0,
            })),
        }
    }

    #[expect(clippy::expect_used, reason = "emptied only by the methods that consume the hold")]
    fn get(&self) -> &Inner {
        self.inner.as_ref().expect("a hold is whole until it is consumed")
    }

    /// The account that was chosen.
    pub(crate) fn candidate(&self) -> Option<&Candidate> {
        let inner = self.get();
        inner.candidates.get(inner.chosen)
    }

    /// Goes over to the next account that has room, because nothing could be sent to the one that was chosen. False when
    /// there is none, or it cannot be asked for now: then everything stays as it is.
    pub(crate) async fn move_on(&mut self, store: &Store) -> bool {
        let Some(inner) = &mut self.inner else { return false };
        // Should the client leave now, everything is given back.
        inner.sent = false;
        let shard = inner.ask.org.shard();
        let held = inner.ledger.held();
        let Some(epoch) = held.epoch(shard) else { return false };
        let script = inner.ledger.script();
        let next = hold::move_on(&store.cache, script, &inner.ask, epoch, inner.chosen + 1).await;
        let Ok(Reserved::Held { candidate, at, facts }) = next else { return false };
        inner.chosen = candidate;
        if let (Some(chosen), Some(stand)) = (inner.candidates.get(candidate), facts.first()) {
            let account = &chosen.account;
            inner.five_hours.retain(|(scope, _)| !matches!(scope, ScopeId::Account(_)));
            let end = crate::facts::five_hours(ScopeId::Account(account.id), &account.limits, stand);
            inner.five_hours.extend(end);
        }
        held.enter(Held { ask: inner.ask.clone(), candidate, at }, epoch)
    }

    /// Whether a stream was asked for.
    pub(crate) fn stream(&self) -> bool {
        self.get().draft.stream
    }

    /// How long the answer is read on after the client has left.
    pub(crate) fn drain(&self) -> Duration {
        self.get().drain
    }

    /// Where tasks that outlive the request are kept track of.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.get().ledger
    }

    /// The request may now reach the provider: from here on it is settled and no longer released.
    pub(crate) fn mark_sent(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.sent = true;
        }
    }

    /// The head of the answer is here.
    pub(crate) fn head_arrived<B>(&mut self, response: &Response<B>) {
        let Some(inner) = &mut self.inner else { return };
        inner.first_byte = Some(inner.received.elapsed());
        inner.status = response.status().as_u16();
        inner.upstream_request_id =
            response.headers().get("request-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    }

    /// Notes what a running stream has used so far, for the case that this instance dies. Where only what is expected
    /// was reserved and that is used up, half as much again is reserved.
    pub(crate) fn checkpoint(&self, reading: Reading) {
        let inner = self.get();
        let ending = Ending {
            status: inner.status,
            outcome: Outcome::Interrupted,
            reading: Some(reading),
            error: None,
        };
        let figures = inner.figures(&ending);
        let more = |n: i64| n.saturating_add(n / 2);
        let grown = inner.grown.as_ref().filter(|known| figures.charged.0 > known.load(Relaxed));
        let at_least = grown.map(|known| {
            known.store(more(figures.charged.0), Relaxed);
            let tokens = figures.tokens.total();
            Growth {
                charged: more(figures.charged.0),
                real: more(figures.cost.0),
                tokens: tokens.saturating_add(tokens / 2),
            }
        });
        let Ok(figures) = serde_json::to_string(&figures) else { return };
        inner.ledger.checkpoint(inner.draft.org, Checkpoint { request: inner.request, figures, at_least });
    }

    /// The request is over.
    pub(crate) fn settle(mut self, ending: &Ending) {
        if let Some(inner) = self.inner.take() {
            inner.settle(ending);
        }
    }

    /// The request never reached a provider: everything is given back.
    pub(crate) fn release(mut self) {
        if let Some(inner) = self.inner.take() {
            let inner = *inner;
            inner.ledger.release(inner.place, inner.draft.org, inner.request);
        }
    }
}

impl Inner {
    fn figures(&self, ending: &Ending) -> Figures {
        let ms = |d: Duration| u32::try_from(d.as_millis()).unwrap_or(u32::MAX);
        Figures {
            first_byte_ms: self.first_byte.map(ms),
            duration_ms: ms(self.received.elapsed()),
            upstream_request_id: self.upstream_request_id.clone(),
            ..self.draft.figures(self.chosen, ending)
        }
    }

    fn settle(self, ending: &Ending) {
        let figures = self.figures(ending);
        if self.grown.is_some() {
            self.ledger.history().note(self.draft.key, &self.draft.model, figures.tokens.output);
        }
        if self.grown.is_some() && figures.charged > self.reserved {
            metrics::counter!("causeway_relay_over_expected_total").increment(1);
        } else if figures.charged > self.reserved {
            // The bound was wrong: the budget may be overspent by the difference. Must be seen, never hidden.
            metrics::counter!("causeway_relay_over_reserved_total").increment(1);
            tracing::warn!(request = %self.request, reserved = %self.reserved, charged = %figures.charged, "a request cost more than was reserved for it");
        }
        self.ledger.settle(self.place, self.request, self.draft, self.chosen, figures, self.five_hours);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        if inner.sent {
            // Dropped on a path nobody thought of: what the provider may have billed is counted, not lost.
            inner.settle(&Ending {
                status: StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
                outcome: Outcome::Interrupted,
                reading: None,
                error: Some("the request was dropped".to_owned()),
            });
        } else {
            let inner = *inner;
            inner.ledger.release(inner.place, inner.draft.org, inner.request);
        }
    }
}
