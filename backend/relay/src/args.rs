//! Settings of the relay.

use crate::verdict::CooldownLength;
use causeway_accounts::refresh::Pace;
use causeway_domain::TrustedProxies;
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

    /// Accounts that one request is tried at, at most.
    #[arg(long, env = "FAILOVER_ACCOUNTS", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub failover_accounts: u8,

    /// Seconds that accounts may take together to fail fast, before a request is not tried at another one.
    #[arg(long, env = "FAILOVER_FAST_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub failover_fast_seconds: u64,

    /// Seconds after which a request is not tried at another account any more.
    #[arg(long, env = "FAILOVER_TOTAL_SECONDS", default_value_t = 240, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub failover_total_seconds: u64,

    /// Bytes of an answer that are held back at most until its first content, while another account could still answer.
    #[arg(long, env = "HOLD_BACK_BYTES", default_value_t = 64 * 1024, value_parser = clap::value_parser!(u32).range(1024..=1 << 20))]
    pub hold_back_bytes: u32,

    /// Seconds of silence in a stream after which its client is told that it is still running; 0 = never.
    #[arg(long, env = "KEEP_ALIVE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub keep_alive_seconds: u64,

    /// WebSockets that may be open at once on this instance; more are answered with 429. 0 = none are offered, and clients go
    /// on over HTTP.
    #[arg(long, env = "SOCKETS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub sockets: u32,

    /// WebSockets that one key may have open at once on this instance.
    #[arg(long, env = "SOCKETS_PER_KEY", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sockets_per_key: u32,

    /// Seconds after the last answer or message in which a WebSocket stays open.
    #[arg(long, env = "SOCKET_IDLE_SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub socket_idle_seconds: u64,

    /// Seconds after which no new answer begins on a WebSocket, and it is closed. OpenAI's are open for 60 minutes.
    #[arg(long, env = "SOCKET_LIFE_SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub socket_life_seconds: u64,

    /// Seconds between two pings on a WebSocket, which keep open what lies between; 0 = never.
    #[arg(long, env = "SOCKET_PING_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub socket_ping_seconds: u64,

    /// How long accounts are not used after a failure, where that shall differ: `overloaded=10..600` for 10 seconds at
    /// first and 600 at most, separated by commas.
    #[arg(long, env = "COOLDOWNS", value_delimiter = ',')]
    pub cooldowns: Vec<CooldownLength>,

    /// Requests whose usage is not yet in Postgres. Beyond this new ones are refused rather than lost.
    #[arg(long, env = "LEDGER_CAPACITY", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub ledger_capacity: u32,

    /// Seconds after which an issuer is asked again that could not refresh an account's credential; twice as long after each
    /// failure in a row.
    #[arg(long, env = "REFRESH_RETRY_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub refresh_retry_seconds: u32,

    /// The longest of these pauses, in seconds.
    #[arg(long, env = "REFRESH_RETRY_MOST_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub refresh_retry_most_seconds: u32,

    /// Proxies whose word on who is calling is taken; the admin's setting.
    #[arg(skip)]
    pub trusted_proxies: TrustedProxies,
}

impl RelayArgs {
    /// How soon an issuer is asked again.
    pub(crate) fn refresh_pace(&self) -> Pace {
        Pace {
            first: Duration::from_secs(self.refresh_retry_seconds.into()),
            most: Duration::from_secs(self.refresh_retry_most_seconds.into()),
        }
    }

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

    /// After how much silence the client is told that we are still there.
    pub(crate) fn keep_alive(&self) -> Option<Duration> {
        (self.keep_alive_seconds > 0).then(|| Duration::from_secs(self.keep_alive_seconds))
    }
}
