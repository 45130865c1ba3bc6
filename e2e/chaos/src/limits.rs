//! B5: a thousand requests at once on one key, over three instances, with outputs that vary. Four runs, each with one
//! kind of limit: dollars of a day, tokens a minute, requests a minute, concurrency.
//!
//! What was used is what the simulator says: tokens it billed, priced by this suite; when requests arrived; how many were
//! open at one time. One request may need a twentieth of the limit at most; then 95 % of it must be usable, and nothing
//! beyond it may be.
//!
//! A minute is any sixty seconds. Causeway counts a request when it lets it in, the simulator when it arrives, a little
//! later; so two requests can arrive closer to one another than they were let in, by as much as the slower of them was
//! under way. The longest that any was under way (its arrival minus the time in its id) is therefore taken off the
//! sixty seconds. It is printed.

use crate::{
    Args,
    call::{Call, Draw, Intent, Key},
    press::{Press, Pressed, press},
    price::{dollars, model},
    report::{Limit, limits_table},
    sums,
    truth::{self, Row},
    world::World,
};
use anyhow::Result;
use causeway_simulator::Entry;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The model of these calls.
const MODEL: &str = "chaos-large";
/// The most output one of them may ask for, and the most bytes it has.
const MOST_OUTPUT: u64 = 1000;
const MOST_PROMPT: u64 = 400;
/// How much of a limit one request may need: a twentieth.
const PARTS: u64 = 20;
/// Requests a minute, and requests at once.
const REQUESTS: u64 = 200;
const AT_ONCE: u64 = 40;

fn draw_call(draw: &mut Draw) -> Call {
    let stream = draw.below(2) == 0;
    Call {
        model: MODEL,
        stream,
        max_tokens: draw.between(100, MOST_OUTPUT + 1),
        prompt: draw.between(20, MOST_PROMPT + 1) as usize,
        hour: false,
        script: if stream { "events=8,interval=15".to_owned() } else { "delay=120".to_owned() },
        intent: Intent::Stay,
    }
}

/// The largest that can be drawn.
fn largest() -> Call {
    let script = "events=8,interval=15".to_owned();
    let (max_tokens, prompt) = (MOST_OUTPUT, MOST_PROMPT as usize);
    Call { model: MODEL, stream: false, max_tokens, prompt, hour: false, script, intent: Intent::Stay }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dollars,
    TokensPerMinute,
    RequestsPerMinute,
    Concurrency,
}

/// The four runs, when they are over.
pub(crate) struct Runs {
    runs: Vec<(Kind, Limit)>,
    /// The keys that were used.
    pub(crate) keys: Vec<Key>,
    /// The numbers of their calls.
    range: Range<usize>,
}

/// Runs all four.
pub(crate) async fn run(args: &Args, world: &World<'_>) -> Result<Runs> {
    let (from, mut runs, mut keys) = (world.field.log.len(), Vec::new(), Vec::new());
    for kind in [Kind::Dollars, Kind::TokensPerMinute, Kind::RequestsPerMinute, Kind::Concurrency] {
        let (key, line) = one(args, world, kind).await?;
        runs.push((kind, line));
        keys.push(key);
    }
    Ok(Runs { runs, keys, range: from..world.field.log.len() })
}

impl Runs {
    /// What was used, by the simulator's figures; the ledger of these calls, which are calls like all others; and what
    /// was not as promised. To be asked when nothing is open any more.
    pub(crate) async fn judge(self, world: &World<'_>) -> Result<(String, Vec<String>)> {
        let rows = truth::rows(&mut truth::connect(world).await?).await?;
        let (attempts, entries) = (world.field.log.all(), world.simulator.ledger().entries());
        let (mut lines, mut failures) = (Vec::new(), Vec::new());
        for (kind, mut line) in self.runs {
            (line.used, line.window) = used(kind, &line.pressed, world, &rows);
            failures.extend(line.problems());
            lines.push(line);
        }
        let found = truth::compare(&attempts, self.range, &entries, &rows, None);
        for (what, list) in [
            ("lost", &found.lost),
            ("double", &found.double),
            ("stray", &found.stray),
            ("unequal", &found.unequal),
        ] {
            failures.extend(truth::some(what, list));
        }
        failures.extend(sums::differences(world, &self.keys, &rows).await?);
        let failures = failures.into_iter().map(|failure| format!("limits: {failure}")).collect();
        Ok((limits_table(&lines, &found), failures))
    }
}

async fn one(args: &Args, world: &World<'_>, kind: Kind) -> Result<(Key, Limit)> {
    let body = largest().body_bound();
    let worst_tokens = body + crate::price::FRAME + MOST_OUTPUT;
    let worst = model(MODEL).map_or(0, |model| model.worst(body, MOST_OUTPUT, false));
    let (name, limit, limits): (_, i128, Value) = match kind {
        Kind::Dollars => {
            let budget = worst * i128::from(PARTS);
            ("dollars a day", budget, json!({ "usd": { "day": dollars(budget) } }))
        }
        Kind::TokensPerMinute => {
            let tokens = worst_tokens * PARTS;
            ("tokens a minute", tokens.into(), json!({ "tokens_per_minute": tokens }))
        }
        Kind::RequestsPerMinute => {
            ("requests a minute", REQUESTS.into(), json!({ "requests_per_minute": REQUESTS }))
        }
        Kind::Concurrency => ("at once", AT_ONCE.into(), json!({ "concurrency": AT_ONCE })),
    };
    let key = world.key(name, &limits)?;
    let a_minute = matches!(kind, Kind::TokensPerMinute | Kind::RequestsPerMinute);
    let may_end = Arc::new(AtomicBool::new(false));
    // The long form goes on into the third minute, so that what was let in at first has run out twice.
    let hold = if a_minute && !args.quick { Duration::from_secs(125) } else { Duration::ZERO };
    let clients = if args.quick { 300 } else { 1000 };
    let plan = Press {
        clients,
        greedy: false,
        call: draw_call,
        seed: args.seed ^ (kind as u64) << 32,
        // A thousand who ask for two minutes must leave some of the machine to those who answer.
        longest_pause: if hold.is_zero() { 600 } else { 2500 },
        quiet: Duration::from_millis(1500),
        may_end: may_end.clone(),
        patience: hold + Duration::from_secs(60),
    };
    let ends = async {
        tokio::time::sleep(hold).await;
        // Of concurrency everybody gets a share in the end.
        may_end.store(kind != Kind::Concurrency, Ordering::Relaxed);
    };
    let begun = Instant::now();
    let (pressed, ()) = tokio::join!(press(&world.field, &key, plan), ends);
    let (pressed, took) = (pressed?, begun.elapsed());
    let money = kind == Kind::Dollars;
    let line = Limit { name, limit, used: 0, window: None, clients, pressed, took, money };
    Ok((key, line))
}

/// What was used, and the length of the minute where there is one.
fn used(kind: Kind, pressed: &Pressed, world: &World<'_>, rows: &[Row]) -> (i128, Option<TimeDelta>) {
    let marks: HashSet<usize> = pressed.marks.iter().copied().collect();
    let ours = |e: &Entry| truth::mark(e).is_some_and(|mark| marks.contains(&mark));
    let ledger = world.simulator.ledger();
    if kind == Kind::Concurrency {
        return (ledger.most_open(ours) as i128, None);
    }
    let entries = ledger.find(usize::MAX, ours);
    if kind == Kind::Dollars {
        return (truth::billed(&entries), None);
    }
    let received: HashMap<usize, _> =
        rows.iter().filter_map(|row| Some((row.mark?, row.received()))).collect();
    let way = |e: &Entry| Some(e.at - *received.get(&truth::mark(e)?)?);
    let longest = entries.iter().filter_map(way).max().unwrap_or_default();
    let minute = TimeDelta::seconds(60) - longest;
    let amounts: Vec<(DateTime<Utc>, u64)> = entries
        .iter()
        .map(|e| match kind {
            Kind::TokensPerMinute => (e.at, e.billed.all_input() + e.billed.output),
            _ => (e.at, 1),
        })
        .collect();
    (most_within(&amounts, minute).into(), Some(minute))
}

/// The largest sum of amounts whose times lie less than `window` apart.
fn most_within(amounts: &[(DateTime<Utc>, u64)], window: TimeDelta) -> u64 {
    let mut amounts = amounts.to_vec();
    amounts.sort_unstable();
    let (mut first, mut sum, mut most) = (0, 0, 0);
    for (at, amount) in &amounts {
        sum += amount;
        while *at - amounts[first].0 >= window {
            sum -= amounts[first].1;
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_minute_counts_and_not_only_those_of_the_clock() {
        let at = |s: i64| DateTime::from_timestamp(s, 0).unwrap();
        let amounts = [(at(0), 5), (at(59), 7), (at(61), 7), (at(119), 1), (at(121), 9)];
        assert_eq!(most_within(&amounts, TimeDelta::seconds(60)), 14);
        assert_eq!(most_within(&amounts, TimeDelta::seconds(61)), 17);
        assert_eq!(most_within(&[], TimeDelta::seconds(60)), 0);
    }
}
