//! Writing usage to Postgres: rows, rollups and totals in one transaction, each request once.

use crate::{JobsDb, StoreError, StoreResult};
use causeway_domain::{AccountId, KeyId, Nanos, OrgId, RequestId, TokenCounts, UserId, price::Snapshot};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
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
    /// At the provider's price.
    pub cost: Nanos,
    /// Charged to the key.
    pub charged: Nanos,
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
    /// What went wrong, in words.
    pub error: Option<String>,
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

    /// Start of the quarter of an hour in which the request began, in seconds since the epoch.
    fn bucket(&self) -> i64 {
        self.request.started_ms().div_euclid(900_000) * 900
    }
}

/// Writes events. Those whose request has a row of the same or a newer revision change nothing. All or none.
pub async fn write(db: &JobsDb, events: &[UsageEvent]) -> StoreResult<()> {
    // Two writers of one request (its owner and a sweeper that thought it dead) can meet between looking and
    // inserting. The loser finds that a row it had not seen is there, and does everything again.
    for _ in 0..3 {
        let mut tx = db.0.begin().await?;
        if write_in(&mut tx, events).await? {
            tx.commit().await?;
            return Ok(());
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

async fn write_in(tx: &mut Transaction<'static, Postgres>, events: &[UsageEvent]) -> StoreResult<bool> {
    // One event a request; of several, the newest.
    let mut fresh: BTreeMap<Uuid, &UsageEvent> = BTreeMap::new();
    for event in events {
        let kept = fresh.entry(event.request.0).or_insert(event);
        if kept.rev < event.rev {
            *kept = event;
        }
    }
    let mut sums: BTreeMap<(Uuid, i64, Uuid, Uuid, &str), Figures> = BTreeMap::new();
    let known = existing(tx, &fresh.keys().copied().collect::<Vec<_>>()).await?;
    fresh.retain(|id, event| known.get(id).is_none_or(|old| old.rev < event.rev as i16));
    if fresh.is_empty() {
        return Ok(true);
    }
    for event in fresh.values() {
        let key = (event.org.0, event.bucket(), event.key.0, event.account.0, event.model.as_str());
        let sum = sums.entry(key).or_default();
        sum.add(&event.figures(), 1);
        if let Some(old) = known.get(&event.request.0) {
            sum.add(&old.figures, -1);
        }
    }
    let (newer, new): (Vec<&UsageEvent>, Vec<&UsageEvent>) =
        fresh.values().copied().partition(|e| known.contains_key(&e.request.0));
    if insert_rows(tx, &new).await? < new.len() as u64 {
        return Ok(false);
    }
    replace_rows(tx, &newer).await?;
    add_rollups(tx, &sums).await?;
    add_totals(tx, &sums).await?;
    Ok(true)
}

struct Known {
    rev: i16,
    figures: Figures,
}

async fn existing(
    tx: &mut Transaction<'static, Postgres>,
    ids: &[Uuid],
) -> StoreResult<HashMap<Uuid, Known>> {
    let rows = sqlx::query!(
        "select request_id, rev, outcome, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
                cache_write_1h_tokens, cost_nanos, charged_nanos
         from usage where request_id = any($1) for update",
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let errors = [Outcome::UpstreamCut, Outcome::UpstreamError, Outcome::Interrupted];
            let figures = Figures {
                requests: 1,
                errors: i64::from(errors.iter().any(|o| o.as_str() == r.outcome)),
                tokens: [
                    r.input_tokens,
                    r.output_tokens,
                    r.cache_read_tokens,
                    r.cache_write_5m_tokens,
                    r.cache_write_1h_tokens,
                ],
                cost: r.cost_nanos,
                charged: r.charged_nanos,
            };
            (r.request_id, Known { rev: r.rev, figures })
        })
        .collect())
}

fn all<'a, T>(rows: &[&'a UsageEvent], f: impl Fn(&'a UsageEvent) -> T) -> Vec<T> {
    rows.iter().map(|e| f(e)).collect()
}

/// Inserts rows; those that are there already stay as they are. Returns how many were inserted.
async fn insert_rows(tx: &mut Transaction<'static, Postgres>, rows: &[&UsageEvent]) -> StoreResult<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let outcome = sqlx::query!(
        r#"insert into usage (request_id, org_id, rev, key_id, user_id, account_id, dialect, provider, model, stream,
             status, outcome, estimated, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
             cache_write_1h_tokens, reasoning_tokens, web_searches, cost_nanos, charged_nanos, price, started_at, first_byte_ms,
             duration_ms, upstream_request_id, client, error)
           select * from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
             $8::text[], $9::text[], $10::bool[], $11::smallint[], $12::text[], $13::bool[], $14::bigint[],
             $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::int[], $21::bigint[],
             $22::bigint[], $23::text[]::jsonb[], $24::timestamptz[], $25::int[], $26::int[], $27::text[], $28::text[],
             $29::text[])
           on conflict (request_id) do nothing"#,
        &all(rows, |e| e.request.0),
        &all(rows, |e| e.org.0),
        &all(rows, |e| e.rev as i16),
        &all(rows, |e| e.key.0),
        &all(rows, |e| e.user.map(|u| u.0)) as &[Option<Uuid>],
        &all(rows, |e| e.account.0),
        &all(rows, |e| e.dialect.as_str()) as &[&str],
        &all(rows, |e| e.provider.as_str()) as &[&str],
        &all(rows, |e| e.model.as_str()) as &[&str],
        &all(rows, |e| e.stream),
        &all(rows, |e| i16::try_from(e.status).unwrap_or(0)),
        &all(rows, |e| e.outcome.as_str()) as &[&str],
        &all(rows, |e| e.estimated),
        &all(rows, |e| signed(e.tokens.input)),
        &all(rows, |e| signed(e.tokens.output)),
        &all(rows, |e| signed(e.tokens.cache_read)),
        &all(rows, |e| signed(e.tokens.cache_write_5m)),
        &all(rows, |e| signed(e.tokens.cache_write_1h)),
        &all(rows, |e| signed(e.tokens.reasoning)),
        &all(rows, |e| e.web_searches.cast_signed()),
        &all(rows, |e| e.cost.0),
        &all(rows, |e| e.charged.0),
        &all(rows, |e| e.price.json()) as &[&str],
        &all(rows, |e| e.started_at),
        &all(rows, |e| e.first_byte_ms.map(u32::cast_signed)) as &[Option<i32>],
        &all(rows, |e| e.duration_ms.cast_signed()),
        &all(rows, |e| e.upstream_request_id.as_deref()) as &[Option<&str>],
        &all(rows, |e| e.client.as_str()) as &[&str],
        &all(rows, |e| e.error.as_deref()) as &[Option<&str>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(outcome.rows_affected())
}

/// Replaces figures of rows that [`existing`] has locked. What the two writers agree on (who, where, which model)
/// is left alone.
async fn replace_rows(tx: &mut Transaction<'static, Postgres>, rows: &[&UsageEvent]) -> StoreResult<()> {
    for e in rows {
        sqlx::query!(
            "update usage set rev = $2, status = $3, outcome = $4, estimated = $5, input_tokens = $6, output_tokens = $7,
               cache_read_tokens = $8, cache_write_5m_tokens = $9, cache_write_1h_tokens = $10, reasoning_tokens = $11,
               cost_nanos = $12, charged_nanos = $13, first_byte_ms = $14, duration_ms = $15, upstream_request_id = $16,
               error = $17, web_searches = $18
             where request_id = $1 and rev < $2",
            e.request.0,
            e.rev as i16,
            i16::try_from(e.status).unwrap_or(0),
            e.outcome.as_str(),
            e.estimated,
            signed(e.tokens.input),
            signed(e.tokens.output),
            signed(e.tokens.cache_read),
            signed(e.tokens.cache_write_5m),
            signed(e.tokens.cache_write_1h),
            signed(e.tokens.reasoning),
            e.cost.0,
            e.charged.0,
            e.first_byte_ms.map(u32::cast_signed),
            e.duration_ms.cast_signed(),
            e.upstream_request_id,
            e.error,
            e.web_searches.cast_signed()
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

type Sums<'a> = BTreeMap<(Uuid, i64, Uuid, Uuid, &'a str), Figures>;

/// Adds to the rollups, in the order of their keys so that two writers cannot wait for each other.
async fn add_rollups(tx: &mut Transaction<'static, Postgres>, sums: &Sums<'_>) -> StoreResult<()> {
    let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    sqlx::query!(
        "insert into usage_rollups as r (org_id, bucket, key_id, account_id, model, requests, errors, input_tokens,
           output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nanos, charged_nanos)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[],
           $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
           $14::bigint[])
         on conflict (org_id, bucket, key_id, account_id, model) do update set
           requests = r.requests + excluded.requests, errors = r.errors + excluded.errors,
           input_tokens = r.input_tokens + excluded.input_tokens,
           output_tokens = r.output_tokens + excluded.output_tokens,
           cache_read_tokens = r.cache_read_tokens + excluded.cache_read_tokens,
           cache_write_5m_tokens = r.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
           cache_write_1h_tokens = r.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
           cost_nanos = r.cost_nanos + excluded.cost_nanos,
           charged_nanos = r.charged_nanos + excluded.charged_nanos",
        &sums.keys().map(|k| k.0).collect::<Vec<_>>(),
        &sums.keys().map(|k| at(k.1)).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.2).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.3).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.4).collect::<Vec<_>>() as &[&str],
        &sums.values().map(|f| f.requests).collect::<Vec<_>>(),
        &sums.values().map(|f| f.errors).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[0]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[1]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[2]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[3]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[4]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.cost).collect::<Vec<_>>(),
        &sums.values().map(|f| f.charged).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds to the totals that budgets rest on: keys by what they are charged, accounts by what the provider asks.
async fn add_totals(tx: &mut Transaction<'static, Postgres>, sums: &Sums<'_>) -> StoreResult<()> {
    let mut totals: BTreeMap<(Uuid, &str, Uuid), (i64, i64)> = BTreeMap::new();
    for ((org, _, key, account, _), figures) in sums {
        let tokens: i64 = figures.tokens.iter().sum();
        for (scope, id, nanos) in [("key", key, figures.charged), ("account", account, figures.cost)] {
            let total = totals.entry((*org, scope, *id)).or_default();
            total.0 += nanos;
            total.1 += tokens;
        }
    }
    sqlx::query!(
        "insert into budget_totals as b (org_id, scope, scope_id, nanos, tokens)
         select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[])
         on conflict (org_id, scope, scope_id) do update set
           nanos = b.nanos + excluded.nanos, tokens = b.tokens + excluded.tokens",
        &totals.keys().map(|k| k.0).collect::<Vec<_>>(),
        &totals.keys().map(|k| k.1).collect::<Vec<_>>() as &[&str],
        &totals.keys().map(|k| k.2).collect::<Vec<_>>(),
        &totals.values().map(|v| v.0).collect::<Vec<_>>(),
        &totals.values().map(|v| v.1).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
