//! Prices and multipliers of the installation, which count for every organisation that has none of its own. Histories
//! that are only added to, like [`crate::price_overrides`]; belonging to no tenant, and changed by operators only.

use crate::{
    JobsDb, OperatorDb, RelayDb, StoreError, StoreResult, audit,
    price_overrides::{NewVersion, Recorded, Row},
    principal::multiplier,
    tenant::PolicyChange,
};
use causeway_domain::{Multiplier, OrgId, UserId, price::overrides::Version, provider::Provider};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::collections::HashMap;

/// A change for everybody: prices or multipliers with their line in the log, and then every organisation's policy.
pub struct GlobalTx {
    tx: Transaction<'static, Postgres>,
}

impl GlobalTx {
    /// Begins. Such changes come one after the other, so that the ids of versions tell the order.
    pub async fn begin(db: &OperatorDb) -> StoreResult<Self> {
        let mut tx = db.0.begin().await?;
        sqlx::query("select pg_advisory_xact_lock(hashtext('causeway global prices'))")
            .execute(&mut *tx)
            .await?;
        Ok(Self { tx })
    }

    /// Adds a version; returns it as it was recorded.
    pub async fn add(&mut self, new: NewVersion<'_>) -> StoreResult<Version> {
        let json =
            new.price.map(serde_json::to_value).transpose().map_err(|e| StoreError::corrupt("price", e))?;
        let row = sqlx::query_as!(
            Row,
            "insert into global_prices (provider, model, effective_from, price, recorded_at, recorded_by)
             values ($1, $2, coalesce($3, clock_timestamp()), $4, clock_timestamp(), $5)
             returning id, provider, model, effective_from, price",
            new.provider.as_ref().map(Provider::as_str),
            new.model,
            new.from,
            json,
            new.by.0
        )
        .fetch_one(&mut *self.tx)
        .await?;
        row.version()
    }

    /// The history, newest first; of one model or pattern where it is given.
    pub async fn history(&mut self, model: Option<&str>) -> StoreResult<Vec<Recorded>> {
        read(&mut self.tx, model).await
    }

    /// Says what is charged for a dollar at a provider; `None` removes it.
    pub async fn set_multiplier(
        &mut self,
        provider: Provider,
        multiplier: Option<Multiplier>,
        by: UserId,
    ) -> StoreResult<()> {
        sqlx::query!(
            "insert into global_multipliers (provider, multiplier, recorded_by) values ($1, $2, $3)",
            provider.as_str(),
            multiplier.map(Multiplier::ten_thousandths),
            by.0
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Writes a line into the log of the installation.
    pub async fn record(&mut self, line: audit::Line<'_>) -> StoreResult<()> {
        audit::write(&mut self.tx, None, line).await
    }

    /// Raises every organisation's policy and commits. To be published; what is not, the outbox has.
    pub async fn commit(mut self) -> StoreResult<Vec<PolicyChange>> {
        let raised = sqlx::query!(r#"select org as "org!", version as "version!" from bump_every_policy()"#)
            .fetch_all(&mut *self.tx)
            .await?;
        self.tx.commit().await?;
        Ok(raised.into_iter().map(|r| PolicyChange { org: OrgId(r.org), version: r.version }).collect())
    }
}

/// One entry in the history of multipliers.
#[derive(Clone, Debug)]
pub struct RecordedMultiplier {
    /// Its place in the order of recording.
    pub id: i64,
    /// Provider.
    pub provider: String,
    /// What is charged for a dollar of cost; `None` is a removal.
    pub multiplier: Option<Multiplier>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by_name: Option<String>,
}

/// The history of prices as operators read it, newest first.
pub async fn history(db: &OperatorDb, model: Option<&str>) -> StoreResult<Vec<Recorded>> {
    read(&mut *db.0.acquire().await?, model).await
}

/// The history of multipliers, newest first.
pub async fn multipliers(db: &OperatorDb) -> StoreResult<Vec<RecordedMultiplier>> {
    let rows = sqlx::query!(
        r#"select m.id, m.provider, m.multiplier, m.recorded_at, u.name as "by_name?"
           from global_multipliers m left join users u on u.id = m.recorded_by order by m.id desc limit 500"#
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(RecordedMultiplier {
                id: r.id,
                provider: r.provider,
                multiplier: r.multiplier.map(multiplier).transpose()?,
                at: r.recorded_at,
                by_name: r.by_name,
            })
        })
        .collect()
}

/// The history as every tenant may know it, without who recorded it, oldest first.
pub async fn known(tx: &mut crate::TenantTx) -> StoreResult<Vec<(Version, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        "select id, provider, model, effective_from, price, recorded_at from global_prices order by id"
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let row = Row {
                id: r.id,
                provider: r.provider,
                model: r.model,
                effective_from: r.effective_from,
                price: r.price,
            };
            Ok((row.version()?, r.recorded_at))
        })
        .collect()
}

/// The whole history, for a report over past requests.
pub async fn everything(db: &JobsDb) -> StoreResult<Vec<Version>> {
    versions(&db.0, None).await
}

/// What counts now or will count later.
pub(crate) async fn live(db: &RelayDb, now: DateTime<Utc>) -> StoreResult<Vec<Version>> {
    versions(&db.0, Some(now)).await
}

/// With a moment, without what can never count again after it.
async fn versions(pool: &PgPool, now: Option<DateTime<Utc>>) -> StoreResult<Vec<Version>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, provider, model, effective_from, price from global_prices p
         where $1::timestamptz is null or (price is not null and not exists (
           select from global_prices later
           where later.model = p.model and later.provider is not distinct from p.provider
             and later.id > p.id and later.effective_from <= $1
             and (later.price is null or later.effective_from >= p.effective_from)))
         order by id",
        now
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Row::version).collect()
}

/// What is charged for a dollar at each provider that has a multiplier.
pub(crate) async fn multipliers_in_force(db: &RelayDb) -> StoreResult<HashMap<String, Multiplier>> {
    let rows = sqlx::query!(
        "select distinct on (provider) provider, multiplier from global_multipliers order by provider, id desc"
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter().filter_map(|r| r.multiplier.map(|m| Ok((r.provider, multiplier(m)?)))).collect()
}

async fn read(connection: &mut PgConnection, model: Option<&str>) -> StoreResult<Vec<Recorded>> {
    let rows = sqlx::query!(
        r#"select p.id, p.provider, p.model, p.effective_from, p.price, p.recorded_at, p.recorded_by,
                  u.name as "by_name?"
           from global_prices p left join users u on u.id = p.recorded_by
           where $1::text is null or p.model = $1 order by p.id desc"#,
        model
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|r| {
            let row = Row {
                id: r.id,
                provider: r.provider,
                model: r.model,
                effective_from: r.effective_from,
                price: r.price,
            };
            Ok(Recorded {
                version: row.version()?,
                at: r.recorded_at,
                by: r.recorded_by.map(UserId),
                by_name: r.by_name,
            })
        })
        .collect()
}
