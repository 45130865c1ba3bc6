//! The mixed load: streams and whole answers, several keys, models and cache figures; a tenth of the clients leave in the
//! middle, two in a hundred answers break off.

use crate::{
    call::{Call, Draw, End, Intent, Key},
    client::Client,
    price::MODELS,
    world::{DRAIN, Field, INSTANCES},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};

/// A load that runs.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    workers: JoinSet<()>,
}

impl Load {
    /// Starts `workers` clients, who make `total` calls together, or go on until they are stopped.
    pub(crate) fn start(
        field: &Arc<Field>,
        keys: &[Key],
        workers: usize,
        total: Option<u64>,
        seed: u64,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let made = Arc::new(AtomicU64::new(0));
        let mut running = JoinSet::new();
        for worker in 0..workers {
            let (field, keys) = (field.clone(), keys.to_vec());
            let (stop, made) = (stop.clone(), made.clone());
            running.spawn(async move {
                let mut client = Client::new(&field);
                let mut instance = worker % INSTANCES;
                while !stop.load(Ordering::Relaxed) {
                    let n = made.fetch_add(1, Ordering::Relaxed);
                    if total.is_some_and(|total| n >= total) {
                        return;
                    }
                    let mut draw = Draw::new(seed, n);
                    let key = &keys[draw.below(keys.len() as u64) as usize];
                    let told = client.ask(instance, key, &call(&mut draw)).await;
                    match told.end {
                        // Elsewhere, after a moment.
                        End::Answered(503) | End::Unsent | End::Broken => {
                            sleep(Duration::from_millis(draw.between(100, 300))).await;
                        }
                        // As long as it is told to.
                        End::Resting => {
                            let wait = told.answer.and_then(|answer| answer.retry_after).unwrap_or(1);
                            sleep(Duration::from_millis(wait * 1000 + draw.below(200))).await;
                        }
                        _ => {}
                    }
                    instance = (instance + 1) % INSTANCES;
                }
            });
        }
        Self { stop, workers: running }
    }

    /// Waits until all calls have been made.
    pub(crate) async fn finish(mut self) {
        while self.workers.join_next().await.is_some() {}
    }

    /// Lets every client finish the call it is in.
    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.finish().await;
    }
}

/// One call of the mixture.
fn call(draw: &mut Draw) -> Call {
    let stream = draw.below(10) < 6;
    let max_tokens = draw.between(50, 800);
    let prompt = draw.between(10, 1200) as usize;
    let (events, interval) = (draw.between(8, 24), draw.between(5, 30));
    let delay = draw.between(20, 300);
    let intent = match draw.below(100) {
        0 => Intent::LeaveForGood(Duration::from_millis(draw.between(100, 600))),
        1..10 => Intent::Leave(Duration::from_millis(draw.between(10, 200))),
        10..12 => Intent::Reset,
        _ => Intent::Stay,
    };
    // Answers that are not read to their end have as much text as tokens of that number would be, at four bytes a
    // token: figures that do not follow from the text at all cannot be counted by anybody who saw half of it.
    let text = match intent {
        Intent::Stay => String::new(),
        _ => format!(",text_bytes={}", 4 * max_tokens),
    };
    let (stream, script) = match intent {
        Intent::LeaveForGood(_) if stream => {
            (true, format!("events=20,interval={}{text}", DRAIN * 2000 / 20))
        }
        // Nothing of it is seen at all, and its input is counted as the length of the question has it.
        Intent::LeaveForGood(_) => (
            false,
            format!("delay={},in={},cache_read=0,cache_5m=0,cache_1h=0{text}", DRAIN * 2000, prompt / 5),
        ),
        Intent::Reset => match draw.below(10) {
            // Before the answer begins: at every account that is tried, or once; soon, as a connection does that was
            // closed meanwhile, or after a while.
            0 => (stream, format!("delay={},cut=reset", 550 + delay)),
            1 => (stream, format!("cut=reset,once{text}")),
            2 => (stream, format!("delay={},cut=reset,once{text}", 550 + delay)),
            // After the input has been told, and billed.
            3 => (true, format!("interval={interval},cut=reset@1{text}")),
            4 => (true, format!("interval={interval},cut=reset@1,once{text}")),
            5 => (false, format!("delay={delay},cut=reset@1{text}")),
            _ => {
                (true, format!("events={events},interval={interval},cut=reset@{}{text}", draw.between(4, 10)))
            }
        },
        _ if stream => (true, format!("events={events},interval={interval}{text}")),
        _ => (false, format!("delay={delay}{text}")),
    };
    Call {
        model: MODELS[draw.below(MODELS.len() as u64) as usize].name,
        stream,
        max_tokens,
        prompt,
        hour: draw.below(5) == 0,
        script,
        intent,
    }
}
