//! What a simulator is started with. Plain data: the command line is in [`crate::cli`], faults are in [`crate::script`].

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::script::Script;

/// Everything that can be chosen about a simulator before it starts. The default suits a test: a free loopback port,
/// any key that begins with `sk-sim-`, a fixed seed, a complete ledger.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Upstream keys accepted. Empty: any key that begins with `sk-sim-`.
    pub keys: Vec<String>,
    /// Models listed by `GET /v1/models`, newest first.
    pub models: Vec<String>,
    /// Models listed in OpenAI's shape.
    pub gpt_models: Vec<String>,
    /// Models listed in Gemini's shape.
    pub gemini_models: Vec<String>,
    /// Refuse OpenAI and Gemini requests with fields that the provider's published schema does not have, and Anthropic
    /// requests that break the rules between fields, as the provider does. Compatible servers often do not.
    pub strict: bool,
    /// Answer 404 for a model that is not listed, as the provider does. Off by default: any name is served.
    pub listed_models_only: bool,
    /// Refuse Anthropic calls without `anthropic-version`, as the provider does.
    pub require_version: bool,
    /// Figures and message ids follow from this and the request's number.
    pub seed: u64,
    /// How much of each request the ledger keeps.
    pub detail: LedgerDetail,
    /// Entries kept; the oldest go first.
    pub ledger_capacity: usize,
    /// Open a second listener with TLS (HTTP/1.1 and HTTP/2 by ALPN) and a certificate authority of its own.
    pub tls: bool,
    /// What an answer does when neither the request nor a queued rule says otherwise.
    pub script: Script,
}

/// How much of each request the ledger keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LedgerDetail {
    /// Everything: headers received, SHA-256 of both bodies.
    #[default]
    Full,
    /// Ids, outcome and token figures only: what a benchmark's far end can afford.
    Figures,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            keys: Vec::new(),
            models: MODELS.iter().map(|id| (*id).to_owned()).collect(),
            gpt_models: GPT.iter().map(|id| (*id).to_owned()).collect(),
            gemini_models: GEMINI.iter().map(|id| (*id).to_owned()).collect(),
            strict: true,
            listed_models_only: false,
            require_version: true,
            seed: 1,
            detail: LedgerDetail::Full,
            ledger_capacity: 50_000,
            tls: false,
            script: Script::default(),
        }
    }
}

/// With those that clients of the day ask for where nobody chooses.
const MODELS: [&str; 12] = [
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-opus-4-5-20251101",
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5-20250929",
];

const GPT: [&str; 5] = ["gpt-5.5", "gpt-5.5-mini", "gpt-5.1-codex", "gpt-5", "gpt-4.1"];

const GEMINI: [&str; 4] = ["gemini-3.5-pro", "gemini-3.5-flash", "gemini-2.5-pro", "gemini-2.5-flash"];
