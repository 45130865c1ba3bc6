//! When no account is left: what the caller is told, and when to come back.
//!
//! An answer that speaks of the provider or of the model goes to the caller as it came. One that speaks of an account of
//! the organisation does not: its credential and its balance are none of the caller's business, and clients would take
//! them for their own.

use super::{Answer, Last, Run, Sending};
use crate::{
    error::RelayError,
    grant::DEAD,
    health::{Health, Standing},
    hold::Hold,
    plan::Plan,
    settle::Ending,
    trail::Trail,
    way::{PROXY_DISABLED, Reached},
};
use causeway_accounts::rules::Row;
use causeway_domain::AccountId;
use chrono::Utc;
use http::{HeaderValue, StatusCode, header};
use std::{sync::Arc, time::Duration};

/// When to ask again while another request tries an account.
const TRIED: Duration = Duration::from_secs(1);

impl Sending<'_> {
    /// Ends a request for which no account is left.
    pub(super) fn nothing_left(&self, hold: Hold, run: &mut Run<'_>) -> Result<Answer, RelayError> {
        run.probe = None;
        let retry = soonest(&self.relay.health, self.plan, &run.trail);
        let dead = all_dead(self.plan, &run.trail);
        let last = run.last.take();
        let error = last.as_ref().map(|last| last.told.text.clone());
        let row = last.as_ref().map(|last| last.row);
        let in_stream = last.as_ref().and_then(|last| Some((last.opened.as_ref()?, last.told.status?)));
        let in_stream = in_stream.filter(|(opened, _)| !opened.is_refusal()).map(|(_, status)| status);
        if let Some(Last { row, told: told_last, opened: Some(mut opened), candidate }) = last
            && may_be_told(row)
            && in_stream.is_none()
        {
            let status = opened.head.status;
            let passes = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
            if let Some(wait) = retry.filter(|_| passes) {
                let seconds = HeaderValue::from(seconds(wait));
                opened.head.headers.entry(header::RETRY_AFTER).or_insert(seconds);
            }
            let Some(candidate) = self.plan.candidates.get(candidate) else {
                return Err(RelayError::Unavailable("an account was chosen that was not offered"));
            };
            let opened = self.in_dialect(candidate, opened, &told_last);
            run.trail.passes_on(opened.head.status.as_u16(), row);
            return Ok(self.answer(candidate, opened, hold));
        }
        let refusal = match (in_stream.and_then(|s| StatusCode::from_u16(s).ok()), &error) {
            // Told inside a stream of which nothing has reached the caller: it gets the status that this stands for.
            (Some(status), Some(text)) if row.is_some_and(may_be_told) => {
                RelayError::NoneLeft { status, code: "upstream_error", message: text.clone(), retry }
            }
            _ if dead => authorise_anew(),
            _ => refusal(row.or_else(|| behind_proxies(&self.relay.health, self.plan, &run.trail)), retry),
        };
        if hold.was_sent() {
            hold.settle(&Ending::failed(refusal.status(), error.unwrap_or_else(|| refusal.to_string())));
        } else {
            hold.release();
        }
        Err(refusal)
    }
}

/// What a caller is told when none of the accounts that could serve a call may be asked now.
pub(crate) fn none_to_ask(health: &Health, plan: &Plan) -> RelayError {
    let trail = Trail::of(plan);
    if all_dead(plan, &trail) {
        return authorise_anew();
    }
    refusal(behind_proxies(health, plan, &trail), soonest(health, plan, &trail))
}

/// Whether the answer may go to the caller: it tells nothing of the account.
fn may_be_told(row: Row) -> bool {
    !matches!(row, Row::BadCredential | Row::BalanceUsedUp | Row::AccountRefused | Row::Challenge)
}

fn refusal(row: Option<Row>, retry: Option<Duration>) -> RelayError {
    let (status, code, what) = match row {
        Some(Row::Unreachable) => (
            Some(StatusCode::BAD_GATEWAY),
            "upstream_unreachable",
            "no connection to the provider could be made",
        ),
        Some(Row::ProxyUnavailable) => (
            Some(StatusCode::SERVICE_UNAVAILABLE),
            "proxy_unavailable",
            "the proxies that the upstream accounts for this model are reached through cannot be used",
        ),
        Some(Row::Silent) => (
            Some(StatusCode::GATEWAY_TIMEOUT),
            "upstream_timeout",
            "the provider did not begin to answer in time",
        ),
        Some(Row::ProviderError) => (
            Some(StatusCode::BAD_GATEWAY),
            "upstream_unreachable",
            "the provider broke off before it answered",
        ),
        _ if retry.is_some() => (
            None,
            "accounts_cooling",
            "every upstream account for this model is resting after a failure or a limit",
        ),
        _ => (None, "accounts_unavailable", "no upstream account for this model can be used at the moment"),
    };
    let otherwise =
        if retry.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::SERVICE_UNAVAILABLE };
    let message = match retry {
        Some(wait) => format!("{what}; the first can be used again in {} seconds", seconds(wait)),
        None => format!("{what}; an admin can see why in the request log"),
    };
    RelayError::NoneLeft { status: status.unwrap_or(otherwise), code, message, retry }
}

/// Whose grant has ended, and in what words, is told to admins only.
fn authorise_anew() -> RelayError {
    RelayError::NoneLeft {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: DEAD,
        message: "the upstream accounts for this model have to be authorised anew, because their provider does not \
                  accept their credentials any more; an admin can do that, and see why in the request log"
            .to_owned(),
        retry: None,
    }
}

fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

/// Whether there were accounts, and every one of them waits for a person to authorise it anew.
fn all_dead(plan: &Plan, trail: &Trail) -> bool {
    let mut accounts = concerned(plan).peekable();
    accounts.peek().is_some() && accounts.all(|(reached, _)| trail.is_dead(reached.account))
}

/// The row of proxies, where it is they that keep every one of the accounts from being asked.
fn behind_proxies(health: &Health, plan: &Plan, trail: &Trail) -> Option<Row> {
    let is_behind = |(reached, model): (Reached, &Arc<str>)| match health.standing(reached, model) {
        Standing::Cooling { row, .. } => row == Row::ProxyUnavailable,
        _ => trail.was_passed(reached.account, PROXY_DISABLED),
    };
    let mut accounts = concerned(plan).peekable();
    (accounts.peek().is_some() && accounts.all(is_behind)).then_some(Row::ProxyUnavailable)
}

/// The accounts that could serve a call, asked or passed over, and for which model.
fn concerned(plan: &Plan) -> impl Iterator<Item = (Reached, &Arc<str>)> {
    let accounts = plan.candidates.iter().map(|c| (c.account.reached(), &c.model));
    accounts.chain(plan.passed.iter().map(|p| (p.reached, &p.model)))
}

/// When the first of the accounts can be used again, if that is only a matter of time for every one of them that needs no
/// person.
fn soonest(health: &Health, plan: &Plan, trail: &Trail) -> Option<Duration> {
    let now = Utc::now();
    let mut first: Option<Duration> = None;
    let needs_a_person = |id: AccountId| trail.is_dead(id) || trail.was_passed(id, PROXY_DISABLED);
    for (reached, model) in concerned(plan).filter(|(reached, _)| !needs_a_person(reached.account)) {
        let wait = match health.standing(reached, model) {
            Standing::Cooling { until, .. } => (until - now).to_std().unwrap_or(TRIED),
            Standing::Tried | Standing::HalfOpen(_) => TRIED,
            // It may be full, which passes; or it has failed in a way that does not.
            Standing::Ready => (trail.until(reached.account)? - now).to_std().unwrap_or(TRIED),
        };
        first = Some(first.map_or(wait, |first| first.min(wait)));
    }
    first
}
