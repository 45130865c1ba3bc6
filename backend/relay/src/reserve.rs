//! Taking the hold: every limit and the choice of the account in one script.

use crate::{
    Relay,
    call::Call,
    error::{LimitHit, RelayError},
    hold::Hold,
    identify::Caller,
    ledger::{Ledger, Place},
    plan::{Candidate, Plan},
    settle::{Draft, DraftCandidate},
    tenant::Tenant,
};
use causeway_domain::{OrgId, RequestId, limits::Limits, window::WindowKind};
use causeway_store::{
    hold::{self, ReserveRequest, Reserved, Scope, ScopeId, ScopeWindow},
    totals,
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What came of asking.
pub(crate) enum Taken {
    /// Held.
    Held(Hold),
    /// The policy that was planned by is no longer in force: plan again.
    Stale,
}

/// How often a script may answer with something to be done first before we give up.
const ROUNDS: usize = 6;

/// Asks until there is an answer. Each round but the last does what the script asked for: opening the shard, loading
/// totals, or waiting for what this instance has yet to settle.
pub(crate) async fn take(
    relay: &Relay,
    caller: &Caller,
    call: &Call,
    tenant: &Tenant,
    plan: &Plan,
    request: RequestId,
) -> Result<Taken, RelayError> {
    let full =
        RelayError::Unavailable("usage cannot be recorded at the moment; nothing was sent to the provider");
    let place = relay.ledger.place().ok_or(full)?;
    let draft = Arc::new(draft(caller, call, plan));
    let payload = serde_json::to_string(&*draft)
        .map_err(|_| RelayError::Unavailable("the request cannot be recorded"))?;
    let scopes = [key_scope(caller, tenant, plan)];
    let candidates: Vec<Scope> = plan.candidates.iter().map(account_scope).collect();
    let ask = ReserveRequest {
        org: tenant.org,
        request,
        boot: relay.ledger.boot(),
        policy_version: tenant.policy_version.min(caller.principal.policy_version),
        payload: &payload,
        scopes: &scopes,
        candidates: &candidates,
    };
    let mut asking = Asking { ledger: &relay.ledger, place: Some(place), org: tenant.org, request };
    let mut waited = false;
    for _ in 0..ROUNDS {
        // Looked at before the script runs: what is settled while its refusal travels back is as good as waited for.
        let unsettled = relay.ledger.unsettled();
        match hold::reserve(&relay.store.cache, &ask).await? {
            Reserved::Held { candidate, .. } => {
                let chosen = plan.candidates.get(candidate).cloned();
                let (Some(chosen), Some(place)) = (chosen, asking.place.take()) else {
                    return Err(RelayError::Unavailable("an account was chosen that was not offered"));
                };
                let held = (candidate, chosen, plan.nanos);
                let ledger = relay.ledger.clone();
                let hold = Hold::new(ledger, place, request, draft, held, tenant.drain, call.received);
                return Ok(Taken::Held(hold));
            }
            Reserved::Stale => {
                asking.nothing_is_held();
                return Ok(Taken::Stale);
            }
            Reserved::Unopened => hold::open_shard(&relay.store.cache, tenant.org.shard()).await?,
            Reserved::Load(_) => load_key(relay, caller, tenant).await?,
            Reserved::Gone => {
                asking.nothing_is_held();
                return Err(RelayError::Unavailable("the request was given up before it began"));
            }
            // What this instance has finished but not yet settled still counts as running: a client that sends its
            // next request as soon as it has the answer to the last would be refused for nothing.
            Reserved::Refused(_) | Reserved::NoCandidate(_)
                if !waited && (relay.ledger.settled().await || unsettled) =>
            {
                waited = true;
            }
            Reserved::Refused(refusal) => {
                asking.nothing_is_held();
                return Err(RelayError::Limit(Box::new(LimitHit {
                    refusal,
                    need: plan.nanos,
                    need_tokens: plan.tokens,
                })));
            }
            Reserved::NoCandidate(reasons) => {
                asking.nothing_is_held();
                return Err(RelayError::AccountsBusy(reasons));
            }
        }
    }
    Err(RelayError::Unavailable(
        "the limits of this API key are being rebuilt; nothing was sent to the provider",
    ))
}

/// While Redis is being asked nobody knows whether it has reserved: the client may leave, or the answer may get lost.
/// Dropped in that state, whatever was taken, or is taken later, is given back.
struct Asking<'a> {
    ledger: &'a Arc<Ledger>,
    place: Option<Place>,
    org: OrgId,
    request: RequestId,
}

impl Asking<'_> {
    /// The script has said that it took nothing.
    fn nothing_is_held(&mut self) {
        self.place = None;
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.ledger.release(place, self.org, self.request);
        }
    }
}

fn draft(caller: &Caller, call: &Call, plan: &Plan) -> Draft {
    let principal = &caller.principal;
    Draft {
        org: principal.org,
        key: principal.key,
        user: principal.owner,
        dialect: call.dialect.name().to_owned(),
        model: call.parsed.model.clone(),
        stream: call.parsed.stream,
        client: call.client(),
        input: call.parsed.input_estimate.min(plan.input),
        max_output: call.parsed.max_tokens.unwrap_or(0),
        candidates: plan
            .candidates
            .iter()
            .map(|c| DraftCandidate {
                account: c.account.id,
                provider: c.account.provider.as_str().to_owned(),
                price: c.price.clone(),
            })
            .collect(),
    }
}

fn key_scope(caller: &Caller, tenant: &Tenant, plan: &Plan) -> Scope {
    let limits = &caller.principal.limits;
    let now = Utc::now();
    Scope {
        id: ScopeId::Key(caller.principal.key),
        nanos: plan.nanos.0,
        tokens: plan.tokens,
        tracked: true,
        requests_per_minute: limits.requests_per_minute.unwrap_or(0),
        tokens_per_minute: limits.tokens_per_minute.unwrap_or(0),
        concurrency: limits.concurrency.unwrap_or(0),
        windows: limited_kinds(limits).map(|kind| window(limits, tenant, kind, now)).collect(),
    }
}

fn account_scope(candidate: &Candidate) -> Scope {
    Scope {
        id: ScopeId::Account(candidate.account.id),
        nanos: 0,
        tokens: 0,
        tracked: false,
        requests_per_minute: 0,
        tokens_per_minute: 0,
        concurrency: candidate.account.max_concurrency,
        windows: Vec::new(),
    }
}

/// The windows in which dollars or tokens are limited.
pub(crate) fn limited_kinds(limits: &Limits) -> impl Iterator<Item = WindowKind> + '_ {
    WindowKind::ALL.into_iter().filter(|k| limits.usd.get(*k).is_some() || limits.tokens.get(*k).is_some())
}

fn window(limits: &Limits, tenant: &Tenant, kind: WindowKind, now: DateTime<Utc>) -> ScopeWindow {
    let (end, next_end) = tenant.ends(kind, now);
    ScopeWindow {
        kind,
        end,
        next_end,
        usd: limits.usd.get(kind).map_or(0, |n| n.0),
        tokens: limits.tokens.get(kind).unwrap_or(0),
    }
}

/// Fills Redis with a key's totals. What this instance has not written yet is written first, or it would be missing;
/// what is settled while Postgres is read makes Redis refuse the figures, and they are read again.
pub(crate) async fn load_key(relay: &Relay, caller: &Caller, tenant: &Tenant) -> Result<(), RelayError> {
    let (key, org) = (caller.principal.key, tenant.org);
    let kinds: Vec<WindowKind> = limited_kinds(&caller.principal.limits).collect();
    for _ in 0..ROUNDS {
        let generation = hold::generation(&relay.store.cache, org, ScopeId::Key(key)).await?;
        if !relay.ledger.written().await {
            break;
        }
        let known = totals::of_key(&relay.store.jobs, org, key, &tenant.calendar, &kinds, Utc::now()).await?;
        if hold::load(&relay.store.cache, org, ScopeId::Key(key), generation, &known).await? {
            return Ok(());
        }
    }
    Err(RelayError::Unavailable("usage is still being written; nothing was sent to the provider"))
}
