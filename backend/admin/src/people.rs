//! Making an organisation with its owner, and giving a person a new password: what the set-up link and the command line
//! share.

use crate::{auth::password::Passwords, check::Check, error::ApiError, origin::Origin};
use causeway_domain::{OrgId, Role, UserId};
use causeway_store::{
    AppDb, PersonTx, StoreError, TenantTx, audit, memberships, organisations, sessions, setup, totp,
    users::{self, Ends, NewUser},
};
use chrono_tz::Tz;
use serde_json::json;
use uuid::Uuid;

/// An organisation and its owner, as entered.
#[derive(Clone, Copy)]
pub struct NewOwner<'a> {
    /// Name of the organisation.
    pub organization: &'a str,
    /// Name of the owner.
    pub name: &'a str,
    /// E-mail address of the owner.
    pub email: &'a str,
    /// Password of the owner.
    pub password: &'a str,
    /// IANA time zone of the organisation; UTC when `None`.
    pub time_zone: Option<&'a str>,
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// The organisation.
    pub org: OrgId,
    /// Its owner.
    pub user: UserId,
}

/// Input that was found good.
pub(crate) struct Checked {
    organization: String,
    name: String,
    email: String,
    time_zone: Tz,
}

/// Makes an organisation and its owner; `causeway admin create`. The first one also runs the installation, and its set-up
/// link is dead from then on. The error's text is fit to be shown.
pub async fn create_owner(db: &AppDb, owner: NewOwner<'_>) -> Result<Created, ApiError> {
    let checked = check(&owner)?;
    let hash = Passwords::new().hash(owner.password).await?;
    let mut tx = TenantTx::begin(db, OrgId(Uuid::now_v7()), None).await?;
    let first = setup::claim_first(&mut tx).await?;
    let made = insert(&mut tx, &checked, &hash, first, None).await?;
    // A new organisation has no keys, so there is nothing that the relay must hear of.
    let _ = tx.commit().await?;
    Ok(made)
}

/// Gives a person a new password and ends their sessions; `causeway admin reset-password`. The error's text is fit to be
/// shown.
pub async fn reset_password(db: &AppDb, email: &str, password: &str) -> Result<(), ApiError> {
    let user = users::find_by_email(db, email.trim()).await?;
    let user = user.ok_or_else(|| ApiError::field("email", "nobody has this e-mail address"))?;
    let mut check = Check::default();
    check.password("password", password, &[&user.email, &user.name]);
    check.done()?;
    let hash = Passwords::new().hash(password).await?;
    let mut tx = PersonTx::begin(db, user.id).await?;
    users::set_password(&mut tx, &hash, Ends::All).await?;
    let line = audit::Line {
        action: "user.reset_password",
        target_kind: "user",
        target_id: Some(user.id.0),
        ..Default::default()
    };
    tx.record(&line).await?;
    Ok(tx.commit().await?)
}

/// Takes away a person's second factor, for who has lost app and recovery codes; `causeway admin disable-totp`. Ends their
/// sessions. The error's text is fit to be shown.
pub async fn disable_totp(db: &AppDb, email: &str) -> Result<(), ApiError> {
    let user = users::find_by_email(db, email.trim()).await?;
    let user = user.ok_or_else(|| ApiError::field("email", "nobody has this e-mail address"))?;
    let mut tx = PersonTx::begin(db, user.id).await?;
    if !totp::remove(&mut tx).await? {
        return Err(ApiError::Conflict("this person has no second factor".to_owned()));
    }
    sessions::end_all(&mut tx, None, "second factor removed").await?;
    let line = audit::Line {
        action: "totp.remove",
        target_kind: "user",
        target_id: Some(user.id.0),
        ..Default::default()
    };
    tx.record(&line).await?;
    Ok(tx.commit().await?)
}

/// Checks what was entered.
pub(crate) fn check(owner: &NewOwner<'_>) -> Result<Checked, ApiError> {
    let mut check = Check::default();
    let organization = check.text("organization", owner.organization, 1..=100);
    let name = check.text("name", owner.name, 1..=100);
    let email = check.email("email", owner.email);
    check.password("password", owner.password, &[&email, &name, &organization]);
    let time_zone = owner.time_zone.map_or(Ok(Tz::UTC), str::parse);
    check.require(time_zone.is_ok(), "time_zone", "must be an IANA time zone such as Europe/Berlin");
    check.done()?;
    Ok(Checked { organization, name, email, time_zone: time_zone.unwrap_or(Tz::UTC) })
}

/// Makes both in one transaction.
pub(crate) async fn insert(
    tx: &mut TenantTx,
    owner: &Checked,
    password_hash: &str,
    is_operator: bool,
    origin: Option<&Origin>,
) -> Result<Created, ApiError> {
    let user = UserId(Uuid::now_v7());
    organisations::insert(tx, &owner.organization, owner.time_zone).await?;
    let new = NewUser { id: user, email: &owner.email, name: &owner.name, password_hash, is_operator };
    users::insert(tx, &new).await.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::Conflict("this e-mail address is taken".to_owned()),
        other => other.into(),
    })?;
    // Whoever runs the server knows whom they make.
    users::prove(tx, user).await?;
    memberships::insert(tx, user, Role::Owner).await?;
    let address = origin.map(Origin::address_text).filter(|a| !a.is_empty());
    let line = audit::Line {
        actor: origin.map_or(audit::Actor::Cli, |_| audit::Actor::User(user)),
        action: "organization.create",
        target_kind: "organization",
        target_id: Some(tx.org().0),
        after: Some(
            json!({"name": owner.organization, "owner": owner.email, "time_zone": owner.time_zone.name()}),
        ),
        address: address.as_deref(),
        request_id: origin.map(|o| o.request_id.as_str()),
        ..Default::default()
    };
    audit::record(tx, line).await?;
    Ok(Created { org: tx.org(), user })
}
