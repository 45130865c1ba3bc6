//! Which accounts a key may be served by, in the order in which they are asked: the one it is bound to, those of its pools
//! in their order, or else every account that is not dedicated. Everything is read from the snapshot; nothing is asked.
//!
//! Whether an account can be used for a call (its models, its price, whether it rests) is [`crate::plan`]'s to say.

use crate::tenant::{Account, Tenant};
use causeway_domain::{
    AccountId, PoolId,
    pool::{self, Member, Standing, Strategy, Turn},
};
use causeway_store::principal::{PoolRow, Principal};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A pool, as of a policy version.
pub(crate) struct Pool {
    id: PoolId,
    strategy: Strategy,
    remembered: Option<Duration>,
    active: Option<AccountId>,
    members: Vec<Member>,
    /// Whose turn it is on this instance.
    turn: Mutex<Turn>,
}

impl From<PoolRow> for Pool {
    fn from(row: PoolRow) -> Self {
        Self {
            id: row.id,
            strategy: row.strategy,
            remembered: row.sticky_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            active: row.active,
            members: row.members,
            turn: Mutex::default(),
        }
    }
}

/// The accounts, best first.
pub(crate) struct Choice {
    pub accounts: Vec<Arc<Account>>,
    /// For how long the call's conversation stays with its account.
    pub remembered: Option<Duration>,
    /// Whether some of them are chosen by how busy they are, so that what runs there has to be counted.
    pub counted: bool,
}

/// The choice of a key. A conversation that is `bound` to an account stays there as long as the key may use it; only then
/// may an account that drains be used.
pub(crate) fn of(
    tenant: &Tenant,
    principal: &Principal,
    bound: Option<AccountId>,
    standing: impl Fn(AccountId) -> Standing,
) -> Choice {
    let mut choice = Choice { accounts: Vec::new(), remembered: None, counted: false };
    if let Some(only) = principal.account {
        choice.accounts.extend(tenant.account(only).cloned());
    } else if principal.pools.is_empty() {
        choice.accounts.extend(tenant.accounts.iter().filter(|a| !a.dedicated).cloned());
    } else {
        of_pools(tenant, principal, standing, &mut choice);
    }
    let there = bound.and_then(|id| choice.accounts.iter().position(|a| a.id == id));
    if let Some(index) = there {
        let first = choice.accounts.remove(index);
        choice.accounts.insert(0, first);
    }
    // Nothing new goes to an account that drains.
    choice.accounts.retain(|a| !a.draining || Some(a.id) == bound);
    choice
}

/// Whether an account is among those that may serve a key, leaving its rules aside.
pub(crate) fn includes(tenant: &Tenant, principal: &Principal, account: &Account) -> bool {
    if let Some(only) = principal.account {
        return only == account.id;
    }
    if principal.pools.is_empty() {
        return !account.dedicated;
    }
    let named = |pool: &&Pool| principal.pools.contains(&pool.id);
    tenant.pools.iter().filter(named).any(|pool| match pool.strategy {
        Strategy::ActiveFirst => pool.active == Some(account.id),
        _ => pool.members.iter().any(|member| member.account == account.id),
    })
}

fn of_pools(
    tenant: &Tenant,
    principal: &Principal,
    standing: impl Fn(AccountId) -> Standing,
    choice: &mut Choice,
) {
    let mut seen = HashSet::new();
    for pool in principal.pools.iter().filter_map(|id| tenant.pools.iter().find(|pool| pool.id == *id)) {
        let order = {
            let mut turn = pool.turn.lock().unwrap_or_else(PoisonError::into_inner);
            pool::rank(pool.strategy, &pool.members, pool.active, &mut turn, &standing)
        };
        choice.counted |= pool.strategy == Strategy::LeastBusy;
        // Who switches the active account moves its conversations too.
        if pool.strategy != Strategy::ActiveFirst {
            choice.remembered = choice.remembered.max(pool.remembered);
        }
        choice.accounts.extend(
            order.into_iter().filter(|id| seen.insert(*id)).filter_map(|id| tenant.account(id).cloned()),
        );
    }
}
