//! `causeway openapi`: prints the document.

use crate::http::docs;
use anyhow::Result;
use std::process::ExitCode;

/// Print the OpenAPI document
#[derive(Debug, clap::Args)]
pub(crate) struct OpenapiArgs {}

pub(crate) fn run(_: OpenapiArgs) -> Result<ExitCode> {
    print!("{}", docs::to_json(&docs::document())?);
    Ok(ExitCode::SUCCESS)
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
