//! Many clients at once under one limit, who take a refusal for "not now" and ask again until nothing more can fit.
//!
//! They ask sooner than `retry-after` tells them, as impatient clients do: what is wanted here is how much of a limit can
//! be used, and whether asking often gets more than is allowed. A client gives up when it is refused although nobody
//! has been served for a while longer than a call takes: then nothing is running, nothing will be given back, and what
//! is left is less than it needs.

use crate::{
    call::{Call, Draw, End, Key},
    client::{Client, Told},
    world::{Field, INSTANCES},
};
use anyhow::Result;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Barrier,
    task::JoinSet,
    time::{sleep, timeout},
};

/// How to press.
#[derive(Clone)]
pub(crate) struct Press {
    pub(crate) clients: usize,
    /// Whether a client that has been served asks for more.
    pub(crate) greedy: bool,
    /// Whether they go on until nothing more can fit, once they may end.
    pub(crate) exhaust: bool,
    /// Draws a call.
    pub(crate) call: fn(&mut Draw) -> Call,
    pub(crate) seed: u64,
    /// Milliseconds between a refusal and the next attempt: at most twice so many.
    pub(crate) longest_pause: u64,
    /// Longer than a call takes.
    pub(crate) quiet: Duration,
    /// Nobody gives up before this says so.
    pub(crate) may_end: Arc<AtomicBool>,
    /// Everybody does after so long.
    pub(crate) patience: Duration,
    /// Which keys are known where.
    pub(crate) known: Known,
}

/// Keys that an instance has answered: by their place, for each instance.
#[derive(Clone, Debug)]
pub(crate) struct Known(Arc<Vec<[AtomicBool; INSTANCES]>>);

impl Known {
    /// None of so many yet.
    pub(crate) fn none(keys: usize) -> Self {
        Self(Arc::new((0..keys).map(|_| Default::default()).collect()))
    }

    fn note(&self, key: usize, instance: usize) {
        self.0[key][instance].store(true, Ordering::Relaxed);
    }

    /// Whether every key is known at every instance.
    pub(crate) fn all(&self) -> bool {
        self.0.iter().flatten().all(|known| known.load(Ordering::Relaxed))
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Pressed {
    /// Numbers of all attempts.
    pub(crate) marks: Vec<usize>,
    pub(crate) served: usize,
    /// 402 and 429, by a limit.
    pub(crate) refused: usize,
    /// 503: not now, and for no limit.
    pub(crate) unavailable: usize,
    /// Every other end, counted by what it was.
    pub(crate) others: Vec<String>,
    /// Clients that had not been served when patience ran out.
    pub(crate) waiting: usize,
}

/// How long a client waits that was told that every account rests.
const RESTS: Duration = Duration::from_secs(1);

struct Shared {
    press: Press,
    barrier: Barrier,
    /// When somebody was served last.
    served: Mutex<Instant>,
    deadline: Instant,
}

/// Presses, with these keys in turn.
pub(crate) async fn press(field: &Arc<Field>, keys: &[Key], press: Press) -> Result<Pressed> {
    let clients = press.clients;
    let deadline = Instant::now() + press.patience;
    let served = Mutex::new(Instant::now());
    let shared = Arc::new(Shared { press, barrier: Barrier::new(clients), served, deadline });
    let mut running = JoinSet::new();
    for n in 0..clients {
        // Not by the same rule as its instance: every key is to be used at every one.
        let key = (n / INSTANCES) % keys.len();
        running.spawn(one(field.clone(), (key, keys[key].clone()), shared.clone(), n));
    }
    let mut all = Pressed::default();
    while let Some(ended) = running.join_next().await {
        let one = ended?;
        all.marks.extend(one.marks);
        all.served += one.served;
        all.refused += one.refused;
        all.unavailable += one.unavailable;
        all.others.extend(one.others);
        all.waiting += one.waiting;
    }
    Ok(all)
}

async fn one(field: Arc<Field>, (place, key): (usize, Key), shared: Arc<Shared>, n: usize) -> Pressed {
    let press = &shared.press;
    let mut draw = Draw::new(press.seed, n as u64);
    let mut client = Client::new(&field);
    let mut instance = n % INSTANCES;
    let mut result = Pressed::default();
    let mut call = (press.call)(&mut draw);
    // What cannot be opened ahead is opened, or fails, with the attempt.
    let _ = client.connect(instance).await;
    let _ = timeout(Duration::from_secs(20), shared.barrier.wait()).await;
    let mut pause = 250;
    while Instant::now() < shared.deadline {
        if !press.exhaust && press.may_end.load(Ordering::Relaxed) {
            return result;
        }
        let begun = Instant::now();
        let Told { mark, end, answer } = client.ask(instance, &key, &call).await;
        result.marks.push(mark);
        if matches!(end, End::Answered(200 | 402 | 429)) {
            press.known.note(place, instance);
        }
        match end {
            End::Answered(200) => {
                result.served += 1;
                *shared.served.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                if !press.greedy {
                    return result;
                }
                call = (press.call)(&mut draw);
                pause = 250;
                continue;
            }
            End::Answered(402 | 429) => {
                result.refused += 1;
                let last = *shared.served.lock().unwrap_or_else(PoisonError::into_inner);
                if press.may_end.load(Ordering::Relaxed) && begun > last + press.quiet {
                    return result;
                }
            }
            // No limit has refused it.
            End::Resting => {
                result.others.push("every account rests".to_owned());
                sleep(RESTS).await;
            }
            End::Answered(503) => {
                result.unavailable += 1;
                instance = (instance + 1) % INSTANCES;
            }
            End::Answered(status) => {
                let body = answer.map(|a| String::from_utf8_lossy(&a.body).into_owned());
                result.others.push(format!("{status}: {}", body.unwrap_or_default()));
                instance = (instance + 1) % INSTANCES;
            }
            other => {
                result.others.push(format!("{other:?}"));
                instance = (instance + 1) % INSTANCES;
            }
        }
        sleep(Duration::from_millis(draw.between(pause, 2 * pause))).await;
        pause = (pause * 3 / 2).min(press.longest_pause);
    }
    result.waiting = 1;
    result
}
