//! Which accounts can be used at this moment, as a picture in memory: choosing among them asks nobody. While nothing is
//! wrong anywhere the picture is empty, and looking costs one load.
//!
//! A failure changes the picture here at once; [`keeper`] writes it to Postgres and tells the other instances. An entry
//! stays after its time is over until a request has succeeded there: in between, one request at a time may try, whichever
//! instance it is at ([`Health::probe`]). Nothing here switches accounts on or off: that is a person's business.

mod busy;
mod keeper;
mod probe;
pub(crate) mod quota;

pub(crate) use probe::Probe;

use crate::{
    tenant::Account,
    verdict::{Cools, Scope, Table, Then, Verdict},
    way::Reached,
};
use arc_swap::ArcSwap;
use causeway_accounts::rules::Row;
use causeway_domain::{AccountId, OrgId, ProxyId, pool, provider::Provider};
use causeway_store::{
    Store, StoreError,
    attempts::Attempts,
    cooldowns::{Cooldown, PROXY, WAY, of_proxy, way},
    failures,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What of an account is meant, as it is stored.
const MODEL: &str = "model:";
const FAMILY: &str = "family:";

/// Bytes of what is kept of a model's or a family's name.
const LONGEST_SCOPE: usize = 200;

/// Parts of one account that can cool apart from each other.
const MOST_SCOPES: usize = 50;

type Picture = HashMap<AccountId, Vec<Arc<Entry>>>;

/// The state of all accounts in trouble.
pub(crate) struct Health {
    store: Store,
    table: Table,
    picture: ArcSwap<Picture>,
    /// Held while the picture is exchanged for another one.
    changing: Mutex<Unsaved>,
    /// Something is to be written.
    wake: Notify,
    quotas: quota::Quotas,
    busy: busy::Busy,
    notes: mpsc::Sender<Note>,
    _stop: DropGuard,
}

/// What is kept of requests that did not simply go to the first account and were answered.
pub(crate) enum Note {
    /// The way of one, and the failures on it.
    Way(Attempts, Vec<failures::Failure>),
    /// An answer that has broken off after its client had a part of it.
    BrokeOff(failures::Failure),
}

/// What is to be written besides the entries that are marked as unsaved.
#[derive(Default)]
struct Unsaved {
    /// Entries that a success has ended.
    ended: Vec<Arc<Entry>>,
    /// Last errors.
    errors: HashMap<AccountId, (OrgId, serde_json::Value)>,
}

/// Something that has failed.
pub(crate) struct Entry {
    cooldown: Cooldown,
    row: Row,
    /// Milliseconds since the epoch.
    until: i64,
    /// Until then somebody else tries; milliseconds since the epoch.
    tried_until: AtomicI64,
    saved: AtomicBool,
}

/// Whether a candidate can be used.
pub(crate) enum Standing {
    /// Nothing is known against it.
    Ready,
    /// Not before then.
    Cooling { row: Row, until: DateTime<Utc> },
    /// Its time is over, but somebody is trying.
    Tried,
    /// Its time is over: one request may try.
    HalfOpen(Arc<Entry>),
}

/// A failure of an attempt.
pub(crate) struct Failure<'a> {
    /// Whose account.
    pub org: OrgId,
    /// Which, and how it was reached.
    pub reached: Reached,
    /// Whether its proxy has failed whatever it is asked for, and not only to reach this account's provider.
    pub proxys: bool,
    /// The longest window that its provider limits by.
    pub longest: Duration,
    /// The model that was asked for.
    pub model: &'a str,
    /// The row of the table.
    pub row: Row,
    /// What the provider said about when it ends.
    pub hint: Option<&'a crate::verdict::hints::Hint>,
    /// The provider's status, if it answered.
    pub status: Option<u16>,
    /// In words.
    pub detail: &'a str,
    /// When the attempt began.
    pub began: DateTime<Utc>,
}

impl Health {
    /// Reads what Postgres knows and keeps it up to date from then on, until this is dropped.
    pub(crate) async fn start(store: &Store, table: Table) -> Result<Arc<Self>, StoreError> {
        let stop = CancellationToken::new();
        let (notes, queue) = mpsc::channel(1024);
        let health = Arc::new(Self {
            store: store.clone(),
            table,
            picture: ArcSwap::default(),
            changing: Mutex::default(),
            wake: Notify::new(),
            quotas: quota::Quotas::default(),
            busy: busy::Busy::default(),
            notes,
            _stop: stop.clone().drop_guard(),
        });
        let version = health.read_version().await?;
        health.reload().await?;
        tokio::spawn(keeper::run(Arc::downgrade(&health), queue, version, stop));
        Ok(health)
    }

    /// What follows from a row.
    pub(crate) fn verdict(&self, row: Row) -> Verdict {
        self.table.verdict(row)
    }

    /// Whether nothing is known against any account at all.
    pub(crate) fn all_well(&self) -> bool {
        self.picture.load().is_empty()
    }

    /// What a pool chooses by.
    pub(crate) fn pool_standing(&self, org: OrgId, account: AccountId) -> pool::Standing {
        pool::Standing { open: self.busy.open(org, account), left: self.quotas.left(account) }
    }

    /// Notes that a request is sent to an account.
    pub(crate) fn sent(&self, account: AccountId) {
        self.busy.sent(account);
    }

    /// Whether an account can be used for a model.
    pub(crate) fn standing(&self, reached: Reached, model: &str) -> Standing {
        let picture = self.picture.load();
        if picture.is_empty() {
            return Standing::Ready;
        }
        let of = |id: AccountId| picture.get(&id).into_iter().flatten();
        let now = Utc::now().timestamp_millis();
        let mine = || {
            let own = of(reached.account).filter(|e| {
                let scope = e.cooldown.scope.as_str();
                concerns(scope, model) || is_way(scope, reached.through)
            });
            let proxys = reached.through.map(|id| of(of_proxy(id))).into_iter().flatten();
            own.chain(proxys.filter(|e| is_proxy(&e.cooldown.scope, reached.provider)))
        };
        let Some(last) = mine().max_by_key(|e| e.until) else { return Standing::Ready };
        if last.until > now {
            return Standing::Cooling { row: last.row, until: last.cooldown.until };
        }
        if mine().any(|e| e.tried_until.load(Relaxed) > now) {
            return Standing::Tried;
        }
        Standing::HalfOpen(last.clone())
    }

    /// Notes a failure; says until when the account, or the part of it, is not used for it.
    pub(crate) fn failed(&self, failure: &Failure<'_>) -> Option<DateTime<Utc>> {
        let verdict = self.table.verdict(failure.row);
        if verdict.then == Then::ToCaller {
            return None;
        }
        let now = millis(Utc::now());
        let error = serde_json::json!({
            "at": now, "cause": failure.row.as_str(), "status": failure.status, "message": failure.detail,
        });
        let account = failure.reached.account;
        let mut unsaved = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        // What a proxy does is no mark on the account.
        if failure.row != Row::ProxyUnavailable {
            unsaved.errors.insert(account, (failure.org, error));
        }
        self.wake.notify_one();
        let mut key = account;
        let scope = match verdict.scope {
            Scope::Egress => match failure.reached.through {
                Some(proxy) if failure.proxys => {
                    key = of_proxy(proxy);
                    PROXY.to_owned()
                }
                // Of one provider: others may have nothing against the place.
                Some(proxy) if failure.row == Row::Challenge => {
                    key = of_proxy(proxy);
                    format!("{PROXY}:{}", failure.reached.provider)
                }
                through => way(through),
            },
            Scope::Account => String::new(),
            Scope::Model => format!("{MODEL}{}", failure.model),
            Scope::Family => match failure.hint.and_then(|hint| hint.family.as_deref()) {
                Some(family) => format!("{FAMILY}{family}"),
                None => String::new(),
            },
        };
        let picture = self.picture.load();
        let all = picture.get(&key);
        let known = all.and_then(|all| all.iter().find(|e| e.cooldown.scope == scope));
        // Clients choose the names of models: what they can make us remember has an end.
        let most = all.map_or(0, Vec::len) >= MOST_SCOPES && !scope.is_empty();
        if scope.len() > LONGEST_SCOPE || (known.is_none() && most) {
            return None;
        }
        let entry = next(known.map(|e| &**e), failure, verdict.cools, now, (key, scope))?;
        let until = entry.cooldown.until;
        if known.is_some_and(|e| e.row == entry.row && e.cooldown.until == until) {
            // One of many that failed together: everybody knows.
            return Some(until);
        }
        metrics::counter!("causeway_relay_cooldowns_total", "cause" => failure.row.as_str()).increment(1);
        let (cause, detail) = (failure.row.as_str(), failure.detail);
        match failure.reached.through.filter(|_| key != account) {
            Some(proxy) => tracing::info!(%proxy, cause, %until, detail, "a proxy is set aside"),
            None => tracing::info!(%account, cause, %until, detail, "an account cools"),
        }
        self.exchange(key, &entry.cooldown.scope.clone(), Some(Arc::new(entry)));
        Some(until)
    }

    /// A request that was tried there has succeeded: what its time was over for is forgotten.
    fn succeeded(&self, tried: &Cooldown, model: &str) {
        let account = tried.account;
        let mut unsaved = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Utc::now().timestamp_millis();
        let picture = self.picture.load();
        let over = |e: &&Arc<Entry>| {
            let scope = e.cooldown.scope.as_str();
            e.until <= now && (scope == tried.scope || concerns(scope, model))
        };
        let ended: Vec<_> = picture.get(&account).into_iter().flatten().filter(over).cloned().collect();
        for entry in ended {
            self.exchange(account, &entry.cooldown.scope, None);
            unsaved.ended.push(entry);
        }
        self.wake.notify_one();
    }

    /// Puts another entry in the place of the one with this scope.
    fn exchange(&self, account: AccountId, scope: &str, entry: Option<Arc<Entry>>) {
        let mut picture = Picture::clone(&self.picture.load());
        let entries = picture.entry(account).or_default();
        entries.retain(|e| e.cooldown.scope != scope);
        entries.extend(entry);
        if entries.is_empty() {
            picture.remove(&account);
        }
        self.picture.store(Arc::new(picture));
    }

    /// Keeps what happened to a request. In a flood of them some get lost.
    pub(crate) fn explain(&self, note: Note) {
        if self.notes.try_send(note).is_err() {
            metrics::counter!("causeway_relay_attempts_lost_total").increment(1);
        }
    }

    /// Takes a look at the quota that an answer tells.
    pub(crate) fn note_quota(&self, org: OrgId, account: &Account, headers: &http::HeaderMap) {
        self.quotas.note(org, account.id, (&account.preset.quota, headers));
    }
}

/// Whether something of an account's with this scope is about its way, and that is the one it takes now.
fn is_way(scope: &str, through: Option<ProxyId>) -> bool {
    match scope.strip_prefix(WAY) {
        Some("") => through.is_none(),
        Some(rest) => through.is_some() && rest.strip_prefix(':').and_then(|id| id.parse().ok()) == through,
        None => false,
    }
}

/// Whether something of a proxy's with this scope keeps it from being used for a provider.
fn is_proxy(scope: &str, provider: Provider) -> bool {
    match scope.strip_prefix(PROXY) {
        Some("") => true,
        Some(rest) => rest.strip_prefix(':') == Some(provider.as_str()),
        None => false,
    }
}

/// Whether something of an account's with this scope keeps a model from being used, whatever the way.
fn concerns(scope: &str, model: &str) -> bool {
    if scope.starts_with(WAY) || scope.starts_with(PROXY) {
        return false;
    }
    if let Some(one) = scope.strip_prefix(MODEL) {
        return one == model;
    }
    match scope.strip_prefix(FAMILY) {
        Some(family) => model.split(['-', '.', '/', '_']).any(|word| word.eq_ignore_ascii_case(family)),
        None => true,
    }
}

/// The entry after a failure. Requests that fail together are one failure: only one that began after the last failure,
/// and comes when its time was over, shows that it was too short.
fn next(
    known: Option<&Entry>,
    failure: &Failure<'_>,
    cools: Cools,
    now: DateTime<Utc>,
    (account, scope): (AccountId, String),
) -> Option<Entry> {
    let again = known.filter(|e| e.row == failure.row);
    let level = match again {
        Some(e) if e.cooldown.until <= now && e.cooldown.failed_at <= failure.began => {
            e.cooldown.level.saturating_add(1).min(30)
        }
        Some(e) => e.cooldown.level,
        None => 0,
    };
    let length = match cools {
        Cools::No => return None,
        Cools::Doubling { first, most } => first.saturating_mul(1 << level).min(most),
        Cools::Hinted => failure.hint.map_or(Duration::from_secs(1), |hint| hint.after),
    };
    let mut until = now + TimeDelta::from_std(length.min(failure.longest)).unwrap_or(TimeDelta::zero());
    let mut row = failure.row;
    // What keeps it from being used for longer goes on doing so, with its own reason.
    if let Some(e) = known.filter(|e| e.cooldown.until > until) {
        (until, row) = (e.cooldown.until, e.row);
    }
    // Of those that fail together the first one counts.
    if let Some(e) = again.filter(|e| e.cooldown.until > now && matches!(cools, Cools::Doubling { .. })) {
        until = e.cooldown.until;
    }
    let cooldown = Cooldown {
        org: failure.org,
        account,
        scope,
        cause: row.as_str().to_owned(),
        detail: if row == failure.row { failure.detail.to_owned() } else { known?.cooldown.detail.clone() },
        level,
        failed_at: now,
        until: millis(until),
    };
    Some(Entry::new(cooldown, row, false))
}

impl Entry {
    fn new(cooldown: Cooldown, row: Row, saved: bool) -> Self {
        Self {
            until: cooldown.until.timestamp_millis(),
            cooldown,
            row,
            tried_until: AtomicI64::new(0),
            saved: AtomicBool::new(saved),
        }
    }
}

/// Cut to whole milliseconds: what Postgres gives back must compare equal.
fn millis(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
