//! People of every organisation: finding them, locking them out, making them operators.

use crate::{
    console::last_operator,
    cursor::Window,
    docs,
    error::ApiError,
    extract::{Body, Params, Place},
    guard::Operator,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::UserId;
use causeway_openapi::{Page, Person, PersonOrganization, PersonQuery, UpdatePerson};
use causeway_store::persons::{self, Filter, Person as Stored, PersonTx};
use serde_json::{Value, json};

fn shown(person: Stored) -> Person {
    Person {
        id: person.id,
        email: person.email,
        name: person.name,
        is_operator: person.is_operator,
        disabled_at: person.disabled_at,
        created_at: person.created_at,
        last_seen_at: person.last_seen_at,
        organizations: person
            .memberships
            .into_iter()
            .map(|(id, name, role)| PersonOrganization { id, name, role })
            .collect(),
    }
}

/// As the audit log keeps it.
fn audited(person: &Stored) -> Value {
    json!({
        "email": person.email,
        "is_operator": person.is_operator,
        "disabled": person.disabled_at.is_some(),
    })
}

/// List people
///
/// Everybody who can sign in to this installation, newest first, with where they belong.
#[utoipa::path(
    get, path = "/operator/people", tag = "operator", operation_id = "listPeople", params(PersonQuery),
    responses(
        (status = 200, description = "A page of people", body = Page<Person>),
        docs::Malformed, docs::BadValue, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn list(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<PersonQuery>,
) -> Result<Json<Page<Person>>, ApiError> {
    let window = Window::new(query.limit, query.cursor.as_deref())?;
    let part = query.query.unwrap_or_default();
    let filter = Filter { part: part.trim(), operators: query.operators, disabled: query.disabled };
    let rows = persons::list(&state.store.operator, filter, window.before, window.fetch()).await?;
    Ok(Json(window.page(rows.into_iter().map(shown).collect(), |person| person.id.0)))
}

/// Change a person
///
/// Locks somebody out of the installation or lets them in again, or makes them an operator or no longer one. In force at
/// their next call, and at the next request with an API key of theirs: keys rest while their owner is locked out. Nobody
/// locks themselves out, and the last operator stays one.
#[utoipa::path(
    patch, path = "/operator/people/{person}", tag = "operator", operation_id = "updatePerson",
    params(("person" = uuid::Uuid, Path, description = "The person")),
    request_body = UpdatePerson,
    responses(
        (status = 200, description = "The person as they are now", body = Person),
        docs::Input, docs::Operators, docs::Missing, docs::LastOperator, docs::Failures
    )
)]
pub(crate) async fn update(
    State(state): State<AdminState>,
    operator: Operator,
    Place(user): Place<UserId>,
    Body(input): Body<UpdatePerson>,
) -> Result<Json<Person>, ApiError> {
    if user == operator.user.id && input.disabled == Some(true) {
        return Err(ApiError::field("disabled", "must not be yourself: another operator can do this"));
    }
    let mut tx = PersonTx::begin(&state.store.operator, user).await?;
    let before = tx.read().await?;
    let is_operator = input.is_operator.unwrap_or(before.is_operator);
    let disabled = input.disabled.unwrap_or(before.disabled_at.is_some());
    let runs = |is_operator: bool, disabled: bool| is_operator && !disabled;
    let ends = runs(before.is_operator, before.disabled_at.is_some()) && !runs(is_operator, disabled);
    if ends && tx.other_operators().await? == 0 {
        return Err(last_operator());
    }
    if is_operator != before.is_operator {
        tx.set_operator(is_operator).await?;
    }
    if disabled != before.disabled_at.is_some() {
        tx.set_disabled(disabled).await?;
    }
    let after = tx.read().await?;
    let (was, is) = (audited(&before), audited(&after));
    if was != is {
        let target = ("user", Some(user.0));
        tx.record(operator.line(action(&before, &after), target, Some(was), Some(is))).await?;
    }
    let changes = tx.commit().await?;
    state.tell(changes).await;
    Ok(Json(shown(after)))
}

fn action(before: &Stored, after: &Stored) -> &'static str {
    match (before.is_operator, after.is_operator, after.disabled_at.is_some()) {
        (false, true, _) => "operator.grant",
        (true, false, _) => "operator.revoke",
        (_, _, true) => "user.disable",
        _ => "user.enable",
    }
}
