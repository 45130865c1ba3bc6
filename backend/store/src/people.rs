//! Changes of who belongs to an organisation, and as what. Each needs the organisation's lock
//! ([`crate::sign_in_rules::lock_organisation`]), so that two of them cannot each rely on what the other is ending.

use crate::{StoreError, StoreResult, TenantTx, shares};
use causeway_domain::{Role, UserId};

/// A person's role in the organisation of the transaction, as it is now; `None` when they are no member.
pub async fn role(tx: &mut TenantTx, user: UserId) -> StoreResult<Option<Role>> {
    let role = sqlx::query_scalar!(
        "select role from memberships where org_id = $1 and user_id = $2",
        tx.org().0,
        user.0
    )
    .fetch_optional(tx.conn())
    .await?;
    role.map(|role| role.parse().map_err(|e| StoreError::corrupt("role", e))).transpose()
}

/// How many owners there are.
pub async fn owners(tx: &mut TenantTx) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from memberships where org_id = $1 and role = 'owner'"#,
        tx.org().0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Gives a member another role. The relay hears of it: what members may give their keys bounds some roles and not others.
pub async fn set_role(tx: &mut TenantTx, user: UserId, role: Role) -> StoreResult<()> {
    let changed = sqlx::query!(
        "update memberships set role = $3 where org_id = $1 and user_id = $2",
        tx.org().0,
        user.0,
        role.as_str()
    )
    .execute(tx.conn())
    .await?;
    if changed.rows_affected() == 0 { Err(StoreError::NotFound) } else { tx.bump_policy().await }
}

/// What a removal took along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenAlong {
    /// Keys that were switched off.
    pub keys: u64,
    /// Invitations that were open and are revoked.
    pub invitations: u64,
    /// Upstream accounts that they had shared and that are withdrawn.
    pub accounts: u64,
    /// Invitations to share that waited for them and are revoked.
    pub shares: u64,
}

/// Ends a membership. The person's keys are switched off and stay theirs: what they used keeps its name, and an
/// administrator may switch one on again for a program that depends on it. Accounts that they shared are withdrawn.
/// Invitations of theirs that nobody has accepted are revoked, and so is what asked them to share. Nothing but an invitation makes them a member again ([`forgive`]).
pub async fn remove(tx: &mut TenantTx, user: UserId) -> StoreResult<TakenAlong> {
    let org = tx.org().0;
    let shares = shares::revoke_for(tx, user).await?;
    let removed = sqlx::query!("delete from memberships where org_id = $1 and user_id = $2", org, user.0)
        .execute(tx.conn())
        .await?;
    if removed.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    sqlx::query!(
        "insert into former_members (org_id, user_id) values ($1, $2)
         on conflict (org_id, user_id) do nothing",
        org,
        user.0
    )
    .execute(tx.conn())
    .await?;
    let keys = sqlx::query!(
        "update api_keys set enabled = false, updated_at = now()
         where org_id = $1 and owner_id = $2 and enabled and deleted_at is null",
        org,
        user.0
    )
    .execute(tx.conn())
    .await?;
    let invitations = revoke_invitations(tx, user, None).await?;
    let accounts = shares::withdraw_all(tx, user).await?;
    tx.bump_policy().await?;
    Ok(TakenAlong { keys: keys.rows_affected(), invitations, accounts, shares })
}

/// Whether a person was a member and is to be invited before they are one again.
pub async fn was_removed(tx: &mut TenantTx, user: UserId) -> StoreResult<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from former_members where org_id = $1 and user_id = $2) as "was!""#,
        tx.org().0,
        user.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Forgets that a person was a member before: they were invited again.
pub async fn forgive(tx: &mut TenantTx, user: UserId) -> StoreResult<()> {
    sqlx::query!("delete from former_members where org_id = $1 and user_id = $2", tx.org().0, user.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Revokes the open invitations of somebody who could not make them any more: all of them, or those to a role above
/// `above`. Returns how many.
pub async fn revoke_invitations(tx: &mut TenantTx, by: UserId, above: Option<Role>) -> StoreResult<u64> {
    let kept: Vec<String> = Role::ALL
        .into_iter()
        .filter(|role| above.is_some_and(|above| *role <= above))
        .map(|role| role.as_str().to_owned())
        .collect();
    let revoked = sqlx::query!(
        "update invitations set revoked_at = now() where org_id = $1 and invited_by = $2 and accepted_at is null
           and revoked_at is null and not (role = any($3))",
        tx.org().0,
        by.0,
        &kept
    )
    .execute(tx.conn())
    .await?;
    Ok(revoked.rows_affected())
}
