//! An organisation as the relay works with it: credentials opened, headers made, window ends at hand.

use crate::{
    choice::Pool,
    grant::Grant,
    upstream::target::Target,
    way::{Reached, Way, Ways},
};
use arc_swap::ArcSwap;
use causeway_accounts::{AddressPolicy, Binding, Catalogue, Preset, SealingKey};
use causeway_domain::{
    AccountId, ClientRules, Limits, Multiplier, Nanos, OrgId,
    price::{Overrides, Price, Snapshot},
    provider::Provider,
    route::Routes,
    timeouts::Timeouts,
    window::{Calendar, WindowEnds, WindowKind},
};
use causeway_store::principal::{AccountRow, DeadRow, HoldMode, OnRedisLoss, Tenancy};
use chrono::{DateTime, Utc};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// An organisation, as of a policy version.
pub(crate) struct Tenant {
    /// Which.
    pub org: OrgId,
    /// Name.
    pub name: String,
    /// Version.
    pub policy_version: i64,
    /// Price of models that no table knows.
    pub default_price: Option<Arc<Snapshot>>,
    /// Prices of its own, and those of the installation that count where it has none.
    price_overrides: Overrides,
    global_prices: Overrides,
    as_of: DateTime<Utc>,
    /// How long a stream is read on after its client has left.
    pub drain: Duration,
    /// Accounts that can be used, best first.
    pub accounts: Vec<Arc<Account>>,
    /// Accounts that wait for a person to authorise them anew.
    pub dead: Vec<DeadRow>,
    /// Its pools.
    pub pools: Vec<Pool>,
    /// How it recognises clients.
    pub clients: ClientRules,
    /// What models are called here.
    pub routes: Routes,
    /// Limits over all of its keys.
    pub limits: Limits,
    /// What it has paid for, if it is prepaid: a total that is part of its limits.
    pub credit: Option<Nanos>,
    /// What it is charged for a dollar of cost, and at single providers.
    pub multiplier: Multiplier,
    pub provider_multipliers: HashMap<String, Multiplier>,
    /// How much a request reserves.
    pub hold_mode: HoldMode,
    /// What happens to requests while Redis is away.
    pub on_redis_loss: OnRedisLoss,
    /// Whether a model may be asked for with a level of thinking behind its name.
    pub thinking_suffix: bool,
    /// How it counts days.
    pub calendar: Calendar,
    ends: ArcSwap<[WindowEnds; 3]>,
}

/// An upstream account that is ready for use.
pub(crate) struct Account {
    /// Which.
    pub id: AccountId,
    /// Provider.
    pub provider: Provider,
    /// What is known of that.
    pub preset: Arc<Preset>,
    /// Where and with what credential.
    pub target: Target,
    /// How that is reached.
    pub way: Way,
    /// How that stands.
    pub grant: Grant,
    /// Its limits; dollars are the provider's.
    pub limits: Limits,
    /// How long its provider may take, where the settings do not say.
    pub timeouts: Timeouts,
    /// Models that the provider listed; `None` = it was never asked.
    pub models: Option<HashSet<String>>,
    /// It serves only keys that name it or a pool that it is in.
    pub dedicated: bool,
    /// It takes nothing new: only conversations that it has.
    pub draining: bool,
}

impl Account {
    /// What its standing depends on besides the model.
    pub(crate) fn reached(&self) -> Reached {
        Reached { account: self.id, provider: self.provider, through: self.way.proxy() }
    }
}

const CALENDAR_KINDS: [WindowKind; 3] = [WindowKind::Day, WindowKind::Week, WindowKind::Month];

impl Tenant {
    /// Opens the credentials. An account whose credential cannot be opened is left out and reported: it would be
    /// answered with 401 by the provider, and none of the others should suffer for it.
    pub(crate) fn new(
        row: Tenancy,
        sealing: &SealingKey,
        addresses: &AddressPolicy,
        catalogue: &Catalogue,
    ) -> Self {
        let org = row.org;
        let ways = Ways::new(org, &row.proxies, sealing);
        let accounts = row.accounts.into_iter().filter_map(|a| {
            let made = catalogue.get(a.provider).ok_or_else(|| "its provider is not known here".to_owned());
            let made = made.and_then(|preset| Ok((target(&a, org, sealing, addresses, &preset)?, preset)));
            let ((target, grant), preset) = match made {
                Ok(made) => made,
                Err(problem) => {
                    tracing::error!(%org, account = %a.id, %problem, "an account cannot be used");
                    return None;
                }
            };
            Some(Arc::new(Account {
                id: a.id,
                provider: a.provider,
                target,
                way: ways.of(a.proxy),
                grant,
                limits: a.limits,
                timeouts: a.timeouts.or(preset.timeouts),
                preset,
                models: a.models.filter(|m| !m.is_empty()).map(|m| m.into_iter().collect()),
                dedicated: a.dedicated,
                draining: a.draining,
            }))
        });
        Self {
            org,
            name: row.name,
            policy_version: row.policy_version,
            default_price: row.default_price.and_then(snapshot),
            price_overrides: row.price_overrides,
            global_prices: row.global_prices,
            as_of: row.as_of,
            drain: Duration::from_millis(u64::from(row.drain_ms)),
            accounts: accounts.collect(),
            dead: row.dead,
            pools: row.pools.into_iter().map(Pool::from).collect(),
            clients: row.clients,
            routes: Routes::new(row.routes),
            limits: row.limits,
            credit: row.credit,
            multiplier: row.multiplier,
            provider_multipliers: row.provider_multipliers,
            hold_mode: row.hold_mode,
            on_redis_loss: row.on_redis_loss,
            thinking_suffix: row.thinking_suffix,
            ends: ArcSwap::from_pointee(compute(&row.calendar, Utc::now())),
            calendar: row.calendar,
        }
    }

    /// Its own price for a model at an account of `provider`, else the installation's, in force at a moment: what counts
    /// instead of the table's. What the database has said to be in force is, even if the clock here is behind.
    pub(crate) fn own_price(
        &self,
        provider: Provider,
        model: &str,
        at: DateTime<Utc>,
    ) -> Option<&Arc<Snapshot>> {
        let at = at.max(self.as_of);
        let own = self.price_overrides.find(provider, model, at);
        own.or_else(|| self.global_prices.find(provider, model, at))
    }

    /// One of its accounts, if that can be used.
    pub(crate) fn account(&self, id: AccountId) -> Option<&Arc<Account>> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Whether a window that runs until `end` is one of its calendar, as the reservation script judges that.
    pub(crate) fn has(&self, kind: WindowKind, end: i64, now: DateTime<Utc>) -> bool {
        let (this, next) = self.ends(kind, now);
        this <= 0 || end == this || end == next || end <= now.timestamp_millis() + 60_000
    }

    /// The current and next end of a window as the reservation script takes them.
    pub(crate) fn ends(&self, kind: WindowKind, now: DateTime<Utc>) -> (i64, i64) {
        let index = match kind {
            WindowKind::FiveHours => return (-causeway_domain::window::FIVE_HOURS_MS, 0),
            WindowKind::Total => return (0, 0),
            WindowKind::Day => 0,
            WindowKind::Week => 1,
            WindowKind::Month => 2,
        };
        let known = self.ends.load();
        let ends = if known.iter().all(|e| now.timestamp_millis() < e.end) {
            known[index]
        } else {
            let fresh = compute(&self.calendar, now);
            self.ends.store(Arc::new(fresh));
            fresh[index]
        };
        (ends.end, ends.next_end)
    }
}

/// A price that cannot be written down again was not read from JSON: there is none.
fn snapshot(price: Price) -> Option<Arc<Snapshot>> {
    Snapshot::try_from(price).ok().map(Arc::new)
}

/// Checks the address again, since what is allowed may have changed, and opens the credential sealed for it.
fn target(
    row: &AccountRow,
    org: OrgId,
    sealing: &SealingKey,
    addresses: &AddressPolicy,
    preset: &Preset,
) -> Result<(Target, Grant), String> {
    let base = addresses.base_url(&row.base_url).map_err(|e| format!("base URL {e}"))?;
    let origin = base.origin();
    let place = Binding { org, account: row.id, provider: row.provider, origin: &origin };
    let credential = sealing.open(&place, &row.credential).map_err(|e| e.to_string())?;
    Ok((Target::new(&base, &credential, preset)?, Grant::new(row, &credential)))
}

fn compute(calendar: &Calendar, now: DateTime<Utc>) -> [WindowEnds; 3] {
    // The three kinds have ends by definition; a calendar without them would be one that never begins again.
    CALENDAR_KINDS.map(|kind| {
        calendar.ends(kind, now).unwrap_or(WindowEnds { start: 0, end: i64::MAX, next_end: i64::MAX })
    })
}
