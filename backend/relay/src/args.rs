//! Settings of the relay.

use std::time::Duration;

/// Settings of the relay. Times are in seconds unless the name says otherwise.
#[derive(Clone, Debug, clap::Args)]
pub struct RelayArgs {
    /// Largest request body in bytes, after decompression. Larger ones are answered with 413.
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 32 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(1024..=1 << 30))]
    pub max_body_bytes: u64,

    /// Bytes of request bodies that may be in memory at once over all requests; more are answered with 503.
    #[arg(long, env = "BODY_BUDGET_BYTES", default_value_t = 1 << 30, value_parser = clap::value_parser!(u64).range(1 << 20..=1 << 40))]
    pub body_budget_bytes: u64,

    /// Seconds to establish a connection to a provider.
    #[arg(long, env = "UPSTREAM_CONNECT_TIMEOUT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub upstream_connect_timeout: u64,

    /// Seconds until a provider must have begun to answer a streaming request.
    #[arg(long, env = "UPSTREAM_FIRST_BYTE_TIMEOUT", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub upstream_first_byte_timeout: u64,

    /// Seconds until a provider must have begun to answer a request that does not stream.
    #[arg(long, env = "UPSTREAM_ANSWER_TIMEOUT", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub upstream_answer_timeout: u64,

    /// Seconds that may pass between two pieces of an answer.
    #[arg(long, env = "UPSTREAM_IDLE_TIMEOUT", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub upstream_idle_timeout: u64,

    /// Requests whose usage is not yet in Postgres. Beyond this new ones are refused rather than lost.
    #[arg(long, env = "LEDGER_CAPACITY", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub ledger_capacity: u32,
}

impl RelayArgs {
    /// How long to wait for the head of an answer.
    pub(crate) fn head_timeout(&self, stream: bool) -> Duration {
        Duration::from_secs(if stream {
            self.upstream_first_byte_timeout
        } else {
            self.upstream_answer_timeout
        })
    }

    /// How long to wait between pieces of an answer.
    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.upstream_idle_timeout)
    }
}
