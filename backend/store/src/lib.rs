//! Postgres and Redis: every SQL statement and every Lua script of Causeway lives here, one aggregate per file.
//!
//! Who may see what is a matter of types. The admin API gets an [`AppDb`] and through it a [`TenantTx`], which sees
//! one organisation; the relay a [`RelayDb`], which reads keys and accounts of all and writes nothing; the ledger and
//! the jobs a [`JobsDb`]; the operator an [`OperatorDb`], which sees what belongs to each organisation and alone may write
//! plans, multipliers and credits. Behind each stands a database role with row-level security, so that a forgotten `where`
//! shows nothing.

pub mod accounts;
pub mod announcements;
pub mod api_tokens;
pub mod args;
pub mod attempts;
pub mod audit;
pub mod billed;
pub mod boots;
pub mod cache;
pub mod ceilings;
pub mod challenges;
pub mod checks;
pub mod clients;
pub mod cooldowns;
pub mod credentials;
pub mod credits;
pub mod db;
pub mod dead_letters;
pub mod entries;
pub mod error;
pub mod facts;
pub mod failures;
pub mod first_use;
pub mod global_prices;
pub mod health;
pub mod hold;
pub mod holder;
pub mod invitations;
pub mod keys;
pub mod lag;
pub mod lease;
pub mod ledger;
pub mod members;
pub mod memberships;
pub mod migrate;
pub mod model_routes;
pub mod oauth_flows;
pub mod operators;
pub mod organisations;
pub mod people;
pub mod performance;
pub mod person;
pub mod persons;
pub mod plans;
pub mod policy;
pub mod pools;
pub mod price_overrides;
pub mod principal;
pub mod providers;
pub mod proxies;
pub mod redeem;
pub mod references;
pub mod registration;
pub mod reminders;
pub mod reports;
pub mod requests;
pub mod reset_links;
pub mod roles;
pub mod sealed;
pub mod sessions;
pub mod setup;
pub mod shares;
pub mod sign_in_rules;
pub mod sso;
pub mod standing;
pub mod statements;
pub mod tenant;
pub mod tenants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod throttle;
pub mod totals;
pub mod totp;
pub mod upkeep;
pub mod users;
pub mod verify;

pub use args::{RetentionArgs, StoreArgs};
pub use cache::Cache;
pub use db::{AppDb, JobsDb, OperatorDb, RelayDb, View};
pub use error::{StoreError, StoreResult};
pub use person::PersonTx;
pub use tenant::TenantTx;

/// The views of Postgres and the connection to Redis.
#[derive(Clone)]
pub struct Store {
    /// For the admin API.
    pub app: AppDb,
    /// For the relay.
    pub relay: RelayDb,
    /// For the ledger and the jobs.
    pub jobs: JobsDb,
    /// For the operator of the installation.
    pub operator: OperatorDb,
    /// Redis.
    pub cache: Cache,
}

impl Store {
    /// Connects to both. Migrations must have run.
    pub async fn connect(args: &StoreArgs) -> StoreResult<Self> {
        let url = args.database_url()?;
        Ok(Self {
            app: AppDb::connect(&url, args.database_connections).await?,
            relay: RelayDb::connect(&url, args.database_connections).await?,
            jobs: JobsDb::connect(&url, args.database_connections).await?,
            // A few people, now and then.
            operator: OperatorDb::connect(&url, args.database_connections.min(4)).await?,
            cache: Cache::connect(&args.redis_url()?).await?,
        })
    }

    /// Whether Postgres answers and row-level security holds for every view of it.
    pub async fn check_walls(&self) -> StoreResult<()> {
        self.app.check().await?;
        self.relay.check().await?;
        self.jobs.check().await?;
        self.operator.check().await
    }
}
