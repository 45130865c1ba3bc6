//! Who may change whom. Asked once more inside the transaction of the change, which holds the organisation: of two owners
//! that demote each other at the same moment, the second is no owner any more when its turn comes.

use crate::{
    entering::{suspended, suspended_text},
    error::ApiError,
    guard::{By, Caller},
};
use causeway_domain::Role;
use causeway_domain::UserId;
use causeway_openapi::Permission;
use causeway_store::{StoreError, TenantTx, memberships, people, plans::Counted, sign_in_rules};

/// Makes changes of who belongs to the organisation take turns, and says what the caller is now that it is theirs.
pub(crate) async fn take_turn(tx: &mut TenantTx, caller: &Caller) -> Result<Role, ApiError> {
    sign_in_rules::lock_organisation(tx).await?;
    match people::role(tx, caller.user.id).await? {
        // What is for owners is for people: a token that got about must not make itself one of them.
        Some(role) => Ok(if matches!(caller.by, By::Token(_)) { role.min(Role::Admin) } else { role }),
        // An operator who has entered belongs to no organisation: their part was looked up for this very call. One who was a
        // member when the call began and is none any more has not entered, and is refused as anybody is.
        None if caller.entered.is_some() => Ok(caller.role),
        None => Err(ApiError::Forbidden("you are not a member of that organisation".to_owned())),
    }
}

/// The same for what needs a permission.
pub(crate) async fn take_turn_with(
    tx: &mut TenantTx,
    caller: &Caller,
    permission: Permission,
) -> Result<Role, ApiError> {
    let own = take_turn(tx, caller).await?;
    if !permission.granted_to(own) {
        return Err(ApiError::Forbidden(format!(
            "this needs {}, which a {own} does not have",
            permission.as_str()
        )));
    }
    Ok(own)
}

/// Nobody makes anybody more than they are themselves. But an organisation that nobody owns yet gets its owner from the
/// operator, who made it.
pub(crate) async fn check_invite(
    tx: &mut TenantTx,
    caller: &Caller,
    own: Role,
    granted: Role,
) -> Result<(), ApiError> {
    if caller.entered.is_some() && granted == Role::Owner && people::owners(tx).await? == 0 {
        return Ok(());
    }
    check_grant(own, granted)
}

/// Nobody makes anybody more than they are themselves.
pub(crate) fn check_grant(own: Role, granted: Role) -> Result<(), ApiError> {
    if granted > own {
        let article = if granted <= Role::Member { "a" } else { "an" };
        return Err(ApiError::Forbidden(format!(
            "you are {own} and cannot make anybody {article} {granted}"
        )));
    }
    Ok(())
}

/// Nobody changes or removes somebody who is more than they are themselves.
pub(super) fn check_reach(own: Role, target: Role) -> Result<(), ApiError> {
    if target > own {
        return Err(ApiError::Forbidden(format!("an {target} can only be changed by another {target}")));
    }
    Ok(())
}

/// Refuses to take away an owner who is the last one.
pub(crate) async fn keep_an_owner(tx: &mut TenantTx, leaving: Role) -> Result<(), ApiError> {
    if leaving == Role::Owner && people::owners(tx).await? <= 1 {
        return Err(ApiError::LastOwner);
    }
    Ok(())
}

/// Who is made less loses the invitations that nobody has accepted and that they could not make any more.
pub(crate) async fn lose_invitations(tx: &mut TenantTx, user: UserId, role: Role) -> Result<(), StoreError> {
    let still_invites = Permission::MembersWrite.granted_to(role);
    people::revoke_invitations(tx, user, still_invites.then_some(role)).await?;
    Ok(())
}

/// Refuses where the organisation is suspended: nobody comes in, and nobody gets a key.
pub(crate) async fn check_served(tx: &mut TenantTx) -> Result<(), ApiError> {
    match sign_in_rules::suspension(tx).await? {
        Some(suspension) => Err(ApiError::Forbidden(suspended_text(&suspended(suspension)))),
        None => Ok(()),
    }
}

/// Makes a person a member, as far as the plan has a place.
pub(crate) async fn admit(tx: &mut TenantTx, user: UserId, role: Role) -> Result<(), ApiError> {
    check_served(tx).await?;
    memberships::insert(tx, user, role).await.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::Conflict("this person is a member already".to_owned()),
        other => other.into(),
    })?;
    crate::plan::check(tx, Counted::Members).await
}
