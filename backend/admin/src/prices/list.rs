//! Listing prices.

use super::{figures, preset_of};
use crate::{
    docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    price::{
        Overrides,
        overrides::{Version, in_force, planned},
        table::Model,
    },
    provider::Provider,
};
use causeway_openapi::{
    PlannedPrice, PriceFigures, PriceList, PriceOverride, PriceQuery, PriceRow, RefusedTable,
};
use causeway_store::{
    global_prices, organisations,
    price_overrides::{self, Recorded},
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// List prices
///
/// Every entry of the price table, and those that only an override of the organisation knows, by name. While it is prepaid
/// its own prices do not count and are not listed. Dollars per million
/// tokens.
#[utoipa::path(
    get, path = "/prices", tag = "prices", operation_id = "listPrices", params(PriceQuery),
    responses(
        (status = 200, description = "The prices", body = PriceList),
        docs::Malformed, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::PricesRead>,
    Params(query): Params<PriceQuery>,
) -> Result<Json<PriceList>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    // Its own prices do not count while it is prepaid.
    let prepaid = organisations::is_prepaid(&mut tx).await?;
    let known = if prepaid { Vec::new() } else { price_overrides::history(&mut tx, None).await? };
    let global = global_prices::known(&mut tx).await?;
    let (table, standing) = (state.prices.table(), state.prices.standing());
    let own = Own::new(known, global, Utc::now());
    let mut items: Vec<PriceRow> = table.iter().map(|model| own.known(model)).collect();
    items.extend(own.unlisted(&items));
    let part = query.query.unwrap_or_default().to_lowercase();
    items.retain(|row| {
        row.model.to_lowercase().contains(&part)
            && query.provider.as_ref().is_none_or(|p| row.provider == *p)
            && (!query.overridden || row.own.is_some() || !row.planned.is_empty())
    });
    items.sort_by(|a, b| (&a.model, &a.provider).cmp(&(&b.model, &b.provider)));
    let sections: BTreeSet<_> = table.iter().map(|m| m.provider.clone()).collect();
    Ok(Json(PriceList {
        source: table.source.clone(),
        version: table.version.clone(),
        date: table.date,
        custom: standing.file.is_some(),
        read_at: standing.read_at,
        refused: standing
            .refused
            .as_ref()
            .map(|(problem, at)| RefusedTable { problem: problem.clone(), at: *at }),
        own_count: !prepaid,
        providers: sections.into_iter().collect(),
        items,
    }))
}

/// The organisation's own prices.
struct Own {
    overrides: Overrides,
    /// By name and provider, as they were recorded.
    named: BTreeMap<(String, Option<Provider>), Vec<Version>>,
    recorded_at: HashMap<i64, DateTime<Utc>>,
    /// The operator's prices for everybody.
    global: Overrides,
    global_at: HashMap<i64, DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl Own {
    fn new(known: Vec<Recorded>, global: Vec<(Version, DateTime<Utc>)>, now: DateTime<Utc>) -> Self {
        let global_at = global.iter().map(|(version, at)| (version.id, *at)).collect();
        let global = Overrides::new(global.into_iter().map(|(version, _)| version).collect());
        let recorded_at = known.iter().map(|r| (r.version.id, r.at)).collect();
        let mut named: BTreeMap<_, Vec<Version>> = BTreeMap::new();
        let versions: Vec<Version> = known.into_iter().rev().map(|r| r.version).collect();
        for version in &versions {
            let name = (version.model.clone(), version.provider);
            named.entry(name).or_default().push(version.clone());
        }
        Self { overrides: Overrides::new(versions), named, recorded_at, global, global_at, now }
    }

    /// The row of an entry of the table.
    fn known(&self, model: &Model) -> PriceRow {
        let provider = preset_of(&model.provider);
        let mut planned = self.planned(&model.name, None);
        planned.extend(self.planned(&model.name, Some(provider)));
        planned.sort_by_key(|p| p.from);
        let later = model.changes.iter().filter(|(from, _)| *from > self.now);
        PriceRow {
            model: model.name.clone(),
            provider: model.provider.clone(),
            mode: model.mode.clone(),
            context: model.context,
            max_output: model.max_output,
            table: Some(PriceFigures::from(&***model.price_at(self.now))),
            table_planned: later
                .map(|(from, price)| PlannedPrice { from: *from, price: PriceFigures::from(&***price) })
                .collect(),
            own: self.overrides.version(provider, &model.name, self.now).and_then(|v| self.shown(v)),
            planned,
            installation: self.installation(provider, &model.name),
        }
    }

    /// The operator's price for a model.
    fn installation(&self, provider: Provider, model: &str) -> Option<PriceOverride> {
        let version = self.global.version(provider, model, self.now)?;
        Some(PriceOverride {
            model: version.model.clone(),
            provider: version.provider,
            price: figures(version)?,
            from: version.from,
            updated_at: self.global_at.get(&version.id).copied()?,
        })
    }

    /// Rows for names that no row of the table stands for.
    fn unlisted(&self, listed: &[PriceRow]) -> Vec<PriceRow> {
        let stands_for = |row: &PriceRow, provider: Option<Provider>| {
            provider.is_none_or(|provider| preset_of(&row.provider) == provider)
        };
        let mut rows = Vec::new();
        for ((model, provider), versions) in &self.named {
            if listed.iter().any(|row| row.model == *model && stands_for(row, *provider)) {
                continue;
            }
            let own = in_force(versions, self.now).and_then(|v| self.shown(v));
            let planned = self.planned(model, *provider);
            // What was removed is history.
            if own.is_some() || !planned.is_empty() {
                rows.push(PriceRow {
                    model: model.clone(),
                    provider: provider.map(|p| p.to_string()).unwrap_or_default(),
                    mode: String::new(),
                    context: None,
                    max_output: None,
                    table: None,
                    table_planned: Vec::new(),
                    own,
                    planned,
                    installation: None,
                });
            }
        }
        rows
    }

    fn shown(&self, version: &Version) -> Option<PriceOverride> {
        Some(PriceOverride {
            model: version.model.clone(),
            provider: version.provider,
            price: figures(version)?,
            from: version.from,
            updated_at: self.recorded_at.get(&version.id).copied()?,
        })
    }

    fn planned(&self, model: &str, provider: Option<Provider>) -> Vec<PriceOverride> {
        let versions = self.named.get(&(model.to_owned(), provider)).map(Vec::as_slice).unwrap_or_default();
        planned(versions, self.now).into_iter().filter_map(|v| self.shown(v)).collect()
    }
}
