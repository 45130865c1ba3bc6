//! An organisation's rules for coming in: who may register, and what signing in takes.

use crate::{StoreError, StoreResult, TenantTx, memberships::Suspension};
use std::{fmt, str::FromStr};

/// Who may come in by a registration link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Nobody.
    #[default]
    Closed,
    /// Whoever has an address of the organisation's domains, once they have confirmed it.
    Domain,
    /// Whom an administrator lets in.
    Approval,
}

impl Registration {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Domain => "domain",
            Self::Approval => "approval",
        }
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Registration {
    type Err = StoreError;

    fn from_str(text: &str) -> StoreResult<Self> {
        [Self::Closed, Self::Domain, Self::Approval]
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or_else(|| StoreError::corrupt("rule of registration", text))
    }
}

/// The rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInRules {
    /// Who may come in by a registration link.
    pub registration: Registration,
    /// Whose addresses, for [`Registration::Domain`]: in lower case, without `@`.
    pub domains: Vec<String>,
    /// Whether members must have a second factor.
    pub require_totp: bool,
}

/// The rules of the transaction's organisation. With `lock`, nobody else changes them meanwhile.
pub async fn get(tx: &mut TenantTx, lock: bool) -> StoreResult<SignInRules> {
    let org = tx.org();
    if lock {
        lock_organisation(tx).await?;
    }
    let row = sqlx::query!(
        "select registration, registration_domains, require_totp from organisations where id = $1",
        org.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(SignInRules {
        registration: row.registration.parse()?,
        domains: row.registration_domains,
        require_totp: row.require_totp,
    })
}

/// Writes them.
pub async fn set(tx: &mut TenantTx, rules: &SignInRules) -> StoreResult<()> {
    sqlx::query!(
        "update organisations set registration = $2, registration_domains = $3, require_totp = $4 where id = $1",
        tx.org().0,
        rules.registration.as_str(),
        &rules.domains,
        rules.require_totp
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the organisation of the transaction is suspended, and why. True until the commit where the organisation is
/// locked ([`lock_organisation`]).
pub async fn suspension(tx: &mut TenantTx) -> StoreResult<Option<Suspension>> {
    let row = sqlx::query!(
        r#"select status = 'suspended' as "suspended!", suspended_at, suspended_reason from organisations where id = $1"#,
        tx.org().0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.suspended.then(|| Suspension {
        since: row.suspended_at.unwrap_or_default(),
        reason: row.suspended_reason.unwrap_or_default(),
    }))
}

/// Makes changes of who belongs to the organisation take turns: what was read after this is true until the commit. Comes
/// before any other lock of such a change.
pub async fn lock_organisation(tx: &mut TenantTx) -> StoreResult<()> {
    // Not `for update`: that would wait for every row that is being added elsewhere and refers to the organisation.
    sqlx::query!("select id from organisations where id = $1 for no key update", tx.org().0)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}
