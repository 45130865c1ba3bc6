//! Withdrawing one's own account.

use super::own;
use crate::{
    accounts::audited, docs, error::ApiError, extract::Place, guard::Person, mail::words,
    mail::words::Language, state::AdminState,
};
use axum::extract::State;
use causeway_domain::AccountId;
use causeway_store::{accounts, reminders, shares};
use http::StatusCode;
use serde_json::json;

/// Withdraw an account of one's own
///
/// Erases the credential and removes the account at once, whatever depends on it: it was lent. Requests that are under way
/// end normally; keys that are bound to it find no account until they are bound to another. Whoever invited to share it is
/// told by mail. Only for accounts that the caller shares; one that they merely look after is the organisation's.
#[utoipa::path(
    delete, path = "/me/accounts/{id}", tag = "me", operation_id = "withdrawMyAccount", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 204, description = "Withdrawn"),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Person { caller, .. }: Person,
    Place(id): Place<AccountId>,
) -> Result<StatusCode, ApiError> {
    caller.demand_membership()?;
    let mut tx = caller.begin(&state).await?;
    let account = own(&mut tx, &caller, id, true).await?;
    if account.contributed_by != Some(caller.user.id) {
        return Err(ApiError::Forbidden(
            "you look after this account and do not share it: only an administrator can remove it".to_owned(),
        ));
    }
    let bound = accounts::bound_keys(&mut tx, id).await?;
    let inviter = match shares::inviter(&mut tx, id).await? {
        Some(inviter) => reminders::addressee(&mut tx, inviter).await?,
        None => None,
    };
    accounts::delete(&mut tx, id).await?;
    let after = Some(json!({"bound_keys": bound}));
    let target = ("account", Some(id.0));
    caller.record(&mut tx, "account.withdraw", target, Some(audited(&account)), after).await?;
    state.commit(tx).await?;
    if let (Some(mailer), Some(reader)) = (&state.mailer, inviter) {
        let link = format!("{}web/accounts", state.public_url);
        let language = Language::of(&reader.locale);
        let (organization, person) = (&reader.organization, &caller.user.name);
        let letter = words::withdrawn(language, organization, &account.name, person, bound, &link);
        mailer.send(&reader.email, &letter);
    }
    Ok(StatusCode::NO_CONTENT)
}
