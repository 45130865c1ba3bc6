//! The ledger held against the simulator's: which row belongs to which call, and what must be equal.
//!
//! **Every call that reached the simulator has exactly one row**, and no row is without such a call. Beyond that:
//!
//! - *Finished*: the simulator wrote the whole answer, whether the client stayed for it or left and the answer was read
//!   on in its place. Tokens of every bucket and nano-dollars are equal, and the row is not marked as estimated.
//! - *Left for good*: the client left and the answer took longer than the organisation's patience, so that we broke off.
//!   The row is marked as estimated and costs at least what the provider billed.
//! - *Cut*: the provider broke off. The row is marked as estimated (`upstream_cut`, before the head `upstream_error`). Of
//!   a stream it costs at least what the provider billed. Of an answer in one piece nothing was told before it broke, and
//!   its row need only cost what had been told, which is nothing.
//! - *Interrupted*: the call ran on an instance when that was killed, or had ended at the provider less than a second
//!   before. One row; equal, or else marked as estimated, and costs at least what the provider billed unless that had
//!   broken off too: limits are strict, so what nobody can know counts at the most it can have been. A request that was reserved but had not yet been sent may have such a row too: nobody who is
//!   left can know.

use crate::{
    call::{Attempt, End, Intent, mark_of_client, mark_of_tag},
    price::{dollars, model},
    world::{DRAIN, World},
};
use anyhow::{Context, Result};
use causeway_simulator::{Entry, Outcome, Tokens};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor, PgConnection, Row as _};
use std::{collections::HashMap, ops::Range};
use uuid::Uuid;

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
           upstream_request_id, user_id, org_id from usage",
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
            })
        })
        .collect()
}

/// An instance that was killed, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Killed {
    pub(crate) instance: usize,
    pub(crate) at: DateTime<Utc>,
    /// When it was gone for certain.
    pub(crate) gone: DateTime<Utc>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Attempts of clients.
    pub(crate) attempts: usize,
    /// Of which answered with 503.
    pub(crate) unavailable: usize,
    /// Calls that reached the simulator.
    pub(crate) reached: usize,
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

/// Compares the attempts of a range.
pub(crate) fn compare(
    attempts: &[Attempt],
    range: Range<usize>,
    entries: &[Entry],
    rows: &[Row],
    killed: Option<Killed>,
) -> Found {
    let mut found = Found { attempts: range.len(), ..Found::default() };
    found.unavailable = attempts[range.clone()].iter().filter(|a| a.end == End::Answered(503)).count();
    let mut calls: HashMap<usize, (Vec<&Entry>, Vec<&Row>)> = HashMap::new();
    for entry in entries {
        let Some(mark) = mark(entry) else { continue };
        if range.contains(&mark) {
            calls.entry(mark).or_default().0.push(entry);
        }
    }
    for row in rows {
        match row.mark {
            Some(mark) if range.contains(&mark) => calls.entry(mark).or_default().1.push(row),
            Some(_) => {}
            None => found.stray.push(format!("{} has no number", row.request)),
        }
    }
    let mut marks: Vec<_> = calls.into_iter().collect();
    marks.sort_unstable_by_key(|(mark, _)| *mark);
    for (mark, (entries, rows)) in marks {
        let attempt = &attempts[mark];
        found.reached += entries.len();
        let describe = || {
            format!("call {mark} ({:?}, {:?}, instance {})", attempt.intent, attempt.end, attempt.instance)
        };
        let on_killed = killed.filter(|killed| killed.instance == attempt.instance);
        match (&entries[..], &rows[..]) {
            ([entry], [row]) => {
                if let Err(problem) = judge(&mut found, attempt, entry, row, on_killed) {
                    found.unequal.push(format!("{}: {problem}: {entry:?} {row:?}", describe()));
                }
            }
            ([], [row]) if on_killed.is_some() && row.estimated => found.interrupted += 1,
            ([], rows) => found.stray.extend(rows.iter().map(|row| format!("{}: {row:?}", describe()))),
            (entries, rows) if rows.len() < entries.len() => {
                found.lost.extend(
                    entries.iter().skip(rows.len()).map(|entry| format!("{}: {entry:?}", describe())),
                );
            }
            (entries, rows) => {
                found
                    .double
                    .extend(rows.iter().skip(entries.len()).map(|row| format!("{}: {row:?}", describe())));
            }
        }
    }
    found
}

fn judge(
    found: &mut Found,
    attempt: &Attempt,
    entry: &Entry,
    row: &Row,
    killed: Option<Killed>,
) -> Result<(), &'static str> {
    let model = model(&row.model).ok_or("a model that nobody asked for")?;
    let billed = model.cost(entry.billed);
    let equal = row.tokens == entry.billed && row.cost == billed && row.charged == billed;
    if row.upstream.as_ref().is_some_and(|id| *id != entry.request_id) {
        return Err("the row names another request of the provider");
    }
    let ended_before =
        |at: DateTime<Utc>| entry.ended.is_some_and(|ended| ended + TimeDelta::seconds(1) < at);
    if killed.is_some_and(|killed| entry.at <= killed.gone && !ended_before(killed.at)) {
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
        Outcome::CutByFault => {
            found.estimated += 1;
            found.surplus += row.cost - billed;
            let told = if entry.stream { billed } else { model.cost(entry.sent) };
            match () {
                () if !row.estimated => Err("cut, and not marked as estimated"),
                () if !matches!(&*row.outcome, "upstream_cut" | "upstream_error") => {
                    Err("cut, and not told so")
                }
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
