//! From the fields of a request to a pool: the same checks whether one is made or changed.

use crate::{check::Check, error::ApiError, proxies};
use causeway_domain::{
    AccountId,
    pool::{MAX_PRIORITY, MAX_STICKY_SECONDS, MAX_WEIGHT, MOST_MEMBERS, Member, Strategy},
};
use causeway_openapi::{PoolMember, UpdatePool};
use causeway_store::{TenantTx, pools, pools::Pool as Stored};
use std::collections::HashSet;

/// Checks what is set and puts it into the pool.
pub(super) async fn apply(tx: &mut TenantTx, pool: &mut Stored, change: &UpdatePool) -> Result<(), ApiError> {
    let mut check = Check::default();
    if let Some(name) = &change.name {
        pool.name = check.text("name", name, 1..=100);
    }
    if let Some(strategy) = change.strategy {
        pool.strategy = strategy;
    }
    if let Some(seconds) = change.sticky_seconds {
        check.require(seconds <= MAX_STICKY_SECONDS, "sticky_seconds", "must be at most 604800, a week");
        pool.sticky_seconds = (seconds > 0).then_some(seconds);
    }
    match (&change.members, &change.account_ids) {
        (Some(_), Some(_)) => check.refuse("account_ids", "must not be given beside members"),
        (Some(given), None) => pool.members = members(tx, &mut check, given).await?,
        (None, Some(given)) => pool.members = in_order(tx, &mut check, given).await?,
        (None, None) => {}
    }
    if let Some(choice) = change.proxy {
        pool.proxy = proxies::chosen(tx, "proxy", choice).await?;
    }
    if let Some(active) = change.active_account_id {
        pool.active = active;
    }
    settle_active(&mut check, pool, change);
    check.done()
}

/// A pool that uses one account needs one of its own: where nobody said, its first.
fn settle_active(check: &mut Check, pool: &mut Stored, change: &UpdatePool) {
    let there = |id: AccountId| pool.members.iter().any(|m| m.account == id);
    match pool.active {
        Some(active) if !there(active) => {
            if change.active_account_id.is_some() {
                check.refuse("active_account_id", "must be an account of this pool");
            } else {
                // It has left the pool with this change.
                pool.active = None;
            }
        }
        _ => {}
    }
    if pool.strategy == Strategy::ActiveFirst && pool.active.is_none() && change.active_account_id.is_none() {
        pool.active = pool.members.first().map(|m| m.account);
    }
}

async fn members(
    tx: &mut TenantTx,
    check: &mut Check,
    given: &[PoolMember],
) -> Result<Vec<Member>, ApiError> {
    let ids: Vec<AccountId> = given.iter().map(|m| m.account_id).collect();
    accounts(tx, check, &ids, |i| format!("members[{i}].account_id"), "members").await?;
    for (i, m) in given.iter().enumerate().take(MOST_MEMBERS) {
        let weight = (1..=MAX_WEIGHT).contains(&m.weight);
        check.require(weight, &format!("members[{i}].weight"), "must be between 1 and 1000");
        let priority = m.priority <= MAX_PRIORITY;
        check.require(priority, &format!("members[{i}].priority"), "must be between 0 and 1000");
    }
    let mut members: Vec<Member> = given
        .iter()
        .map(|m| Member { account: m.account_id, weight: m.weight, priority: m.priority })
        .collect();
    members.sort_by_key(|m| m.priority);
    Ok(members)
}

/// In short: the order is the priority.
async fn in_order(
    tx: &mut TenantTx,
    check: &mut Check,
    given: &[AccountId],
) -> Result<Vec<Member>, ApiError> {
    accounts(tx, check, given, |i| format!("account_ids[{i}]"), "account_ids").await?;
    let priorities = (0..).take(MOST_MEMBERS);
    Ok(given
        .iter()
        .zip(priorities)
        .map(|(id, priority)| Member { account: *id, weight: 1, priority })
        .collect())
}

/// Each must be there, and once.
async fn accounts(
    tx: &mut TenantTx,
    check: &mut Check,
    ids: &[AccountId],
    field: impl Fn(usize) -> String,
    whole: &str,
) -> Result<(), ApiError> {
    if ids.len() > MOST_MEMBERS {
        check.refuse(whole, "must have at most 200 accounts");
        return Ok(());
    }
    let known: HashSet<AccountId> = pools::known_accounts(tx, ids).await?.into_iter().collect();
    let mut seen = HashSet::new();
    for (i, id) in ids.iter().enumerate() {
        check.require(known.contains(id), &field(i), "must be an account of this organisation");
        check.require(seen.insert(*id), &field(i), "must be given once");
    }
    Ok(())
}
