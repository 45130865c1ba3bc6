//! Model routes of an organisation: what models are called there, and where each name leads.

use crate::{RelayDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{
    OrgId,
    route::{Route, Target},
};
use serde_json::Value;

struct Row {
    kind: String,
    pattern: String,
    targets: Value,
    keeps_original: bool,
}

impl TryFrom<Row> for Route {
    type Error = StoreError;

    fn try_from(r: Row) -> StoreResult<Self> {
        Ok(Self {
            kind: r.kind.parse().map_err(|e| StoreError::corrupt("kind of a model route", e))?,
            pattern: r.pattern,
            targets: serde_json::from_value::<Vec<Target>>(r.targets)
                .map_err(|e| StoreError::corrupt("targets of a model route", e))?,
            keeps_original: r.keeps_original,
        })
    }
}

/// The organisation's routes in their order. With `lock`, nobody else replaces them meanwhile.
pub async fn list(tx: &mut TenantTx, lock: bool) -> StoreResult<Vec<Route>> {
    if lock {
        // There may be no row yet to lock.
        sqlx::query!("select id from organisations where id = $1 for no key update", tx.org().0)
            .fetch_one(tx.conn())
            .await?;
    }
    let rows = sqlx::query_as!(
        Row,
        "select kind, pattern, targets, keeps_original from model_routes where org_id = $1 order by position",
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Route::try_from).collect()
}

/// Puts others in their place.
pub async fn replace(tx: &mut TenantTx, routes: &[Route]) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!("delete from model_routes where org_id = $1", org.0).execute(tx.conn()).await?;
    let kinds: Vec<String> = routes.iter().map(|route| route.kind.as_str().to_owned()).collect();
    let patterns: Vec<String> = routes.iter().map(|route| route.pattern.clone()).collect();
    let targets: Vec<Value> = routes
        .iter()
        .map(|route| serde_json::to_value(&route.targets))
        .collect::<Result<_, _>>()
        .map_err(|e| StoreError::corrupt("targets of a model route", e))?;
    let keeps: Vec<bool> = routes.iter().map(|route| route.keeps_original).collect();
    sqlx::query!(
        "insert into model_routes (org_id, position, kind, pattern, targets, keeps_original)
         select $1, n - 1, kind, pattern, targets, keeps
         from unnest($2::text[], $3::text[], $4::jsonb[], $5::bool[]) with ordinality
           as given (kind, pattern, targets, keeps, n)",
        org.0,
        &kinds,
        &patterns,
        &targets,
        &keeps
    )
    .execute(tx.conn())
    .await?;
    tx.bump_policy().await
}

/// The routes of whichever organisation a key belongs to.
pub(crate) async fn of(db: &RelayDb, org: OrgId) -> StoreResult<Vec<Route>> {
    let rows = sqlx::query_as!(
        Row,
        "select kind, pattern, targets, keeps_original from model_routes where org_id = $1 order by position",
        org.0
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter().map(Route::try_from).collect()
}
