//! Keeps the picture and the stores in step: writes what has failed or recovered here, and reads everything again when
//! anybody has changed anything. Postgres may be away: then this instance goes by what it knows, and writes later.

use super::{Entry, Health, Note, Picture};
use causeway_accounts::rules::Row;
use causeway_domain::ProxyId;
use causeway_store::{
    StoreError,
    attempts::{self, Attempts},
    cooldowns,
    failures::{self, Failure},
    health, proxies,
};
use chrono::Utc;
use std::{
    sync::{Arc, PoisonError, Weak, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

/// How often a look is taken whether anybody has changed anything.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often what is known of quotas is written, in looks.
const QUOTAS_EVERY: u32 = 8;

/// How long to wait for company before writing.
const LINGER: Duration = Duration::from_millis(20);

/// Runs until the relay is gone.
pub(super) async fn run(
    health: Weak<Health>,
    mut queue: mpsc::Receiver<Note>,
    mut version: Option<i64>,
    stop: CancellationToken,
) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut notes, mut batch, mut failed) = (Vec::new(), Vec::<Attempts>::new(), Vec::<Failure>::new());
    let mut count = 0_u32;
    loop {
        let Some(here) = health.upgrade() else { return };
        let look = tokio::select! {
            _ = looks.tick() => true,
            () = here.wake.notified() => false,
            n = queue.recv_many(&mut notes, 200) => {
                if n == 0 {
                    return;
                }
                false
            }
            () = stop.cancelled() => return,
        };
        if !look {
            sleep(LINGER).await;
        }
        count = count.wrapping_add(1);
        for note in notes.drain(..) {
            match note {
                Note::Way(attempts, failures) => {
                    batch.push(attempts);
                    failed.extend(failures);
                }
                Note::BrokeOff(failure) => failed.push(failure),
            }
        }
        let step = async {
            here.save().await?;
            if !batch.is_empty() {
                attempts::save(&here.store.jobs, &batch).await?;
                batch.clear();
            }
            failures::save(&here.store.jobs, &failed).await?;
            failed.clear();
            if look && count.is_multiple_of(QUOTAS_EVERY) {
                here.quotas.save(&here.store).await?;
            }
            if look {
                here.busy.look(&here.store).await?;
                let now = here.read_version().await?;
                if now != version {
                    here.reload().await?;
                    version = now;
                }
            }
            Ok::<(), StoreError>(())
        };
        if let Err(error) = step.await {
            tracing::debug!(%error, "the state of accounts could not be written or read; trying again");
            batch.truncate(1000);
            failed.truncate(1000);
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Health {
    pub(super) async fn read_version(&self) -> Result<Option<i64>, StoreError> {
        cooldowns::version(&self.store.cache).await
    }

    /// Writes what is not written.
    async fn save(&self) -> Result<(), StoreError> {
        let (mut entries, ended, errors) = {
            let mut unsaved = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
            let picture = self.picture.load();
            let entries: Vec<Arc<Entry>> =
                picture.values().flatten().filter(|e| !e.saved.load(Relaxed)).cloned().collect();
            let errors = std::mem::take(&mut unsaved.errors);
            (entries, unsaved.ended.clone(), errors)
        };
        if !errors.is_empty() {
            let news = errors.iter().map(|(account, (org, error))| {
                (*org, *account, health::News { last_error: Some(error.clone()), quota: None })
            });
            let mut news: Vec<_> = news.collect();
            news.sort_by_key(|(org, account, _)| (*org, *account));
            if let Err(error) = health::save(&self.store.jobs, &news).await {
                let mut unsaved = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
                for (account, one) in errors {
                    unsaved.errors.entry(account).or_insert(one);
                }
                return Err(error);
            }
        }
        if entries.is_empty() && ended.is_empty() {
            return Ok(());
        }
        // In one order everywhere, so that two instances do not wait for each other.
        entries.sort_by(|a, b| {
            (a.cooldown.account, &a.cooldown.scope).cmp(&(b.cooldown.account, &b.cooldown.scope))
        });
        let whole = |e: &&Arc<Entry>| e.cooldown.scope.is_empty();
        let told: Vec<_> = ended
            .iter()
            .filter(whole)
            .map(|e| (e.cooldown.org, e.cooldown.account, None))
            .chain(
                entries
                    .iter()
                    .filter(whole)
                    .map(|e| (e.cooldown.org, e.cooldown.account, Some(e.cooldown.until))),
            )
            .collect();
        for e in &ended {
            let c = &e.cooldown;
            cooldowns::end(&self.store.jobs, c.org, c.account, &c.scope, c.failed_at).await?;
            if c.scope == cooldowns::PROXY {
                proxies::came_back(&self.store.jobs, c.org, ProxyId(c.account.0)).await?;
            }
        }
        let new: Vec<_> = entries.iter().map(|e| e.cooldown.clone()).collect();
        cooldowns::save(&self.store.jobs, &new).await?;
        cooldowns::announce(&self.store.cache, &told).await?;
        for entry in entries {
            entry.saved.store(true, Relaxed);
        }
        let mut unsaved = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        unsaved.ended.retain(|e| !ended.iter().any(|done| Arc::ptr_eq(done, e)));
        Ok(())
    }

    /// Reads everything again. What is not written yet stays as it is here.
    pub(super) async fn reload(&self) -> Result<(), StoreError> {
        let known = cooldowns::all(&self.store.jobs).await?;
        let unsaved = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.picture.load();
        let mut picture = Picture::new();
        for cooldown in known {
            let Some(row) = Row::stored(&cooldown.cause) else { continue };
            let was_ended = |e: &&Arc<Entry>| {
                (e.cooldown.account, &e.cooldown.scope) == (cooldown.account, &cooldown.scope)
                    && cooldown.failed_at <= e.cooldown.failed_at
            };
            if unsaved.ended.iter().any(|e| was_ended(&e)) {
                continue;
            }
            let here = now
                .get(&cooldown.account)
                .and_then(|all| all.iter().find(|e| e.cooldown.scope == cooldown.scope));
            let entry = match here {
                Some(e) if !e.saved.load(Relaxed) || e.cooldown == cooldown => e.clone(),
                _ => Arc::new(Entry::new(cooldown, row, true)),
            };
            picture.entry(entry.cooldown.account).or_default().push(entry);
        }
        for entry in now.values().flatten().filter(|e| !e.saved.load(Relaxed)) {
            let entries = picture.entry(entry.cooldown.account).or_default();
            if !entries.iter().any(|e| e.cooldown.scope == entry.cooldown.scope) {
                entries.push(entry.clone());
            }
        }
        self.picture.store(Arc::new(picture));
        drop(unsaved);
        tracing::debug!(at = %Utc::now(), "the state of accounts was read again");
        Ok(())
    }
}
