//! A transaction that sees one organisation.

use crate::{AppDb, OperatorDb, StoreResult};
use causeway_domain::{OrgId, UserId};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

/// A transaction of the admin API inside one organisation. Row-level security is bound to it, so a statement without
/// `where` sees this organisation only. Rolls back unless committed.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    org: OrgId,
    policy: Option<i64>,
}

const SNAPSHOT: &str = "begin isolation level repeatable read, read only";

/// A committed change of policy that the relay must hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "publish it with `policy::publish`, or the relay learns of it a second later than it could"]
pub struct PolicyChange {
    /// Whose policy.
    pub org: OrgId,
    /// The version that is now in force.
    pub version: i64,
}

impl TenantTx {
    /// Begins in `org`. `user` lets the person see the names of the other organisations they belong to.
    pub async fn begin(db: &AppDb, org: OrgId, user: Option<UserId>) -> StoreResult<Self> {
        Self::enter(&db.0, "begin", org, user).await
    }

    /// The same, reading everything as of one moment: sums that must agree with each other.
    pub async fn snapshot(db: &AppDb, org: OrgId, user: Option<UserId>) -> StoreResult<Self> {
        Self::enter(&db.0, SNAPSHOT, org, user).await
    }

    /// Begins in `org` for the operator `user`, or for the command line. Sees and may change other things than a
    /// tenant's own transaction: migration 0007 has the list.
    pub async fn begin_as_operator(db: &OperatorDb, org: OrgId, user: Option<UserId>) -> StoreResult<Self> {
        Self::enter(&db.0, "begin", org, user).await
    }

    /// The same, reading everything as of one moment.
    pub async fn snapshot_as_operator(
        db: &OperatorDb,
        org: OrgId,
        user: Option<UserId>,
    ) -> StoreResult<Self> {
        Self::enter(&db.0, SNAPSHOT, org, user).await
    }

    async fn enter(
        pool: &PgPool,
        begin: &'static str,
        org: OrgId,
        user: Option<UserId>,
    ) -> StoreResult<Self> {
        let mut tx = pool.begin_with(begin).await?;
        sqlx::query("select set_config('cw.org', $1, true), set_config('cw.user', $2, true)")
            .bind(org.to_string())
            .bind(user.map(|u| u.to_string()).unwrap_or_default())
            .execute(&mut *tx)
            .await?;
        Ok(Self { tx, org, policy: None })
    }

    /// The organisation.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// Where statements of this crate run.
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Says that this transaction changes what the relay must know: keys, accounts, prices, the organisation.
    pub async fn bump_policy(&mut self) -> StoreResult<()> {
        if self.policy.is_none() {
            self.policy = Some(crate::policy::bump(&mut self.tx, self.org).await?);
        }
        Ok(())
    }

    /// Remembers how things stand, for [`Self::back`]. Another call takes the place of the one before.
    pub async fn mark(&mut self) -> StoreResult<()> {
        sqlx::query("savepoint marked").execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Takes back what was written since [`Self::mark`]. It is for transactions that are not committed: a policy that was
    /// raised since counts as raised.
    pub async fn back(&mut self) -> StoreResult<()> {
        sqlx::query("rollback to savepoint marked").execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Commits; a change of policy is returned for publishing.
    pub async fn commit(self) -> StoreResult<Option<PolicyChange>> {
        self.tx.commit().await?;
        Ok(self.policy.map(|version| PolicyChange { org: self.org, version }))
    }
}

#[cfg(test)]
mod tests;
