//! The views of Postgres, each a pool whose connections have taken one role.

use crate::StoreResult;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, time::Duration};

/// Any of the views, for what all of them may read.
pub trait View: Sync {
    #[doc(hidden)]
    fn pool(&self) -> &PgPool;
}

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $role:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub(crate) PgPool);

        impl $name {
            /// Opens a pool. Every connection takes the role before it is used.
            pub async fn connect(url: &SecretString, connections: u32) -> StoreResult<Self> {
                Ok(Self(pool(url, connections, concat!("set role ", $role)).await?))
            }

            /// Whether Postgres answers and row-level security holds for this role.
            pub async fn check(&self) -> StoreResult<()> {
                crate::roles::check(&self.0).await
            }

            /// Closes the pool, waiting for connections in use.
            pub async fn close(&self) {
                self.0.close().await;
            }
        }

        impl View for $name {
            fn pool(&self) -> &PgPool {
                &self.0
            }
        }
    };
}

view!(
    /// Postgres as the admin API sees it: one organisation at a time.
    AppDb,
    "causeway_app"
);
view!(
    /// Postgres as the relay sees it: reads policy of all organisations, writes nothing.
    RelayDb,
    "causeway_relay"
);
view!(
    /// Postgres as the ledger and the jobs see it: write usage of all organisations.
    JobsDb,
    "causeway_jobs"
);

view!(
    /// Postgres as the operator of the installation sees it: every organisation, none of their secrets.
    OperatorDb,
    "causeway_operator"
);

async fn pool(url: &SecretString, connections: u32, set_role: &'static str) -> StoreResult<PgPool> {
    let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("causeway");
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                sqlx::Executor::execute(&mut *connection, set_role).await?;
                // Nothing we ask takes long; a statement that does is stuck and must not hold a connection.
                sqlx::Executor::execute(connection, "set statement_timeout = '30s'").await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}
