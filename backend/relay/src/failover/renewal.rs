//! An account whose token is over, or is refused, gets another one before the request goes there, or goes there again: once
//! for each request. What is sent afterwards is read from the stores, where the new token was written first.

use super::{Run, Sending};
use crate::{grant::EXPIRED, plan::Candidate, tenant::Account};
use causeway_accounts::refresh::{Outcome, Wanted, Why};
use causeway_domain::AccountId;
use chrono::{DateTime, Utc};
use std::{borrow::Cow, sync::Arc, time::Duration};

/// How long a request waits for a token: longer than one call to an issuer may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// How often the organisation is read again until it has the new token.
const LOOKS: usize = 4;

/// What came of it.
pub(super) enum Renewal {
    /// The account has another token.
    Done,
    /// Not before then.
    Waits(DateTime<Utc>),
    /// The account has to be authorised anew; why, in the issuer's words.
    Dead(String),
    /// The account is out of use.
    Gone,
}

impl Renewal {
    pub(super) fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Waits(until) => Some(*until),
            Self::Done | Self::Dead(_) | Self::Gone => None,
        }
    }
}

impl Run<'_> {
    /// A candidate with the token that it has got since it was planned with.
    pub(super) fn current<'c>(&self, planned: &'c Candidate) -> Cow<'c, Candidate> {
        match self.fresh.iter().find(|account| account.id == planned.account.id) {
            Some(account) => Cow::Owned(Candidate { account: account.clone(), ..planned.clone() }),
            None => Cow::Borrowed(planned),
        }
    }

    /// Notes an account that has no other token.
    pub(super) fn unrenewed(&mut self, account: AccountId, renewal: Renewal) {
        let until = renewal.until();
        match renewal {
            Renewal::Dead(reason) => self.trail.died(account, reason),
            _ => self.trail.passed(account, EXPIRED, until),
        }
    }

    /// Whether another token may be asked for.
    pub(super) fn may_renew(&self, account: &Account) -> bool {
        account.grant.refreshable && !self.renewed.contains(&account.id)
    }
}

impl Sending<'_> {
    /// Gets an account another token. `None` where that is of no use: it goes on with what it has.
    pub(super) async fn renew(&self, account: &Account, why: Why, run: &mut Run<'_>) -> Option<Renewal> {
        run.renewed.push(account.id);
        let wanted =
            Wanted { org: self.tenant.org, account: account.id, version: account.grant.version, why };
        Some(match self.relay.refresher.refresh(wanted, PATIENCE).await {
            Outcome::Ready { version } => match self.with_version(account.id, version).await {
                Some(fresh) => {
                    run.fresh.push(fresh);
                    Renewal::Done
                }
                None => Renewal::Gone,
            },
            Outcome::Later { until, .. } => Renewal::Waits(until),
            Outcome::Dead { reason } => Renewal::Dead(reason),
            Outcome::Off => Renewal::Gone,
            Outcome::Unfit { .. } => return None,
        })
    }

    /// The account once its organisation is known with this credential or a newer one; `None` when it is not there.
    async fn with_version(&self, id: AccountId, version: i64) -> Option<Arc<Account>> {
        let (directory, org) = (&self.relay.directory, self.tenant.org);
        for _ in 0..LOOKS {
            let tenant = directory.tenant(org).await.ok()?;
            if let Some(found) = tenant.account(id).filter(|found| found.grant.version >= version) {
                return Some(found.clone());
            }
            directory.refresh(&self.caller.hash, org, tenant.policy_version).await.ok()?;
        }
        None
    }
}
