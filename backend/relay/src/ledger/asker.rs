//! Asking for reservations, many in one call: what comes while Redis is busy with others is asked for together. A request
//! that comes alone is asked for at once.
//!
//! Requests of one organisation mostly share all limits but their key's: read and written once for many of them, they
//! cost Redis a fraction of what each costs alone, and the busier it is the less.

use super::Ledger;
use causeway_store::{
    Cache, StoreError, StoreResult,
    hold::{self, Ask, Reserved},
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// As many in one call at most: while it runs, Redis does nothing else.
const MOST: usize = 32;

/// Calls for one shard that are under way at once. Redis runs one after the other, so a second one saves no more than its
/// way; and what its requests share costs Redis as much for one of them as for many.
const CALLS: usize = 2;

/// So many have to wait for a second call to be worth its price; fewer wait for the first one to come back.
const WORTH: usize = 8;

/// A request that waits to be asked for.
pub(super) struct Question {
    ask: Arc<Ask>,
    epoch: i64,
    answer: oneshot::Sender<StoreResult<Reserved>>,
}

/// The requests of one shard.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Question>,
    calls: usize,
}

impl Ledger {
    /// Asks for a reservation in this epoch of its shard, together with others.
    pub(crate) async fn ask(&self, cache: &Cache, ask: &Arc<Ask>, epoch: i64) -> StoreResult<Reserved> {
        let (answer, answered) = oneshot::channel();
        let question = Question { ask: ask.clone(), epoch, answer };
        if self.questions.try_send(question).is_ok()
            && let Ok(answer) = answered.await
        {
            return answer;
        }
        // The instance is stopping, and nobody asks for others any more.
        Box::pin(hold::reserve(cache, &self.script, ask, epoch)).await
    }
}

/// Asks until the instance stops.
pub(super) async fn run(
    cache: Cache,
    ledger: Arc<Ledger>,
    mut questions: mpsc::Receiver<Question>,
    closing: CancellationToken,
) {
    let mut lines: BTreeMap<u8, Line> = BTreeMap::new();
    let mut calls = FuturesUnordered::new();
    let mut came = Vec::with_capacity(MOST);
    loop {
        tokio::select! {
            biased;
            Some(shard) = calls.next() => {
                if let Some(line) = lines.get_mut(&shard) {
                    line.calls -= 1;
                    if line.waiting.is_empty() && line.calls == 0 {
                        lines.remove(&shard);
                    } else {
                        calls.extend(line.next(&cache, &ledger, shard));
                    }
                }
            }
            n = questions.recv_many(&mut came, MOST) => {
                if n == 0 {
                    return;
                }
                // Whoever else is about to ask does so now.
                tokio::task::yield_now().await;
                while let Ok(question) = questions.try_recv() {
                    came.push(question);
                }
                for question in came.drain(..) {
                    lines.entry(question.ask.org.shard()).or_default().waiting.push_back(question);
                }
                for (shard, line) in &mut lines {
                    calls.extend(line.next(&cache, &ledger, *shard));
                }
            }
            () = closing.cancelled() => return,
        }
    }
}

impl Line {
    /// The next call, if there is anything to ask for and room for a call.
    fn next(
        &mut self,
        cache: &Cache,
        ledger: &Arc<Ledger>,
        shard: u8,
    ) -> Option<impl Future<Output = u8> + use<>> {
        if self.calls == CALLS || (self.calls > 0 && self.waiting.len() < WORTH) {
            return None;
        }
        // Who has gone away meanwhile asks for nothing.
        self.waiting.retain(|question| !question.answer.is_closed());
        let epoch = self.waiting.front()?.epoch;
        let same = self.waiting.iter().take(MOST).take_while(|question| question.epoch == epoch).count();
        let (asks, answers): (Vec<_>, Vec<_>) =
            self.waiting.drain(..same).map(|question| (question.ask, question.answer)).unzip();
        self.calls += 1;
        let (cache, ledger) = (cache.clone(), ledger.clone());
        Some(async move {
            match hold::reserve_all(&cache, &ledger.script, &asks, epoch).await {
                Ok(all) => {
                    for (answer, reserved) in answers.into_iter().zip(all) {
                        let _ = answer.send(Ok(reserved));
                    }
                }
                Err(error) => {
                    for answer in answers {
                        let _ = answer.send(Err(the_same(&error)));
                    }
                }
            }
            shard
        })
    }
}

/// An error for each of those who have it in common.
fn the_same(error: &StoreError) -> StoreError {
    match error {
        StoreError::Redis(error) => StoreError::Redis(error.clone()),
        other => StoreError::corrupt("answer of the reservation script", other.to_string()),
    }
}
