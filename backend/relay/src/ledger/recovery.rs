//! Coming into the epoch of every shard: at the start, and whenever Redis may have lost something.
//!
//! The order is what makes it exact (see `causeway_store::hold`'s module on epochs): give the old epoch up, register what
//! is held, have written what was settled, join; and only when every instance that lives has joined does a shard open.

use super::{Ledger, settler, sweep};
use causeway_domain::ids::SHARDS;
use causeway_store::{Store, StoreError, StoreResult, boots, hold};
use futures_util::future::try_join_all;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

/// The epoch that this instance last worked in, of every shard.
type Epochs = [i64; SHARDS as usize];

/// How often an instance looks whether the others have joined.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often those who have not joined are reminded.
const ALARM_EVERY: Duration = Duration::from_secs(1);

/// How an instance learns that its view of Redis is out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Redis has restarted, or has forgotten what it had: every shard is to be closed.
    Lost,
    /// Somebody has closed a shard, or it is unknown.
    Closed,
    /// Redis does not know of this life: what it holds may have been settled by others, in an epoch that goes on.
    Forgotten,
}

/// What wakes the task.
#[derive(Default)]
pub(super) struct Alarm {
    lost: AtomicBool,
    forgotten: AtomicBool,
    wake: Notify,
}

impl Alarm {
    pub(super) fn raise(&self, sign: Sign) {
        match sign {
            Sign::Lost => self.lost.store(true, SeqCst),
            Sign::Forgotten => self.forgotten.store(true, SeqCst),
            Sign::Closed => {}
        }
        self.wake.notify_one();
    }
}

/// The task. Begins with coming into the epochs that are there.
pub(super) async fn run(store: Store, ledger: Arc<Ledger>, closing: CancellationToken) {
    let mut known: Epochs = [0; SHARDS as usize];
    loop {
        let work = recover(&store, &ledger, &mut known);
        match closing.run_until_cancelled(work).await {
            None => return,
            Some(Ok(())) => {
                if closing.run_until_cancelled(ledger.alarm.wake.notified()).await.is_none() {
                    return;
                }
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "Redis is away; what it has lost will be registered when it is back");
                if closing.run_until_cancelled(tokio::time::sleep(Duration::from_millis(250))).await.is_none()
                {
                    return;
                }
            }
        }
    }
}

/// Comes into the current epoch of every shard. Repeated from the beginning until all of them are open: each step may
/// be taken twice, and what a second loss has undone is done again.
async fn recover(store: &Store, ledger: &Arc<Ledger>, known: &mut Epochs) -> StoreResult<()> {
    // A newcomer cannot know that Redis has just restarted and that the others have yet to notice.
    let newcomer = known.iter().all(|epoch| *epoch == 0) && store.cache.just_started().await?;
    let (mut alarmed, mut closed_since) = (Instant::now(), Closed::default());
    ledger.peers.recovering(true);
    loop {
        // Known to Redis from here on: a restart after this line shows in the next reservation.
        if !ledger.script.is_known(&store.cache).await? {
            ledger.alarm.lost.store(true, SeqCst);
            ledger.script.load(&store.cache).await?;
        }
        if others_keep_it(store).await? {
            if alarmed.elapsed() > ALARM_EVERY {
                tracing::warn!(
                    "instances of another version are running: limits are theirs until they have ended"
                );
                alarmed = Instant::now();
            }
            (0..SHARDS).for_each(|shard| ledger.held.shut(shard));
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        let lost = ledger.alarm.lost.swap(false, SeqCst) && known.iter().any(|epoch| *epoch != 0);
        let hesitate = newcomer && !closed_since.long_enough();
        let closed = match look(store, ledger, known, lost, hesitate).await {
            Ok(closed) => closed,
            Err(error) => {
                ledger.alarm.lost.fetch_or(lost, SeqCst);
                return Err(error);
            }
        };
        if ledger.alarm.forgotten.swap(false, SeqCst)
            && let Err(error) = register_all(store, ledger).await
        {
            ledger.alarm.forgotten.store(true, SeqCst);
            return Err(error);
        }
        if closed.is_empty() {
            ledger.peers.recovering(false);
            return Ok(());
        }
        closed_since.follow(&closed);
        join(store, ledger, &closed).await?;
        if open(store, ledger, &closed, closed_since.long_enough()).await? {
            tracing::info!(after_ms = closed_since.at.elapsed().as_millis(), "limits can be relied on");
            ledger.peers.recovering(false);
            return Ok(());
        }
        // Whoever closed it may have died before telling those who have nothing to do there.
        if alarmed.elapsed() > ALARM_EVERY {
            boots::alarm(&store.cache).await?;
            alarmed = Instant::now();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether instances live that keep holds in another way: with an update where that has changed, those from before it. They
/// go on with what they have, and who comes waits for the last of them to end.
async fn others_keep_it(store: &Store) -> StoreResult<bool> {
    Ok(hold::is_kept_otherwise(&store.cache, 0).await? && boots::another_version_lives(&store.cache).await?)
}

/// Since when the shards that are to be opened have not changed their epochs.
struct Closed {
    epochs: Vec<i64>,
    at: Instant,
}

impl Default for Closed {
    fn default() -> Self {
        Self { epochs: Vec::new(), at: Instant::now() }
    }
}

impl Closed {
    fn follow(&mut self, closed: &[(u8, hold::Shard)]) {
        let epochs: Vec<i64> = closed.iter().map(|(_, stand)| stand.epoch).collect();
        if epochs != self.epochs {
            *self = Self { epochs, at: Instant::now() };
        }
    }

    /// Whether everybody who lives has had the time to be heard of again.
    fn long_enough(&self) -> bool {
        self.at.elapsed() >= Duration::from_millis(hold::CLOSED_AT_LEAST_MS)
    }
}

/// Finds the shards that this instance has to come into; where something was lost it closes all of them first.
async fn look(
    store: &Store,
    ledger: &Ledger,
    known: &mut Epochs,
    lost: bool,
    hesitate: bool,
) -> StoreResult<Vec<(u8, hold::Shard)>> {
    let stands = try_join_all((0..SHARDS).zip(known.iter()).map(async |(shard, last)| {
        if lost {
            ledger.held.shut(shard);
            hold::close(&store.cache, shard, *last).await
        } else {
            hold::look(&store.cache, shard, *last).await
        }
    }))
    .await?;
    let mut closed = Vec::new();
    for ((shard, last), mut stand) in (0..SHARDS).zip(known.iter_mut()).zip(stands) {
        if stand.epoch == *last && stand.open && ledger.held.epoch(shard).is_some() {
            continue;
        }
        ledger.held.shut(shard);
        *last = stand.epoch;
        stand.open &= !hesitate;
        closed.push((shard, stand));
    }
    if lost {
        tracing::warn!("Redis may have lost reservations; they are being registered anew");
        metrics::counter!("causeway_ledger_recoveries_total").increment(1);
        boots::alarm(&store.cache).await?;
    }
    Ok(closed)
}

/// Registers what is held, has everything written that was settled, and says so.
async fn join(store: &Store, ledger: &Arc<Ledger>, shards: &[(u8, hold::Shard)]) -> StoreResult<()> {
    try_join_all(shards.iter().map(|(shard, stand)| register(store, ledger, *shard, stand.epoch))).await?;
    while !ledger.written().await {
        tracing::warn!("waiting for Postgres to take what is settled, before limits can be relied on again");
    }
    let boot = ledger.boot();
    let me = BTreeSet::from([boot.to_string()]);
    let join = shards.iter().map(async |(shard, stand)| {
        // What Redis still remembers of ours but was not registered is over: Redis has lost the news.
        let found = hold::remembered(&store.cache, *shard, stand.epoch, boot, &me).await?;
        hold::confirm(&store.cache, *shard, &found.own).await?;
        hold::join(&store.cache, *shard, stand.epoch, boot).await
    });
    try_join_all(join).await?;
    Ok(())
}

/// Counts what is held in an epoch, unless it is counted in it already. What ends at the same moment may have been settled,
/// written and forgotten before it comes to be counted: then nobody else would give it back.
async fn register(store: &Store, ledger: &Ledger, shard: u8, epoch: i64) -> StoreResult<()> {
    let mut ended = Vec::new();
    for some in ledger.held.of(shard).chunks(hold::BATCH) {
        // What has ended since it was looked up has been settled, and must not be counted after that.
        let held: Vec<_> = some.iter().filter(|h| ledger.held.has(h)).cloned().collect();
        if !hold::register(&store.cache, shard, epoch, &held).await? {
            break;
        }
        let gone = held.iter().filter(|h| !ledger.held.has(h));
        ended.extend(gone.map(|h| settler::release(h.ask.request)));
    }
    if !ended.is_empty() {
        // Not before: a release that overtook its settlement would be taken for a request that was never made.
        ledger.settled().await;
        hold::settle(&store.cache, shard, &ended).await?;
    }
    Ok(())
}

/// The same in every shard that is open: what was swept although we live runs on, and has to be counted.
async fn register_all(store: &Store, ledger: &Ledger) -> StoreResult<()> {
    let open = (0..SHARDS).filter_map(|shard| Some((shard, ledger.held.epoch(shard)?)));
    try_join_all(open.map(|(shard, epoch)| register(store, ledger, shard, epoch))).await?;
    Ok(())
}

/// Opens what can be opened. True when all of it is.
async fn open(
    store: &Store,
    ledger: &Arc<Ledger>,
    shards: &[(u8, hold::Shard)],
    long_enough: bool,
) -> StoreResult<bool> {
    if !long_enough && shards.iter().any(|(_, stand)| !stand.open) {
        return Ok(false);
    }
    // Policies may have been set back with everything else: what is known here is read from Postgres again.
    (ledger.forget_policies)();
    let alive = living(store, ledger).await?;
    let opened = try_join_all(shards.iter().map(async |(shard, stand)| {
        let open = stand.open || open_shard(store, ledger, *shard, stand.epoch, &alive).await?;
        if open {
            ledger.held.open(*shard, stand.epoch);
            // What has gone ahead without asking since it was looked through.
            hold::register(&store.cache, *shard, stand.epoch, &ledger.held.unreserved(*shard)).await?;
        }
        Ok::<_, StoreError>(open)
    }))
    .await?;
    Ok(opened.into_iter().all(|open| open))
}

/// Those who must have joined: who is heard of, and who was before Redis may have forgotten, unless they said goodbye.
async fn living(store: &Store, ledger: &Ledger) -> StoreResult<BTreeSet<String>> {
    let mut alive = boots::alive(&store.cache).await?;
    alive.insert(ledger.boot().to_string());
    for boot in ledger.peers.living(Instant::now()) {
        if !alive.contains(&boot) && !boots::has_ended(&store.cache, &boot).await? {
            alive.insert(boot);
        }
    }
    Ok(alive)
}

/// What instances have left that died: what they settled goes to Postgres, what they held stays reserved until the
/// sweeper comes. Then the shard may be opened.
async fn open_shard(
    store: &Store,
    ledger: &Ledger,
    shard: u8,
    epoch: i64,
    alive: &BTreeSet<String>,
) -> StoreResult<bool> {
    let found = hold::remembered(&store.cache, shard, epoch, ledger.boot(), alive).await?;
    sweep::write_settled(store, shard, &found.settled).await?;
    hold::keep(&store.cache, shard, epoch, &found.left).await?;
    let now = hold::open(&store.cache, shard, epoch, hold::CLOSED_AT_LEAST_MS, alive).await?;
    Ok(now.open && now.epoch == epoch && ledger.script.is_known(&store.cache).await?)
}
