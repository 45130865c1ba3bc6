//! The scopes that a call counts in, with their limits: its key, the member whose key it is, the organisation, and the
//! account that serves it.

use crate::{
    identify::Caller,
    plan::{Candidate, Plan},
    tenant::Tenant,
};
use causeway_domain::{Limits, window::WindowKind};
use causeway_store::hold::{Scope, ScopeId, ScopeWindow};
use chrono::{DateTime, Utc};

/// A scope of the caller's, and its limits.
#[derive(Clone, Copy)]
pub(crate) struct Scoped<'a> {
    /// Which.
    pub id: ScopeId,
    /// Limits.
    pub limits: &'a Limits,
    /// As callers are told.
    pub name: &'static str,
}

/// Key, member, organisation: the order in which they are asked, and the narrowest refuses first.
pub(crate) fn of<'a>(caller: &'a Caller, tenant: &'a Tenant) -> Vec<Scoped<'a>> {
    let principal = &caller.principal;
    let mut scopes = vec![Scoped { id: ScopeId::Key(principal.key), limits: &principal.limits, name: "key" }];
    if let Some(owner) = principal.owner {
        scopes.push(Scoped { id: ScopeId::Member(owner), limits: &principal.owner_limits, name: "member" });
    }
    scopes.push(Scoped { id: ScopeId::Organisation, limits: &tenant.limits, name: "organization" });
    scopes
}

/// What the reservation asks of it.
pub(crate) fn asked(scoped: &Scoped<'_>, tenant: &Tenant, plan: &Plan, now: DateTime<Utc>) -> Scope {
    let counted = matches!(scoped.id, ScopeId::Key(_));
    limited(scoped.id, counted, scoped.limits, tenant, plan.nanos.0, plan.tokens, now)
}

/// The same for the account of a candidate, which pays what the provider asks.
pub(crate) fn account(candidate: &Candidate, tenant: &Tenant, plan: &Plan, now: DateTime<Utc>) -> Scope {
    let id = ScopeId::Account(candidate.account.id);
    // Nobody waits in front of one account: there are others.
    let scope =
        limited(id, plan.counted, &candidate.account.limits, tenant, candidate.worst.0, plan.tokens, now);
    Scope { queue: 0, ..scope }
}

fn limited(
    id: ScopeId,
    counted: bool,
    limits: &Limits,
    tenant: &Tenant,
    nanos: i64,
    tokens: u64,
    now: DateTime<Utc>,
) -> Scope {
    Scope {
        id,
        counted,
        nanos,
        tokens,
        requests_per_minute: limits.requests_per_minute.unwrap_or(0),
        tokens_per_minute: limits.tokens_per_minute.unwrap_or(0),
        concurrency: limits.concurrency.unwrap_or(0),
        queue: limits.queue.map_or(0, |q| q.length),
        windows: limits.windows().map(|kind| window(limits, tenant, kind, now)).collect(),
    }
}

fn window(limits: &Limits, tenant: &Tenant, kind: WindowKind, now: DateTime<Utc>) -> ScopeWindow {
    let (end, next_end) = tenant.ends(kind, now);
    ScopeWindow {
        kind,
        end,
        next_end,
        usd: limits.usd.get(kind).map_or(0, |n| n.0),
        tokens: limits.tokens.get(kind).unwrap_or(0),
        requests: limits.requests.get(kind).unwrap_or(0),
    }
}
