//! The call that the relay is for, stage by stage.

use crate::{
    CHANGING, RESTARTS, Relay,
    arrival::Arrival,
    body::RelayBody,
    call::{self, Call},
    choice,
    error::RelayError,
    facts, failover,
    health::Note,
    identify::{self, Caller},
    plan::{self, Talk},
    reserve, route, start_of, stream,
    tenant::Tenant,
    trail::{Refusal, Trail},
    translate,
};
use causeway_domain::RequestId;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use http_body::Body;
use std::{fmt::Display, net::IpAddr};

impl Relay {
    /// The call that all this is for.
    pub(crate) async fn ask<B>(
        &self,
        request: Request<B>,
        asked: &route::Asking,
        address: IpAddr,
        arrival: &Arrival,
    ) -> Result<Response<RelayBody>, RelayError>
    where
        B: Body<Data = bytes::Bytes>,
        B::Error: Display,
    {
        let id = arrival.id;
        let mut caller = match self.caller(&request, address, arrival).await {
            Ok(caller) => caller,
            Err(error) => {
                Box::pin(call::discard(request.into_body())).await;
                return Err(error);
            }
        };
        let call = Call::parse(&self.bodies, request, asked, arrival).await?;
        let mut asking = reserve::Asking::new(self, caller.principal.org, id);
        let mut restarts = 0;
        let mut talk = Talk::default();
        while restarts < RESTARTS {
            // Who waits in line for long may see many changes.
            restarts = if asking.has_waited() { 1 } else { restarts + 1 };
            let tenant = self.directory.tenant(caller.principal.org).await?;
            // Only pools keep conversations, and telling one costs a look at the body.
            if talk.name.is_none() && !caller.principal.pools.is_empty() {
                talk = self.whereabouts.talk(&call, tenant.org, caller.principal.key);
            }
            let plan = match self.plan(&tenant, &caller, &call, start_of(id), talk) {
                Ok(plan) if !plan.candidates.is_empty() => plan,
                // What an old policy refuses, the one in force may not.
                refused if Box::pin(self.is_current(&caller, &tenant)).await? => {
                    let plan = refused.inspect_err(|error| self.note_refusal(error, id, &caller, &call))?;
                    let error = failover::none_to_ask(&self.health, &plan);
                    self.explain(&Trail::of(&plan), id, &caller, &call, Some((&error).into()));
                    return Err(error);
                }
                _ => {
                    caller = Box::pin(self.renew(&caller, &tenant)).await?;
                    continue;
                }
            };
            match reserve::take(self, &caller, &call, &tenant, &plan, &mut asking).await {
                Ok(reserve::Taken::Held(hold, limits)) => {
                    drop(asking);
                    let (caller, tenant, call, plan) = (&caller, &*tenant, &call, &plan);
                    let halted = hold.halted();
                    let sending =
                        failover::Sending { relay: self, caller, tenant, call, plan, id, halted: &halted };
                    if let Some(tap) = &call.tap {
                        tap.offered(plan, hold.chosen());
                    }
                    let answer = halted
                        .run_until_cancelled(Box::pin(sending.send(hold)))
                        .await
                        .ok_or_else(identify::suspended)??;
                    let mut response =
                        stream::forward(answer.opened, answer.hold, call.wire(), answer.passage, id);
                    if let Some(dropped) = answer.dropped {
                        response.headers_mut().insert(translate::DROPPED, dropped);
                    }
                    if let Some(limits) = limits {
                        response.headers_mut().insert(facts::HEADER, limits);
                    }
                    return Ok(response);
                }
                Ok(reserve::Taken::Bound(account)) => {
                    choice::give_back(&tenant, &plan.turns);
                    talk = Talk { at: Some(account), sure: true, ..talk };
                }
                Ok(reserve::Taken::Stale) => caller = Box::pin(self.renew(&caller, &tenant)).await?,
                Err(error) => {
                    if let RelayError::AccountsBusy(reasons) = &error {
                        let mut trail = Trail::of(&plan);
                        trail.busy(&plan, reasons);
                        self.explain(&trail, id, &caller, &call, Some((&error).into()));
                    } else {
                        self.note_refusal(&error, id, &caller, &call);
                    }
                    return Err(error);
                }
            }
        }
        Err(CHANGING)
    }

    /// Keeps the way of a request for those who ask, with what its client was told instead of an answer.
    pub(crate) fn explain(
        &self,
        trail: &Trail,
        id: RequestId,
        caller: &Caller,
        call: &Call,
        refusal: Option<Refusal<'_>>,
    ) {
        let failures = trail.failures(id, caller.principal.org, self.boot());
        self.health.explain(Note::Way(trail.attempts(id, caller, call, refusal), failures));
    }

    /// Everything that is judged by what we know, without asking anybody.
    pub(crate) fn plan(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        call: &Call,
        at: DateTime<Utc>,
        talk: Talk,
    ) -> Result<plan::Plan, RelayError> {
        identify::usable(caller)?;
        identify::speaks(&caller.principal, call.dialect)?;
        plan::candidates(
            &self.prices.table(),
            tenant,
            caller,
            call,
            (self.ledger.history(), &self.health, at),
            talk,
        )
    }
}
