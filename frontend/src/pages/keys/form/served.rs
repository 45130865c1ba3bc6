//! By what a key is served: any account, one, or pools in an order.

use causeway_domain::{AccountId, PoolId};
use causeway_openapi::{Account, Key, Pool};

/// What the value of the field begins with where it names pools.
const POOLS: &str = "pools:";

/// The value of the field for a key.
pub(super) fn value_of(key: &Key) -> String {
    if key.pool_ids.is_empty() {
        return key.account_id.map(|id| id.to_string()).unwrap_or_default();
    }
    let ids: Vec<String> = key.pool_ids.iter().map(ToString::to_string).collect();
    format!("{POOLS}{}", ids.join(","))
}

/// What a value of the field means.
pub(super) fn read(value: &str) -> (Option<AccountId>, Vec<PoolId>) {
    match value.strip_prefix(POOLS) {
        Some(ids) => (None, ids.split(',').filter_map(|id| id.parse().ok()).collect()),
        None => (value.parse().ok(), Vec::new()),
    }
}

/// What there is to choose from, with the choice that is made: a key can have several pools in an order, which are one
/// choice more.
pub(super) fn options(
    any: String,
    as_pool: impl Fn(String) -> String,
    pools: &[Pool],
    accounts: &[Account],
    now: &str,
) -> Vec<(String, String)> {
    let name = |id: PoolId| {
        pools.iter().find(|pool| pool.id == id).map_or_else(|| id.to_string(), |pool| pool.name.clone())
    };
    let mut options = vec![(String::new(), any)];
    options.extend(pools.iter().map(|pool| (format!("{POOLS}{}", pool.id), as_pool(pool.name.clone()))));
    let chain = read(now).1;
    if chain.len() > 1 {
        let names: Vec<String> = chain.into_iter().map(name).collect();
        options.push((now.to_owned(), as_pool(names.join(" → "))));
    }
    options.extend(accounts.iter().map(|account| (account.id.to_string(), account.name.clone())));
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_and_accounts_are_told_apart() {
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(read(""), (None, Vec::new()));
        assert_eq!(read(&id.to_string()), (Some(AccountId(id)), Vec::new()));
        assert_eq!(read(&format!("pools:{id},{id}")), (None, vec![PoolId(id), PoolId(id)]));
    }
}
