//! The rows of the table, whether they are parts or pieces of time.

use causeway_openapi::{UsageDimension, UsageFigures};
use chrono::DateTime;

use super::filters::View;
use crate::core::{api::Api, error::ApiError};

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) figures: UsageFigures,
}

/// All of them, with what is left and the sum of everything.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rows {
    pub(super) dimension: Option<UsageDimension>,
    pub(super) rows: Vec<Row>,
    pub(super) others: Option<(u64, UsageFigures)>,
    pub(super) totals: UsageFigures,
}

/// Asks for what is looked at.
pub(super) async fn load(api: Api, view: View) -> Result<Rows, ApiError> {
    let Some(dimension) = view.dimension else {
        let series = api.usage_series(view.step(), view.filter).await?;
        // Empty hours say nothing in a table.
        let used = series.points.into_iter().filter(|point| point.figures.requests > 0);
        let rows =
            used.map(|point| Row { label: piece(&point.label), key: point.label, figures: point.figures });
        return Ok(Rows { dimension: None, rows: rows.collect(), others: None, totals: series.totals });
    };
    let split = api.usage_by(dimension, view.filter).await?;
    let row = |row: causeway_openapi::UsageRow| Row { key: row.key, label: row.label, figures: row.figures };
    Ok(Rows {
        dimension: Some(dimension),
        rows: split.rows.into_iter().map(row).collect(),
        others: split.others.map(|others| (others.count, others.figures)),
        totals: split.totals,
    })
}

/// An hour as people write it; days and months are so already.
fn piece(label: &str) -> String {
    match DateTime::parse_from_rfc3339(label) {
        Ok(at) => at.format("%Y-%m-%d %H:%M %:z").to_string(),
        Err(_) => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_hours_of_one_name_are_told_apart() {
        assert_eq!(piece("2026-10-25T02:00:00+02:00"), "2026-10-25 02:00 +02:00");
        assert_eq!(piece("2026-10-25T02:00:00+01:00"), "2026-10-25 02:00 +01:00");
        assert_eq!(piece("2026-10"), "2026-10");
    }
}
