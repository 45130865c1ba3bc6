//! Writing usage to Postgres: rows, rollups and totals in one transaction, each request once.

mod failed;
mod missing;
mod rows;
mod sums;

pub use failed::FailedAttempt;
pub use missing::{Found, add_missing};

use crate::{JobsDb, StoreError, StoreResult, hold::ScopeId};
use causeway_domain::{
    AccountId, Factor, KeyId, Nanos, OrgId, RequestId, TokenCounts, UserId,
    price::{ServiceTier, Snapshot},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};
use std::{collections::BTreeMap, sync::Arc};
use sums::{Sums, SumsKey};
use uuid::Uuid;

/// Who wrote a row; a newer one replaces an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Revision {
    /// The sweeper, for an instance that died.
    Swept = 0,
    /// The instance that served the request.
    Own = 1,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer was whole.
    Completed,
    /// The client went away first.
    ClientLeft,
    /// The provider broke off in the middle.
    UpstreamCut,
    /// The provider answered with an error, or could not be reached.
    UpstreamError,
    /// The instance died while it ran.
    Interrupted,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Completed, Self::ClientLeft, Self::UpstreamCut, Self::UpstreamError, Self::Interrupted];

    /// As stored and as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ClientLeft => "client_left",
            Self::UpstreamCut => "upstream_cut",
            Self::UpstreamError => "upstream_error",
            Self::Interrupted => "interrupted",
        }
    }

    fn is_error(self) -> bool {
        matches!(self, Self::UpstreamCut | Self::UpstreamError | Self::Interrupted)
    }
}

/// One request that reached a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UsageEvent {
    /// Id; carries the start time.
    pub request: RequestId,
    /// Organisation.
    pub org: OrgId,
    /// Who wrote it.
    pub rev: Revision,
    /// API key.
    pub key: KeyId,
    /// Member whose key it is.
    pub user: Option<UserId>,
    /// Upstream account.
    pub account: AccountId,
    /// Dialect of the client.
    pub dialect: String,
    /// Provider of the account.
    pub provider: String,
    /// Canonical model name.
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Status told to the client; 0 = it left before.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the figures are our conservative ones.
    pub estimated: bool,
    /// Tokens.
    pub tokens: TokenCounts,
    /// Searches that the provider made on its own.
    pub web_searches: u32,
    /// The tier it was billed at.
    #[serde(default)]
    pub tier: ServiceTier,
    /// At the provider's price.
    pub cost: Nanos,
    /// Charged to the key.
    pub charged: Nanos,
    /// What was charged for a dollar of cost.
    #[serde(default)]
    pub factor: Factor,
    /// The price used.
    pub price: Arc<Snapshot>,
    /// When it was accepted.
    pub started_at: DateTime<Utc>,
    /// Milliseconds until the first byte of the answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until the end.
    pub duration_ms: u32,
    /// The provider's own id for it.
    pub upstream_request_id: Option<String>,
    /// Short form of the client's User-Agent.
    pub client: String,
    /// The client that it was recognised as; empty = none.
    #[serde(default)]
    pub client_id: String,
    /// What rules could read of it: [`causeway_domain::client::Facts`] in JSON.
    #[serde(default)]
    pub client_facts: String,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// What earlier attempts have cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedAttempt>,
    /// Ends of the windows of five hours that it counted in, ms since the epoch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub five_hours: Vec<(ScopeId, i64)>,
}

/// What became of the events of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Requests that had a row before, whether it was replaced or was the newer one. What Redis counts for them may
    /// differ from what the row says.
    pub known: Vec<RequestId>,
}

/// What one row adds to sums.
#[derive(Clone, Copy, Default, PartialEq)]
struct Figures {
    requests: i64,
    errors: i64,
    tokens: [i64; 5],
    cost: i64,
    charged: i64,
}

impl Figures {
    fn add(&mut self, other: &Self, sign: i64) {
        self.requests += sign * other.requests;
        self.errors += sign * other.errors;
        for (mine, theirs) in self.tokens.iter_mut().zip(other.tokens) {
            *mine += sign * theirs;
        }
        self.cost += sign * other.cost;
        self.charged += sign * other.charged;
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl UsageEvent {
    fn figures(&self) -> Figures {
        let t = &self.tokens;
        Figures {
            requests: 1,
            errors: i64::from(self.outcome.is_error()),
            tokens: [t.input, t.output, t.cache_read, t.cache_write_5m, t.cache_write_1h].map(signed),
            cost: self.cost.0,
            charged: self.charged.0,
        }
    }

    /// The sums that it is part of.
    fn sums_key(&self) -> SumsKey<'_> {
        let user = self.user.map_or(Uuid::nil(), |u| u.0);
        (
            self.org.0,
            self.bucket(),
            self.key.0,
            self.account.0,
            self.model.as_str(),
            user,
            self.client_id.as_str(),
        )
    }

    /// Every scope in which it counts.
    pub fn scopes(&self) -> impl Iterator<Item = ScopeId> + use<> {
        let fixed = [ScopeId::Key(self.key), ScopeId::Organisation, ScopeId::Account(self.account)];
        let failed: Vec<ScopeId> =
            self.failed.iter().map(|attempt| ScopeId::Account(attempt.account)).collect();
        fixed.into_iter().chain(self.user.map(ScopeId::Member)).chain(failed)
    }

    /// Adds what it is in all sums.
    fn add_to<'a>(&'a self, sums: &mut Sums<'a>) {
        let key = self.sums_key();
        sums.entry(key).or_default().add(&self.figures(), 1);
        failed::add(&self.failed, key, sums, 1);
    }

    /// Start of the quarter of an hour in which the request began, in seconds since the epoch.
    fn bucket(&self) -> i64 {
        self.request.started_ms().div_euclid(900_000) * 900
    }
}

/// Writes events. Those whose request has a row of the same or a newer revision change nothing. All or none.
pub async fn write(db: &JobsDb, events: &[UsageEvent]) -> StoreResult<Written> {
    // Two writers of one request (its owner and a sweeper that thought it dead) can meet between looking and
    // inserting. The loser finds that a row it had not seen is there, and does everything again.
    for _ in 0..3 {
        let mut tx = db.0.begin().await?;
        if let Some(written) = write_in(&mut tx, events).await? {
            tx.commit().await?;
            return Ok(written);
        }
    }
    Err(StoreError::Conflict("another writer of the same requests".to_owned()))
}

/// Puts an event aside that Postgres will not take, with the reason.
pub async fn bury(db: &JobsDb, event: &UsageEvent, reason: &str) -> StoreResult<()> {
    let json = serde_json::to_value(event).map_err(|e| StoreError::corrupt("usage event", e))?;
    sqlx::query!(
        "insert into usage_dead_letters (request_id, org_id, event, error) values ($1, $2, $3, $4)
         on conflict (request_id) do nothing",
        event.request.0,
        event.org.0,
        json,
        reason
    )
    .execute(&db.0)
    .await?;
    Ok(())
}

/// The latest end of a window of five hours for each scope that has one.
fn window_ends(events: &BTreeMap<Uuid, &UsageEvent>) -> sums::WindowEnds {
    let mut ends = sums::WindowEnds::new();
    for event in events.values() {
        for (scope, end) in &event.five_hours {
            let (scope, id) = scope.row(event.org);
            let known = ends.entry((event.org.0, scope, id)).or_default();
            *known = (*known).max(*end);
        }
    }
    ends
}

/// `None` when another writer came between looking and inserting.
async fn write_in(
    tx: &mut Transaction<'static, Postgres>,
    events: &[UsageEvent],
) -> StoreResult<Option<Written>> {
    // One event a request; of several, the newest.
    let mut fresh: BTreeMap<Uuid, &UsageEvent> = BTreeMap::new();
    for event in events {
        let kept = fresh.entry(event.request.0).or_insert(event);
        if kept.rev < event.rev {
            *kept = event;
        }
    }
    let known = rows::existing(tx, &fresh.keys().copied().collect::<Vec<_>>()).await?;
    let mut sums = Sums::new();
    let written = Written { known: known.keys().map(|id| RequestId(*id)).collect() };
    fresh.retain(|id, event| known.get(id).is_none_or(|old| old.rev < event.rev as i16));
    if fresh.is_empty() {
        return Ok(Some(written));
    }
    for event in fresh.values() {
        event.add_to(&mut sums);
        if let Some(old) = known.get(&event.request.0) {
            let key = old.sums_key(event.sums_key());
            sums.entry(key).or_default().add(&old.figures, -1);
            failed::add(&old.failed, key, &mut sums, -1);
        }
    }
    let (newer, new): (Vec<&UsageEvent>, Vec<&UsageEvent>) =
        fresh.values().copied().partition(|e| known.contains_key(&e.request.0));
    if rows::insert(tx, &new).await? < new.len() as u64 {
        return Ok(None);
    }
    rows::replace(tx, &newer).await?;
    sums::add_rollups(tx, &sums).await?;
    sums::add_totals(tx, &sums, &window_ends(&fresh)).await?;
    Ok(Some(written))
}

#[cfg(test)]
mod tests;
