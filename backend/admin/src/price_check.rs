//! What another price table would have meant for the requests of a month: `causeway prices check`.
//!
//! Every request is priced again by the same arithmetic that bills, one by one, and nothing is rounded in between. A
//! request that was billed at a price of its organisation's own costs what it did: a table does not touch those. Cost
//! is that of the provider; what was charged follows from it by multipliers, which are not the table's.

use causeway_domain::{
    Nanos, OrgId,
    price::{Overrides, Price, PriceTable},
    provider::Provider,
};
use causeway_store::{
    JobsDb, StoreError,
    billed::{self, Billed},
    global_prices, price_overrides,
};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap};

/// Requests that are read at a time.
const PAGE: i64 = 5_000;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// No organisation has this name.
    #[error("no organisation is called {0:?}; there are: {1}")]
    UnknownOrganization(String, String),
    /// Postgres failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Everything together.
    pub total: Line,
    /// By provider and model.
    pub models: Vec<ModelLine>,
    /// Models that were used and would have no price: requests for them would be refused. They count in `total` as
    /// billed and as costing nothing.
    pub lost: Vec<ModelLine>,
}

/// One provider's model.
#[derive(Debug, Serialize)]
pub struct ModelLine {
    /// Provider of the accounts.
    pub provider: String,
    /// Model.
    pub model: String,
    /// Figures.
    #[serde(flatten)]
    pub line: Line,
}

/// Sums. Money in nano-dollars; JSON has dollars as decimal strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Requests.
    pub requests: u64,
    /// Of those, how many were billed at the organisation's own price, or the installation's, and stay as they are.
    pub requests_at_own_price: u64,
    /// What they cost.
    #[serde(serialize_with = "dollars")]
    pub billed: i128,
    /// What they would cost.
    #[serde(serialize_with = "dollars")]
    pub new: i128,
    /// How much more that is.
    #[serde(serialize_with = "dollars")]
    pub difference: i128,
}

fn dollars<S: Serializer>(nanos: &i128, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&shown(*nanos))
}

/// A sum as money; one beyond nine billion dollars is shown as that.
pub fn shown(nanos: i128) -> Nanos {
    Nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { -i64::MAX } else { i64::MAX }))
}

impl Line {
    fn add(&mut self, billed: Nanos, new: Nanos, own: bool) {
        self.requests += 1;
        self.requests_at_own_price += u64::from(own);
        self.billed += i128::from(billed.0);
        self.new += i128::from(new.0);
        self.difference = self.new - self.billed;
    }
}

/// What the table would make of one request.
enum Priced {
    /// It was billed at the organisation's own price, or at the installation's.
    Own,
    /// It would cost this.
    At(Nanos),
    /// It would be refused.
    Refused,
}

/// Prices the requests of `[from, to)` by `table`; those of one organisation where its short name is given.
pub async fn check(
    db: &JobsDb,
    table: &PriceTable,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    org: Option<&str>,
) -> Result<Report, CheckError> {
    let payers = billed::payers(db).await?;
    let only = match org {
        None => None,
        Some(slug) => Some(payers.iter().find(|p| p.slug == slug).map(|p| p.id).ok_or_else(|| {
            let known: Vec<_> = payers.iter().map(|p| p.slug.as_str()).collect();
            CheckError::UnknownOrganization(slug.to_owned(), known.join(", "))
        })?),
    };
    let own = price_overrides::everything(db, only).await?;
    let prices = Prices {
        table,
        global: Overrides::new(global_prices::everything(db).await?),
        own: own.into_iter().map(|(org, versions)| (org, Overrides::new(versions))).collect(),
        fallback: payers.into_iter().filter_map(|p| Some((p.id, p.default_price?))).collect(),
    };
    let mut sums = Sums::default();
    let mut after = None;
    loop {
        let page = billed::page(db, only, (from, to), after, PAGE).await?;
        for row in &page {
            sums.add(row, &prices.of(row));
        }
        after = page.last().map(|row| row.request).or(after);
        if i64::try_from(page.len()).is_ok_and(|n| n < PAGE) {
            return Ok(sums.report());
        }
    }
}

struct Prices<'a> {
    table: &'a PriceTable,
    own: HashMap<OrgId, Overrides>,
    global: Overrides,
    fallback: HashMap<OrgId, Price>,
}

impl Prices<'_> {
    fn of(&self, row: &Billed) -> Priced {
        // A provider of a later version is at any rate compatible with one of ours.
        let provider = row.provider.parse().unwrap_or(Provider::ANTHROPIC_COMPATIBLE);
        let set = |prices: &Overrides| prices.find(provider, &row.model, row.started_at).is_some();
        if self.own.get(&row.org).is_some_and(set) || set(&self.global) {
            return Priced::Own;
        }
        let listed = self.table.find(provider, &row.model).map(|m| &***m.price_at(row.started_at));
        match listed.or_else(|| self.fallback.get(&row.org)) {
            Some(price) => {
                Priced::At(price.cost(&row.tokens, row.tier).saturating_add(price.searches(row.web_searches)))
            }
            None => Priced::Refused,
        }
    }
}

#[derive(Default)]
struct Sums {
    total: Line,
    models: BTreeMap<(String, String), Line>,
    lost: BTreeMap<(String, String), Line>,
}

impl Sums {
    fn add(&mut self, row: &Billed, priced: &Priced) {
        let name = (row.provider.clone(), row.model.clone());
        let (new, own) = match priced {
            Priced::Own => (row.cost, true),
            Priced::At(cost) => (*cost, false),
            Priced::Refused => {
                self.lost.entry(name.clone()).or_default().add(row.cost, Nanos::ZERO, false);
                (Nanos::ZERO, false)
            }
        };
        self.total.add(row.cost, new, own);
        self.models.entry(name).or_default().add(row.cost, new, own);
    }

    fn report(self) -> Report {
        let lines = |map: BTreeMap<(String, String), Line>| {
            map.into_iter().map(|((provider, model), line)| ModelLine { provider, model, line }).collect()
        };
        Report { total: self.total, models: lines(self.models), lost: lines(self.lost) }
    }
}
