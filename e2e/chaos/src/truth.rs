//! The ledger held against the simulator's: which row belongs to which call, and what must be equal.
//!
//! A call is sent to one account after the other until one begins to answer, so the simulator may have several entries of
//! one call: its attempts. **Every call that reached the simulator has exactly one row**, and no row is without such a call.
//! The row is that of the last attempt and names its account; every attempt before that broke off before its answer began,
//! and what the provider billed for it is noted in the row, for the account that was asked.
//! Beyond that, by how the last attempt ended:
//!
//! - *Finished*: the simulator wrote the whole answer, whether the client stayed for it or left and the answer was read
//!   on in its place. Tokens of every bucket and nano-dollars are equal, and the row is not marked as estimated.
//! - *Left for good*: the client left and the answer took longer than the organisation's patience, so that we broke off.
//!   The row is marked as estimated and costs at least what the provider billed.
//! - *Failed*: the provider broke off before its answer began, and no other account was left to try. The row says
//!   `upstream_error`, and costs and charges nothing: the last attempt is noted like those before it.
//! - *Cut*: the provider broke off after that. The row is marked as estimated (`upstream_cut`). Of
//!   a stream it costs at least what the provider billed. Of an answer in one piece nothing was told before it broke, and
//!   its row need only cost what had been told, which is nothing.
//! - *Interrupted*: the call ran on an instance when that was killed, or had ended at the provider only a moment
//!   before. One row; equal, or else marked as estimated, and costs at least what the provider billed unless that had
//!   broken off too: limits are strict, so what nobody can know counts at the most it can have been. A request that was
//!   reserved but had not yet been sent may have such a row too: nobody who is left can know.

use crate::{
    call::{Attempt, End, Intent, mark_of_client, mark_of_tag},
    price::{dollars, model},
    world::{DRAIN, World},
};
use anyhow::{Context, Result};
use causeway_simulator::{Entry, Outcome, Tokens};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection, Row as _};
use std::{collections::HashMap, ops::Range};
use uuid::Uuid;

/// An instance has settled what it served after so long. Usually that takes milliseconds; a busy machine takes its time.
const SETTLED_WITHIN: TimeDelta = TimeDelta::seconds(5);

/// A row of the ledger.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) request: Uuid,
    pub(crate) key: Uuid,
    pub(crate) account: Uuid,
    pub(crate) member: Option<Uuid>,
    pub(crate) organisation: Uuid,
    pub(crate) model: String,
    pub(crate) mark: Option<usize>,
    pub(crate) outcome: String,
    pub(crate) estimated: bool,
    pub(crate) tokens: Tokens,
    pub(crate) cost: i128,
    pub(crate) charged: i128,
    upstream: Option<String>,
    /// What attempts before it may have cost, by account: nobody is charged for them.
    pub(crate) failed: Vec<(Uuid, i128)>,
}

impl Row {
    /// When Causeway received the request, by its id.
    pub(crate) fn received(&self) -> DateTime<Utc> {
        let ms = i64::try_from(self.request.as_u128() >> 80).unwrap_or(i64::MAX);
        DateTime::from_timestamp_millis(ms).unwrap_or_default()
    }
}

/// A connection to Postgres that may read every organisation's ledger.
pub(crate) async fn connect(world: &World<'_>) -> Result<PgConnection> {
    let url = world.services.database_url();
    let mut connection = PgConnection::connect(url.expose_secret()).await.context("reading the ledger")?;
    connection.execute("set role causeway_jobs").await?;
    Ok(connection)
}

/// All rows there are.
pub(crate) async fn rows(connection: &mut PgConnection) -> Result<Vec<Row>> {
    let rows = sqlx::query(
        "select request_id, key_id, account_id, model, client, outcome, estimated, input_tokens, output_tokens,
           cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nanos, charged_nanos,
           upstream_request_id, user_id, org_id, failed_attempts from usage",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let count = |i: usize| row.try_get::<i64, _>(i).map(|n| u64::try_from(n).unwrap_or(u64::MAX));
            Ok(Row {
                request: row.try_get(0)?,
                key: row.try_get(1)?,
                account: row.try_get(2)?,
                model: row.try_get(3)?,
                mark: mark_of_client(row.try_get(4)?),
                outcome: row.try_get(5)?,
                estimated: row.try_get(6)?,
                tokens: Tokens {
                    input: count(7)?,
                    output: count(8)?,
                    cache_read: count(9)?,
                    cache_write_5m: count(10)?,
                    cache_write_1h: count(11)?,
                },
                cost: i128::from(row.try_get::<i64, _>(12)?),
                charged: i128::from(row.try_get::<i64, _>(13)?),
                upstream: row.try_get(14)?,
                member: row.try_get(15)?,
                organisation: row.try_get(16)?,
                failed: row
                    .try_get::<Option<Value>, _>(17)?
                    .as_ref()
                    .map(failed)
                    .transpose()?
                    .unwrap_or_default(),
            })
        })
        .collect()
}

fn failed(attempts: &Value) -> Result<Vec<(Uuid, i128)>> {
    let attempts = attempts.as_array().context("failed attempts that are no list")?;
    let one = |attempt: &Value| {
        let account = attempt["account"].as_str().context("a failed attempt without its account")?;
        let cost = attempt["cost_nanos"].as_i64().context("a failed attempt without its cost")?;
        Ok((Uuid::parse_str(account)?, i128::from(cost)))
    };
    attempts.iter().map(one).collect()
}

/// An instance that was killed, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Killed {
    pub(crate) instance: usize,
    pub(crate) at: DateTime<Utc>,
    /// When it was gone for certain.
    pub(crate) gone: DateTime<Utc>,
}

impl Killed {
    /// Whether an attempt ran then, or had ended so shortly before that it need not have been settled.
    fn interrupted(&self, entry: &Entry) -> bool {
        let ended_before = entry.ended.is_some_and(|ended| ended + SETTLED_WITHIN < self.at);
        entry.at <= self.gone && !ended_before
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Attempts of clients.
    pub(crate) attempts: usize,
    /// Of which answered with 503.
    pub(crate) unavailable: usize,
    /// Of which refused since every account rested.
    pub(crate) resting: usize,
    /// Of which neither refused by a limit, nor answered with 503, nor without a connection or cut off with their
    /// instance.
    pub(crate) calls: usize,
    /// Calls that reached the simulator.
    pub(crate) reached: usize,
    /// Times that they were sent to it again, to another account or on another connection.
    pub(crate) again: usize,
    /// Calls without a row.
    pub(crate) lost: Vec<String>,
    /// Rows too many.
    pub(crate) double: Vec<String>,
    /// Rows without a call.
    pub(crate) stray: Vec<String>,
    /// Calls whose row says something else than it must.
    pub(crate) unequal: Vec<String>,
    /// Finished calls.
    pub(crate) finished: usize,
    /// Nano-dollars of their rows, minus those of the simulator.
    pub(crate) difference: i128,
    /// Calls that no account answered.
    pub(crate) failed: usize,
    /// Nano-dollars that accounts are said to have asked for attempts that failed, and what of it the provider billed.
    pub(crate) given_up: (i128, i128),
    /// Calls with estimates: left for good, cut.
    pub(crate) estimated: usize,
    /// Nano-dollars that their rows are above the simulator's figures.
    pub(crate) surplus: i128,
    /// Calls that ran when their instance was killed, and what their rows are above the simulator's figures.
    pub(crate) interrupted: usize,
    pub(crate) interrupted_surplus: i128,
}

impl Found {
    /// Whether every call has its one row with the right figures.
    pub(crate) fn is_true(&self) -> bool {
        let clean = [&self.lost, &self.double, &self.stray, &self.unequal].iter().all(|list| list.is_empty());
        clean && self.difference == 0
    }
}

/// All that is compared.
pub(crate) struct Seen<'a> {
    pub(crate) attempts: &'a [Attempt],
    pub(crate) entries: &'a [Entry],
    pub(crate) rows: &'a [Row],
    /// Accounts by their key at the simulator.
    pub(crate) accounts: &'a HashMap<String, Uuid>,
}

impl Seen<'_> {
    /// Compares the calls of a range.
    pub(crate) fn compare(&self, range: Range<usize>, killed: Option<Killed>) -> Found {
        let mut found = self.told(range.clone(), killed);
        let mut calls: HashMap<usize, (Vec<&Entry>, Vec<&Row>)> = HashMap::new();
        for entry in self.entries {
            let Some(mark) = mark(entry) else { continue };
            if range.contains(&mark) {
                calls.entry(mark).or_default().0.push(entry);
            }
        }
        for row in self.rows {
            match row.mark {
                Some(mark) if range.contains(&mark) => calls.entry(mark).or_default().1.push(row),
                Some(_) => {}
                None => found.stray.push(format!("{} has no number", row.request)),
            }
        }
        let mut marks: Vec<_> = calls.into_iter().collect();
        marks.sort_unstable_by_key(|(mark, _)| *mark);
        for (mark, (entries, rows)) in marks {
            let attempt = &self.attempts[mark];
            let describe = || {
                format!(
                    "call {mark} ({:?}, {:?}, instance {})",
                    attempt.intent, attempt.end, attempt.instance
                )
            };
            let on_killed = killed.filter(|killed| killed.instance == attempt.instance);
            found.reached += usize::from(!entries.is_empty());
            found.again += entries.len().saturating_sub(1);
            match (&entries[..], &rows[..]) {
                ([before @ .., last], [row]) => {
                    // What was settled in time is like any other. Otherwise what the instance knew of attempts that
                    // failed may have died with it.
                    let interrupted = row.outcome == "interrupted"
                        && on_killed.is_some_and(|killed| killed.interrupted(last));
                    let given_up = self.given_up(&mut found, before, last, row);
                    let verdict = self
                        .before(before, last, row)
                        .and(if interrupted { Ok(()) } else { given_up })
                        .and_then(|()| judge(&mut found, attempt, last, row, interrupted));
                    if let Err(problem) = verdict {
                        found.unequal.push(format!("{}: {problem}: {entries:?} {row:?}", describe()));
                    }
                }
                ([], [row]) if on_killed.is_some() && row.estimated => found.interrupted += 1,
                ([], rows) => found.stray.extend(rows.iter().map(|row| format!("{}: {row:?}", describe()))),
                (entries, []) => found.lost.push(format!("{}: {entries:?}", describe())),
                (_, [_, more @ ..]) => {
                    found.double.extend(more.iter().map(|row| format!("{}: {row:?}", describe())));
                }
            }
        }
        found
    }

    /// How the calls of a range ended for their clients.
    fn told(&self, range: Range<usize>, killed: Option<Killed>) -> Found {
        let mut found = Found { attempts: range.len(), ..Found::default() };
        for attempt in &self.attempts[range] {
            match attempt.end {
                End::Answered(503) => found.unavailable += 1,
                End::Answered(402 | 429) | End::Unsent => {}
                // Its instance was killed, whatever it was doing.
                End::Broken if killed.is_some_and(|killed| killed.instance == attempt.instance) => {}
                End::Resting => {
                    found.resting += 1;
                    found.calls += 1;
                }
                _ => found.calls += 1,
            }
        }
        found
    }

    /// Whether the attempts before the last one may have been given up, and the row is that of the last.
    fn before(&self, before: &[&Entry], last: &Entry, row: &Row) -> Result<(), &'static str> {
        let account = last.key.as_ref().and_then(|key| self.accounts.get(key));
        match () {
            // One that failed had moved on to yet another account, which was not asked any more.
            () if account != Some(&row.account) && !is_failed(last) => Err("the row names another account"),
            () if before.iter().any(|entry| entry.outcome != Outcome::CutByFault) => {
                Err("sent again although an attempt before had not broken off")
            }
            () => Ok(()),
        }
    }

    /// Whether everything that the provider billed for attempts that failed is noted for the account that was asked.
    fn given_up(
        &self,
        found: &mut Found,
        before: &[&Entry],
        last: &Entry,
        row: &Row,
    ) -> Result<(), &'static str> {
        let model = model(&row.model).ok_or("a model that nobody asked for")?;
        let failed = before.iter().copied().chain(Some(last).filter(|last| is_failed(last)));
        let mut noted = row.failed.clone();
        found.given_up.0 += noted.iter().map(|(_, cost)| cost).sum::<i128>();
        for entry in failed {
            let billed = model.cost(entry.billed);
            found.given_up.1 += billed;
            let account = entry.key.as_ref().and_then(|key| self.accounts.get(key));
            let at = noted.iter().position(|(id, cost)| Some(id) == account && *cost >= billed);
            match at {
                Some(at) => drop(noted.swap_remove(at)),
                None if billed > 0 => {
                    return Err("the provider billed an attempt that failed, and nothing says so");
                }
                None => {}
            }
        }
        if noted.is_empty() { Ok(()) } else { Err("more attempts are noted than the provider knows of") }
    }
}

/// Whether an attempt broke off before its answer began.
fn is_failed(entry: &Entry) -> bool {
    entry.outcome == Outcome::CutByFault && (entry.status.is_none() || (entry.stream && entry.events <= 1))
}

fn judge(
    found: &mut Found,
    attempt: &Attempt,
    entry: &Entry,
    row: &Row,
    interrupted: bool,
) -> Result<(), &'static str> {
    let model = model(&row.model).ok_or("a model that nobody asked for")?;
    let billed = model.cost(entry.billed);
    let equal = row.tokens == entry.billed && row.cost == billed && row.charged == billed;
    if row.upstream.as_ref().is_some_and(|id| *id != entry.request_id) {
        return Err("the row names another request of the provider");
    }
    if interrupted {
        found.interrupted += 1;
        found.interrupted_surplus += row.cost - billed;
        return match entry.outcome {
            _ if equal => Ok(()),
            _ if !row.estimated => Err("neither estimated nor equal"),
            Outcome::CutByFault => Ok(()),
            _ if row.cost < billed => Err("interrupted, and costs less than the provider billed"),
            _ => Ok(()),
        };
    }
    match entry.outcome {
        Outcome::Open => Err("still open at the provider"),
        Outcome::Completed => {
            found.finished += 1;
            found.difference += row.cost - billed;
            match (equal, row.estimated) {
                (true, false) => Ok(()),
                (true, true) => Err("marked as estimated although it was whole"),
                (false, _) => Err("not what the provider billed"),
            }
        }
        Outcome::CutByFault if is_failed(entry) => {
            found.failed += 1;
            match () {
                () if row.outcome != "upstream_error" => Err("failed, and not told so"),
                () if row.cost != 0 || row.charged != 0 => Err("failed, and not free"),
                () => Ok(()),
            }
        }
        Outcome::CutByFault => {
            found.estimated += 1;
            found.surplus += row.cost - billed;
            let told = if entry.stream { billed } else { model.cost(entry.sent) };
            match () {
                () if !row.estimated => Err("cut, and not marked as estimated"),
                () if row.outcome != "upstream_cut" => Err("cut, and not told so"),
                () if row.cost < told => Err("cut, and costs less than the provider billed"),
                () => Ok(()),
            }
        }
        Outcome::CutByClient => {
            found.estimated += 1;
            found.surplus += row.cost - billed;
            let patience = TimeDelta::milliseconds(i64::try_from(DRAIN * 1000).unwrap_or(i64::MAX) - 300);
            let left = matches!(attempt.intent, Intent::Leave(_) | Intent::LeaveForGood(_));
            let waited = entry.ended.is_some_and(|ended| ended - attempt.ended >= patience);
            match () {
                () if !left => Err("cut by us although the client stayed"),
                () if !waited => Err("cut by us before patience was over"),
                () if !row.estimated => Err("cut by us, and not marked as estimated"),
                () if row.outcome != "client_left" => Err("cut by us, and not told so"),
                () if row.cost < billed => Err("costs less than the provider billed"),
                () => Ok(()),
            }
        }
    }
}

/// How many of these calls were asked and answered in full between two moments.
pub(crate) fn served(attempts: &[Attempt], (from, to): (DateTime<Utc>, DateTime<Utc>)) -> usize {
    let within = |a: &&Attempt| a.end == End::Answered(200) && a.begun >= from && a.ended <= to;
    attempts.iter().filter(within).count()
}

/// The number of a call at the simulator; none for what was asked by nobody here.
pub(crate) fn mark(entry: &Entry) -> Option<usize> {
    mark_of_tag(entry.tag.as_deref()?)
}

/// What the simulator billed for these attempts, in nano-dollars.
pub(crate) fn billed<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> i128 {
    let cost = |e: &Entry| e.model.as_deref().and_then(model).map_or(0, |model| model.cost(e.billed));
    entries.into_iter().map(cost).sum()
}

/// A list for people: how many, and the first few.
pub(crate) fn some(what: &str, list: &[String]) -> Vec<String> {
    let shown = list.iter().take(3).map(|line| format!("{what}: {line}"));
    let rest = list.len().saturating_sub(3);
    shown.chain((rest > 0).then(|| format!("{what}: and {rest} more"))).collect()
}

/// A sum for people.
pub(crate) fn usd(nanos: i128) -> String {
    format!("${}", dollars(nanos))
}
