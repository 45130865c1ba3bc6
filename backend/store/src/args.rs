//! Where Postgres and Redis are.

use crate::{StoreError, StoreResult};
use secrecy::{ExposeSecret, SecretString};

/// Settings of the two stores.
#[derive(Clone, Debug, clap::Args)]
pub struct StoreArgs {
    /// Postgres 15 or newer: postgres://user:password@host:port/database. The user must not be a superuser.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,

    /// Redis 7 or newer: redis://[:password@]host:port[/db] or redis+unix:///path. Needs maxmemory-policy noeviction.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<SecretString>,

    /// Connections to Postgres for each of the roles app, relay and jobs; the role operator has at most 4.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,
}

/// What is kept for how long.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct RetentionArgs {
    /// Months before the current one (in UTC) whose requests stay in the log; older months are removed whole. 0 keeps
    /// everything. Sums on the usage page and budgets stay in any case.
    #[arg(long, env = "USAGE_RETENTION_MONTHS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1200))]
    pub usage_retention_months: u32,

    /// Days for which a deleted API key can be restored; then its secret is forgotten for good. 0 keeps it for ever.
    #[arg(long, env = "DELETED_KEY_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(..=3650))]
    pub deleted_key_retention_days: u32,
}

impl StoreArgs {
    /// The address of Postgres, or which variable is missing and what it accepts.
    pub fn database_url(&self) -> StoreResult<SecretString> {
        required(self.database_url.as_ref(), "DATABASE_URL", &["postgres://", "postgresql://"])
    }

    /// The address of Redis, or which variable is missing and what it accepts.
    pub fn redis_url(&self) -> StoreResult<SecretString> {
        required(self.redis_url.as_ref(), "REDIS_URL", &["redis://", "rediss://", "redis+unix://", "unix://"])
    }
}

fn required(
    value: Option<&SecretString>,
    variable: &'static str,
    schemes: &[&str],
) -> StoreResult<SecretString> {
    let bad = |problem: &str| StoreError::Setting {
        variable,
        problem: format!("{problem}; it must begin with one of {}", schemes.join(", ")),
    };
    let value = value.filter(|v| !v.expose_secret().is_empty()).ok_or_else(|| bad("is not set"))?;
    if schemes.iter().any(|s| value.expose_secret().starts_with(s)) {
        Ok(value.clone())
    } else {
        Err(bad("is not an address that is understood"))
    }
}
