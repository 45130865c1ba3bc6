//! Usage as a file.

use super::{Place, Range, organisation};
use anyhow::{Context, Result, anyhow};
use causeway_admin::transfer::{self, Bounds};
use causeway_openapi::{ExportFormat, ImportReport, RequestQuery};
use causeway_store::{AppDb, TenantTx, audit};
use futures_util::TryStreamExt;
use serde_json::json;
use std::{path::PathBuf, pin::pin, process::ExitCode};
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
};
use tokio_util::io::ReaderStream;

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Name of the organisation in addresses.
    #[arg(long, value_name = "SLUG")]
    org: String,
    #[command(flatten)]
    range: Range,
    /// Form of the file.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,
    /// The file to write; standard output when absent.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A JSON object on each line.
    Jsonl,
    /// For spreadsheets.
    Csv,
}

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// Name of the organisation in addresses. What the file says is not read.
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// Only look, and say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// The file; - for standard input.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Whoever can run this may read as much as they like.
const BOUNDLESS: Bounds = Bounds { bytes: u64::MAX, lines: u64::MAX };

pub(super) async fn export(args: Export) -> Result<ExitCode> {
    let stores = args.place.args()?;
    let url = stores.database_url()?;
    let jobs =
        causeway_store::JobsDb::connect(&url, 1).await.context("connecting to Postgres (is it running?)")?;
    let org = organisation(&jobs, &args.org).await?;
    let (from, to) = args.range.ends(&org.calendar)?;
    let app = AppDb::connect(&url, 1).await?;
    let format = match args.format {
        Format::Jsonl => ExportFormat::Jsonl,
        Format::Csv => ExportFormat::Csv,
    };
    let query = RequestQuery { from, to, ..RequestQuery::default() };
    let export = transfer::Export { org: org.id, sees: None, query, format };
    let mut output: Box<dyn AsyncWrite + Unpin + Send> = match &args.output {
        Some(path) => {
            Box::new(File::create(path).await.with_context(|| format!("writing {}", path.display()))?)
        }
        None => Box::new(tokio::io::stdout()),
    };
    let mut pieces = pin!(transfer::export(app, export));
    while let Some(piece) = pieces.try_next().await.map_err(|error| anyhow!("{error}: {error:?}"))? {
        output.write_all(&piece).await.context("writing the file")?;
    }
    output.flush().await.context("writing the file")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn import(args: Import) -> Result<ExitCode> {
    let store = args.place.store().await?;
    let org = organisation(&store.jobs, &args.org).await?;
    let file: Box<dyn AsyncRead + Unpin + Send> = if args.file.as_os_str() == "-" {
        Box::new(tokio::io::stdin())
    } else {
        let path = args.file.display();
        Box::new(File::open(&args.file).await.with_context(|| format!("reading {path}"))?)
    };
    let mut report = ImportReport { dry_run: args.dry_run, ..ImportReport::default() };
    let pieces = ReaderStream::with_capacity(file, 64 * 1024);
    let done = transfer::import(&store, org.id, pieces, BOUNDLESS, &mut report).await;
    if !report.dry_run {
        let mut tx = TenantTx::begin(&store.app, org.id, None).await?;
        let after = json!({
            "read": report.read, "added": report.added, "present": report.present, "refused": report.refused,
            "added_usd": report.added_usd, "complete": done.is_ok(),
        });
        let target_id = Some(org.id.0);
        let line = audit::Line {
            action: "usage.import",
            target_kind: "organization",
            target_id,
            after: Some(after),
            ..audit::Line::default()
        };
        audit::record(&mut tx, line).await?;
        let _ = tx.commit().await?;
    }
    print!("{}", told(&report));
    done.map_err(|error| anyhow!("{error}: {error:?}"))?;
    Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The report in words.
fn told(report: &ImportReport) -> String {
    let mut text = String::new();
    for refusal in &report.refusals {
        let field = if refusal.field.is_empty() { "the line" } else { &refusal.field };
        text += &format!("line {}: {field} {}\n", refusal.line, refusal.reason);
    }
    if report.refused > report.refusals.len() as u64 {
        text += &format!("… and {} more\n", report.refused - report.refusals.len() as u64);
    }
    let verb = if report.dry_run { "would be added" } else { "added" };
    text += &format!(
        "{} lines read: {} {verb} (${}), {} there already, {} refused\n",
        report.read, report.added, report.added_usd, report.present, report.refused
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::ImportRefusal;

    #[test]
    fn the_report_names_each_line_and_what_was_not_named() {
        let refusal = ImportRefusal {
            line: 3,
            field: "key_id".into(),
            reason: "is no key of this organisation".into(),
        };
        let report = ImportReport {
            dry_run: true,
            read: 5,
            added: 2,
            refused: 3,
            refusals: vec![refusal],
            ..Default::default()
        };
        assert_eq!(
            told(&report),
            "line 3: key_id is no key of this organisation\n… and 2 more\n\
             5 lines read: 2 would be added ($0.00), 0 there already, 3 refused\n"
        );
    }
}
