//! Operators inside organisations that they are no members of: when, for how long, as what, and why.
//!
//! An entry belongs to one session. The guard finds it with the caller's membership at every call, so it is over at once
//! when its time is, when the operator leaves, or when they are no operator any more.

use crate::{StoreResult, TenantTx};
use causeway_domain::{OrgId, Role, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An entry that is in force.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Identifier.
    pub id: Uuid,
    /// As what: viewer or admin.
    pub role: Role,
    /// Why, as the operator said.
    pub reason: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Enters the organisation of the operator's transaction, instead of an entry of the same session that is in force.
pub async fn enter(
    tx: &mut TenantTx,
    user: UserId,
    session: Uuid,
    role: Role,
    reason: &str,
    minutes: i32,
) -> StoreResult<Entry> {
    leave(tx, session).await?;
    let row = sqlx::query!(
        "insert into operator_entries (id, org_id, user_id, session_id, role, reason, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7)) returning id, reason, expires_at",
        Uuid::now_v7(),
        tx.org().0,
        user.0,
        session,
        role.as_str(),
        reason,
        minutes
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Entry { id: row.id, role, reason: row.reason, expires_at: row.expires_at })
}

/// Leaves; false when the session was not inside.
pub async fn leave(tx: &mut TenantTx, session: Uuid) -> StoreResult<bool> {
    let left = sqlx::query!(
        "update operator_entries set left_at = now()
         where session_id = $1 and org_id = $2 and left_at is null and expires_at > now()",
        session,
        tx.org().0
    )
    .execute(tx.conn())
    .await?;
    Ok(left.rows_affected() > 0)
}

/// Whether the session is inside an organisation at the moment. The transaction names its person.
pub async fn is_inside(tx: &mut TenantTx, session: Uuid, org: OrgId) -> StoreResult<bool> {
    let inside = sqlx::query_scalar!(
        r#"select exists (select from operator_entries e join users u on u.id = e.user_id
             where e.session_id = $1 and e.org_id = $2 and e.left_at is null and e.expires_at > now()
               and u.is_operator and u.disabled_at is null) as "inside!""#,
        session,
        org.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(inside)
}
