//! What happened to a request on its way to an account, for the people who ask why. Empty, and without cost, for one that
//! went to the first account and was answered.

use crate::{call::Call, error::RelayError, grant::DEAD, identify::Caller, plan::Plan};
use causeway_accounts::rules::Row;
use causeway_dialect::usage::Reading;
use causeway_domain::{AccountId, OrgId, RequestId};
use causeway_store::{
    attempts::Attempts,
    failures::{Became, Failure},
    hold::NoCandidate,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What a step is where its client has left, and what such a request ends with.
pub(crate) const LEFT: &str = "client_left";

/// The accounts in turn.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    steps: Vec<Step>,
    failed: Vec<Failed>,
    /// Who is being asked, and since when.
    asked: Option<(AccountId, Instant)>,
}

/// A step that counts against its account.
#[derive(Debug)]
struct Failed {
    id: Uuid,
    step: usize,
    at: DateTime<Utc>,
    model: String,
    cause: Row,
}

/// What happened at one account.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Which.
    pub account: AccountId,
    /// A row of the failover table, `ok` or `answered`, `client_left` when nobody waited for its answer any longer, or why
    /// the account was passed over.
    pub what: String,
    /// Whether it was sent a request at all.
    pub tried: bool,
    /// What it answered; inside a stream what that stands for. `None` = it did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What it said, without what it was shown to be let in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Milliseconds after the request came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// Milliseconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// Until when the account, or the part of it, is not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Input tokens that the provider may bill for it, where it has told. Nobody is charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// The same of output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
}

/// An attempt that failed.
pub(crate) struct Tried<'a> {
    pub account: AccountId,
    /// As the account was asked for it.
    pub model: &'a str,
    pub row: Row,
    pub status: Option<u16>,
    pub message: &'a str,
    pub began: Instant,
    pub until: Option<DateTime<Utc>>,
    pub reading: Option<&'a Reading>,
}

/// What a client was told instead of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal<'a> {
    /// 0 = it had left.
    pub status: u16,
    /// Our code, or the row of the failover table that an account's refusal was.
    pub code: &'a str,
    /// In words; empty where they are an account's.
    pub message: String,
}

impl<'a> From<&'a RelayError> for Refusal<'a> {
    fn from(error: &'a RelayError) -> Self {
        Self { status: error.status().as_u16(), code: error.reason(), message: error.to_string() }
    }
}

impl Trail {
    /// With the accounts that were passed over from the start.
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut trail = Self::default();
        for passed in &plan.passed {
            trail.steps.push(Step {
                until: passed.until,
                message: passed.reason.clone(),
                ..Step::new(passed.reached.account, passed.why.to_owned(), false)
            });
        }
        trail
    }

    /// An account whose grant turned out to be over, in the issuer's words.
    pub(crate) fn died(&mut self, account: AccountId, reason: String) {
        self.steps.push(Step { message: reason, ..Step::new(account, DEAD.to_owned(), false) });
    }

    /// Whether an account has to be authorised anew.
    pub(crate) fn is_dead(&self, account: AccountId) -> bool {
        self.steps.iter().any(|step| step.account == account && step.what == DEAD)
    }

    /// Whether an account was passed over for this.
    pub(crate) fn was_passed(&self, account: AccountId, why: &str) -> bool {
        self.steps.iter().any(|step| step.account == account && !step.tried && step.what == why)
    }

    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// An account that was not asked.
    pub(crate) fn passed(
        &mut self,
        account: AccountId,
        why: impl Into<String>,
        until: Option<DateTime<Utc>>,
    ) {
        self.steps.push(Step { until, ..Step::new(account, why.into(), false) });
    }

    /// Accounts that the reservation script passed over.
    pub(crate) fn busy(&mut self, plan: &Plan, reasons: &[NoCandidate]) {
        for (candidate, reason) in plan.candidates.iter().zip(reasons) {
            let ms = reason.retry_ms.and_then(|ms| i64::try_from(ms).ok());
            let until = ms.and_then(|ms| Utc::now().checked_add_signed(TimeDelta::milliseconds(ms)));
            self.passed(candidate.account.id, reason.reason.clone(), until);
        }
    }

    /// An account is asked from now on.
    pub(crate) fn asks(&mut self, account: AccountId, began: Instant) {
        self.asked = Some((account, began));
    }

    /// Nobody waits any longer for the account that is being asked, if one is.
    pub(crate) fn left(&mut self, received: Instant) {
        if let Some((account, began)) = self.asked.take() {
            self.steps.push(Step {
                after_ms: Some(ms(began.saturating_duration_since(received))),
                took_ms: Some(ms(began.elapsed())),
                ..Step::new(account, LEFT.to_owned(), true)
            });
        }
    }

    /// An account that was asked in vain.
    pub(crate) fn tried(&mut self, tried: &Tried<'_>, received: Instant) {
        self.asked = None;
        let reported = tried.reading.filter(|r| r.input_reported).map(|r| r.counts);
        if counts(tried.row) {
            self.failed.push(Failed {
                id: Uuid::now_v7(),
                step: self.steps.len(),
                at: Utc::now(),
                model: tried.model.to_owned(),
                cause: tried.row,
            });
        }
        self.steps.push(Step {
            status: tried.status,
            message: tried.message.to_owned(),
            after_ms: Some(ms(tried.began.saturating_duration_since(received))),
            took_ms: Some(ms(tried.began.elapsed())),
            until: tried.until,
            input_tokens: reported.map(|counts| counts.all_input()),
            output_tokens: reported.map(|counts| counts.output),
            ..Step::new(tried.account, tried.row.as_str().to_owned(), true)
        });
    }

    /// The account that answered in the end.
    pub(crate) fn answered(&mut self, account: AccountId, status: u16, began: Instant, received: Instant) {
        self.asked = None;
        let what = if status < 400 { "ok" } else { "answered" };
        self.steps.push(Step {
            status: Some(status),
            after_ms: Some(ms(began.saturating_duration_since(received))),
            took_ms: Some(ms(began.elapsed())),
            ..Step::new(account, what.to_owned(), true)
        });
    }

    /// As it is written down, and as whoever looks on is told, with what the client was told instead of an answer.
    pub(crate) fn attempts(
        &self,
        request: RequestId,
        caller: &Caller,
        call: &Call,
        refusal: Option<Refusal<'_>>,
    ) -> Attempts {
        let principal = &caller.principal;
        if let Some(tap) = &call.tap {
            tap.went(&self.steps);
        }
        Attempts {
            request,
            org: principal.org,
            key: principal.key,
            user: principal.owner,
            model: call.parsed.model.clone(),
            status: refusal.as_ref().map_or(0, |refusal| refusal.status),
            code: refusal.as_ref().map_or("ok", |refusal| refusal.code).to_owned(),
            message: refusal.map(|refusal| refusal.message).unwrap_or_default(),
            steps: serde_json::to_value(&self.steps).unwrap_or_default(),
        }
    }

    /// The failures on the way, each at its account, as `instance` has seen them.
    pub(crate) fn failures(&self, request: RequestId, org: OrgId, instance: &str) -> Vec<Failure> {
        let failure = |failed: &Failed| {
            let step = self.steps.get(failed.step)?;
            Some(Failure {
                id: failed.id,
                org,
                account: step.account,
                request,
                at: failed.at,
                model: failed.model.clone(),
                cause: failed.cause.as_str().to_owned(),
                status: step.status,
                message: step.message.clone(),
                took_ms: step.took_ms.unwrap_or(0),
                until: step.until,
                became: self.became(failed),
                instance: instance.to_owned(),
            })
        };
        self.failed.iter().filter_map(failure).collect()
    }

    /// What became of the request after a failure.
    fn became(&self, failed: &Failed) -> Became {
        let (before, after) = self.steps.split_at_checked(failed.step + 1).unwrap_or_default();
        let Some(account) = before.last().map(|step| step.account) else { return Became::GivenUp };
        if after.first().is_some_and(|next| next.account == account && next.what == DEAD) {
            return Became::GrantDead;
        }
        match after.iter().find(|step| step.tried) {
            None => Became::GivenUp,
            Some(next) if next.account == account && failed.cause == Row::BadCredential => Became::Refreshed,
            Some(_) => Became::MovedOn,
        }
    }

    /// Until when an account was passed over, if that was told.
    pub(crate) fn until(&self, account: AccountId) -> Option<DateTime<Utc>> {
        self.steps.iter().rev().find(|step| step.account == account && !step.tried)?.until
    }
}

impl Step {
    fn new(account: AccountId, what: String, tried: bool) -> Self {
        Self {
            account,
            what,
            tried,
            status: None,
            message: String::new(),
            after_ms: None,
            took_ms: None,
            until: None,
            input_tokens: None,
            output_tokens: None,
        }
    }
}

/// Whether a failure is one of the account: what another account has signed, and what the caller has asked for wrongly, is
/// none.
pub(crate) const fn counts(row: Row) -> bool {
    !matches!(row, Row::ForeignThinking | Row::CallersFault)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
