//! Exporting lines. The file is made while it is read, page by page, oldest line first: memory does not grow with it.

use super::{filter, view};
use crate::{
    csv, docs,
    error::ApiError,
    extract::Params,
    guard::{Caller, May, Operator, right},
    state::AdminState,
    transfer,
};
use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use causeway_openapi::{AuditEntry, AuditExport, AuditQuery, ExportFormat};
use causeway_store::audit::{self, Entry};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// Lines in one query.
const PAGE: usize = 500;

const COLUMNS: [&str; 16] = [
    "id",
    "at",
    "organization_id",
    "organization",
    "actor_kind",
    "actor_id",
    "actor",
    "token_id",
    "token",
    "action",
    "target_kind",
    "target_id",
    "address",
    "request_id",
    "before",
    "after",
];

/// A line of a table.
#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    at: DateTime<Utc>,
    organization_id: Option<Uuid>,
    organization: Option<&'a str>,
    actor_kind: &'a str,
    actor_id: Option<Uuid>,
    actor: &'a str,
    token_id: Option<Uuid>,
    token: Option<&'a str>,
    action: &'a str,
    target_kind: &'a str,
    target_id: Option<Uuid>,
    address: Option<&'a str>,
    request_id: Option<&'a str>,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

impl<'a> From<&'a AuditEntry> for Row<'a> {
    fn from(e: &'a AuditEntry) -> Self {
        Self {
            id: e.id,
            at: e.at,
            organization_id: e.organization_id.map(|org| org.0),
            organization: e.organization.as_deref(),
            actor_kind: &e.actor.kind,
            actor_id: e.actor.id.map(|user| user.0),
            actor: &e.actor.name,
            token_id: e.actor.token.as_ref().map(|t| t.id),
            token: e.actor.token.as_ref().map(|t| t.name.as_str()),
            action: &e.action,
            target_kind: &e.target.kind,
            target_id: e.target.id,
            address: e.address.as_deref(),
            request_id: e.request_id.as_deref(),
            before: e.before.as_ref(),
            after: e.after.as_ref(),
        }
    }
}

/// Whose log.
enum Source {
    Own(Box<Caller>),
    Installation,
}

impl Source {
    async fn page(
        &self,
        state: &AdminState,
        query: &AuditQuery,
        after: Option<Uuid>,
    ) -> Result<Vec<Entry>, ApiError> {
        let filter = filter(query, None, after);
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
        Ok(match self {
            Self::Own(caller) => {
                let mut tx = caller.begin(state).await?;
                audit::list_oldest(&mut tx, &filter, limit).await?
            }
            Self::Installation => {
                audit::of_installation_oldest(&state.store.operator, &filter, limit).await?
            }
        })
    }
}

/// Export the audit log
///
/// Every line that matches, oldest first. `jsonl` has an `AuditEntry` on each line; in `csv`, texts that a spreadsheet would
/// take for a formula begin with an apostrophe.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", operation_id = "exportAudit", params(AuditExport),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"), (AuditEntry = "application/x-ndjson"))),
        docs::Malformed, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn own(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AuditRead>,
    Params(query): Params<AuditExport>,
) -> Result<Response, ApiError> {
    let name = format!("audit-{}", caller.organization.slug);
    file(state, Source::Own(Box::new(caller)), query, &name).await
}

/// Export the installation's audit log
///
/// The same of what belongs to no organisation, and of what operators did in each of them.
#[utoipa::path(
    get, path = "/operator/audit/export", tag = "operator", operation_id = "exportInstallationAudit", params(AuditExport),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"), (AuditEntry = "application/x-ndjson"))),
        docs::Malformed, docs::Operators, docs::Failures
    )
)]
pub(crate) async fn installation(
    State(state): State<AdminState>,
    _: Operator,
    Params(query): Params<AuditExport>,
) -> Result<Response, ApiError> {
    file(state, Source::Installation, query, "audit-installation").await
}

async fn file(
    state: AdminState,
    source: Source,
    export: AuditExport,
    name: &str,
) -> Result<Response, ApiError> {
    let format = export.format;
    let mut query = AuditQuery::from(export);
    // What is written from now on is not in it, so that reading comes to an end.
    let now = Utc::now();
    query.to = Some(query.to.map_or(now, |to| to.min(now)));
    let begin = (state, source, query, Some(None::<Uuid>));
    let mut pages = Box::pin(stream::try_unfold(begin, move |(state, source, query, place)| async move {
        let Some(after) = place else { return Ok::<_, ApiError>(None) };
        let rows = source.page(&state, &query, after).await?;
        let (last, more) = (rows.last().map(|row| row.id), rows.len() == PAGE);
        let mut text = String::new();
        if after.is_none() && format == ExportFormat::Csv {
            csv::heading(&mut text, &COLUMNS);
        }
        for row in rows {
            let entry = view(row);
            let written = match format {
                ExportFormat::Csv => transfer::write_line(&mut text, format, &Row::from(&entry)),
                ExportFormat::Jsonl => transfer::write_line(&mut text, format, &entry),
            };
            written.map_err(ApiError::internal)?;
        }
        Ok(Some((Bytes::from(text), (state, source, query, last.filter(|_| more).map(Some)))))
    }));
    // What is wrong from the start is told as an error; later there is only breaking off.
    let first = pages.try_next().await?;
    let rest = pages.inspect_err(|error| tracing::error!("an export of the audit log broke off: {error:?}"));
    let body = Body::from_stream(stream::iter(first.map(Ok)).chain(rest));
    Ok(transfer::file(format, name, body))
}
