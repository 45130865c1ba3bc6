//! Providers as the operator has changed or added them. They belong to no tenant; what is not here is as shipped.

use crate::{OperatorDb, StoreError, StoreResult, db::View, global_prices::GlobalTx};
use causeway_domain::{UserId, provider::Provider};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// What the operator has said of a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredProvider {
    /// Which.
    pub id: Provider,
    /// Whether accounts may be there; `None` = as it is by itself.
    pub enabled: Option<bool>,
    /// What differs from what is shipped, as a JSON merge patch.
    pub changes: Value,
    /// With what this installation asks for authorisations.
    pub client_id: Option<String>,
    /// Sealed.
    pub client_secret: Option<Vec<u8>>,
    /// What was confirmed before a subscription was switched on, by whom, and when.
    pub confirmation: Option<Confirmation>,
}

/// What somebody has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// In words.
    pub text: String,
    /// By whom, if they are still there.
    pub by: Option<UserId>,
    /// When.
    pub at: DateTime<Utc>,
}

impl StoredProvider {
    /// One of which nothing was said yet.
    pub fn new(id: Provider) -> Self {
        Self {
            id,
            enabled: None,
            changes: Value::Object(serde_json::Map::new()),
            client_id: None,
            client_secret: None,
            confirmation: None,
        }
    }
}

/// Raised by every change.
pub async fn version(db: &impl View) -> StoreResult<i64> {
    Ok(sqlx::query_scalar!("select version from provider_version").fetch_one(db.pool()).await?)
}

/// Everything that was said.
pub async fn all(db: &impl View) -> StoreResult<Vec<StoredProvider>> {
    let rows = sqlx::query!(
        "select id, enabled, preset, client_id, client_secret, confirmation, confirmed_by, confirmed_at
         from providers order by id"
    )
    .fetch_all(db.pool())
    .await?;
    rows.into_iter()
        .map(|r| {
            let confirmation = r.confirmation.zip(r.confirmed_at);
            Ok(StoredProvider {
                id: r.id.parse().map_err(|e| StoreError::corrupt("provider", e))?,
                enabled: r.enabled,
                changes: r.preset,
                client_id: r.client_id,
                client_secret: r.client_secret,
                confirmation: confirmation.map(|(text, at)| Confirmation {
                    text,
                    by: r.confirmed_by.map(UserId),
                    at,
                }),
            })
        })
        .collect()
}

/// How many accounts of all organisations are at a provider.
pub async fn accounts(db: &OperatorDb, provider: Provider) -> StoreResult<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "n!" from upstream_accounts where provider = $1 and deleted_at is null"#,
        provider.as_str()
    );
    Ok(count.fetch_one(&db.0).await?)
}

impl GlobalTx {
    /// What was said of a provider, locked.
    pub async fn provider(&mut self, id: Provider) -> StoreResult<Option<StoredProvider>> {
        let row = sqlx::query!(
            "select enabled, preset, client_id, client_secret, confirmation, confirmed_by, confirmed_at
             from providers where id = $1 for update",
            id.as_str()
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|r| StoredProvider {
            id,
            enabled: r.enabled,
            changes: r.preset,
            client_id: r.client_id,
            client_secret: r.client_secret,
            confirmation: r.confirmation.zip(r.confirmed_at).map(|(text, at)| Confirmation {
                text,
                by: r.confirmed_by.map(UserId),
                at,
            }),
        }))
    }

    /// Writes it.
    pub async fn put_provider(&mut self, provider: &StoredProvider, by: UserId) -> StoreResult<()> {
        let confirmation = provider.confirmation.as_ref();
        sqlx::query!(
            "insert into providers (id, enabled, preset, client_id, client_secret, confirmation, confirmed_by,
               confirmed_at, updated_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (id) do update set enabled = excluded.enabled, preset = excluded.preset,
               client_id = excluded.client_id, client_secret = excluded.client_secret,
               confirmation = excluded.confirmation, confirmed_by = excluded.confirmed_by,
               confirmed_at = excluded.confirmed_at, updated_by = excluded.updated_by, updated_at = now()",
            provider.id.as_str(),
            provider.enabled,
            provider.changes,
            provider.client_id,
            provider.client_secret,
            confirmation.map(|c| c.text.as_str()),
            confirmation.and_then(|c| c.by).map(|by| by.0),
            confirmation.map(|c| c.at),
            by.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what was said of a provider; false when nothing was.
    pub async fn forget_provider(&mut self, id: Provider) -> StoreResult<bool> {
        let gone =
            sqlx::query!("delete from providers where id = $1", id.as_str()).execute(self.conn()).await?;
        Ok(gone.rows_affected() > 0)
    }
}
