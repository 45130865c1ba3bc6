//! Keys as a file, without secrets.

use super::{list::filter, view};
use crate::{
    csv, docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
    transfer,
};
use axum::{extract::State, response::Response};
use causeway_openapi::{ExportFormat, Key, KeyExport};
use causeway_store::keys;
use serde_json::{Value, json};

const COLUMNS: [&str; 18] = [
    "id",
    "name",
    "prefix",
    "owner",
    "device",
    "description",
    "tags",
    "status",
    "created_at",
    "ends_at",
    "limits",
    "models_allow",
    "models_deny",
    "addresses_allow",
    "addresses_deny",
    "tokens_total",
    "cost_usd_total",
    "last_used_at",
];

/// Keys read at once.
const PAGE: i64 = 500;

/// Export keys
///
/// The keys that a list would show as comma-separated values, all of them. There are no secrets in it. Texts that a
/// spreadsheet would take for a formula begin with an apostrophe.
#[utoipa::path(
    get, path = "/keys/export", tag = "keys", operation_id = "exportKeys", params(KeyExport),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"))),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::KeysRead>,
    Params(query): Params<KeyExport>,
) -> Result<Response, ApiError> {
    let filter = filter(&caller, query.owner_id, query.tag, query.status, query.query)?;
    let mut tx = caller.snapshot(&state).await?;
    let mut text = String::new();
    csv::heading(&mut text, &COLUMNS);
    let mut before = None;
    loop {
        let rows = keys::list(&mut tx, &filter, before, PAGE).await?;
        before = rows.last().map(|key| key.id);
        if before.is_none() {
            break;
        }
        for key in view(&mut tx, &caller, rows).await? {
            csv::line(&mut text, &line(&key));
        }
    }
    let name = format!("keys-{}", caller.organization.slug);
    Ok(transfer::file(ExportFormat::Csv, &name, text.into()))
}

fn line(key: &Key) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "owner": key.owner.as_ref().map(|owner| &owner.name),
        "device": key.device,
        "description": key.description,
        "tags": key.tags.join(" "),
        "status": key.status,
        "created_at": key.created_at,
        "ends_at": key.ends_at,
        "limits": key.effective_limits,
        "models_allow": key.models.allow.join(" "),
        "models_deny": key.models.deny.join(" "),
        "addresses_allow": networks(&key.addresses.allow),
        "addresses_deny": networks(&key.addresses.deny),
        "tokens_total": key.usage.tokens_total,
        "cost_usd_total": key.usage.cost_usd_total,
        "last_used_at": key.usage.last_used_at,
    })
}

fn networks(networks: &[causeway_domain::address::Network]) -> String {
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
