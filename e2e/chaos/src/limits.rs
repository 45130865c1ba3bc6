//! B5: a thousand requests at once under one limit, over three instances, with outputs that vary. Each run has one kind of
//! limit (dollars of a day, tokens a minute, requests a minute, concurrency) of one scope (a key, a member, an
//! organisation, an account).
//!
//! One request may need a twentieth of the limit at most; then 95 % of it must be usable, and nothing beyond it may be
//! ([`crate::measure`] says how that is known).

use crate::{
    Args,
    call::{Call, Draw, Intent, Key},
    measure::Kind,
    press::{Known, Press, press},
    price::model,
    report::{Limit, limits_table},
    sums,
    truth::{self, Row},
    world::{Scope, World},
};
use anyhow::Result;
use causeway_simulator::Entry;
use chrono::TimeDelta;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
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
const REQUESTS: i128 = 200;
const AT_ONCE: i128 = 40;

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

/// Lasts until as many as may be open have been opened, however slowly the clients ask.
fn draw_lasting(draw: &mut Draw) -> Call {
    Call { stream: false, script: "delay=900".to_owned(), ..draw_call(draw) }
}

/// The largest that can be drawn.
fn largest() -> Call {
    let script = "events=8,interval=15".to_owned();
    let (max_tokens, prompt) = (MOST_OUTPUT, MOST_PROMPT as usize);
    Call { model: MODEL, stream: false, max_tokens, prompt, hour: false, script, intent: Intent::Stay }
}

/// All runs: each kind with each scope. The short form has each kind of a key's, and one each of the others.
fn all(args: &Args) -> Vec<(Scope, Kind)> {
    let each = |scope| Kind::ALL.map(|kind| (scope, kind));
    let mut all = each(Scope::Key).to_vec();
    if args.quick {
        all.extend([
            (Scope::Member, Kind::TokensPerMinute),
            (Scope::Organisation, Kind::Dollars),
            (Scope::Account, Kind::Concurrency),
        ]);
    } else {
        all.extend(Scope::WIDE.into_iter().flat_map(each));
    }
    all
}

/// The runs, when they are over.
pub(crate) struct Runs {
    runs: Vec<Limit>,
    /// The keys that were used.
    pub(crate) keys: Vec<Key>,
    /// The numbers of their calls.
    range: Range<usize>,
    /// What answers of 503 said.
    refusals: BTreeMap<String, usize>,
}

/// Runs all of them.
pub(crate) async fn run(args: &Args, world: &World<'_>) -> Result<Runs> {
    let (from, mut runs, mut keys) = (world.field.log.len(), Vec::new(), Vec::new());
    world.field.take_refusals();
    for (scope, kind) in all(args) {
        let (own, line) = one(args, world, scope, kind).await?;
        runs.push(line);
        keys.extend(own);
    }
    let refusals = world.field.take_refusals();
    Ok(Runs { runs, keys, range: from..world.field.log.len(), refusals })
}

impl Runs {
    /// What was used, by the simulator's figures; the ledger of these calls, which are calls like all others; and what
    /// was not as promised. To be asked when nothing is open any more.
    pub(crate) async fn judge(self, world: &World<'_>) -> Result<(String, Vec<String>)> {
        let rows = truth::rows(&mut truth::connect(world).await?).await?;
        let (attempts, entries) = (world.field.log.all(), world.simulator.ledger().entries());
        let (mut lines, mut failures) = (Vec::new(), Vec::new());
        for mut line in self.runs {
            let marks: HashSet<usize> = line.pressed.marks.iter().copied().collect();
            let under_way = under_way(&marks, &entries, &rows);
            (line.used, line.window) = line.kind.used(world, &marks, under_way);
            failures.extend(line.problems());
            lines.push(line);
        }
        let accounts = world.accounts();
        let seen = truth::Seen { attempts: &attempts, entries: &entries, rows: &rows, accounts: &accounts };
        let found = seen.compare(self.range, None);
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
        Ok((limits_table(&lines, &found, &self.refusals), failures))
    }
}

async fn one(args: &Args, world: &World<'_>, scope: Scope, kind: Kind) -> Result<(Vec<Key>, Limit)> {
    let body = largest().body_bound();
    let worst_tokens = body + crate::price::FRAME + MOST_OUTPUT;
    let worst = model(MODEL).map_or(0, |model| model.worst(body, MOST_OUTPUT, false));
    let limit = match kind {
        Kind::Dollars => worst * i128::from(PARTS),
        Kind::TokensPerMinute => i128::from(worst_tokens * PARTS),
        Kind::RequestsPerMinute => REQUESTS,
        Kind::Concurrency => AT_ONCE,
    };
    let keys = world.limited(scope, kind.name(), &kind.limits(limit))?;
    let a_minute = matches!(kind, Kind::TokensPerMinute | Kind::RequestsPerMinute);
    let may_end = Arc::new(AtomicBool::new(false));
    // The long form goes on into the third minute, so that what was let in at first has run out twice; once for each kind.
    let hold = if a_minute && !args.quick && scope == Scope::Key {
        Duration::from_secs(125)
    } else {
        Duration::ZERO
    };
    let clients = if args.quick { 300 } else { 1000 };
    let plan = Press {
        clients,
        greedy: false,
        exhaust: true,
        call: if kind == Kind::Concurrency { draw_lasting } else { draw_call },
        seed: args.seed ^ ((kind as u64) << 32) ^ ((scope as u64) << 36),
        // A thousand who ask for two minutes must leave some of the machine to those who answer.
        longest_pause: if hold.is_zero() { 600 } else { 2500 },
        quiet: Duration::from_millis(2500),
        may_end: may_end.clone(),
        patience: hold + Duration::from_secs(120),
        known: Known::none(keys.len()),
    };
    let ends = async {
        tokio::time::sleep(hold).await;
        // Of concurrency everybody gets a share in the end.
        may_end.store(kind != Kind::Concurrency, Ordering::Relaxed);
    };
    let begun = Instant::now();
    let (pressed, ()) = tokio::join!(press(&world.field, &keys, plan), ends);
    let (pressed, took) = (pressed?, begun.elapsed());
    let line = Limit { scope, kind, limit, used: 0, window: None, clients, pressed, took };
    Ok((keys, line))
}

/// The longest that a call was under way: from the time in its id until it arrived.
fn under_way(pressed: &HashSet<usize>, entries: &[Entry], rows: &[Row]) -> TimeDelta {
    let received: HashMap<usize, _> =
        rows.iter().filter_map(|row| Some((row.mark?, row.received()))).collect();
    let way = |e: &Entry| {
        let mark = truth::mark(e).filter(|mark| pressed.contains(mark))?;
        Some(e.at - *received.get(&mark)?)
    };
    entries.iter().filter_map(way).max().unwrap_or_default()
}
