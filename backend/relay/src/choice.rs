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
    /// The same for what comes behind the account that a conversation stays with, should that fail. Apart, so that
    /// conversations that stay take no turn from new ones, and still do not all go to the same account when theirs dies.
    aside: Mutex<Turn>,
}

impl Pool {
    /// Whether it is this one.
    pub(crate) fn is(&self, id: PoolId) -> bool {
        self.id == id
    }

    fn rank(&self, stays: bool, standing: impl Fn(AccountId) -> Standing) -> Vec<AccountId> {
        let turn = if stays { &self.aside } else { &self.turn };
        let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        pool::rank(self.strategy, &self.members, self.active, &mut turn, standing)
    }

    fn give_back(&self, first: AccountId) {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        turn.give_back(self.strategy, &self.members, first);
    }
}

/// A turn that was taken in a pool, and who was first by it.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pool: PoolId,
    first: AccountId,
}

/// Gives turns back whose request turned out to belong to a conversation that stays where it is.
pub(crate) fn give_back(tenant: &Tenant, turns: &[Taken]) {
    for taken in turns {
        if let Some(pool) = tenant.pools.iter().find(|pool| pool.id == taken.pool) {
            pool.give_back(taken.first);
        }
    }
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
            aside: Mutex::default(),
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
    /// Turns that were taken for it.
    pub turns: Vec<Taken>,
}

/// The choice of a key. A conversation that is `bound` to an account stays there as long as the key may use it; only then
/// may an account that drains be used.
pub(crate) fn of(
    tenant: &Tenant,
    principal: &Principal,
    bound: Option<AccountId>,
    standing: impl Fn(AccountId) -> Standing,
) -> Choice {
    let mut choice = Choice { accounts: Vec::new(), remembered: None, counted: false, turns: Vec::new() };
    if let Some(only) = principal.account {
        choice.accounts.extend(tenant.account(only).cloned());
    } else if principal.pools.is_empty() {
        choice.accounts.extend(tenant.accounts.iter().filter(|a| !a.dedicated).cloned());
    } else {
        of_pools(tenant, principal, bound, standing, &mut choice);
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
    names(tenant, principal, account.id, account.dedicated)
}

/// The same of one of which no more is known.
pub(crate) fn names(tenant: &Tenant, principal: &Principal, id: AccountId, dedicated: bool) -> bool {
    if let Some(only) = principal.account {
        return only == id;
    }
    if principal.pools.is_empty() {
        return !dedicated;
    }
    let named = |pool: &&Pool| principal.pools.contains(&pool.id);
    tenant.pools.iter().filter(named).any(|pool| match pool.strategy {
        Strategy::ActiveFirst => pool.active == Some(id),
        _ => pool.members.iter().any(|member| member.account == id),
    })
}

fn of_pools(
    tenant: &Tenant,
    principal: &Principal,
    bound: Option<AccountId>,
    standing: impl Fn(AccountId) -> Standing,
    choice: &mut Choice,
) {
    let account = bound.and_then(|id| tenant.account(id));
    let stays = account.is_some_and(|account| includes(tenant, principal, account));
    for pool in principal.pools.iter().filter_map(|id| tenant.pools.iter().find(|pool| pool.id == *id)) {
        let order = pool.rank(stays, &standing);
        if let Some(&first) = order.first().filter(|_| !stays) {
            choice.turns.push(Taken { pool: pool.id, first });
        }
        choice.counted |= pool.strategy == Strategy::LeastBusy;
        // Who switches the active account moves its conversations too.
        if pool.strategy != Strategy::ActiveFirst {
            choice.remembered = choice.remembered.max(pool.remembered);
        }
        // A pool has each of its members once, and mostly there is one pool: then nothing is looked up.
        let before: HashSet<AccountId> = choice.accounts.iter().map(|account| account.id).collect();
        let fresh = order.into_iter().filter(|id| !before.contains(id));
        choice.accounts.extend(fresh.filter_map(|id| tenant.account(id).cloned()));
    }
}
