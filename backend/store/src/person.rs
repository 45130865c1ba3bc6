//! A transaction about one person, who is of no tenant: their password, second factor and sessions.

use crate::{AppDb, StoreResult, audit};
use causeway_domain::UserId;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// A transaction about one person. Of tenants it sees where the person belongs, and nothing in them. Rolls back unless
/// committed.
pub struct PersonTx {
    tx: Transaction<'static, Postgres>,
    user: UserId,
}

impl PersonTx {
    /// Begins.
    pub async fn begin(db: &AppDb, user: UserId) -> StoreResult<Self> {
        let mut tx = db.0.begin().await?;
        sqlx::query("select set_config('cw.user', $1, true)")
            .bind(user.to_string())
            .execute(&mut *tx)
            .await?;
        Ok(Self { tx, user })
    }

    /// Whom it is about.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Where statements of this crate run.
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Commits.
    pub async fn commit(self) -> StoreResult<()> {
        Ok(self.tx.commit().await?)
    }

    /// Writes a line into the log of every organisation that the person belongs to; of the installation where there is
    /// none.
    pub async fn record(&mut self, line: &audit::Line<'_>) -> StoreResult<()> {
        let homes: Vec<Uuid> = sqlx::query_scalar!(
            "select org_id from memberships where user_id = $1 order by org_id",
            self.user.0
        )
        .fetch_all(&mut *self.tx)
        .await?;
        if homes.is_empty() {
            return audit::write(&mut self.tx, None, line.clone()).await;
        }
        for home in homes {
            self.enter(&home.to_string()).await?;
            audit::write(&mut self.tx, Some(home), line.clone()).await?;
        }
        self.enter("").await
    }

    /// The log of an organisation can only be written from inside it.
    async fn enter(&mut self, org: &str) -> StoreResult<()> {
        sqlx::query("select set_config('cw.org', $1, true)").bind(org).execute(&mut *self.tx).await?;
        Ok(())
    }
}
