//! The way of a settled request into Postgres, and what keeps it from being lost on the way.
//!
//! ```text
//! hold ──> settler ──(Redis: reserved → spent, event kept there too)──> writer ──(Postgres)──> Redis forgets it
//! ```
//!
//! Every hold owns a [`Place`] from before it is sent until its row is in Postgres. There are only so many: when
//! Postgres is away for long, new requests are refused, and no row is lost. So no channel here can be full, and
//! settling in `drop` cannot fail.

mod asker;
mod held;
mod peers;
mod recovery;
mod settler;
mod sweep;
mod writer;

pub(crate) use held::HeldRequests;
pub(crate) use recovery::Sign;
pub(crate) use settler::release;
pub(crate) use sweep::Sweeper;

use crate::{
    history::History,
    settle::{Draft, Figures},
};
use causeway_domain::{OrgId, RequestId};
use causeway_store::{
    Store, boots,
    hold::{Checkpoint, ReserveScript, ScopeId},
};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A reserved place on the way to Postgres.
pub(crate) struct Place(
    #[expect(dead_code, reason = "held, not read: the place is free again when it is dropped")]
    OwnedSemaphorePermit,
);

/// How long before the end of its patience a closing ledger stops to read on for clients who have left, so that what
/// was read can still be settled.
const HURRY_BEFORE: Duration = Duration::from_secs(2);

/// How long a start waits until limits can be relied on.
const START_PATIENCE: Duration = Duration::from_secs(4);

/// What the settler is given.
enum Item {
    Settle(Box<Settled>),
    Release { place: Place, org: OrgId, request: RequestId },
}

/// A request that is over and reached a provider.
pub(crate) struct Settled {
    pub place: Place,
    pub request: RequestId,
    pub draft: Arc<Draft>,
    /// Which of the candidates it ended at.
    pub chosen: usize,
    pub figures: Figures,
    /// Ends of the windows of five hours that it counts in.
    pub five_hours: Vec<(ScopeId, i64)>,
    /// Scopes whose totals Redis may have wrong because of it.
    pub doubtful: Vec<ScopeId>,
}

/// How far the two stages have come, in items since the start.
struct Progress {
    entered: AtomicU64,
    /// Of those entered, the ones that will have a row.
    rows: AtomicU64,
    settled: watch::Sender<u64>,
    written: watch::Sender<u64>,
}

/// The ledger of one instance.
pub(crate) struct Ledger {
    boot: Arc<str>,
    script: ReserveScript,
    held: HeldRequests,
    history: History,
    alarm: recovery::Alarm,
    peers: peers::Peers,
    /// Called before a shard is opened in an epoch that is new to us.
    forget_policies: Box<dyn Fn() + Send + Sync>,
    places: Arc<Semaphore>,
    capacity: usize,
    items: mpsc::Sender<Item>,
    questions: mpsc::Sender<asker::Question>,
    checkpoints: mpsc::Sender<(OrgId, Checkpoint)>,
    progress: Arc<Progress>,
    tracker: TaskTracker,
    closing: CancellationToken,
    /// Patience with answers that are read on for clients who have left is over.
    hurry: CancellationToken,
}

impl Ledger {
    /// Starts the tasks. The first heartbeat is sent before anything can be reserved, so that no hold of this life
    /// can look abandoned.
    pub(crate) async fn start(
        store: &Store,
        capacity: u32,
        forget_policies: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Arc<Self>, causeway_store::StoreError> {
        let capacity = capacity as usize;
        let (items, item_queue) = mpsc::channel(capacity);
        let (questions, question_queue) = mpsc::channel(capacity);
        let (checkpoints, checkpoint_queue) = mpsc::channel(4096);
        let (events, event_queue) = mpsc::channel(capacity);
        let progress = Arc::new(Progress {
            entered: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            settled: watch::Sender::new(0),
            written: watch::Sender::new(0),
        });
        let boot: Arc<str> = uuid::Uuid::now_v7().simple().to_string().into();
        let ledger = Arc::new(Self {
            script: ReserveScript::new(&boot),
            boot,
            held: HeldRequests::new(),
            history: History::new(),
            alarm: recovery::Alarm::default(),
            peers: peers::Peers::default(),
            forget_policies,
            places: Arc::new(Semaphore::new(capacity)),
            capacity,
            items,
            questions,
            checkpoints,
            progress: progress.clone(),
            tracker: TaskTracker::new(),
            closing: CancellationToken::new(),
            hurry: CancellationToken::new(),
        });
        let first = boots::beat(&store.cache, &ledger.boot).await?;
        let closing = || ledger.closing.clone();
        let asker = asker::run(store.cache.clone(), ledger.clone(), question_queue, closing());
        ledger.tracker.spawn(asker);
        let settler = settler::run(store.clone(), ledger.clone(), item_queue, events, closing());
        ledger.tracker.spawn(settler);
        ledger.tracker.spawn(writer::run(store.clone(), event_queue, progress));
        ledger.tracker.spawn(settler::checkpoints(store.clone(), checkpoint_queue, closing()));
        ledger.tracker.spawn(recovery::run(store.clone(), ledger.clone(), closing()));
        ledger.tracker.spawn(heartbeat(store.clone(), ledger.clone(), first.alarm, closing()));
        // Usually a matter of milliseconds. Where it takes longer, requests wait for it.
        let _ = tokio::time::timeout(START_PATIENCE, ledger.held.all_opened()).await;
        Ok(ledger)
    }

    /// The life of this instance.
    pub(crate) fn boot(&self) -> &Arc<str> {
        &self.boot
    }

    /// The reservation script of this life.
    pub(crate) fn script(&self) -> &ReserveScript {
        &self.script
    }

    /// What is held, and in which epochs.
    pub(crate) fn held(&self) -> &HeldRequests {
        &self.held
    }

    /// What requests have used before.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// A reservation in this epoch of a shard has shown that the epoch is over.
    pub(crate) fn epoch_is_over(&self, shard: u8, epoch: i64, sign: Sign) {
        if self.held.give_up(shard, epoch) {
            self.alarm.raise(sign);
        }
    }

    /// Cancelled when the instance stops and nothing may be waited for any longer.
    pub(crate) fn hurry(&self) -> CancellationToken {
        self.hurry.clone()
    }

    /// Cancelled when this life ends.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Reserves a place; `None` when too much is waiting for Postgres.
    pub(crate) fn place(&self) -> Option<Place> {
        self.places.clone().try_acquire_owned().ok().map(Place)
    }

    /// Requests that are running or not yet in Postgres.
    pub(crate) fn pending(&self) -> usize {
        self.capacity.saturating_sub(self.places.available_permits())
    }

    /// Runs a task that outlives its request, and that a shutdown waits for.
    pub(crate) fn spawn(self: Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    pub(crate) fn settle(&self, settled: Settled) {
        self.progress.rows.fetch_add(1, Ordering::Relaxed);
        self.end(settled.draft.org, settled.request, Item::Settle(Box::new(settled)));
    }

    pub(crate) fn release(&self, place: Place, org: OrgId, request: RequestId) {
        self.end(org, request, Item::Release { place, org, request });
    }

    /// In this order: announced, no longer held, settled. Who looks through what is held, and then waits for what is
    /// announced, finds it in one of the two; and of what is still held nothing has been settled.
    fn end(&self, org: OrgId, request: RequestId, item: Item) {
        self.progress.entered.fetch_add(1, Ordering::Relaxed);
        self.held.remove(org, request);
        if self.items.try_send(item).is_err() {
            // Only after `close` has given up waiting. The hold is still in Redis: the sweeper will settle it.
            tracing::error!("a request ended after the ledger was closed; it is left to the sweeper");
        }
    }

    /// Notes how a stream stands that is still running. A lost note does no harm: the next follows.
    pub(crate) fn checkpoint(&self, org: OrgId, checkpoint: Checkpoint) {
        let _ = self.checkpoints.try_send((org, checkpoint));
    }

    /// Whether something has ended that is not yet settled in Redis.
    pub(crate) fn unsettled(&self) -> bool {
        *self.progress.settled.borrow() < self.progress.entered.load(Ordering::Relaxed)
    }

    /// Waits until everything that ended before this call is settled in Redis. False when nothing was on its way.
    pub(crate) async fn settled(&self) -> bool {
        let target = self.progress.entered.load(Ordering::Relaxed);
        if *self.progress.settled.borrow() >= target {
            return false;
        }
        reached(&self.progress.settled, target, Duration::from_secs(1)).await;
        true
    }

    /// Waits until something that ended is settled in Redis.
    pub(crate) async fn next_settled(&self) {
        let mut settled = self.progress.settled.subscribe();
        if settled.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until every row that was on its way at this call is in Postgres; false after five seconds of waiting.
    pub(crate) async fn written(&self) -> bool {
        let target = self.progress.rows.load(Ordering::Relaxed);
        reached(&self.progress.written, target, Duration::from_secs(5)).await
    }

    /// Ends this life: waits until every hold is settled and written, at most until the deadline; what is left then
    /// is in Redis and will be swept by another instance, or by the next life of this one.
    pub(crate) async fn close(&self, store: &Store, patience: Duration) {
        let deadline = tokio::time::Instant::now() + patience;
        let hurry_at = deadline.checked_sub(HURRY_BEFORE).unwrap_or(deadline);
        while self.pending() > 0 && tokio::time::Instant::now() < deadline {
            if tokio::time::Instant::now() >= hurry_at {
                self.hurry.cancel();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.hurry.cancel();
        self.closing.cancel();
        self.tracker.close();
        if tokio::time::timeout_at(deadline + Duration::from_secs(2), self.tracker.wait()).await.is_err() {
            tracing::warn!(
                pending = self.pending(),
                "stopped before everything was written; the sweeper will do it"
            );
        }
        let _ = boots::end(&store.cache, &self.boot).await;
    }
}

/// Whether a stage has come as far as `target` in time.
async fn reached(stage: &watch::Sender<u64>, target: u64, patience: Duration) -> bool {
    let mut stage = stage.subscribe();
    tokio::time::timeout(patience, stage.wait_for(|n| *n >= target)).await.is_ok()
}

async fn heartbeat(store: Store, ledger: Arc<Ledger>, mut alarm: Option<String>, closing: CancellationToken) {
    let mut beat = tokio::time::interval(Duration::from_millis(boots::BEAT_MS));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _ = beat.tick() => {}
        }
        // In this order: if nothing is lost at the end, nothing was lost before, and these are all that live.
        let alive = boots::alive(&store.cache).await;
        let mut whole = false;
        match boots::beat(&store.cache, &ledger.boot).await {
            Ok(heard) => {
                if heard.new {
                    // Others took it for dead, and have settled what it holds: or Redis has lost everything.
                    ledger.alarm.raise(Sign::Forgotten);
                } else if heard.alarm != alarm {
                    ledger.alarm.raise(Sign::Closed);
                }
                whole = !heard.new;
                alarm = heard.alarm;
            }
            Err(error) => tracing::warn!(%error, "no heartbeat could be sent"),
        }
        match ledger.script.is_known(&store.cache).await {
            Ok(true) => {}
            Ok(false) => {
                whole = false;
                ledger.alarm.raise(Sign::Closed);
            }
            Err(_) => whole = false,
        }
        if let Ok(alive) = alive {
            let whole = whole && alive.contains(&*ledger.boot);
            ledger.peers.heard(alive, whole, tokio::time::Instant::now());
        }
    }
}
