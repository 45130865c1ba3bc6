//! Taking the hold: every limit and the choice of the account in one script.

use crate::{
    Relay,
    call::Call,
    conversation,
    error::{LimitHit, RelayError},
    facts,
    hold::{Granted, Hold},
    identify::Caller,
    ledger::{self, Ledger, Place, Sign},
    load,
    plan::Plan,
    queue::Waiting,
    scopes::{self, Scoped},
    settle::{self, Draft, DraftCandidate},
    tenant::Tenant,
};
use causeway_domain::{AccountId, Nanos, OrgId, RequestId, window::WindowKind};
use causeway_store::{
    Cache, StoreError,
    hold::{self, Ask, Held, Refusal, RefusedBy, Reserved, ScopeFacts, ScopeId},
    principal::{HoldMode, OnRedisLoss},
};
use chrono::Utc;
use http::HeaderValue;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// What came of asking.
pub(crate) enum Taken {
    /// Held; with the header that tells how the limits stand.
    Held(Hold, Option<HeaderValue>),
    /// The policy that was planned by is no longer in force: plan again.
    Stale,
    /// The conversation is at this account: plan again with it first.
    Bound(AccountId),
}

/// How often the script may answer with something to be done first before we give up.
const ROUNDS: usize = 12;

/// How long a request waits for a Redis that is away, or is being told what it has lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it waits for totals to be read from Postgres, and for other instances to have written them.
const LOAD_PATIENCE: Duration = Duration::from_secs(15);

/// What a refused request is told while nothing can be reserved.
const REBUILDING: RelayError =
    RelayError::Unavailable("limits cannot be checked at the moment; nothing was sent to the provider");

/// Asks until there is an answer. Each round does what the last answer asked for: coming into the shard's epoch, loading
/// totals, waiting in line, or waiting for what this instance has yet to settle.
pub(crate) async fn take(
    relay: &Relay,
    caller: &Caller,
    call: &Call,
    tenant: &Tenant,
    plan: &Plan,
    asking: &mut Asking,
) -> Result<Taken, RelayError> {
    let scoped = scopes::of(caller, tenant);
    asking.begin(&scoped)?;
    let draft = Arc::new(draft(caller, call, tenant, plan));
    let payload =
        settle::text(&*draft).map_err(|_| RelayError::Unavailable("the request cannot be recorded"))?;
    let now = Utc::now();
    let ask = Arc::new(Ask {
        org: tenant.org,
        request: asking.request,
        boot: relay.ledger.boot().clone(),
        policy_version: tenant.policy_version.min(caller.principal.policy_version),
        payload,
        scopes: scoped.iter().map(|s| scopes::asked(s, tenant, plan, now)).collect(),
        candidates: plan.candidates.iter().map(|c| scopes::account(c, tenant, plan, now)).collect(),
        conversation: plan.conversation.as_ref().map(conversation::asked),
    });
    let taking = Taking { relay, call, tenant, plan, scoped: &scoped, ask: &ask, draft: &draft };
    taking.take(asking).await
}

/// Everything that stays the same from one question to the next.
struct Taking<'a> {
    relay: &'a Relay,
    call: &'a Call,
    tenant: &'a Tenant,
    plan: &'a Plan,
    scoped: &'a [Scoped<'a>],
    ask: &'a Arc<Ask>,
    draft: &'a Arc<Draft>,
}

impl Taking<'_> {
    async fn take(&self, asking: &mut Asking) -> Result<Taken, RelayError> {
        let ledger = &self.relay.ledger;
        let shard = self.tenant.org.shard();
        // Begins with the first trouble: a request may have waited in line before.
        let mut until: Option<Instant> = None;
        let mut waited = false;
        let mut rounds = 0;
        while rounds < ROUNDS {
            rounds += 1;
            let epoch = match ledger.held().epoch(shard) {
                Some(epoch) => epoch,
                None if self.tenant.on_redis_loss == OnRedisLoss::Allow => return Ok(self.unreserved(asking)),
                None => {
                    let until = *until.get_or_insert_with(|| Instant::now() + PATIENCE);
                    timeout_at(until, ledger.held().opened(shard)).await.map_err(|_| REBUILDING)?;
                    // Policies were read anew with the new epoch: what was planned by the old ones may not hold.
                    return Ok(Taken::Stale);
                }
            };
            // Looked at before the script runs: what is settled while its refusal travels back is as good as waited for.
            let unsettled = ledger.unsettled();
            let before = asking.ask();
            let answer = ledger.ask(&self.relay.store.cache, self.ask, epoch).await;
            asking.answered(before, &answer);
            match answer {
                // Held since an earlier question, of which the answer was lost or came when its epoch was given up here. What
                // was asked then was another plan's: other accounts, perhaps other amounts.
                Ok(Reserved::Held { facts, .. }) if facts.is_empty() && asking.replanned => {
                    if let Err(error) = Box::pin(asking.give_back(&self.relay.store.cache)).await {
                        let until = *until.get_or_insert_with(|| Instant::now() + PATIENCE);
                        self.redis_is_away(error, until).await?;
                        rounds -= 1;
                    }
                }
                Ok(Reserved::Held { candidate, at, facts }) => {
                    let held = Held::new(self.ask.clone(), candidate, at);
                    if ledger.held().enter(held, epoch) {
                        return self.held(asking, candidate, &facts);
                    }
                    rounds -= 1;
                }
                Ok(Reserved::Stale) => return Ok(Taken::Stale),
                Ok(Reserved::Bound(account)) => return Ok(Taken::Bound(account)),
                Ok(Reserved::Closed) => ledger.epoch_is_over(shard, epoch, Sign::Closed),
                Ok(Reserved::Restarted) => ledger.epoch_is_over(shard, epoch, Sign::Lost),
                // A load finds out by itself that a window is of another calendar.
                Ok(Reserved::Load(index) | Reserved::Recount(index)) => {
                    let until = *until.get_or_insert_with(|| Instant::now() + LOAD_PATIENCE);
                    timeout_at(until, Box::pin(self.load(index))).await.map_err(|_| REBUILDING)??;
                }
                Ok(Reserved::Gone) => {
                    return Err(RelayError::Unavailable("the request was given up before it began"));
                }
                // What this instance has finished but not yet settled still counts as running: a client that sends its
                // next request as soon as it has the answer to the last would be refused for nothing.
                Ok(Reserved::Refused(_) | Reserved::NoCandidate(_) | Reserved::Queued { .. })
                    if !waited && (ledger.settled().await || unsettled) =>
                {
                    waited = true;
                }
                Ok(Reserved::Queued { scope, place, limit }) => {
                    let patience = self.scoped.get(scope).and_then(|s| s.limits.queue);
                    let patience = Duration::from_secs(patience.map_or(0, |q| u64::from(q.wait_seconds)));
                    if !asking.line.turn(place, patience).await {
                        return Err(self.out_of_patience(scope, limit, asking.line.waited()));
                    }
                    rounds -= 1;
                }
                Ok(Reserved::Refused(refusal)) => return Err(self.refused(refusal, None)),
                Ok(Reserved::NoCandidate(reasons)) => return Err(RelayError::AccountsBusy(reasons)),
                Err(error) => {
                    if self.tenant.on_redis_loss == OnRedisLoss::Allow {
                        // So that what goes ahead is registered even if nothing was lost.
                        ledger.epoch_is_over(shard, epoch, Sign::Closed);
                        return Ok(self.unreserved(asking));
                    }
                    let until = *until.get_or_insert_with(|| Instant::now() + PATIENCE);
                    self.redis_is_away(error, until).await?;
                    rounds -= 1;
                }
            }
        }
        Err(REBUILDING)
    }

    /// Waits a moment for Redis to come back, unless that has been tried for long enough.
    async fn redis_is_away(&self, error: StoreError, until: Instant) -> Result<(), RelayError> {
        if Instant::now() >= until {
            return Err(error.into());
        }
        tracing::debug!(%error, "Redis did not answer a reservation; asking again");
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }

    async fn load(&self, index: usize) -> Result<(), RelayError> {
        let (id, limits) = match self.scoped.get(index) {
            Some(scoped) => (scoped.id, scoped.limits),
            None => match self.plan.candidates.get(index - self.scoped.len()) {
                Some(candidate) => (ScopeId::Account(candidate.account.id), &candidate.account.limits),
                None => return Err(REBUILDING),
            },
        };
        let kinds: Vec<WindowKind> = limits.windows().collect();
        load::scope(self.relay, self.tenant, id, &kinds).await
    }

    fn held(&self, asking: &mut Asking, chosen: usize, stands: &[ScopeFacts]) -> Result<Taken, RelayError> {
        let Some(place) = asking.place.take().filter(|_| chosen < self.plan.candidates.len()) else {
            return Err(RelayError::Unavailable("an account was chosen that was not offered"));
        };
        let (mut all, mut five_hours) = (Vec::with_capacity(24), Vec::new());
        for (scoped, stand) in self.scoped.iter().zip(stands) {
            facts::add(&mut all, scoped.name, scoped.limits, stand);
            five_hours.extend(facts::five_hours(scoped.id, scoped.limits, stand));
        }
        if let (Some(account), Some(stand)) =
            (self.plan.candidates.get(chosen).map(|c| &c.account), stands.get(self.scoped.len()))
        {
            five_hours.extend(facts::five_hours(ScopeId::Account(account.id), &account.limits, stand));
        }
        let granted = self.granted(chosen, five_hours);
        Ok(Taken::Held(self.hold(place, granted), facts::header(&all)))
    }

    /// Goes ahead without asking: the organisation wants that while Redis is away. It is counted as soon as Redis is
    /// back, so a limit can be exceeded by what runs until then.
    fn unreserved(&self, asking: &mut Asking) -> Taken {
        let Some(place) = asking.place.take() else { return Taken::Stale };
        metrics::counter!("causeway_relay_unreserved_total").increment(1);
        let at = Utc::now().timestamp_millis();
        let ledger = &self.relay.ledger;
        ledger.held().enter_unreserved(Held::new(self.ask.clone(), 0, at));
        let mut granted = self.granted(0, Vec::new());
        // An answer was lost: Redis may have chosen another of the accounts.
        if asking.unsure && self.plan.candidates.len() > 1 {
            let accounts = self.plan.candidates.iter().map(|c| ScopeId::Account(c.account.id));
            granted.doubtful = accounts.collect();
        }
        Taken::Held(self.hold(place, granted), None)
    }

    fn granted(&self, chosen: usize, five_hours: Vec<(ScopeId, i64)>) -> Granted {
        Granted {
            chosen,
            candidates: self.plan.candidates.clone(),
            ask: self.ask.clone(),
            reserved: self.plan.nanos,
            five_hours,
            expected: self.tenant.hold_mode == HoldMode::Expected,
            running: self.relay.halts.enter(self.tenant.org),
            doubtful: Vec::new(),
            tap: self.call.tap.clone(),
        }
    }

    fn hold(&self, place: Place, granted: Granted) -> Hold {
        Hold::new(
            self.relay.ledger.clone(),
            place,
            self.ask.request,
            self.draft.clone(),
            granted,
            self.tenant.drain,
            self.call.received,
        )
    }

    fn refused(&self, refusal: Refusal, waited: Option<Duration>) -> RelayError {
        let scope = self.scoped.get(refusal.scope);
        // A total of the organisation's own may be lower than what it has paid for.
        let credit = self.tenant.credit.map(|credit| credit.max(Nanos(1)).0);
        let paid = scope.is_some_and(|s| s.id == ScopeId::Organisation)
            && refusal.by == RefusedBy::Usd(WindowKind::Total)
            && credit.is_some_and(|credit| credit <= refusal.limit);
        RelayError::Limit(Box::new(LimitHit {
            scope: scope.map_or("key", |s| s.name),
            prepaid: paid,
            refusal,
            need: self.plan.nanos,
            need_tokens: self.plan.tokens,
            waited,
        }))
    }

    fn out_of_patience(&self, scope: usize, limit: i64, waited: Duration) -> RelayError {
        let refusal = Refusal {
            scope,
            by: RefusedBy::Concurrency,
            spent: limit,
            reserved: 0,
            limit,
            retry_ms: Some(1000),
        };
        self.refused(refusal, Some(waited))
    }
}

/// A request that asks for its reservation, over all the plans that it is asked for by: its place on the way to Postgres,
/// and its place in line.
///
/// While Redis is being asked nobody knows whether it has reserved: the client may leave, or the answer may get lost.
/// Dropped in that state, whatever was taken, or is taken later, is given back. So it lives until the request is granted or
/// refused, and not only as long as one plan: a release that is on its way would meet the next question.
pub(crate) struct Asking {
    ledger: Arc<Ledger>,
    place: Option<Place>,
    org: OrgId,
    request: RequestId,
    /// Whether the script may have reserved without our knowing.
    unsure: bool,
    /// Whether that may have been for a plan before the one that is asked for now.
    replanned: bool,
    line: Waiting,
}

impl Asking {
    /// Nothing is asked yet.
    pub(crate) fn new(relay: &Relay, org: OrgId, request: RequestId) -> Self {
        Self {
            ledger: relay.ledger.clone(),
            place: None,
            org,
            request,
            unsure: false,
            replanned: false,
            line: Waiting::new(relay, org, request),
        }
    }

    /// Whether it has waited in line since this was last asked: it may have been long, and policies may have changed often.
    pub(crate) fn has_waited(&mut self) -> bool {
        self.line.has_waited()
    }

    /// Begins to ask for a plan.
    fn begin(&mut self, scopes: &[Scoped<'_>]) -> Result<(), RelayError> {
        self.replanned |= self.unsure;
        self.line.at(scopes);
        if self.place.is_none() {
            self.place = self.ledger.place();
        }
        self.place.as_ref().map(|_| ()).ok_or(RelayError::Unavailable(
            "usage cannot be recorded at the moment; nothing was sent to the provider",
        ))
    }

    /// A question is on its way; returns what was known before it.
    fn ask(&mut self) -> (bool, bool) {
        (std::mem::replace(&mut self.unsure, true), self.line.ask())
    }

    /// Its answer is here. A doubt that was there before stays: another answer may have been lost.
    fn answered(&mut self, (unsure, in_line): (bool, bool), answer: &Result<Reserved, StoreError>) {
        self.unsure = unsure || matches!(answer, Ok(Reserved::Held { .. }) | Err(_));
        self.line.answered(in_line || matches!(answer, Ok(Reserved::Queued { .. }) | Err(_)));
    }

    /// Gives back what an earlier plan has reserved, so that it can be asked for anew under the same id.
    async fn give_back(&self, cache: &Cache) -> Result<(), StoreError> {
        let shard = self.org.shard();
        hold::settle(cache, shard, &[ledger::release(self.request)]).await?;
        // Where its epoch was over meanwhile the release has left a mark, which would be found by the next question.
        hold::confirm(cache, shard, &[self.request]).await
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(place) = self.place.take().filter(|_| self.unsure) {
            self.ledger.release(place, self.org, self.request);
        }
    }
}

fn draft(caller: &Caller, call: &Call, tenant: &Tenant, plan: &Plan) -> Draft {
    let principal = &caller.principal;
    let facts = call.facts();
    let recognised = tenant.clients.recognise(&facts);
    Draft {
        org: principal.org,
        key: principal.key,
        user: principal.owner,
        dialect: call.dialect.name().into(),
        model: call.parsed.model.clone(),
        stream: call.parsed.stream,
        client: call.client(),
        client_id: recognised.map(|(_, rule)| rule.client.clone()).unwrap_or_default(),
        client_facts: facts.to_json(),
        input: call.parsed.input_estimate.min(plan.input),
        max_input: plan.input,
        max_output: plan.output,
        bounded: call.parsed.input_bound.is_some(),
        strict: tenant.hold_mode == HoldMode::Strict,
        candidates: plan
            .candidates
            .iter()
            .map(|c| DraftCandidate {
                account: c.account.id,
                model: (*c.model != *call.parsed.model).then(|| c.model.to_string()),
                provider: c.account.provider,
                price: c.price.clone(),
                factor: c.factor,
                worst: c.worst,
            })
            .collect(),
    }
}
