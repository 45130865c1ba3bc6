//! Requests leaving and entering: what the API, its pages and the command line share.
//!
//! An export reads page by page, each page in a transaction of its own, oldest request first: a slow reader holds up no
//! connection, and memory does not grow with the file. A request that is written meanwhile may be in it or not; none is in
//! it twice, and none that was there at the start is missing.

use crate::{csv, error::ApiError};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use causeway_domain::{Factor, Nanos, OrgId, RequestId, UserId};
use causeway_openapi::{ExportFormat, Outcome, RequestQuery, UsageRecord, WrittenBy};
use causeway_store::{
    AppDb, StoreError, TenantTx, ledger,
    requests::{self, Filter, Request as Stored},
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use http::{HeaderValue, header};
use serde::Serialize;

mod check;
mod import;
mod lines;

pub use import::{Bounds, import};

/// Requests on a page: some hundred kilobytes.
const PAGE: usize = 1000;

/// The columns of a file of requests.
const COLUMNS: [&str; 34] = [
    "request_id",
    "started_at",
    "written_by",
    "key_id",
    "key_name",
    "member_id",
    "member_name",
    "account_id",
    "account_name",
    "provider",
    "dialect",
    "model",
    "stream",
    "status",
    "outcome",
    "estimated",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "web_searches",
    "service_tier",
    "provider_cost_usd",
    "multiplier",
    "cost_usd",
    "price",
    "first_byte_ms",
    "duration_ms",
    "upstream_request_id",
    "client",
    "client_id",
    "error",
];

/// Which requests to export, and how.
#[derive(Clone, Debug)]
pub struct Export {
    /// Of which organisation.
    pub org: OrgId,
    /// Of this member, as far as whoever asks may see.
    pub sees: Option<UserId>,
    /// Which of them.
    pub query: RequestQuery,
    /// In what form.
    pub format: ExportFormat,
}

/// The file, in pieces.
pub fn export(db: AppDb, mut export: Export) -> impl Stream<Item = Result<Bytes, ApiError>> + Send + use<> {
    // What begins from now on would only be there in part.
    let now = Utc::now();
    export.query.to = Some(export.query.to.map_or(now, |to| to.min(now)));
    let begin = (db, export, Some(None::<RequestId>));
    stream::try_unfold(begin, |(db, export, place)| async move {
        let Some(after) = place else { return Ok(None) };
        let rows = page(&db, &export, after).await?;
        let mut text = String::new();
        if after.is_none() && export.format == ExportFormat::Csv {
            csv::heading(&mut text, &COLUMNS);
        }
        let last = rows.last().map(|row| RequestId(row.request_id));
        let more = rows.len() == PAGE;
        for row in rows {
            write_line(&mut text, export.format, &record(row)?).map_err(ApiError::internal)?;
        }
        Ok(Some((Bytes::from(text), (db, export, last.filter(|_| more).map(Some)))))
    })
}

async fn page(db: &AppDb, export: &Export, after: Option<RequestId>) -> Result<Vec<Stored>, StoreError> {
    let mut tx = TenantTx::begin(db, export.org, None).await?;
    let filter = Filter { after, ..filter(&export.query, export.sees) };
    requests::list_oldest(&mut tx, &filter, i64::try_from(PAGE).unwrap_or(i64::MAX)).await
}

/// What the store is asked for: what the caller asks for, within what they may see.
pub(crate) fn filter(query: &RequestQuery, sees: Option<UserId>) -> Filter<'_> {
    let outcome = |wanted: Outcome| ledger::Outcome::ALL.into_iter().find(|o| o.as_str() == wanted.as_str());
    Filter {
        user: sees,
        member: query.member_id,
        key: query.key_id,
        account: query.account_id,
        model: query.model.as_deref(),
        client: query.client_id.as_deref(),
        status: query.status,
        outcome: query.outcome.and_then(outcome),
        from: query.from,
        to: query.to,
        before: None,
        after: None,
    }
}

/// A row as a line of an export.
fn record(row: Stored) -> Result<UsageRecord, ApiError> {
    let id = row.request_id;
    let bad = |what: &str| ApiError::internal(format!("request {id} has {what} that is not understood"));
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(UsageRecord {
        request_id: RequestId(id),
        started_at: row.started_at,
        written_by: if row.rev == 0 { WrittenBy::Sweeper } else { WrittenBy::Owner },
        key_id: row.key_id.into(),
        key_name: row.key_name.unwrap_or_default(),
        member_id: row.user_id.map(UserId),
        member_name: row.user_name.unwrap_or_default(),
        account_id: row.account_id.into(),
        account_name: row.account_name.unwrap_or_default(),
        provider: row.provider,
        dialect: row.dialect,
        model: row.model,
        stream: row.stream,
        status: u16::try_from(row.status).unwrap_or(0),
        outcome: Outcome::ALL
            .into_iter()
            .find(|o| o.as_str() == row.outcome)
            .ok_or_else(|| bad("an outcome"))?,
        estimated: row.estimated,
        input_tokens: count(row.input_tokens),
        output_tokens: count(row.output_tokens),
        cache_read_tokens: count(row.cache_read_tokens),
        cache_write_5m_tokens: count(row.cache_write_5m_tokens),
        cache_write_1h_tokens: count(row.cache_write_1h_tokens),
        reasoning_tokens: count(row.reasoning_tokens),
        web_searches: u32::try_from(row.web_searches).unwrap_or(0),
        service_tier: row.service_tier.parse().map_err(|_| bad("a service tier"))?,
        provider_cost_usd: Nanos(row.cost_nanos),
        multiplier: Factor::from_raw(row.multiplier).map_err(|_| bad("a multiplier"))?,
        cost_usd: Nanos(row.charged_nanos),
        price: serde_json::from_str(&row.price).map_err(|_| bad("a price"))?,
        first_byte_ms: row.first_byte_ms.and_then(|ms| u32::try_from(ms).ok()),
        duration_ms: u32::try_from(row.duration_ms).unwrap_or(0),
        upstream_request_id: row.upstream_request_id,
        client: row.client,
        client_id: row.client_id,
        error: row.error,
    })
}

/// Writes a line of a file.
pub(crate) fn write_line(
    to: &mut String,
    format: ExportFormat,
    value: &impl Serialize,
) -> Result<(), serde_json::Error> {
    match format {
        ExportFormat::Csv => csv::line(to, &serde_json::to_value(value)?),
        ExportFormat::Jsonl => {
            to.push_str(&serde_json::to_string(value)?);
            to.push('\n');
        }
    }
    Ok(())
}

/// A file to be saved, named after what is in it and the day.
pub(crate) fn file(format: ExportFormat, name: &str, body: Body) -> Response {
    let (kind, ending) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ExportFormat::Jsonl => ("application/x-ndjson", "jsonl"),
    };
    let today: DateTime<Utc> = Utc::now();
    let name = format!("attachment; filename=\"{name}-{}.{ending}\"", today.format("%Y-%m-%d"));
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

#[cfg(test)]
mod tests;
