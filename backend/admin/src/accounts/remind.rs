//! Reminding whoever looks after an account.

use crate::{
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    mail::words::{self, Language},
    reminders::place,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::RemindedPerson;
use causeway_store::{
    accounts, reminders,
    throttle::{self, Pace},
};
use serde_json::json;

/// Reminders of one account: nobody's mailbox is filled by a button.
const PACE: Pace = Pace { free: 3, longest: 3600 };

/// Remind whoever looks after an account
///
/// Asks the member who looks after it, or shares it, or else has added it, to renew it. They are mailed where the
/// installation sends mail; the answer has the link in any case.
#[utoipa::path(
    post, path = "/accounts/{id}/remind", tag = "accounts", operation_id = "remindAccount",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "Reminded", body = RemindedPerson),
        docs::Guarded, docs::Missing, docs::Clash, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Place(id): Place<AccountId>,
) -> Result<Json<RemindedPerson>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, false).await?;
    let Some(keeper) = reminders::keeper(&mut tx, id).await? else {
        return Err(ApiError::Conflict(
            "nobody looks after this account any more; name a member in owner_id first".to_owned(),
        ));
    };
    let link = place(&state.public_url, id, &account.signed_in.kind, keeper.own);
    let reader = keeper.addressee;
    let mailed = match &state.mailer {
        Some(mailer) => {
            let turn = throttle::attempt(&state.store.app, &format!("remind:{id}"), PACE).await?;
            turn.map_err(|seconds| ApiError::Throttled { seconds })?;
            let reason = account.credential_reason.as_deref().unwrap_or_default();
            let (language, organization) = (Language::of(&reader.locale), &reader.organization);
            let letter =
                words::renew(language, organization, &account.name, &caller.user.name, reason, &link);
            mailer.send(&reader.email, &letter)
        }
        None => false,
    };
    let after = json!({"person": keeper.id, "mailed": mailed});
    caller.record(&mut tx, "account.remind", ("account", Some(id.0)), None, Some(after)).await?;
    state.commit(tx).await?;
    Ok(Json(RemindedPerson { id: keeper.id, name: keeper.name, mailed, link }))
}
