//! Moving on: the reservation goes to the next account that can be used and has room, and counts there from then on.

use super::{Run, Sending};
use crate::{
    call,
    hold::{Hold, Moved},
    identify, load,
    plan::{self, Candidate},
};
use causeway_domain::window::WindowKind;
use causeway_store::hold::ScopeId;
use chrono::{DateTime, TimeDelta, Utc};

/// How often one account is asked whether it has room.
const MOVES: usize = 4;

impl Sending<'_> {
    /// Moves the reservation to the next account that can be used and has room. False when there is none.
    pub(super) async fn onwards(&self, hold: &mut Hold, run: &mut Run<'_>) -> bool {
        for index in hold.chosen() + 1..self.plan.candidates.len() {
            let candidate = &self.plan.candidates[index];
            let account = &candidate.account;
            if !run.allows(index) {
                run.trail.passed(account.id, "disabled", None);
                continue;
            }
            // Before the request counts there: it stays with the account that was asked last where no other may be.
            if !self.may_ask(candidate, run).await {
                continue;
            }
            for _ in 0..MOVES {
                match hold.move_to(&self.relay.store, index, run.policy).await {
                    Moved::There => return true,
                    Moved::NoRoom(reason) => {
                        let until = reason.retry_ms.and_then(in_ms);
                        run.trail.passed(account.id, reason.reason, until);
                        break;
                    }
                    Moved::Unloaded => {
                        let kinds: Vec<WindowKind> = account.limits.windows().collect();
                        let scope = ScopeId::Account(account.id);
                        if load::scope(self.relay, self.tenant, scope, &kinds).await.is_err() {
                            break;
                        }
                    }
                    Moved::Stale => {
                        if !self.look_again(run).await {
                            return false;
                        }
                        if !run.allows(index) {
                            run.trail.passed(account.id, "disabled", None);
                            break;
                        }
                    }
                    Moved::Not => return false,
                }
            }
            run.probe = None;
        }
        false
    }

    /// The policy has changed while the request was under way: which accounts may still be used by it.
    async fn look_again(&self, run: &mut Run<'_>) -> bool {
        let Ok(caller) = self.relay.renew(self.caller, self.tenant).await else { return false };
        let Ok(tenant) = self.relay.directory.tenant(self.tenant.org).await else { return false };
        if identify::usable(&caller).is_err() {
            return false;
        }
        run.policy = tenant.policy_version.min(caller.principal.policy_version);
        let allowed = |candidate: &Candidate| {
            let account = tenant.account(candidate.account.id);
            account.is_some_and(|account| plan::reaches(&tenant, &caller.principal, account))
                && call::permits(&caller.principal, &candidate.model)
                && !tenant.routes.excludes(&candidate.model, candidate.account.provider, candidate.account.id)
        };
        let allowed: Vec<bool> = self.plan.candidates.iter().map(allowed).collect();
        let any = allowed.contains(&true);
        run.allowed = Some(allowed);
        any
    }
}

impl Run<'_> {
    /// Whether the policy still has a candidate, as far as it was looked at again.
    fn allows(&self, index: usize) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.get(index).copied().unwrap_or(false))
    }
}

fn in_ms(ms: u64) -> Option<DateTime<Utc>> {
    Utc::now().checked_add_signed(TimeDelta::milliseconds(i64::try_from(ms).ok()?))
}
