//! The tables of the usage page as files.

use super::{breakdown::breakdown, series::series};
use crate::{
    csv, docs,
    error::ApiError,
    extract::Params,
    guard::{May, right},
    state::AdminState,
    transfer,
};
use axum::{extract::State, response::Response};
use causeway_openapi::{
    ExportFormat, UsageDimension, UsageExport, UsageFigures, UsagePart, UsageRow, UsageStep,
};
use serde::Serialize;

/// A row of the file.
#[derive(Default, Serialize)]
struct Line {
    key: String,
    label: String,
    #[serde(flatten)]
    figures: UsageFigures,
}

/// The columns of a file of sums.
const COLUMNS: [&str; 11] = [
    "key",
    "label",
    "requests",
    "errors",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cost_usd",
    "provider_cost_usd",
];

/// Export sums
///
/// The rows of a series or of a split as a file, all of them; a member's own only. In CSV, texts that a spreadsheet would
/// take for a formula begin with an apostrophe.
#[utoipa::path(
    get, path = "/usage/export", tag = "usage", operation_id = "exportUsage", params(UsageExport),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"), (String = "application/x-ndjson"))),
        docs::Malformed, docs::BadValue, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::UsageRead>,
    Params(query): Params<UsageExport>,
) -> Result<Response, ApiError> {
    let (part, format) = (query.by, query.format);
    let filter = query.filter();
    let rows = match dimension(part) {
        Ok(dimension) => breakdown(&state, &caller, dimension, &filter).await?.rows,
        Err(step) => series(&state, &caller, step, &filter)
            .await?
            .points
            .into_iter()
            .map(|p| UsageRow { key: p.start.to_rfc3339(), label: p.label, figures: p.figures })
            .collect(),
    };
    let mut text = String::new();
    if format == ExportFormat::Csv {
        csv::heading(&mut text, &COLUMNS);
    }
    for UsageRow { key, label, figures } in rows {
        let line = Line { key, label, figures };
        transfer::write_line(&mut text, format, &line).map_err(ApiError::internal)?;
    }
    let name = serde_json::to_value(part).map_err(ApiError::internal)?;
    let name = format!("usage-by-{}-{}", name.as_str().unwrap_or_default(), caller.organization.slug);
    Ok(transfer::file(format, &name, text.into()))
}

fn dimension(part: UsagePart) -> Result<UsageDimension, UsageStep> {
    match part {
        UsagePart::Key => Ok(UsageDimension::Key),
        UsagePart::Member => Ok(UsageDimension::Member),
        UsagePart::Model => Ok(UsageDimension::Model),
        UsagePart::Account => Ok(UsageDimension::Account),
        UsagePart::Provider => Ok(UsageDimension::Provider),
        UsagePart::Client => Ok(UsageDimension::Client),
        UsagePart::Hour => Err(UsageStep::Hour),
        UsagePart::Day => Err(UsageStep::Day),
        UsagePart::Month => Err(UsageStep::Month),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_names_what_the_lines_hold() {
        let line = serde_json::to_value(Line::default()).unwrap();
        let fields: Vec<_> = line.as_object().unwrap().keys().collect();
        assert_eq!(fields, COLUMNS);
    }
}
