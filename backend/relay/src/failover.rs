//! Sending a request to one account after the other until one answers: by the failover table, and only until there is
//! content. The reservation moves along exactly. What providers may bill for failed attempts stays with the request as a
//! cost of their accounts (see `causeway_store::ledger::FailedAttempt`), and nobody is charged for it.
//!
//! A request that its first account answers passes through here without a word being written. What it does not need is
//! boxed where it is needed: the future of every request has room for what is not.

mod kept;
mod left;
mod onwards;
mod renewal;
mod told;

pub(crate) use left::none_to_ask;

use crate::{
    Relay,
    call::Call,
    error::RelayError,
    health::{Failure, Probe, Standing},
    hold::Hold,
    identify::Caller,
    plan::{self, Candidate, Plan},
    stream::Passage,
    tenant::{Account, Tenant},
    trail::Tried,
    translate::{self, Way},
    upstream::{
        opening::{self, Failed, Opened},
        request::Asked,
    },
    verdict::{Then, hints::Hint},
};
use bytes::Bytes;
use causeway_accounts::{refresh::Why, rules::Row};
use causeway_dialect::{suffix, usage::Reading};
use causeway_domain::{AccountId, RequestId};
use chrono::{TimeDelta, Utc};
use http::{HeaderMap, HeaderValue};
use kept::Kept;
use renewal::Renewal;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use told::Told;

/// A probe outlives its attempt's time by this much at most.
const PROBE_SLACK: Duration = Duration::from_secs(5);

/// Should its instance die, an account that is tried is not tried by anybody else for this long at most.
const LONGEST_PROBE: Duration = Duration::from_secs(90);

/// A request that is held, and everything that it was planned by.
pub(crate) struct Sending<'a> {
    pub relay: &'a Relay,
    pub caller: &'a Caller,
    pub tenant: &'a Tenant,
    pub call: &'a Call,
    pub plan: &'a Plan,
    pub id: RequestId,
    /// Cancelled when the organisation is suspended, and the sending with it.
    pub halted: &'a CancellationToken,
}

/// An answer that has begun, with what pays for it.
pub(crate) struct Answer {
    pub opened: Opened,
    pub hold: Hold,
    pub passage: Passage,
    /// What of the request did not reach the account.
    pub dropped: Option<HeaderValue>,
}

/// How far it has come.
struct Run<'a> {
    begun: Instant,
    trail: Kept<'a>,
    /// Accounts that have failed.
    accounts: u8,
    /// What they took together without being silent.
    fast: Duration,
    /// Some account has been sent the request.
    reached: bool,
    /// An account has refused for reasons that nobody knows.
    forbidden: bool,
    /// A connection from before turned out to be closed.
    stale: bool,
    /// Thinking of other accounts is left out, once that was asked for.
    stripped: bool,
    /// Accounts for which another token was asked for, and those that have one.
    renewed: Vec<AccountId>,
    fresh: Vec<Arc<Account>>,
    /// The right to try the account that is asked now.
    probe: Option<Probe>,
    /// The policy that candidates are judged by, and which of them it allows.
    policy: i64,
    allowed: Option<Vec<bool>>,
    /// Which of the candidates was asked last.
    asked: usize,
    /// The failure that came last, with the answer if there was one.
    last: Option<Last>,
}

struct Last {
    row: Row,
    told: Told,
    opened: Option<Opened>,
    /// Which of the candidates has failed.
    candidate: usize,
}

/// An attempt that failed, as the table sees it.
struct Attempt {
    row: Row,
    told: Told,
    hint: Option<Hint>,
    reading: Option<Box<Reading>>,
    /// Whether the provider may bill it all the same.
    billable: bool,
    /// Whether the account's proxy has failed, whatever it is asked for.
    proxys: bool,
    opened: Option<Opened>,
}

impl Sending<'_> {
    /// Sends it. Whatever comes back has content, or is an answer that belongs to the caller.
    pub(crate) async fn send(&self, hold: Hold) -> Result<Answer, RelayError> {
        let mut run = Run::new(self);
        let answer = self.to_one_after_the_other(hold, &mut run).await;
        run.trail.tell(answer.as_ref().err());
        answer
    }

    async fn to_one_after_the_other(&self, mut hold: Hold, run: &mut Run<'_>) -> Result<Answer, RelayError> {
        loop {
            let Some(planned) = self.plan.candidates.get(hold.chosen()) else {
                return Err(RelayError::Unavailable("an account was chosen that was not offered"));
            };
            let candidate = run.current(planned);
            let candidate: &Candidate = &candidate;
            if run.probe.is_none() && !self.may_ask(candidate, run).await {
                match Box::pin(self.onwards(&mut hold, run)).await {
                    true => continue,
                    false => return self.nothing_left(hold, run),
                }
            }
            let account = &candidate.account;
            if account.grant.is_over() && run.may_renew(account) {
                match Box::pin(self.renew(account, Why::Over, run)).await {
                    Some(Renewal::Done) => continue,
                    None => {}
                    Some(not) => {
                        run.probe = None;
                        run.unrenewed(account.id, not);
                        match Box::pin(self.onwards(&mut hold, run)).await {
                            true => continue,
                            false => return self.nothing_left(hold, run),
                        }
                    }
                }
            }
            let began = Instant::now();
            let body = self.body(candidate, run.stripped)?;
            let pending = self.relay.upstream.begin(self.call, &body, candidate, Asked::Answer)?;
            hold.mark_sent();
            run.trail.asks(account.id, began);
            run.asked = hold.chosen();
            let limit = self.limit(candidate, run.begun);
            let most = self.relay.args.hold_back_bytes as usize;
            let (back, opening) = opening::open(pending, hold, limit, most).await?;
            hold = back;
            let attempt = match opening {
                Ok(opened) if !opened.is_error() => {
                    return Ok(self.answered(candidate, opened, hold, run, began));
                }
                Ok(opened) => self.refused(candidate, opened),
                // Nothing of it was read. Another connection will do, once.
                Err(Failed::Stale(_)) if !run.stale => {
                    run.stale = true;
                    hold.mark_unreached(run.reached);
                    continue;
                }
                Err(failed) => failed_attempt(failed, limit),
            };
            match attempt.row {
                Row::Unreachable | Row::ProxyUnavailable => hold.mark_unreached(run.reached),
                _ => {
                    run.reached = true;
                    hold.mark_failed();
                }
            }
            let billed = if attempt.billable { hold.bill(attempt.reading.as_deref()) } else { None };
            let renewal = match attempt.row {
                Row::BadCredential if run.may_renew(account) => {
                    Box::pin(self.renew(account, Why::Refused, run)).await
                }
                _ => None,
            };
            let go = self.judge(candidate, attempt, renewal, run, began);
            if !matches!(go, Go::Answer(_)) {
                hold.billed(billed);
            }
            match go {
                Go::Again => {}
                Go::Answer(opened) => return Ok(self.passed_on(candidate, *opened, hold, run, began)),
                Go::On => {
                    run.probe = None;
                    if !Box::pin(self.onwards(&mut hold, run)).await {
                        return self.nothing_left(hold, run);
                    }
                }
                Go::Nowhere => return self.nothing_left(hold, run),
            }
        }
    }

    /// The body as the account gets it.
    fn body(&self, candidate: &Candidate, stripped: bool) -> Result<Bytes, RelayError> {
        let whole = match &candidate.converted {
            Some(written) => written.body.clone(),
            None => {
                let refused = RelayError::Unavailable("the request cannot be edited");
                let parsed = &self.call.parsed;
                let edited = parsed.edits(&candidate.upstream).apply(self.call.body.clone());
                match (edited, self.plan.thinking) {
                    (Ok(body), None) => body,
                    (Ok(body), Some(amount)) => {
                        let known = (&*candidate.model, parsed.max_tokens);
                        suffix::apply(candidate.speaks, body, amount, known).map_err(|_| refused)?
                    }
                    (Err(_), _) => return Err(refused),
                }
            }
        };
        let without = if stripped { candidate.speaks.without_thinking(&whole) } else { None };
        Ok(without.unwrap_or(whole))
    }

    /// Whether an account may be asked at this moment: its standing may have changed since it was planned with, and one
    /// whose time is over is tried by one request at a time.
    async fn may_ask(&self, candidate: &Candidate, run: &mut Run<'_>) -> bool {
        let health = &self.relay.health;
        let account = &candidate.account;
        if let Standing::HalfOpen(entry) = health.standing(account.reached(), &candidate.model) {
            let lasts = (self.limit(candidate, run.begun) + PROBE_SLACK).min(LONGEST_PROBE);
            run.probe = Box::pin(health.probe(entry, self.id, lasts)).await;
            if run.probe.is_none() {
                run.trail.passed(account.id, "tried", None);
            }
            return run.probe.is_some();
        }
        match plan::passed_over(health, account, &candidate.model) {
            None => true,
            Some(over) => {
                run.trail.passed(account.id, over.why, over.until);
                false
            }
        }
    }

    /// How long one attempt may take until there is content. An answer that does not stream is not cut short by what
    /// came before: it is made in one piece, and may take its time.
    fn limit(&self, candidate: &Candidate, begun: Instant) -> Duration {
        let args = &self.relay.args;
        let timeouts = &candidate.account.timeouts;
        let stream = self.call.parsed.stream;
        let own = if stream { timeouts.first_event_seconds } else { timeouts.answer_seconds };
        let limit = own.map_or_else(|| args.head_timeout(stream), |s| Duration::from_secs(s.into()));
        if !stream {
            return limit;
        }
        let left = Duration::from_secs(args.failover_total_seconds).saturating_sub(begun.elapsed());
        limit.min(left.max(Duration::from_secs(1)))
    }

    /// An answer with content: all is well with this account.
    fn answered(
        &self,
        candidate: &Candidate,
        opened: Opened,
        hold: Hold,
        run: &mut Run<'_>,
        began: Instant,
    ) -> Answer {
        if let Some(probe) = run.probe.take() {
            probe.succeeded(&candidate.model);
        }
        self.relay.health.note_quota(self.tenant.org, &candidate.account, &opened.head.headers);
        self.passed_on(candidate, opened, hold, run, began)
    }

    /// An answer that goes to the caller as it is.
    fn passed_on(
        &self,
        candidate: &Candidate,
        opened: Opened,
        mut hold: Hold,
        run: &mut Run<'_>,
        began: Instant,
    ) -> Answer {
        if !run.trail.is_empty() {
            let status = opened.head.status.as_u16();
            run.trail.answered(candidate.account.id, status, began, self.call.received);
        }
        hold.committed();
        // Who was sent to another account because its own had no room comes back to its own.
        if let Some(conversation) = &self.plan.conversation
            && (hold.chosen() == 0 || run.accounts > 0)
            && conversation.at != Some(candidate.account.id)
        {
            self.relay.whereabouts.seen(self.tenant.org, conversation.name, candidate.account.id);
        }
        self.answer(candidate, opened, hold)
    }

    fn answer(&self, candidate: &Candidate, opened: Opened, hold: Hold) -> Answer {
        let idle = candidate.account.timeouts.idle_seconds;
        let idle = idle.map_or_else(|| self.relay.args.idle_timeout(), |s| Duration::from_secs(s.into()));
        let way = if opened.is_refusal() {
            Way::Straight
        } else {
            translate::way(self.call, candidate, &opened.head.headers, self.id)
        };
        let passage = Passage {
            way,
            idle,
            keep_alive: self.relay.args.keep_alive(),
            health: self.relay.health.clone(),
        };
        Answer { opened, hold, passage, dropped: translate::dropped(candidate) }
    }

    /// What an error that came instead of content is about.
    fn refused(&self, candidate: &Candidate, opened: Opened) -> Attempt {
        let told = Told::read(candidate.speaks, &opened, &candidate.account.target.headers);
        let none = HeaderMap::new();
        let headers = if opened.is_refusal() { &opened.head.headers } else { &none };
        let hint = crate::verdict::hints::read(headers, &told.body, Utc::now());
        self.relay.health.note_quota(self.tenant.org, &candidate.account, &opened.head.headers);
        let row = crate::verdict::judge(&candidate.account.preset, &told.refusal(), hint.is_some());
        let reading = opened.meter.peek();
        // A stream that ends in an error before any content has come as far as its input.
        let billable = !opened.is_refusal() && reading.input_reported;
        Attempt {
            row,
            told,
            hint,
            reading: Some(Box::new(reading)),
            billable,
            proxys: false,
            opened: Some(opened),
        }
    }

    /// Applies the table: notes what follows for the account, and says what becomes of the request.
    fn judge(
        &self,
        candidate: &Candidate,
        attempt: Attempt,
        renewal: Option<Renewal>,
        run: &mut Run<'_>,
        began: Instant,
    ) -> Go {
        let Attempt { row, told, hint, reading, opened, billable: _, proxys } = attempt;
        let then = self.relay.health.verdict(row).then;
        let account = &candidate.account;
        let tell = |run: &mut Run<'_>, until| {
            let tried = Tried {
                account: account.id,
                model: &candidate.model,
                row,
                status: told.status,
                message: &told.text,
                began,
                until,
                reading: reading.as_deref(),
            };
            run.trail.tried(&tried, self.call.received);
        };
        // A way that was tried has led somewhere, whatever was said there.
        let led = !matches!(row, Row::ProxyUnavailable | Row::Challenge | Row::Unreachable | Row::Silent);
        if let Some(probe) = run.probe.take_if(|probe| led && probe.is_of_a_way()) {
            probe.succeeded(&candidate.model);
        }
        // What the token was refused for is done about: the account does not rest.
        if let Some(renewal) = renewal {
            tell(run, renewal.until());
            if matches!(renewal, Renewal::Done) {
                return Go::Again;
            }
            run.unrenewed(account.id, renewal);
            run.accounts = run.accounts.saturating_add(1);
            run.last = Some(Last { row, told, opened, candidate: run.asked });
            return if self.may_go_on(run) { Go::On } else { Go::Nowhere };
        }
        match (then, opened) {
            (Then::ToCaller, Some(opened)) => Go::Answer(Box::new(self.in_dialect(candidate, opened, &told))),
            (Then::Strip, Some(opened)) => {
                let sent = candidate.converted.as_ref().map_or(&self.call.body, |written| &written.body);
                if run.stripped || candidate.speaks.without_thinking(sent).is_none() {
                    return Go::Answer(Box::new(self.in_dialect(candidate, opened, &told)));
                }
                tell(run, None);
                run.stripped = true;
                Go::Again
            }
            (then, opened) => {
                let took = began.elapsed();
                let until = self.relay.health.failed(&Failure {
                    org: self.tenant.org,
                    reached: account.reached(),
                    proxys,
                    longest: account.preset.longest_window(),
                    model: &candidate.model,
                    row,
                    hint: hint.as_ref(),
                    status: told.status,
                    detail: &told.text,
                    began: Utc::now() - TimeDelta::from_std(took).unwrap_or_default(),
                });
                metrics::counter!("causeway_relay_failovers_total", "cause" => row.as_str()).increment(1);
                tell(run, until);
                run.accounts = run.accounts.saturating_add(1);
                if row != Row::Silent {
                    run.fast += took;
                }
                let again = then == Then::NextOnce && std::mem::replace(&mut run.forbidden, true);
                run.last = Some(Last { row, told, opened, candidate: run.asked });
                if again || !self.may_go_on(run) { Go::Nowhere } else { Go::On }
            }
        }
    }

    fn may_go_on(&self, run: &Run<'_>) -> bool {
        let args = &self.relay.args;
        run.accounts < args.failover_accounts
            && run.fast < Duration::from_secs(args.failover_fast_seconds)
            && run.begun.elapsed() < Duration::from_secs(args.failover_total_seconds)
    }
}

/// What becomes of a request after a failure.
enum Go {
    /// To the same account, otherwise.
    Again,
    /// To the next account.
    On,
    /// Enough accounts have been tried.
    Nowhere,
    /// Back to the caller with this answer.
    Answer(Box<Opened>),
}

impl<'a> Run<'a> {
    fn new(sending: &'a Sending<'a>) -> Self {
        Self {
            begun: Instant::now(),
            trail: Kept::new(sending),
            accounts: 0,
            fast: Duration::ZERO,
            reached: false,
            forbidden: false,
            stale: false,
            stripped: false,
            renewed: Vec::new(),
            fresh: Vec::new(),
            probe: None,
            policy: sending.tenant.policy_version.min(sending.caller.principal.policy_version),
            allowed: None,
            asked: 0,
            last: None,
        }
    }
}

fn failed_attempt(failed: Failed, limit: Duration) -> Attempt {
    // What has read the request may bill it, however it broke off.
    let (row, text, reading, billable) = match failed {
        Failed::Proxy { text, proxys } => {
            let (row, told) = (Row::ProxyUnavailable, Told::ours(&text));
            return Attempt { row, told, hint: None, reading: None, billable: false, proxys, opened: None };
        }
        Failed::Unreached(text) => (Row::Unreachable, text, None, false),
        Failed::Stale(text) => (Row::ProviderError, text, None, false),
        Failed::Broke(text, reading) => (Row::ProviderError, text, reading, true),
        Failed::Silent(reading) => {
            (Row::Silent, format!("no content within {} s", limit.as_secs()), reading, true)
        }
    };
    Attempt { row, told: Told::ours(&text), hint: None, reading, billable, proxys: false, opened: None }
}
