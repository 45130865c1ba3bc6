//! Whose account an administrator may open again.
//!
//! A link to choose a password is as good as the account, and so is taking away its second factor. So nobody makes one for
//! somebody who may do as much as they themselves, and nobody for a person who can do things elsewhere: in another
//! organisation, or as an operator of the installation. Those ask by e-mail, or the operator at the command line.

use crate::{error::ApiError, guard::Caller, state::AdminState};
use causeway_domain::{OrgId, Role, UserId};
use causeway_openapi::Permission;
use causeway_store::{
    TenantTx, members, memberships, operators, people,
    users::{self, User},
};

/// The person, when the caller may open their account again.
pub(crate) async fn allowed(state: &AdminState, caller: &Caller, id: UserId) -> Result<User, ApiError> {
    let mut tx = caller.begin(state).await?;
    let member = members::get(&mut tx, id, None, false).await?;
    drop(tx);
    if member.role >= caller.role {
        return Err(ApiError::Forbidden(format!(
            "this needs a role above theirs, and both of you are at least {}; they can ask for a link by e-mail",
            member.role
        )));
    }
    if !is_theirs_alone(state, caller.org(), id).await? {
        return Err(ApiError::Conflict(
            "this person also belongs to other organisations, or runs the installation; they can ask for a link by e-mail"
                .to_owned(),
        ));
    }
    Ok(users::get(&state.store.app, id).await?)
}

/// Whether whoever made a link could make it today: roles change, and people leave.
pub(crate) async fn still_allowed(
    state: &AdminState,
    org: OrgId,
    by: UserId,
    id: UserId,
) -> Result<bool, ApiError> {
    let mut tx = TenantTx::begin(&state.store.app, org, Some(by)).await?;
    let (mut maker, target) = (people::role(&mut tx, by).await?, people::role(&mut tx, id).await?);
    drop(tx);
    if maker.is_none() && operators::is_operator(&state.store.app, by).await? {
        // Was inside when they made it, and may enter again at any time.
        maker = Some(Role::Admin);
    }
    let above = maker
        .zip(target)
        .is_some_and(|(maker, target)| maker > target && Permission::MembersWrite.granted_to(maker));
    Ok(above && is_theirs_alone(state, org, id).await?)
}

/// Whether a person belongs to this organisation, to no other, and does not run the installation.
pub(crate) async fn is_theirs_alone(state: &AdminState, org: OrgId, id: UserId) -> Result<bool, ApiError> {
    let homes = memberships::of(&state.store.app, id).await?;
    let alone = matches!(homes.as_slice(), [home] if home.org == org);
    Ok(alone && !operators::is_operator(&state.store.app, id).await?)
}
