//! A month's statement, as an answer and as a table.

use super::shown_entry;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use causeway_domain::{Nanos, window::Calendar};
use causeway_openapi::{Statement, StatementFormat, StatementLine, StatementMonths};
use causeway_store::{StoreResult, TenantTx, credits, statements};
use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, Utc};
use http::header;
use std::fmt::Write;

/// A month of an organisation's calendar that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Month {
    first: NaiveDate,
    calendar: Calendar,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    complete: bool,
}

impl Month {
    /// The month `YYYY-MM`; `None` when it is none, or has not begun.
    pub(crate) fn named(text: &str, calendar: &Calendar, now: DateTime<Utc>) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
        // Far from the ends of the calendar, where months have no neighbours.
        if !(2000..3000).contains(&first.year()) {
            return None;
        }
        let from = calendar.day_start(first);
        let to = calendar.day_start(first.checked_add_months(Months::new(1))?);
        (from <= now).then_some(Self { first, calendar: *calendar, from, to, complete: to <= now })
    }

    /// The months from the one that holds `first` to the one that holds `now`, newest first.
    pub(crate) fn between(calendar: &Calendar, first: DateTime<Utc>, now: DateTime<Utc>) -> StatementMonths {
        let day = |at: DateTime<Utc>| {
            let local = at.with_timezone(&calendar.time_zone).naive_local();
            (local - Duration::minutes(calendar.day_start_minute.into())).date()
        };
        let start = day(first).with_day(1).unwrap_or_default();
        let mut months = Vec::new();
        let mut month = day(now).with_day(1);
        while let Some(current) = month.filter(|m| *m >= start && months.len() < 1200) {
            months.push(name(current));
            month = current.checked_sub_months(Months::new(1));
        }
        StatementMonths { months }
    }
}

fn name(first: NaiveDate) -> String {
    first.format("%Y-%m").to_string()
}

/// The statement of the transaction's organisation, which must be a snapshot. `with_cost`: also what providers asked.
pub(crate) async fn read(tx: &mut TenantTx, month: &Month, with_cost: bool) -> StoreResult<Statement> {
    let balance = credits::balance(tx).await?;
    let sums = statements::between(tx, month.from, month.to).await?;
    let cost = sums.lines.iter().map(|l| l.cost).sum();
    let (credits_usd, usage_usd, closing_usd) = (sums.credits(), sums.usage(), sums.closing());
    Ok(Statement {
        month: name(month.first),
        time_zone: month.calendar.time_zone.name().to_owned(),
        from: month.from,
        to: month.to,
        complete: month.complete,
        prepaid: balance.prepaid,
        opening_usd: sums.opening,
        credits_usd,
        usage_usd,
        closing_usd,
        cost_usd: with_cost.then_some(cost),
        entries: sums.entries.into_iter().map(shown_entry).collect(),
        lines: sums.lines.into_iter().map(|line| shown_line(line, with_cost)).collect(),
    })
}

fn shown_line(line: statements::Line, with_cost: bool) -> StatementLine {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    StatementLine {
        key_id: line.key,
        key_name: line.key_name.unwrap_or_default(),
        model: line.model,
        requests: count(line.requests),
        input_tokens: count(line.input_tokens),
        output_tokens: count(line.output_tokens),
        cache_read_tokens: count(line.cache_read_tokens),
        cache_write_tokens: count(line.cache_write_5m_tokens) + count(line.cache_write_1h_tokens),
        charged_usd: line.charged,
        cost_usd: with_cost.then_some(line.cost),
    }
}

/// The answer in the form that was asked for.
pub(crate) fn answer(statement: &Statement, slug: &str, format: StatementFormat) -> Response {
    match format {
        StatementFormat::Json => Json(statement).into_response(),
        StatementFormat::Csv => {
            let file = format!("attachment; filename=\"{slug}-{}.csv\"", statement.month);
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, &file)];
            (headers, table(statement)).into_response()
        }
    }
}

const COLUMNS: &str = "kind,at,name,model,note,requests,input_tokens,output_tokens,cache_read_tokens,\
    cache_write_tokens,amount_usd,cost_usd\r\n";

/// RFC 4180. The amounts of all rows but the last sum to the last, which is the closing balance.
fn table(s: &Statement) -> String {
    let mut out = COLUMNS.to_owned();
    let mut row =
        |kind: &str, at: DateTime<Utc>, texts: [&str; 3], counts: &str, amount: Nanos, cost: &str| {
            let [name, model, note] = texts.map(cell);
            // Writing to a string cannot fail.
            let _ =
                write!(out, "{kind},{},{name},{model},{note},{counts},{amount},{cost}\r\n", at.to_rfc3339());
        };
    let none = ",,,,";
    row("opening_balance", s.from, ["", "", ""], none, s.opening_usd, "");
    for e in &s.entries {
        let code = e.code.as_deref().unwrap_or_default();
        let note = if code.is_empty() { e.note.clone() } else { format!("{code}…") };
        row(e.kind.as_str(), e.at, [&e.actor.name, "", &note], none, e.amount_usd, "");
    }
    for l in &s.lines {
        let counts = format!(
            "{},{},{},{},{}",
            l.requests, l.input_tokens, l.output_tokens, l.cache_read_tokens, l.cache_write_tokens
        );
        let cost = l.cost_usd.map(|c| c.to_string()).unwrap_or_default();
        row("usage", s.to, [&l.key_name, &l.model, ""], &counts, -l.charged_usd, &cost);
    }
    row("closing_balance", s.to, ["", "", ""], none, s.closing_usd, "");
    out
}

/// A text that a spreadsheet shows and does not run: a formula begins with one of these characters.
fn cell(text: &str) -> String {
    let safe =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str, zone: chrono_tz::Tz, now: &str) -> Option<[String; 2]> {
        let calendar = Calendar { time_zone: zone, ..Default::default() };
        let month = Month::named(text, &calendar, now.parse().unwrap())?;
        Some([month.from, month.to].map(|at| at.to_rfc3339()))
    }

    #[test]
    fn a_month_begins_and_ends_where_the_organisation_is() {
        let now = "2027-01-01T00:00:00Z";
        // In New York clocks go back in November 2026: it is an hour longer than 30 days.
        assert_eq!(
            month("2026-11", chrono_tz::America::New_York, now).unwrap(),
            ["2026-11-01T04:00:00+00:00", "2026-12-01T05:00:00+00:00"]
        );
        assert_eq!(
            month("2026-02", chrono_tz::Asia::Kolkata, now).unwrap(),
            ["2026-01-31T18:30:00+00:00", "2026-02-28T18:30:00+00:00"]
        );
    }

    #[test]
    fn what_is_no_month_or_has_not_begun_has_no_statement() {
        let now = "2026-11-30T20:00:00Z";
        for bad in ["2026-13", "2026-1", "26-11", "2026-11-01", "2026", "", "1999-12", "+026-11", "2026-12"] {
            assert_eq!(month(bad, chrono_tz::America::New_York, now), None, "{bad}");
        }
        assert!(month("2026-12", chrono_tz::Asia::Kolkata, now).is_some(), "December there already");
    }

    #[test]
    fn months_are_listed_from_the_beginning_to_now() {
        let at = |text: &str| text.parse().unwrap();
        let calendar = Calendar { time_zone: chrono_tz::Asia::Kolkata, ..Default::default() };
        let months = Month::between(&calendar, at("2026-09-30T19:00:00Z"), at("2026-11-30T20:00:00Z")).months;
        assert_eq!(months, ["2026-12", "2026-11", "2026-10"]);
    }

    #[test]
    fn texts_in_a_table_are_quoted_and_never_formulas() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!([cell("a,b"), cell("-1"), cell("研究所")], ["\"a,b\"", "'-1", "研究所"]);
    }
}
