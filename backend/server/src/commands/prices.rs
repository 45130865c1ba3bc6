//! `causeway prices`: looking at price tables before they are used.

mod check;

use crate::prices::{self, PriceArgs};
use anyhow::{Context, Result};
use causeway_domain::{Nanos, price::PriceTable};
use check::CheckArgs;
use std::{
    io::{Write, stdout},
    path::PathBuf,
    process::ExitCode,
};

/// Look at price tables
#[derive(Debug, clap::Args)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(CheckArgs),
    /// Say whether a price table can be used, and where it differs from the one in use
    Validate {
        /// The table.
        #[arg(long)]
        file: PathBuf,
        #[command(flatten)]
        current: PriceArgs,
    },
    /// List the prices in use, in dollars per million tokens
    List {
        /// Part of the model's name.
        query: Option<String>,
        /// Only this section of the table, such as anthropic.
        #[arg(long)]
        provider: Option<String>,
        #[command(flatten)]
        current: PriceArgs,
    },
}

pub(crate) async fn run(args: PricesArgs) -> Result<ExitCode> {
    match args.command {
        Command::Check(args) => check::run(args).await,
        Command::Validate { file, current } => {
            let new = prices::read(&file)?;
            let text = compared(&current.load()?.book.table(), &new);
            stdout().write_all(text.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::List { query, provider, current } => {
            let book = current.load()?.book;
            let text = listed(&book.table(), query.as_deref().unwrap_or_default(), provider.as_deref());
            stdout().write_all(text.as_bytes()).context("writing the list")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What a table is, and what it lacks, adds and changes beside another.
fn compared(old: &PriceTable, new: &PriceTable) -> String {
    let names = |table: &PriceTable| -> std::collections::BTreeMap<(String, String), _> {
        table
            .iter()
            .map(|m| {
                let later = m.changes.iter().map(|(from, price)| (Some(*from), price.json().to_owned()));
                let all: Vec<_> = [(None, m.first.json().to_owned())].into_iter().chain(later).collect();
                ((m.provider.clone(), m.name.clone()), all)
            })
            .collect()
    };
    let (old, new_names) = (names(old), names(new));
    let mut text = format!(
        "the table is good: version {}, {} entries; {}\n",
        new.version.as_deref().unwrap_or("not named"),
        new_names.len(),
        new.source
    );
    let mut say = |sign: char, (provider, model): &(String, String)| {
        text.push_str(&format!("{sign} {provider}/{model}\n"));
    };
    for (name, price) in &new_names {
        match old.get(name) {
            None => say('+', name),
            Some(before) if before != price => say('~', name),
            Some(_) => {}
        }
    }
    for name in old.keys().filter(|name| !new_names.contains_key(*name)) {
        say('-', name);
    }
    text
}

fn listed(table: &PriceTable, query: &str, provider: Option<&str>) -> String {
    let now = chrono::Utc::now();
    let head = ["MODEL", "PROVIDER", "INPUT", "OUTPUT", "CACHE READ", "WRITE 5 MIN", "WRITE 1 H"];
    let mut rows = vec![head.map(str::to_owned)];
    let wanted = query.to_lowercase();
    for model in table
        .iter()
        .filter(|m| m.name.to_lowercase().contains(&wanted) && provider.is_none_or(|p| m.provider == p))
    {
        let rates = model.price_at(now).standard.base;
        let money = |nanos: i64| Nanos(nanos).to_string();
        rows.push([
            model.name.clone(),
            model.provider.clone(),
            money(rates.input),
            money(rates.output),
            money(rates.cache_read),
            money(rates.cache_write_5m),
            money(rates.cache_write_1h),
        ]);
    }
    columns(&rows, 2)
}

/// Rows as text: the first `left` columns begin, the others end in line.
fn columns<const N: usize>(rows: &[[String; N]], left: usize) -> String {
    let widths: Vec<usize> =
        (0..N).map(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if i == 0 { "" } else { "  " };
            if i < left {
                line.push_str(&format!("{gap}{cell:<width$}"));
            } else {
                line.push_str(&format!("{gap}{cell:>width$}"));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &str) -> PriceTable {
        PriceTable::parse(&format!(r#"{{"source":"x","providers":{{"p":{{{entries}}}}}}}"#)).unwrap()
    }

    #[test]
    fn what_a_table_adds_changes_and_drops_is_said() {
        let price = |n: u8| format!(r#"{{"usd_per_million":{{"input":"{n}"}}}}"#);
        let old = table(&format!(r#""a":{},"b":{},"c":{}"#, price(1), price(1), price(1)));
        let new = table(&format!(r#""b":{},"c":{},"d":{}"#, price(1), price(2), price(1)));
        let text = compared(&old, &new);
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), ["~ p/c", "+ p/d", "- p/a"], "{text}");
    }

    #[test]
    fn a_list_has_its_figures_in_line() {
        let text = listed(&table(r#""long-name":{"usd_per_million":{"input":"1"}}"#), "LONG", Some("p"));
        let expected = "\
MODEL      PROVIDER  INPUT  OUTPUT  CACHE READ  WRITE 5 MIN  WRITE 1 H
long-name  p          1.00    0.00        0.10         1.25       2.00
";
        assert_eq!(text, expected);
    }
}
