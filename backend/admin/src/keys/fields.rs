//! From the fields of a request to a key: the same checks whether a key is issued or changed, one or many.

use crate::{check::Check, error::ApiError, guard::Caller, state::AdminState};
use causeway_domain::{AddressRules, Services, UserId, address::MAX_NETWORKS, expiry::MAX_DAYS};
use causeway_openapi::{CreateKey, Permission, UpdateKey};
use causeway_store::{
    StoreError, TenantTx, accounts, clients,
    keys::{Key as Stored, Owner},
    members, pools,
};
use chrono::Utc;
use std::collections::BTreeSet;

const MOST_TAGS: usize = 20;
const MOST_POOLS: usize = 10;
const MOST_CLIENTS: usize = 50;

/// What only those may set who may change everybody's keys: the multiplier decides what is charged, the owner who pays.
pub(super) fn check_rights(caller: &Caller, change: &UpdateKey) -> Result<(), ApiError> {
    let others = change.owner_id.is_some_and(|owner| owner != Some(caller.user.id));
    let field = match (change.multiplier, others) {
        _ if caller.may(Permission::KeysWrite) => return Ok(()),
        (Some(_), _) => "multiplier",
        (None, true) => "owner_id",
        (None, false) => return Ok(()),
    };
    Err(ApiError::Forbidden(format!(
        "{field}: this needs {}, which a {} does not have",
        Permission::KeysWrite.as_str(),
        caller.role
    )))
}

/// A new key as a change of one without any rules, so that both are checked alike.
pub(super) fn as_change(caller: &Caller, key: CreateKey) -> UpdateKey {
    UpdateKey {
        name: Some(key.name),
        description: Some(key.description),
        device: Some(key.device),
        tags: Some(key.tags),
        owner_id: Some(key.owner_id.unwrap_or(Some(caller.user.id))),
        limits: Some(key.limits),
        multiplier: key.multiplier,
        models: Some(key.models),
        account_id: Some(key.account_id),
        pool_ids: Some(key.pool_ids),
        expires_at: Some(key.expires_at),
        expires_after_first_use_days: Some(key.expires_after_first_use_days),
        addresses: Some(key.addresses),
        services: Some(key.services),
        enabled: key.enabled,
    }
}

/// Checks what is set and puts it into the key. What needs the database is checked by [`references`].
pub(super) fn apply(check: &mut Check, key: &mut Stored, change: &UpdateKey) {
    if let Some(name) = &change.name {
        key.name = check.text("name", name, 1..=100);
    }
    if let Some(description) = &change.description {
        key.description = check.text("description", description, 0..=1000);
    }
    if let Some(device) = &change.device {
        key.device = check.text("device", device, 0..=100);
    }
    if let Some(tags) = &change.tags {
        key.tags = check_tags(check, tags);
    }
    if let Some(limits) = &change.limits {
        check.limits("limits", limits);
        key.limits.clone_from(limits);
    }
    if let Some(multiplier) = change.multiplier {
        key.multiplier = multiplier;
    }
    if let Some(models) = &change.models {
        check.models("models", models);
        key.models.clone_from(models);
    }
    if let Some(account) = change.account_id {
        key.account_id = account;
    }
    if let Some(pools) = &change.pool_ids {
        check.require(pools.len() <= MOST_POOLS, "pool_ids", "must be at most 10");
        key.pools.clone_from(pools);
    }
    if key.account_id.is_some() && !key.pools.is_empty() {
        let field = if change.pool_ids.is_some() { "pool_ids" } else { "account_id" };
        check.refuse(field, "a key is bound to one account or to pools, not to both");
    }
    if let Some(end) = change.expires_at {
        key.expiry.at = end;
    }
    if let Some(days) = change.expires_after_first_use_days {
        let fits = days.is_none_or(|days| (1..=MAX_DAYS).contains(&days));
        check.require(fits, "expires_after_first_use_days", "must be between 1 and 3650");
        key.expiry.days_after_first_use = days;
    }
    if let Some(addresses) = &change.addresses {
        check_addresses(check, addresses);
        key.addresses.clone_from(addresses);
    }
    if let Some(services) = &change.services {
        check_services(check, services);
        key.services.clone_from(services);
    }
    if let Some(enabled) = change.enabled {
        key.enabled = enabled;
    }
}

/// What a new key may not have, though a change may set it.
pub(super) fn check_new(check: &mut Check, change: &UpdateKey) {
    let ahead = change.expires_at.flatten().is_none_or(|end| end > Utc::now());
    check.require(ahead, "expires_at", "must be in the future");
}

/// Fails when a key would be left to a provider that nobody has heard of.
pub(super) fn known_providers(state: &AdminState, change: &UpdateKey) -> Result<(), ApiError> {
    let mut check = Check::default();
    for (i, provider) in change.services.iter().flat_map(|services| &services.providers).enumerate() {
        check.provider(&format!("services.providers[{i}]"), *provider, &state.catalogue);
    }
    check.done()
}

fn check_tags(check: &mut Check, tags: &[String]) -> Vec<String> {
    check.require(tags.len() <= MOST_TAGS, "tags", "must be at most 20");
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let field = format!("tags[{i}]");
        let tag = check.text(&field, tag, 1..=50);
        check.require(!tag.contains([',', '\n']), &field, "must not contain commas or line breaks");
        if seen.insert(tag.clone()) {
            kept.push(tag);
        }
    }
    kept
}

fn check_addresses(check: &mut Check, addresses: &AddressRules) {
    for (field, networks) in [("addresses.allow", &addresses.allow), ("addresses.deny", &addresses.deny)] {
        check.require(networks.len() <= MAX_NETWORKS, field, "must have at most 100 networks");
    }
}

fn check_services(check: &mut Check, services: &Services) {
    // There are not as many; a list may name one twice but not without end.
    check.require(services.dialects.len() <= 20, "services.dialects", "must have at most 20 names");
    check.require(services.providers.len() <= 100, "services.providers", "must have at most 100 names");
    check.require(services.clients.len() <= MOST_CLIENTS, "services.clients", "must have at most 50 names");
    for (i, client) in services.clients.iter().enumerate().take(MOST_CLIENTS) {
        let field = format!("services.clients[{i}]");
        check.require(!services.clients[..i].contains(client), &field, "must be given once");
    }
}

/// Notes it when a key is bound to an account that is not there, or given to somebody who is no member; fills in who the
/// owner is. Of a change only what it sets: an account that was removed meanwhile does not stand in the way of others.
pub(super) async fn references(
    tx: &mut TenantTx,
    check: &mut Check,
    key: &mut Stored,
    change: &UpdateKey,
) -> Result<(), ApiError> {
    if let Some(Some(id)) = change.account_id {
        match accounts::get(tx, id, false).await {
            Ok(_) => {}
            Err(StoreError::NotFound) => {
                check.refuse("account_id", "must be an account of this organisation");
            }
            Err(other) => return Err(other.into()),
        }
    }
    if let Some(pools) = change.pool_ids.as_ref().filter(|pools| pools.len() <= MOST_POOLS) {
        let known = pools::known(tx, pools).await?;
        for (i, pool) in pools.iter().enumerate() {
            let field = format!("pool_ids[{i}]");
            check.require(known.contains(pool), &field, "must be a pool of this organisation");
            check.require(!pools[..i].contains(pool), &field, "must be given once");
        }
    }
    if let Some(named) = change.services.as_ref().map(|s| &s.clients).filter(|clients| !clients.is_empty()) {
        let known = clients::get(tx).await?.rules;
        for (i, client) in named.iter().enumerate().take(MOST_CLIENTS) {
            let field = format!("services.clients[{i}]");
            check.require(known.names(client), &field, "must be a client that a rule recognises");
        }
    }
    if let Some(owner) = change.owner_id {
        key.owner = owner_of(tx, check, owner).await?;
    }
    Ok(())
}

async fn owner_of(
    tx: &mut TenantTx,
    check: &mut Check,
    owner: Option<UserId>,
) -> Result<Option<Owner>, ApiError> {
    let Some(id) = owner else { return Ok(None) };
    match members::get(tx, id, None, false).await {
        Ok(member) => Ok(Some(Owner { id, name: member.name, role: Some(member.role) })),
        Err(StoreError::NotFound) => {
            check.refuse("owner_id", "must be a member of this organisation");
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::KeyId;

    fn refused(json: &str) -> Vec<String> {
        let mut key = Stored::new(KeyId(uuid::Uuid::nil()), "a", "cw_");
        let mut check = Check::default();
        apply(&mut check, &mut key, &serde_json::from_str(json).unwrap());
        match check.done() {
            Err(ApiError::Invalid(errors)) => errors.into_iter().map(|e| e.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_field_that_is_not_accepted_is_named() {
        assert_eq!(
            refused(r#"{"tags":["a","b "],"device":"laptop","addresses":{"allow":["10.0.0.0/8"]}}"#),
            [""; 0]
        );
        let many = serde_json::to_string(&vec!["10.0.0.1"; 101]).unwrap();
        let json = format!(
            r#"{{"tags":["ok","a,b",""],"expires_after_first_use_days":0,"addresses":{{"deny":{many}}}}}"#
        );
        let expected = ["tags[1]", "tags[2]", "expires_after_first_use_days", "addresses.deny"];
        assert_eq!(refused(&json), expected);
    }

    #[test]
    fn a_tag_given_twice_is_kept_once() {
        let mut key = Stored::new(KeyId(uuid::Uuid::nil()), "a", "cw_");
        let change = serde_json::from_str(r#"{"tags":["b","a"," b"]}"#).unwrap();
        apply(&mut Check::default(), &mut key, &change);
        assert_eq!(key.tags, ["b", "a"]);
    }
}
