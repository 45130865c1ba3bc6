//! Refreshing ahead of time. For a job that one instance runs.

use super::{Refresher, Wanted, Why};
use causeway_store::{StoreError, credentials};
use chrono::{TimeDelta, Utc};

/// Accounts that one sweep looks at.
const MOST: i64 = 500;

impl Refresher {
    /// Begins to refresh whatever ends within its provider's lead, without waiting for it. Returns for how many.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let shared = &self.0;
        let leads = shared.catalogue.all();
        let lead = |seconds: u32| TimeDelta::seconds(i64::from(seconds));
        let longest = leads.iter().map(|preset| preset.refresh_lead_seconds).max().unwrap_or(0);
        let now = Utc::now();
        let due = credentials::due(&shared.store.jobs, now + lead(longest), MOST).await?;
        let due = due.into_iter().filter(|due| {
            // A provider that is closed is not asked.
            let preset = shared.catalogue.get(due.provider);
            preset.is_some_and(|preset| due.expires_at <= now + lead(preset.refresh_lead_seconds))
        });
        let mut begun = 0;
        for due in due {
            // The next sweep has the rest.
            let Ok(permit) = shared.ahead.clone().try_acquire_owned() else { break };
            let why = if due.expires_at <= now { Why::Over } else { Why::Ahead };
            let wanted = Wanted { org: due.org, account: due.account, version: due.version, why };
            let mut flight = self.join(wanted);
            shared.tasks.spawn(async move {
                flight.outcome().await;
                drop(permit);
            });
            begun += 1;
        }
        Ok(begun)
    }
}
