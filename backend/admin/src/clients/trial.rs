//! The dry run: what rules would have made of the last day's requests.

use super::{accepted, names};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    ClientRules,
    client::{Facts, Origin},
};
use causeway_openapi::{ClientRulePlace, ClientTrial, ClientTrialRow, ClientTrialSum, TryClientRules};
use causeway_store::{
    clients,
    clients::{Sighting, named_by_keys},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Kinds of requests, told apart by their headers and their key, that are looked at.
const MOST_SIGHTINGS: i64 = 5000;
/// Rows of the answer.
const MOST_ROWS: usize = 100;

/// Try rules on the last day's requests
///
/// Changes nothing. Says what the rules would have recognised each of the organisation's requests of the last 24 hours as,
/// beside what it was recognised as when it came, and how many of them the restrictions of keys would have refused.
/// Requests that were refused never reached a provider and are not among them.
#[utoipa::path(
    post, path = "/client-rules/trial", tag = "clients", operation_id = "tryClientRules",
    request_body(content = TryClientRules, example = json!({
        "rules": [{"client": "our_agent", "name": "Our agent",
            "when": [{"header": "user-agent", "matches": "our-agent/*"}]}]
    })),
    responses(
        (status = 200, description = "What they would have made of them", body = ClientTrial),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Body(input): Body<TryClientRules>,
) -> Result<Json<ClientTrial>, ApiError> {
    let rules = accepted(input.rules, input.without_shipped)?;
    let since = Utc::now() - TimeDelta::days(1);
    let mut tx = caller.begin(&state).await?;
    let requests = clients::requests_since(&mut tx, since).await?.unsigned_abs();
    let seen = clients::sightings(&mut tx, since, MOST_SIGHTINGS).await?;
    // Named by a rule from before, or by a key alone.
    let mut called = names(&clients::get(&mut tx).await?.rules);
    called.extend(names(&rules));
    for (client, _) in named_by_keys(&mut tx).await? {
        called.entry(client.clone()).or_insert(client);
    }
    Ok(Json(trial(since, requests, &seen, &rules, &called)))
}

/// What is known of requests that look alike.
#[derive(Default)]
struct Alike {
    requests: u64,
    keys: BTreeSet<uuid::Uuid>,
    before: BTreeMap<String, u64>,
    refused: u64,
}

fn trial(
    since: DateTime<Utc>,
    requests: u64,
    seen: &[Sighting],
    rules: &ClientRules,
    called: &BTreeMap<String, String>,
) -> ClientTrial {
    let mut alike: BTreeMap<&str, Alike> = BTreeMap::new();
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for one in seen {
        let count = one.requests.unsigned_abs();
        let facts = Facts::from_json(&one.facts);
        let after = rules.recognise(&facts).map_or("", |(_, rule)| rule.client.as_str());
        let refused = !one.clients.is_empty() && !one.clients.iter().any(|c| c == after);
        let group = alike.entry(&one.facts).or_default();
        group.requests += count;
        group.keys.insert(one.key.0);
        *group.before.entry(one.client.clone()).or_default() += count;
        group.refused += if refused { count } else { 0 };
        sums.entry(one.client.clone()).or_default().0 += count;
        sums.entry(after.to_owned()).or_default().1 += count;
    }
    let examined = alike.values().map(|group| group.requests).sum();
    let refused = alike.values().map(|group| group.refused).sum();
    let mut rows: Vec<ClientTrialRow> =
        alike.into_iter().map(|(facts, group)| row(facts, group, rules)).collect();
    rows.sort_by_key(|row| Reverse(row.requests));
    rows.truncate(MOST_ROWS);
    let mut clients: Vec<ClientTrialSum> = sums
        .into_iter()
        .map(|(client, (before, after))| {
            let name = called.get(&client).cloned().unwrap_or_else(|| client.clone());
            ClientTrialSum { client, name, before, after }
        })
        .collect();
    clients.sort_by_key(|sum| Reverse(sum.after.max(sum.before)));
    ClientTrial { since, requests, examined, refused, clients, rows }
}

fn row(kept: &str, group: Alike, rules: &ClientRules) -> ClientTrialRow {
    let facts = Facts::from_json(kept);
    let found = rules.recognise(&facts);
    let place = |shipped, index| ClientRulePlace { shipped, index: u32::try_from(index).unwrap_or(u32::MAX) };
    let before = group.before.into_iter().max_by_key(|(_, count)| *count);
    ClientTrialRow {
        headers: facts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        requests: group.requests,
        keys: u64::try_from(group.keys.len()).unwrap_or(u64::MAX),
        before: before.map(|(client, _)| client).unwrap_or_default(),
        after: found.map(|(_, rule)| rule.client.clone()).unwrap_or_default(),
        rule: found.map(|(origin, _)| match origin {
            Origin::Own(index) => place(false, index),
            Origin::Shipped(index) => place(true, index),
        }),
        refused: group.refused,
    }
}
