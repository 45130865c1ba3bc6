//! By what a key is served: any account, one, or pools in an order.

use causeway_domain::{AccountId, PoolId};
use causeway_openapi::{Account, Key, Page, Pool};
use leptos::prelude::*;

use super::chain::Chain;
use crate::{
    core::{
        form::Submission,
        i18n::{t_string, text, use_i18n},
        query::Query,
    },
    ui::field::SelectField,
};

/// The value of the field where it means pools; otherwise it is an account's identifier, or empty.
const POOLS: &str = "pools";

/// What is chosen.
#[derive(Clone, Copy)]
pub(super) struct Served {
    how: RwSignal<String>,
    chain: RwSignal<Vec<PoolId>>,
    /// That pools were to serve it, and none was named.
    none: RwSignal<bool>,
}

impl Served {
    /// As the key has it.
    pub(super) fn new(key: Option<&Key>) -> Self {
        let chain = key.map(|key| key.pool_ids.clone()).unwrap_or_default();
        let account = key.and_then(|key| key.account_id).map(|id| id.to_string()).unwrap_or_default();
        let how = if chain.is_empty() { account } else { POOLS.to_owned() };
        Self { how: RwSignal::new(how), chain: RwSignal::new(chain), none: RwSignal::new(false) }
    }

    /// What it means; none when pools should serve the key and none is named, which would let it use every account.
    pub(super) fn read(self) -> Option<(Option<AccountId>, Vec<PoolId>)> {
        let read = meaning(&self.how.get_untracked(), self.chain.get_untracked());
        self.none.set(read.is_none());
        read
    }
}

fn meaning(how: &str, chain: Vec<PoolId>) -> Option<(Option<AccountId>, Vec<PoolId>)> {
    match how {
        POOLS if chain.is_empty() => None,
        POOLS => Some((None, chain)),
        account => Some((account.parse().ok(), Vec::new())),
    }
}

/// The fields.
#[component]
pub(super) fn ServedInputs(
    served: Served,
    pools: Query<Page<Pool>>,
    accounts: Query<Page<Account>>,
    submission: Submission,
) -> impl IntoView {
    let i18n = use_i18n();
    let Served { how, chain, none } = served;
    Effect::new(move |_| {
        how.track();
        chain.track();
        none.set(false);
    });
    let options = Signal::derive(move || {
        let mut options = vec![
            (String::new(), t_string!(i18n, keys.any_account).to_owned()),
            (POOLS.to_owned(), t_string!(i18n, keys.by_pools).to_owned()),
        ];
        let accounts = accounts.data().map(|page| page.items).unwrap_or_default();
        options.extend(accounts.into_iter().map(|account| (account.id.to_string(), account.name)));
        options
    });
    let chain_error = Signal::derive(move || {
        let here = none.get().then(|| t_string!(i18n, keys.no_pool_chosen).to_owned());
        here.or_else(|| submission.field("pool_ids").get())
    });
    view! {
        <SelectField
            label=text!(i18n, keys.account)
            hint=text!(i18n, keys.account_hint)
            value=how
            options
            error=submission.field("account_id")
            testid="key-account"
        />
        <Show when=move || how.get() == POOLS>
            <div class="sm:col-span-2"><Chain chain pools accounts error=chain_error/></div>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_and_accounts_are_told_apart_and_no_pool_is_not_every_account() {
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(meaning("", vec![PoolId(id)]), Some((None, Vec::new())));
        assert_eq!(meaning(&id.to_string(), Vec::new()), Some((Some(AccountId(id)), Vec::new())));
        assert_eq!(meaning(POOLS, vec![PoolId(id)]), Some((None, vec![PoolId(id)])));
        assert_eq!(meaning(POOLS, Vec::new()), None);
    }
}
