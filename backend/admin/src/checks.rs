//! Checking accounts at the times that are set, in the way of the button "Test". For a job that one instance runs.
//!
//! A check asks for the provider's list of models: no model is asked, no token is used, nothing is billed. It tells and does
//! not judge: an account that fails it goes on taking requests, and rests only if these fail too, by the failover table. What
//! it may change is what the button may: a token that is over is refreshed, and a grant that its issuer declares void is
//! marked so. One that passes ends the time of a rest for a credential that was not accepted or a provider that could not be
//! reached, so that the next request tries the account.
//!
//! Each check is run by one instance, whoever takes it on. A time at which nothing ran is not made up for.

pub(crate) mod schedule;

use crate::{
    accounts::{self, fresh},
    error::ApiError,
    state::AdminState,
};
use causeway_accounts::rules::Row;
use causeway_openapi::AccountTest;
use causeway_store::{
    StoreResult, TenantTx,
    checks::{self, Scheduled},
    cooldowns,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use schedule::{Schedule, minute};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How many accounts are asked at once.
const AT_ONCE: usize = 8;

/// What could not be begun so long after its time is left out.
const LATEST: TimeDelta = TimeDelta::minutes(5);

/// What a check that passes shows to be over.
const MENDED: [Row; 2] = [Row::BadCredential, Row::Unreachable];

/// The checks.
pub struct Checks {
    state: AdminState,
    /// The minute that was looked at last.
    looked: Mutex<Option<DateTime<Utc>>>,
}

/// Accounts to check, with the minute at which they are due.
#[derive(Debug)]
pub struct Due {
    minute: DateTime<Utc>,
    accounts: Vec<Scheduled>,
}

impl Checks {
    /// Through what the handlers reach.
    pub const fn new(state: AdminState) -> Self {
        Self { state, looked: Mutex::new(None) }
    }

    /// What is due in this minute; `None` when that is nothing, or when the minute was looked at before. To be asked more often than once a minute.
    pub async fn due(&self, now: DateTime<Utc>) -> StoreResult<Option<Due>> {
        let minute = minute(now);
        if *self.looked() >= Some(minute) {
            return Ok(None);
        }
        let mut accounts = checks::scheduled(&self.state.store.jobs).await?;
        // Many accounts have the schedule of their organisation.
        let mut known = HashMap::new();
        accounts.retain(|account| {
            let key = (account.schedule.clone(), account.zone);
            *known.entry(key).or_insert_with(|| {
                // One that another version has accepted may not be understood here.
                Schedule::parse(&account.schedule).is_ok_and(|schedule| schedule.is_due(minute, account.zone))
            })
        });
        *self.looked() = Some(minute);
        Ok((!accounts.is_empty()).then_some(Due { minute, accounts }))
    }

    /// Runs them, some at once. Returns how many this instance has run.
    pub async fn run(&self, due: Due) -> usize {
        let minute = due.minute;
        let run = stream::iter(due.accounts).map(async |account| match self.check(&account, minute).await {
            Ok(ran) => usize::from(ran),
            Err(error) => {
                tracing::warn!(account = %account.account, %error, "a scheduled check could not be made");
                0
            }
        });
        run.buffer_unordered(AT_ONCE).fold(0, async |sum, n| sum + n).await
    }

    async fn check(&self, due: &Scheduled, minute: DateTime<Utc>) -> Result<bool, ApiError> {
        let store = &self.state.store;
        let (org, id) = (due.org, due.account);
        let began = Utc::now();
        if began - minute > LATEST + TimeDelta::minutes(1)
            || !checks::take(&store.jobs, org, id, minute).await?
        {
            return Ok(false);
        }
        let mut tx = TenantTx::begin(&store.app, org, None).await?;
        let account = causeway_store::accounts::get(&mut tx, id, false).await?;
        // Not across the call: the provider may take its time.
        drop(tx);
        let outcome = match fresh::tested(&self.state, org, account).await {
            Ok(outcome) => outcome,
            Err(ApiError::Conflict(words)) => fresh::not_asked(&fresh::sentence(&words)),
            Err(other) => {
                let told = fresh::not_asked("The check could not be made.");
                checks::finish(&store.jobs, org, id, minute, (&kept(&told), false)).await?;
                return Err(other);
            }
        };
        accounts::test::keep(&self.state, org, id, &outcome).await?;
        let causes: Vec<String> = MENDED.iter().map(|row| row.as_str().to_owned()).collect();
        let ended = outcome.ok && checks::end_rest(&store.jobs, org, id, &causes, began).await?;
        checks::finish(&store.jobs, org, id, minute, (&kept(&outcome), ended)).await?;
        if ended {
            cooldowns::announce(&store.cache, &[(org, id, None)]).await?;
        }
        Ok(true)
    }

    fn looked(&self) -> std::sync::MutexGuard<'_, Option<DateTime<Utc>>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An outcome without the models, which have a place of their own.
pub(crate) fn kept(outcome: &AccountTest) -> serde_json::Value {
    json!(AccountTest { models: Vec::new(), ..outcome.clone() })
}
