//! Small limits, pressed while something dies by more clients than can fit: whatever is forgotten lets
//! somebody in who must not be. One of each kind is a key's own; one each is a member's, an organisation's and an
//! account's, of another kind from event to event. Their calls last, so that there is always something to forget, and cost nearly what they
//! reserve, so that forgetting it shows.

use crate::{
    call::{Call, Draw, Intent, Key},
    measure::Kind,
    press::{Known, Press, Pressed, press},
    price::{FRAME, model},
    world::{Scope, World},
};
use anyhow::{Result, ensure};
use chrono::TimeDelta;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::sleep};

const MODEL: &str = "chaos-small";
const MOST_OUTPUT: u64 = 1000;
/// Bytes that a body and its frame may have.
const MOST_INPUT: u64 = 900;

fn lasting(draw: &mut Draw) -> Call {
    let max_tokens = draw.between(600, MOST_OUTPUT);
    Call {
        model: MODEL,
        stream: true,
        max_tokens,
        prompt: draw.between(20, 300) as usize,
        hour: false,
        script: format!("events=10,interval=130,out={}", max_tokens * 19 / 20),
        intent: Intent::Stay,
    }
}

/// Twenty of these calls fit, or as many a minute, or at once.
fn limit(kind: Kind) -> i128 {
    match kind {
        Kind::Dollars => {
            20 * model(MODEL).map_or(0, |model| model.worst(MOST_INPUT - FRAME, MOST_OUTPUT, false))
        }
        Kind::TokensPerMinute => 20 * i128::from(MOST_INPUT + MOST_OUTPUT),
        Kind::RequestsPerMinute | Kind::Concurrency => 20,
    }
}

/// Limits being pressed.
pub(crate) struct Guards {
    pressed: Vec<(Scope, Kind, JoinHandle<Result<Pressed>>)>,
    /// The keys.
    pub(crate) keys: Vec<Key>,
    known: Vec<Known>,
    may_end: Arc<AtomicBool>,
}

/// The numbers of the calls that pressed one limit.
pub(crate) type Marks = (Scope, Kind, HashSet<usize>);

/// What of a limit was used while something died.
pub(crate) struct Guarded {
    pub(crate) scope: Scope,
    pub(crate) kind: Kind,
    pub(crate) limit: i128,
    pub(crate) used: i128,
}

impl Guards {
    /// Makes the limits. `turn` is the number of the event.
    pub(crate) fn prepare(world: &World<'_>, turn: usize) -> Result<Vec<(Scope, Kind, Vec<Key>)>> {
        let own = Kind::ALL.map(|kind| (Scope::Key, kind));
        let wide = Scope::WIDE.iter().enumerate();
        let wide = wide.map(|(n, scope)| (*scope, Kind::ALL[(turn + n) % Kind::ALL.len()]));
        let limited = |(scope, kind): (Scope, Kind)| {
            Ok((scope, kind, world.limited(scope, kind.name(), &kind.limits(limit(kind)))?))
        };
        own.into_iter().chain(wide).map(limited).collect()
    }

    /// Starts pressing them.
    pub(crate) fn start(world: &World<'_>, limits: Vec<(Scope, Kind, Vec<Key>)>, seed: u64) -> Self {
        let may_end = Arc::new(AtomicBool::new(false));
        let (mut pressed, mut all, mut all_known) = (Vec::new(), Vec::new(), Vec::new());
        for (scope, kind, keys) in limits {
            all.extend(keys.iter().cloned());
            let known = Known::none(keys.len());
            all_known.push(known.clone());
            let own = scope == Scope::Key;
            let plan = Press {
                clients: if kind == Kind::Dollars && own { 80 } else { 40 },
                greedy: true,
                // A budget is used up to its end, whatever has happened.
                exhaust: kind == Kind::Dollars,
                call: lasting,
                seed: seed ^ kind as u64 ^ ((scope as u64) << 8),
                longest_pause: 500,
                quiet: Duration::from_millis(2200),
                may_end: may_end.clone(),
                patience: Duration::from_secs(150),
                known,
            };
            let field = world.field.clone();
            pressed.push((scope, kind, tokio::spawn(async move { press(&field, &keys, plan).await })));
        }
        Self { pressed, keys: all, known: all_known, may_end }
    }

    /// Waits until every instance has answered every key.
    pub(crate) async fn known(&self) -> Result<()> {
        let begun = Instant::now();
        while !self.known.iter().all(Known::all) {
            let known =
                || self.pressed.iter().zip(&self.known).map(|((scope, kind, _), known)| (scope, kind, known));
            let missing: Vec<_> = known().filter(|(_, _, known)| !known.all()).collect();
            ensure!(
                begun.elapsed() < Duration::from_secs(60),
                "some instance has not answered some key: {missing:?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Lets them come to their end; the numbers of their calls.
    pub(crate) async fn finish(self) -> Result<Vec<Marks>> {
        self.may_end.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for (scope, kind, pressed) in self.pressed {
            all.push((scope, kind, pressed.await??.marks.into_iter().collect()));
        }
        Ok(all)
    }
}

/// What was used. To be asked when nothing is open any more.
pub(crate) fn judge(world: &World<'_>, marks: &[Marks]) -> Vec<Guarded> {
    marks
        .iter()
        .map(|(scope, kind, marks)| {
            // Requests may wait for Redis, so their ids do not tell how long they were under way. Here it is not long.
            let (used, _) = kind.used(world, marks, TimeDelta::seconds(2));
            Guarded { scope: *scope, kind: *kind, limit: limit(*kind), used }
        })
        .collect()
}
