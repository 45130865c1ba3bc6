//! A reservation in our hands. Letting go of it settles it: there is no way to forget.

use crate::{
    REQUEST_ID, X_REQUEST_ID,
    halt::Running,
    health::{Failure, Health, Note},
    ledger::{Ledger, Place, Settled},
    plan::Candidate,
    settle::{Draft, Ending, Figures},
    tap::Tap,
    trail,
};
use causeway_accounts::rules::{self, Row};
use causeway_dialect::{Dialect, usage::Reading};
use causeway_domain::{AccountId, Nanos, RequestId};
use causeway_store::{
    Store, failures,
    hold::{self, Ask, Checkpoint, Growth, Held, NoCandidate, Reserved, ScopeId},
    ledger::{FailedAttempt, Outcome},
};
use http::{HeaderName, Response, StatusCode};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

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
    /// An attempt has failed, and no other is under way.
    failed: bool,
    /// Another attempt had reached a provider before the one under way.
    retried: bool,
    first_byte: Option<Duration>,
    upstream_request_id: Option<String>,
    status: u16,
    five_hours: Vec<(ScopeId, i64)>,
    running: Running,
    /// Attempts that failed and may be billed.
    billed: Vec<FailedAttempt>,
    /// What of that stays reserved at accounts that it has moved on from.
    left: Vec<(AccountId, i64)>,
    /// Scopes in which Redis may count it or not: its answer to a move was lost.
    doubtful: Vec<ScopeId>,
    /// Whether less than the worst case may be reserved, so that it has to grow with what is used.
    expected: bool,
    /// Who looks on, if anybody does.
    tap: Option<Arc<Tap>>,
    /// What is reserved at least, once it has grown.
    grown: Mutex<Option<Growth>>,
}

/// What came of moving on.
pub(crate) enum Moved {
    /// It is held there now.
    There,
    /// That account has no room.
    NoRoom(NoCandidate),
    /// What that account has used is to be loaded first.
    Unloaded,
    /// The policy has changed since.
    Stale,
    /// Not now: it stays where it is.
    Not,
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
    /// Its place among what runs of the organisation.
    pub running: Running,
    /// Scopes in which Redis may count it or not.
    pub doubtful: Vec<ScopeId>,
    /// Who looks on, if anybody does.
    pub tap: Option<Arc<Tap>>,
}

/// Where providers name a request: Anthropic, the OpenAI family, Amazon.
static REQUEST_IDS: [HeaderName; 3] = [REQUEST_ID, X_REQUEST_ID, HeaderName::from_static("x-amzn-requestid")];

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
                running: granted.running,
                billed: Vec::new(),
                left: Vec::new(),
                doubtful: granted.doubtful,
                expected: granted.expected,
                tap: granted.tap,
                grown: Mutex::default(),
                drain,
                received,
                sent: false,
                failed: false,
                retried: false,
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

    /// Where in the list of candidates it is.
    pub(crate) fn chosen(&self) -> usize {
        self.get().chosen
    }

    /// Goes over to a later candidate, by a decision on this version of the policy.
    pub(crate) async fn move_to(&mut self, store: &Store, index: usize, policy: i64) -> Moved {
        let Some(inner) = &mut self.inner else { return Moved::Not };
        let shard = inner.ask.org.shard();
        let ledger = inner.ledger.clone();
        let (held, script) = (ledger.held(), ledger.script());
        let Some(epoch) = held.epoch(shard) else { return Moved::Not };
        let only = (index, true);
        let Some(from) = inner.candidates.get(inner.chosen).map(|c| c.account.id) else { return Moved::Not };
        let billed = inner.billed.iter().filter(|attempt| attempt.account == from);
        let billed = billed.fold(0, |sum: i64, attempt| sum.saturating_add(attempt.cost.0));
        // While Redis is being asked nobody knows where it counts the request. The client may leave before that is told.
        let sure = inner.doubtful.len();
        inner.doubt(from, index);
        let (candidate, at, facts) =
            match hold::move_on(&store.cache, script, &inner.ask, epoch, only, policy, billed).await {
                Err(_) => return Moved::Not,
                Ok(told) => {
                    inner.doubtful.truncate(sure);
                    match told {
                        Reserved::Held { candidate, at, facts } => (candidate, at, facts),
                        Reserved::NoCandidate(mut reasons) => {
                            return reasons.pop().map_or(Moved::Not, Moved::NoRoom);
                        }
                        Reserved::Load(_) | Reserved::Recount(_) => return Moved::Unloaded,
                        Reserved::Stale => return Moved::Stale,
                        _ => return Moved::Not,
                    }
                }
            };
        let mut left = inner.left.clone();
        if billed > 0 {
            left.push((from, billed));
        }
        let there = Held { failed: left.clone(), ..Held::new(inner.ask.clone(), candidate, at) };
        if !held.enter(there, epoch) {
            inner.doubt(from, candidate);
            return Moved::Not;
        }
        (inner.chosen, inner.left) = (candidate, left);
        if billed == 0 {
            inner.five_hours.retain(|(scope, _)| *scope != ScopeId::Account(from));
        }
        if let (Some(chosen), Some(stand)) = (inner.candidates.get(candidate), facts.first()) {
            let account = &chosen.account;
            let end = crate::facts::five_hours(ScopeId::Account(account.id), &account.limits, stand);
            inner.five_hours.extend(end);
        }
        Moved::There
    }

    /// What the account may bill for the attempt under way, should it fail having come so far.
    pub(crate) fn bill(&self, reading: Option<&Reading>) -> Option<FailedAttempt> {
        let inner = self.get();
        inner.draft.attempt(inner.chosen, reading)
    }

    /// The account may bill an attempt that failed: it pays, and nobody is charged.
    pub(crate) fn billed(&mut self, attempt: Option<FailedAttempt>) {
        if let Some(inner) = &mut self.inner {
            inner.billed.extend(attempt);
        }
    }

    /// The attempt that was under way has failed. Nobody is charged for it.
    pub(crate) fn mark_failed(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.failed = true;
        }
    }

    /// The attempt did not reach a provider. What came before it counts.
    pub(crate) fn mark_unreached(&mut self, before: bool) {
        if let Some(inner) = &mut self.inner {
            inner.sent = before;
            inner.failed = before;
        }
    }

    /// Whether any attempt has reached a provider.
    pub(crate) fn was_sent(&self) -> bool {
        self.get().sent
    }

    /// The client has left, and the attempt that was under way did not reach a provider.
    pub(crate) fn unreached(mut self) {
        match &self.inner {
            Some(inner) if inner.retried => self.mark_failed(),
            _ => return self.release(),
        }
        drop(self);
    }

    /// Whether a stream was asked for.
    pub(crate) fn stream(&self) -> bool {
        self.get().draft.stream
    }

    /// The dialect in which the account is asked.
    pub(crate) fn speaks(&self) -> Dialect {
        let inner = self.get();
        inner.candidates.get(inner.chosen).map_or(Dialect::Anthropic, |candidate| candidate.speaks)
    }

    /// How long the answer is read on after the client has left.
    pub(crate) fn drain(&self) -> Duration {
        self.get().drain
    }

    /// Cancelled when the organisation is suspended.
    pub(crate) fn halted(&self) -> CancellationToken {
        self.get().running.halted().clone()
    }

    /// Where tasks that outlive the request are kept track of.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.get().ledger
    }

    /// The request may now reach the provider: from here on it is settled and no longer released.
    pub(crate) fn mark_sent(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.retried = inner.sent;
            inner.sent = true;
            inner.failed = false;
        }
    }

    /// Content has begun: this is the account that answers.
    pub(crate) fn committed(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.first_byte = Some(inner.received.elapsed());
        }
    }

    /// The head of the answer is here.
    pub(crate) fn head_arrived<B>(&mut self, response: &Response<B>) {
        let Some(inner) = &mut self.inner else { return };
        inner.first_byte = Some(inner.received.elapsed());
        inner.status = response.status().as_u16();
        inner.upstream_request_id =
            REQUEST_IDS.iter().find_map(|name| Some(response.headers().get(name)?.to_str().ok()?.to_owned()));
    }

    /// The answer has broken off after its content had begun: what follows for the account, by the same table. `told` =
    /// type and message of an error inside it.
    pub(crate) fn broke_off(&self, health: &Health, row: Row, why: &str, told: Option<(&str, &str)>) {
        let inner = self.get();
        let Some(candidate) = inner.candidates.get(inner.chosen) else { return };
        let account = &candidate.account;
        let status = told.map(|(kind, _)| candidate.speaks.error_status(kind).unwrap_or(500));
        let row = told.zip(status).map_or(row, |((kind, message), status)| {
            let (kind, message) = (kind.to_lowercase(), message.to_lowercase());
            let refusal = rules::Refusal { status, kind: &kind, message: &message, html: false };
            crate::verdict::judge(&account.preset, &refusal, false)
        });
        let detail = told.map_or(why, |(_, message)| message);
        let until = health.failed(&Failure {
            org: inner.draft.org,
            reached: account.reached(),
            proxys: false,
            longest: account.preset.longest_window(),
            model: &candidate.model,
            row,
            hint: None,
            status,
            detail,
            began: chrono::Utc::now()
                - chrono::TimeDelta::from_std(inner.received.elapsed()).unwrap_or_default(),
        });
        if trail::counts(row) {
            health.explain(Note::BrokeOff(failures::Failure {
                id: uuid::Uuid::now_v7(),
                org: inner.draft.org,
                account: account.id,
                request: inner.request,
                at: chrono::Utc::now(),
                model: candidate.model.to_string(),
                cause: row.as_str().to_owned(),
                status,
                message: detail.to_owned(),
                took_ms: u64::try_from(inner.received.elapsed().as_millis()).unwrap_or(u64::MAX),
                until,
                became: failures::Became::BrokeOff,
                instance: inner.ledger.boot().to_string(),
            }));
        }
    }

    /// Notes what a running stream has used so far, for the case that this instance dies. Where only what is expected
    /// was reserved and that is used up, in dollars or in tokens, half as much again is reserved.
    pub(crate) fn checkpoint(&self, reading: Reading) {
        let inner = self.get();
        let ending = Ending {
            status: inner.status,
            outcome: Outcome::Interrupted,
            reading: Some(reading),
            free: false,
            error: None,
        };
        let figures = inner.figures(&ending);
        let at_least = if inner.expected { inner.grow(&figures) } else { None };
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
    /// A move whose outcome is not known: Redis may count the request at either account.
    fn doubt(&mut self, from: AccountId, to: usize) {
        let to = self.candidates.get(to).map(|c| c.account.id);
        self.doubtful.extend([Some(from), to].into_iter().flatten().map(ScopeId::Account));
    }

    /// What is to be reserved at least, if it has ever grown: each time anew, for Redis may not have heard of it.
    fn grow(&self, figures: &Figures) -> Option<Growth> {
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = || Growth {
            charged: self.reserved.0,
            real: self.ask.candidates.get(self.chosen).map_or(0, |c| c.nanos),
            tokens: self.ask.scopes.first().map_or(0, |s| s.tokens),
        };
        let known = grown.unwrap_or_else(asked);
        let (charged, real, tokens) = (figures.charged.0, figures.cost.0, figures.tokens.total());
        if charged > known.charged || real > known.real || tokens > known.tokens {
            let now = Growth {
                charged: known.charged.max(charged.saturating_add(charged / 2)),
                real: known.real.max(real.saturating_add(real / 2)),
                tokens: known.tokens.max(tokens.saturating_add(tokens / 2)),
            };
            self.ledger.held().grow(self.ask.org, self.request, now);
            *grown = Some(now);
        }
        *grown
    }

    fn figures(&self, ending: &Ending) -> Figures {
        let ms = |d: Duration| u32::try_from(d.as_millis()).unwrap_or(u32::MAX);
        Figures {
            first_byte_ms: self.first_byte.map(ms),
            duration_ms: ms(self.received.elapsed()),
            upstream_request_id: self.upstream_request_id.clone(),
            failed: self.billed.clone(),
            ..self.draft.figures(self.chosen, ending)
        }
    }

    fn settle(self, ending: &Ending) {
        let figures = self.figures(ending);
        if self.expected {
            let model = self.draft.model_at(self.chosen);
            self.ledger.history().note(self.draft.key, model, figures.tokens.output);
        }
        if self.expected && figures.charged > self.reserved {
            metrics::counter!("causeway_relay_over_expected_total").increment(1);
        } else if figures.charged > self.reserved {
            // The bound was wrong: the budget may be overspent by the difference. Must be seen, never hidden.
            metrics::counter!("causeway_relay_over_reserved_total").increment(1);
            tracing::warn!(request = %self.request, reserved = %self.reserved, charged = %figures.charged, "a request cost more than was reserved for it");
        }
        if let Some(tap) = &self.tap {
            tap.settled(self.candidates.get(self.chosen).map(|chosen| chosen.account.id), &figures);
        }
        self.ledger.settle(Settled {
            place: self.place,
            request: self.request,
            draft: self.draft,
            chosen: self.chosen,
            figures,
            five_hours: self.five_hours,
            doubtful: self.doubtful,
        });
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        if inner.sent && inner.failed {
            // The client left between two attempts.
            inner.settle(&Ending {
                status: 0,
                outcome: Outcome::ClientLeft,
                reading: None,
                free: true,
                error: Some("the client left before any account had answered".to_owned()),
            });
        } else if inner.sent {
            // Dropped on a path nobody thought of: what the provider may have billed is counted, not lost.
            inner.settle(&Ending {
                status: StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
                outcome: Outcome::Interrupted,
                reading: None,
                free: false,
                error: Some("the request was dropped".to_owned()),
            });
        } else {
            let inner = *inner;
            inner.ledger.release(inner.place, inner.draft.org, inner.request);
        }
    }
}
