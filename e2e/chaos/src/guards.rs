//! Keys with one small limit each, pressed while something dies by more clients than can fit: whatever is forgotten lets
//! somebody in who must not be. Their calls last, so that there is always something to forget, and cost nearly what they
//! reserve, so that forgetting it shows.

use crate::{
    call::{Call, Draw, Intent, Key},
    measure::Kind,
    press::{Press, Pressed, press},
    price::{FRAME, model},
    world::World,
};
use anyhow::Result;
use chrono::TimeDelta;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

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

/// Keys being pressed.
pub(crate) struct Guards {
    pressed: Vec<(Kind, JoinHandle<Result<Pressed>>)>,
    /// The keys.
    pub(crate) keys: Vec<Key>,
    may_end: Arc<AtomicBool>,
}

/// What of a limit was used while something died.
pub(crate) struct Guarded {
    pub(crate) kind: Kind,
    pub(crate) limit: i128,
    pub(crate) used: i128,
}

impl Guards {
    /// Starts pressing one key of each kind.
    pub(crate) fn start(world: &World<'_>, seed: u64) -> Result<Self> {
        let may_end = Arc::new(AtomicBool::new(false));
        let (mut pressed, mut keys) = (Vec::new(), Vec::new());
        for kind in Kind::ALL {
            let key = world.key(kind.name(), &kind.limits(limit(kind)))?;
            keys.push(key.clone());
            let plan = Press {
                clients: if kind == Kind::Dollars { 80 } else { 40 },
                greedy: true,
                // A budget is used up to its end, whatever has happened.
                exhaust: kind == Kind::Dollars,
                call: lasting,
                seed: seed ^ kind as u64,
                longest_pause: 500,
                quiet: Duration::from_millis(2200),
                may_end: may_end.clone(),
                patience: Duration::from_secs(150),
            };
            let field = world.field.clone();
            pressed.push((kind, tokio::spawn(async move { press(&field, &key, plan).await })));
        }
        Ok(Self { pressed, keys, may_end })
    }

    /// Lets them come to their end; the numbers of their calls.
    pub(crate) async fn finish(self) -> Result<Vec<(Kind, HashSet<usize>)>> {
        self.may_end.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for (kind, pressed) in self.pressed {
            all.push((kind, pressed.await??.marks.into_iter().collect()));
        }
        Ok(all)
    }
}

/// What was used. To be asked when nothing is open any more.
pub(crate) fn judge(world: &World<'_>, marks: &[(Kind, HashSet<usize>)]) -> Vec<Guarded> {
    marks
        .iter()
        .map(|(kind, marks)| {
            // Requests may wait for Redis, so their ids do not tell how long they were under way. Here it is not long.
            let (used, _) = kind.used(world, marks, TimeDelta::seconds(2));
            Guarded { kind: *kind, limit: limit(*kind), used }
        })
        .collect()
}
