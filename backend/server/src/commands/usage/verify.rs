//! Sums against requests.

use super::{Place, Range, organisation};
use anyhow::Result;
use causeway_store::{organisations, verify};
use chrono::{DateTime, Duration, Utc};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// Name of the organisation in addresses; every one when absent.
    #[arg(long, value_name = "SLUG")]
    org: Option<String>,
    #[command(flatten)]
    range: Range,
    #[command(flatten)]
    place: Place,
}

/// Differences that are written out.
const SHOWN: usize = 50;

pub(super) async fn run(args: Verify) -> Result<ExitCode> {
    let jobs = args.place.jobs().await?;
    let orgs = match &args.org {
        Some(slug) => vec![organisation(&jobs, slug).await?],
        None => organisations::all(&jobs).await?,
    };
    let mut good = true;
    for org in orgs {
        let (from, to) = args.range.ends(&org.calendar)?;
        let to = to.unwrap_or_else(|| Utc::now() + Duration::days(1));
        let verdict = verify::organisation(&jobs, org.id, from.unwrap_or(DateTime::UNIX_EPOCH), to).await?;
        good &= verdict.differences.is_empty();
        for difference in verdict.differences.iter().take(SHOWN) {
            println!(
                "{}: {} has {:?}, should have {:?}",
                org.slug, difference.what, difference.stored, difference.expected
            );
        }
        let since = verdict.from.map_or_else(|| "no requests kept".to_owned(), |at| format!("since {at:?}"));
        println!(
            "{}: {} requests ({since}), {} differences",
            org.slug,
            verdict.requests,
            verdict.differences.len()
        );
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
