//! `causeway openapi`: prints the document.

use crate::http::docs;
use anyhow::Result;
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Print the OpenAPI document
#[derive(Debug, clap::Args)]
pub(crate) struct OpenapiArgs {}

pub(crate) fn run(_: OpenapiArgs) -> Result<ExitCode> {
    match io::stdout().write_all(docs::to_json(&docs::document())?.as_bytes()) {
        // Whoever reads it has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        written => Ok(written.map(|()| ExitCode::SUCCESS)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_document_is_the_one_of_the_code() {
        let committed = include_str!("../../../../openapi/openapi.json");
        let current = docs::to_json(&docs::document()).unwrap();
        assert!(
            committed == current,
            "the API has changed: run `cargo run -p causeway-server -- openapi > openapi/openapi.json` and commit it"
        );
    }
}
