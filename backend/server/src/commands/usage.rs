//! `causeway usage`: usage out, in, and held against itself, without the web admin. Works on the stores and needs no server.

mod file;
mod verify;

use anyhow::{Context, Result, bail, ensure};
use causeway_domain::window::Calendar;
use causeway_store::{JobsDb, Store, StoreArgs, organisations, organisations::Named};
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::{path::PathBuf, process::ExitCode};

/// Export, import and verify usage
#[derive(Debug, clap::Args)]
pub(crate) struct UsageArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the requests of an organisation to a file
    ///
    /// With everything that the log has of each, oldest first. `jsonl` can be imported again.
    Export(file::Export),
    /// Read requests from a file that `export` has written
    ///
    /// Adds those that the log lacks to it, to the sums and to the totals that budgets rest on. Reading a file again
    /// changes nothing. Lines that are not accepted are named, and refused by themselves: the exit status is 1 then.
    Import(file::Import),
    /// Compare the sums of usage with the requests that they were made of
    ///
    /// Changes nothing. The exit status is 1 when something differs.
    Verify(verify::Verify),
}

/// Where the stores are.
#[derive(Debug, clap::Args)]
struct Place {
    /// Data directory of a running `causeway up`, instead of DATABASE_URL and REDIS_URL.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Which time.
#[derive(Debug, clap::Args)]
struct Range {
    /// First day in the organisation's time zone, or a moment such as 2026-11-01T00:00:00Z.
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Last day, included, or the moment at which it ends.
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
}

pub(crate) async fn run(args: UsageArgs) -> Result<ExitCode> {
    match args.command {
        Command::Export(args) => file::export(args).await,
        Command::Import(args) => file::import(args).await,
        Command::Verify(args) => verify::run(args).await,
    }
}

impl Place {
    fn args(self) -> Result<StoreArgs> {
        let Some(data) = self.data else { return Ok(self.store) };
        Ok(StoreArgs {
            database_url: Some(causeway_embedded::database_url_of(&data)?),
            redis_url: Some(causeway_embedded::redis_url_of(&data)?),
            ..self.store
        })
    }

    /// Postgres alone.
    async fn jobs(self) -> Result<JobsDb> {
        let url = self.args()?.database_url()?;
        JobsDb::connect(&url, 1).await.context("connecting to Postgres (is it running?)")
    }

    /// Both stores.
    async fn store(self) -> Result<Store> {
        let args = StoreArgs { database_connections: 2, ..self.args()? };
        Store::connect(&args).await.context("connecting to Postgres and Redis (are they running?)")
    }
}

/// The organisation with this name in addresses, or which there are.
async fn organisation(jobs: &JobsDb, slug: &str) -> Result<Named> {
    let all = organisations::all(jobs).await?;
    let names: Vec<String> = all.iter().map(|o| o.slug.clone()).collect();
    let found = all.into_iter().find(|o| o.slug == slug);
    found.with_context(|| match names.len() {
        0 => "there is no organisation yet".to_owned(),
        1..=20 => format!("there is no organisation {slug:?}; there are: {}", names.join(", ")),
        n => format!("there is no organisation {slug:?} among the {n}"),
    })
}

/// One end of a range; `None` where it is open.
type Instant = Option<DateTime<Utc>>;

impl Range {
    /// As instants.
    fn ends(&self, calendar: &Calendar) -> Result<(Instant, Instant)> {
        let from =
            self.from.as_deref().map(|text| instant(text, calendar, 0)).transpose().context("--from")?;
        let to = self.to.as_deref().map(|text| instant(text, calendar, 1)).transpose().context("--to")?;
        ensure!(from.zip(to).is_none_or(|(from, to)| from < to), "--to is not after --from");
        Ok((from, to))
    }
}

/// A moment, or the beginning of the day that is so many days after the one named.
fn instant(text: &str, calendar: &Calendar, later: u64) -> Result<DateTime<Utc>> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let known = (2000..3000).contains(&chrono::Datelike::year(&day));
        ensure!(known, "must be a date of this millennium");
        return Ok(calendar.day_start(day + Days::new(later)));
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(at.to_utc()),
        Err(_) => bail!("must be a day such as 2026-11-01 or a moment such as 2026-11-01T00:00:00Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_organisations_and_includes_its_last_hour() {
        let berlin = Calendar { time_zone: "Europe/Berlin".parse().unwrap(), ..Calendar::default() };
        let range = |from: &str, to: &str| Range { from: Some(from.to_owned()), to: Some(to.to_owned()) };
        let (from, to) = range("2026-10-25", "2026-10-25").ends(&berlin).unwrap();
        assert_eq!(to.unwrap() - from.unwrap(), chrono::Duration::hours(25));
        let (from, _) = range("2026-10-25T00:00:00+09:00", "2027-01-01").ends(&berlin).unwrap();
        assert_eq!(from.unwrap().to_rfc3339(), "2026-10-24T15:00:00+00:00");
        for (from, to) in
            [("yesterday", "2026-10-25"), ("2026-10-25", "2026-10-24"), ("0001-01-01", "2026-10-24")]
        {
            assert!(range(from, to).ends(&berlin).is_err(), "{from} {to}");
        }
    }
}
