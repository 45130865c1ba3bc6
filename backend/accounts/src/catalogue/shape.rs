//! How a request in one dialect is made: path, body, signature, and the frame in which the answer comes.

use causeway_domain::service::ApiDialect;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The shape of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Of which dialect.
    pub dialect: ApiDialect,
    /// Below the base URL; `{model}` is the model's name. A `/v1` at its beginning is left out where the base URL ends in
    /// a version of its own (`…/v4`).
    pub path: String,
    /// Where streams are asked for, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_path: Option<String>,
    /// Where tokens are counted, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count_path: Option<String>,
    /// Where else something is asked for in this dialect: `compact`, `complete`, `embed`, `image`. What is not here this
    /// provider is not asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_paths: BTreeMap<String, String>,
    /// For which models, by patterns; for all where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// What the query holds besides the client's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// What it holds in addition where a stream is asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stream_query: BTreeMap<String, String>,
    /// Fields that the body must have, whatever the client says.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Fields that the body must not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Where what the client asks for in `anthropic-beta` goes.
    #[serde(default, skip_serializing_if = "Betas::is_header")]
    pub betas: Betas,
    /// How requests are signed, where the credential is one to sign with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<Signing>,
    /// Its errors may be in a shape that is not the dialect's, and are told to the client in the dialect's.
    #[serde(default)]
    pub foreign_errors: bool,
    /// The frame of streams.
    #[serde(default, skip_serializing_if = "Framing::is_sse")]
    pub framing: Framing,
}

/// Where betas go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Betas {
    /// On in the header.
    #[default]
    Header,
    /// Into the body's `anthropic_beta`.
    Body,
}

/// How a request is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Signing {
    /// AWS Signature Version 4.
    Sigv4 {
        /// The name of the service that is signed for.
        service: String,
    },
}

/// The frame of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Server-sent events.
    #[default]
    Sse,
    /// Amazon's event stream, whose chunks hold the events' JSON.
    AwsEventStream,
}

impl Betas {
    fn is_header(&self) -> bool {
        matches!(self, Self::Header)
    }
}

impl Framing {
    fn is_sse(&self) -> bool {
        matches!(self, Self::Sse)
    }
}

impl Shape {
    pub(super) fn check(&self) -> Result<(), String> {
        let paths = [Some(&self.path), self.stream_path.as_ref(), self.count_path.as_ref()];
        let good = |path: &String| {
            path.starts_with(['/', ':'])
                && !path.contains(['?', '#', ' '])
                && path.replace("{model}", "").bytes().all(|b| b.is_ascii_graphic() && !b"{}".contains(&b))
        };
        match paths.into_iter().flatten().find(|path| !good(path)) {
            Some(path) => Err(format!("path {path:?}: begins with a slash, and has no place but {{model}}")),
            None => Ok(()),
        }
    }
}
