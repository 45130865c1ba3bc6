//! Rules by which clients are recognised: read, changed, and tried on the last day's requests.

pub(crate) mod get;
pub(crate) mod set;
pub(crate) mod trial;

use crate::{check::Check, error::ApiError};
use causeway_domain::{
    ClientRule, ClientRules,
    client::{HEADERS, MOST_RULES, SHIPPED_VERSION, shipped},
};
use causeway_openapi::{ClientRuleSet, KnownClient};
use causeway_store::{TenantTx, clients, clients::Stored};
use std::collections::BTreeMap;

/// Rules that are accepted.
fn accepted(rules: Vec<ClientRule>, without_shipped: bool) -> Result<ClientRules, ApiError> {
    let mut check = Check::default();
    check.require(rules.len() <= MOST_RULES, "rules", "must be at most 50");
    for (i, rule) in rules.iter().take(MOST_RULES).enumerate() {
        for bad in rule.problems() {
            check.refuse(&format!("rules[{i}].{}", bad.field), bad.problem);
        }
    }
    check.done()?;
    let own = rules.into_iter().map(|rule| ClientRule { name: rule.name.trim().to_owned(), ..rule });
    Ok(ClientRules { own: own.collect(), without_shipped })
}

/// What people call each client that rules name: as the first rule that names it says.
pub(crate) fn names(rules: &ClientRules) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (_, rule) in rules.all() {
        names.entry(rule.client.clone()).or_insert_with(|| rule.name.clone());
    }
    names
}

/// As the API shows them.
async fn shown(tx: &mut TenantTx, stored: Stored) -> Result<ClientRuleSet, ApiError> {
    let names = names(&stored.rules);
    let mut keys: BTreeMap<String, i64> = clients::named_by_keys(tx).await?.into_iter().collect();
    let mut known: Vec<KnownClient> = names
        .into_iter()
        .map(|(client, name)| {
            let keys = keys.remove(&client).unwrap_or(0).unsigned_abs();
            KnownClient { client, name, recognised: true, keys }
        })
        .collect();
    known.extend(keys.into_iter().map(|(client, keys)| KnownClient {
        name: client.clone(),
        client,
        recognised: false,
        keys: keys.unsigned_abs(),
    }));
    known.sort_by_cached_key(|client| client.name.to_lowercase());
    Ok(ClientRuleSet {
        version: u32::try_from(stored.version).unwrap_or(0),
        rules: stored.rules.own,
        without_shipped: stored.rules.without_shipped,
        updated_at: stored.updated_at,
        shipped_version: SHIPPED_VERSION.to_owned(),
        shipped: shipped().to_vec(),
        headers: HEADERS.map(str::to_owned).to_vec(),
        clients: known,
    })
}
