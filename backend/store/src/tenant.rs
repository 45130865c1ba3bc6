//! A transaction that sees one organisation.

use crate::{AppDb, StoreResult};
use causeway_domain::{OrgId, UserId};
use sqlx::{PgConnection, Postgres, Transaction};

/// A transaction of the admin API inside one organisation. Row-level security is bound to it, so a statement without
/// `where` sees this organisation only. Rolls back unless committed.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    org: OrgId,
    policy: Option<i64>,
}

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
        let mut tx = db.0.begin().await?;
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

    /// Commits; a change of policy is returned for publishing.
    pub async fn commit(self) -> StoreResult<Option<PolicyChange>> {
        self.tx.commit().await?;
        Ok(self.policy.map(|version| PolicyChange { org: self.org, version }))
    }
}
