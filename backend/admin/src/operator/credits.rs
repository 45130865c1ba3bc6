//! Credits of an organisation: reading its ledger, and adding to it.

use crate::{
    billing::{redeem::too_much, shown_entry},
    check::Check,
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{CreditKind, OrgId};
use causeway_openapi::{AddCredit, CreditEntry, ListQuery, Page};
use causeway_store::{
    credits::{self, Added, NewEntry},
    tenants,
};
use http::StatusCode;
use serde_json::json;

/// List an organisation's credits
///
/// Every entry in its ledger of credits, newest first.
#[utoipa::path(
    get, path = "/operator/organizations/{org}/entries", tag = "operator", operation_id = "listTenantCredits",
    params(("org" = uuid::Uuid, Path, description = "The organisation"), ListQuery),
    responses(
        (status = 200, description = "A page of entries", body = Page<CreditEntry>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
    Params(query): Params<ListQuery>,
) -> Result<Json<Page<CreditEntry>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let mut tx = operator.begin(&state, org).await?;
    tenants::read(&mut tx).await?;
    let rows = credits::list(&mut tx, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown_entry).collect(), |entry| entry.id)))
}

/// Credit an organisation
///
/// Writes an entry into its ledger of credits; in force from its next request on. The first entry makes the organisation
/// prepaid: what it used until then is balanced by an adjustment of its own, so that the balance begins with the amount.
/// Entries cannot be changed; a wrong one is set right by an adjustment.
#[utoipa::path(
    post, path = "/operator/organizations/{org}/entries", tag = "operator", operation_id = "addTenantCredit",
    params(("org" = uuid::Uuid, Path, description = "The organisation")),
    request_body = AddCredit,
    responses(
        (status = 201, description = "The entry; the one of the first time when it was sent before", body = CreditEntry),
        docs::Input, docs::Operators, docs::Missing, docs::CreditClash, docs::Failures
    )
)]
pub(crate) async fn add(
    State(state): State<AdminState>,
    operator: Operator,
    Place(org): Place<OrgId>,
    Body(input): Body<AddCredit>,
) -> Result<(StatusCode, Json<CreditEntry>), ApiError> {
    let mut check = Check::default();
    let note = check.entry(&input);
    check.done()?;
    let mut tx = operator.begin(&state, org).await?;
    tenants::lock(&mut tx).await?;
    let new = NewEntry {
        kind: input.kind,
        amount: input.amount_usd,
        note: &note,
        actor: Some(operator.user.id),
        idempotency_key: input.idempotency_key.as_deref(),
    };
    let entry = match credits::add(&mut tx, new).await? {
        Added::Written(entry) => entry,
        Added::Known(entry) => return Ok((StatusCode::CREATED, Json(shown_entry(entry)))),
        Added::Different => {
            return Err(ApiError::Conflict(
                "another entry was written before with this idempotency_key".to_owned(),
            ));
        }
        Added::TooMuch => return Err(too_much()),
    };
    let line = json!({"kind": entry.kind, "amount_usd": entry.amount, "note": entry.note});
    operator.record(&mut tx, "credit.add", ("credit", Some(entry.id)), None, Some(line)).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(shown_entry(entry))))
}

impl Check {
    /// An entry to be written; returns its note.
    pub(crate) fn entry(&mut self, input: &AddCredit) -> String {
        let by_hand = input.kind != CreditKind::Redeem;
        self.require(by_hand, "kind", "must be credit, refund or adjustment; codes are redeemed");
        self.credit("amount_usd", input.kind, input.amount_usd);
        let least = usize::from(input.kind == CreditKind::Adjustment);
        let note = self.text("note", &input.note, least..=500);
        if let Some(key) = &input.idempotency_key {
            self.text("idempotency_key", key, 1..=100);
        }
        note
    }
}
