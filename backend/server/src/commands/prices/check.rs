//! `causeway prices check`: what a table would have meant for the requests of a month.

use super::columns;
use crate::prices;
use anyhow::{Context, Result, anyhow};
use causeway_admin::price_check::{self, Line, Report, shown};
use causeway_store::{JobsDb, StoreArgs};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use serde_json::json;
use std::{
    io::{Write, stdout},
    path::PathBuf,
    process::ExitCode,
};

/// Say what a price table would have meant for a month's usage
///
/// Prices every request of the month again and compares with what it was billed at. Changes nothing. Ends with status 1
/// when models that were used would have no price.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The table.
    #[arg(long)]
    file: PathBuf,
    /// The month (in UTC), such as 2026-11; the last whole one when absent.
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Option<NaiveDate>,
    /// Only this organisation, by its short name.
    #[arg(long, value_name = "SLUG")]
    org: Option<String>,
    /// For machines.
    #[arg(long)]
    json: bool,
    /// Data directory of a running `causeway up`, instead of DATABASE_URL.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

fn month(text: &str) -> Result<NaiveDate, String> {
    let day = text.len() == 7;
    let parsed = format!("{text}-01").parse::<NaiveDate>().ok().filter(|_| day);
    parsed.ok_or_else(|| "a month such as 2026-11".to_owned())
}

/// The first moments of a month and of the next.
fn bounds(first: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let midnight = |day: NaiveDate| Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    Some((midnight(first)?, midnight(first.checked_add_months(Months::new(1))?)?))
}

pub(super) async fn run(args: CheckArgs) -> Result<ExitCode> {
    let table = prices::read(&args.file)?;
    let last = || Utc::now().date_naive().with_day(1)?.checked_sub_months(Months::new(1));
    let first = args.month.or_else(last).context("finding the month")?;
    let bounds = bounds(first).context("finding the month")?;
    let url = match &args.data {
        Some(data) => causeway_embedded::database_url_of(data)?,
        None => args.store.database_url()?,
    };
    let db = JobsDb::connect(&url, 1)
        .await
        .context("connecting to Postgres (is `causeway up` or the database running?)")?;
    let report = price_check::check(&db, &table, bounds, args.org.as_deref())
        .await
        .map_err(|error| anyhow!("{error}"))?;
    db.close().await;
    let month = first.format("%Y-%m").to_string();
    let text = if args.json {
        let facts = json!({
            "month": month,
            "organization": args.org,
            "table": {"file": args.file, "version": table.version, "date": table.date, "source": table.source},
            "report": report,
        });
        format!("{facts:#}\n")
    } else {
        text(&report, &month)
    };
    stdout().write_all(text.as_bytes()).context("writing the report")?;
    Ok(if report.lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(report: &Report, month: &str) -> String {
    if report.models.is_empty() {
        return format!("no requests in {month}\n");
    }
    let head = ["PROVIDER", "MODEL", "REQUESTS", "BILLED", "NEW", "DIFFERENCE"];
    let row = |provider: &str, model: &str, line: &Line| {
        [
            provider.to_owned(),
            model.to_owned(),
            line.requests.to_string(),
            shown(line.billed).to_string(),
            shown(line.new).to_string(),
            shown(line.difference).to_string(),
        ]
    };
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(report.models.iter().map(|m| row(&m.provider, &m.model, &m.line)));
    rows.push(row("all", "", &report.total));
    let mut text = columns(&rows, 2);
    let own = report.total.requests_at_own_price;
    if own > 0 {
        text.push_str(&format!(
            "\n{own} requests were billed at an organisation's own price and stay as they are.\n"
        ));
    }
    if !report.lost.is_empty() {
        text.push_str("\nWithout a price in this table; requests for them would be refused:\n");
        for m in &report.lost {
            text.push_str(&format!("  {}/{}: {} requests\n", m.provider, m.model, m.line.requests));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_admin::price_check::ModelLine;

    #[test]
    fn a_month_is_written_as_year_and_month() {
        let (from, to) = bounds(month("2026-12").unwrap()).unwrap();
        assert_eq!(
            (from.to_rfc3339(), to.to_rfc3339()),
            ("2026-12-01T00:00:00+00:00".into(), "2027-01-01T00:00:00+00:00".into())
        );
        for bad in ["2026", "2026-13", "2026-1", "2026-11-01", "November"] {
            assert!(month(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_text_has_a_line_for_each_model_and_names_what_would_be_lost() {
        let line = Line {
            requests: 2,
            requests_at_own_price: 1,
            billed: 3_000_000_000,
            new: 0,
            difference: -3_000_000_000,
        };
        let model = || ModelLine { provider: "anthropic".to_owned(), model: "m".to_owned(), line };
        let report = Report { total: line, models: vec![model()], lost: vec![model()] };
        let expected = "\
PROVIDER   MODEL  REQUESTS  BILLED   NEW  DIFFERENCE
anthropic  m             2    3.00  0.00       -3.00
all                      2    3.00  0.00       -3.00

1 requests were billed at an organisation's own price and stay as they are.

Without a price in this table; requests for them would be refused:
  anthropic/m: 2 requests
";
        assert_eq!(text(&report, "2026-11"), expected);
    }
}
