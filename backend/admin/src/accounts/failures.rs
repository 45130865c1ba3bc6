//! What has failed at an account.

use super::health;
use crate::{
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Params, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::AccountId;
use causeway_openapi::{AccountFailure, FailureOutcome, ListQuery, Page};
use causeway_store::{
    accounts,
    failures::{self, Became, Failure},
};

/// List failures of an account
///
/// The attempts that failed at an account, newest first, also those whose requests another account answered then. The 200
/// newest are kept, for 30 days. What another account's thinking or the request itself was at fault for is not among them. A
/// failure is there within a moment; in a flood of them some may be missing.
#[utoipa::path(
    get, path = "/accounts/{id}/failures", tag = "accounts", operation_id = "listAccountFailures",
    params(("id" = uuid::Uuid, Path, description = "Identifier of the account"), ListQuery),
    responses(
        (status = 200, description = "A page of failures", body = Page<AccountFailure>),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsRead>,
    Place(id): Place<AccountId>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<AccountFailure>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = caller.begin(&state).await?;
    accounts::get(&mut tx, id, false).await?;
    let rows = failures::list(&mut tx, id, window.before, window.fetch()).await?;
    let page = window.page(rows, |failure| failure.id);
    // A cause that another version has written may not be known here.
    let items = page.items.into_iter().filter_map(view).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

fn view(failure: Failure) -> Option<AccountFailure> {
    Some(AccountFailure {
        id: failure.id,
        at: failure.at,
        cause: health::cause(&failure.cause)?,
        status: failure.status,
        message: failure.message,
        model: failure.model,
        request_id: failure.request,
        became: match failure.became {
            Became::MovedOn => FailureOutcome::MovedOn,
            Became::Refreshed => FailureOutcome::Refreshed,
            Became::GrantDead => FailureOutcome::GrantDead,
            Became::GivenUp => FailureOutcome::GivenUp,
            Became::BrokeOff => FailureOutcome::BrokeOff,
        },
        rests_until: failure.until,
        took_ms: failure.took_ms,
        instance: failure.instance,
    })
}
