//! Finding keys.

use super::{Key, Row, SELECT};
use crate::{StoreResult, TenantTx};
use causeway_domain::{KeyId, UserId};
use sqlx::QueryBuilder;

/// Which keys are meant. What is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose.
    pub owner: Option<UserId>,
    /// Those that carry this tag.
    pub tag: Option<String>,
    /// Those in this state; all that are not deleted when absent.
    pub state: Option<State>,
    /// Those whose name, device, description or prefix contains this, in whatever case.
    pub text: Option<String>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// It is switched off.
    Disabled,
    /// Its time is over.
    Expired,
    /// It was deleted and can be restored.
    Deleted,
}

/// The moment at which a key ends, in SQL.
const ENDED: &str = "(coalesce(k.expires_at <= now(), false) \
     or coalesce(k.first_used_at + make_interval(days => k.first_use_days) <= now(), false))";

/// The keys of the organisation, newest first, older than the key `before`.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<KeyId>,
    limit: i64,
) -> StoreResult<Vec<Key>> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(tx.org().0);
    match filter.state {
        Some(State::Deleted) => query.push(" and k.deleted_at is not null and k.purged_at is null"),
        _ => query.push(" and k.deleted_at is null"),
    };
    match filter.state {
        Some(State::Active) => query.push(" and k.enabled and not ").push(ENDED),
        Some(State::Expired) => query.push(" and k.enabled and ").push(ENDED),
        Some(State::Disabled) => query.push(" and not k.enabled"),
        Some(State::Deleted) | None => &mut query,
    };
    if let Some(owner) = filter.owner {
        query.push(" and k.owner_id = ").push_bind(owner.0);
    }
    if let Some(tag) = &filter.tag {
        query.push(" and ").push_bind(tag.clone()).push(" = any(k.tags)");
    }
    if let Some(text) = &filter.text {
        // A position and not a pattern: what people type has no wildcards.
        query.push(" and position(lower(").push_bind(text.clone());
        query.push(") in lower(concat_ws(chr(10), k.name, k.device, k.description, k.prefix))) > 0");
    }
    if let Some(before) = before {
        query.push(" and k.id < ").push_bind(before.0);
    }
    query.push(" order by k.id desc limit ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx.conn()).await?;
    rows.into_iter().map(Key::try_from).collect()
}
