//! The scheduled checks of an account.

use crate::{
    checks::schedule::Schedule,
    docs,
    error::ApiError,
    extract::Place,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::{AccountCheck, AccountChecks, AccountTest};
use causeway_store::{
    accounts,
    checks::{self, OFF},
    organisations,
};
use chrono::Utc;

/// Read the scheduled checks of an account
///
/// When the account is checked, and what the checks have found, newest first: the 100 newest, for 30 days. A check asks the
/// provider for its models with the account's credential, like a test: it uses no model and no tokens, and costs nothing. It
/// changes nothing about which requests go to the account, but for this: a token that is over is refreshed, a grant that its
/// issuer declares void is marked so, and a check that passes ends the time of a rest for `bad_credential` or `unreachable`.
#[utoipa::path(
    get, path = "/accounts/{id}/checks", tag = "accounts", operation_id = "getAccountChecks",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account")),
    responses(
        (status = 200, description = "The checks", body = AccountChecks),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<AccountId>,
) -> Result<Json<AccountChecks>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let account = accounts::get(&mut tx, id, false).await?;
    let org = organisations::get(&mut tx, false).await?;
    let found = checks::list(&mut tx, id).await?;
    let inherited = account.check_schedule.is_none();
    let schedule = account.check_schedule.or(org.check_schedule).filter(|schedule| schedule != OFF);
    let zone = org.calendar.time_zone;
    let read = schedule.as_deref().filter(|_| account.enabled).and_then(|text| Schedule::parse(text).ok());
    let items = found.into_iter().map(|check| AccountCheck {
        due_at: check.due_at,
        // What an older version wrote in another shape is as good as never found.
        outcome: check.outcome.and_then(|found| serde_json::from_value::<AccountTest>(found).ok()),
        ended_rest: check.ended_rest,
    });
    Ok(Json(AccountChecks {
        account_id: id,
        next_at: read.and_then(|schedule| schedule.next(Utc::now(), zone)),
        schedule,
        inherited,
        time_zone: zone.name().to_owned(),
        items: items.collect(),
    }))
}
