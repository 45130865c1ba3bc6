//! Whether an account is there already, for files that may come twice.

use super::{Account, Row, SELECT};
use crate::{StoreResult, TenantTx};
use causeway_domain::{AccountId, provider::Provider};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// So many accounts are looked at that have the same last characters.
const MOST: i64 = 200;

/// Waits until nobody else in the organisation imports, and lets nobody until the transaction ends: what one file brings,
/// the next one finds.
pub async fn take_turns(tx: &mut TenantTx) -> StoreResult<()> {
    let lock = format!("causeway account import {}", tx.org());
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(lock)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Accounts at the same address whose credential is of the same kind and looks the same from outside.
pub async fn alike(
    tx: &mut TenantTx,
    provider: Provider,
    base_url: &str,
    (kind, hint): (&str, &str),
) -> StoreResult<Vec<Account>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    query.push(" and provider = ").push_bind(provider.as_str());
    query.push(" and base_url = ").push_bind(base_url);
    query.push(" and credential_kind = ").push_bind(kind);
    query.push(" and credential_hint = ").push_bind(hint);
    query.push(" order by id desc limit ").push_bind(MOST);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// The account that was made of the file whose mark this is: the credential in it may long be another.
pub async fn marked(tx: &mut TenantTx, provider: Provider, mark: &str) -> StoreResult<Option<AccountId>> {
    let found: Option<Uuid> = sqlx::query_scalar(
        "select id from upstream_accounts where org_id = $1 and provider = $2 and identity ->> 'imported' = $3
           and deleted_at is null limit 1",
    )
    .bind(tx.org().0)
    .bind(provider.as_str())
    .bind(mark)
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(AccountId))
}
