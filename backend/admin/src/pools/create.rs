//! Making a pool.

use super::{audited, fields, plain, taken};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    proxies::readers::Readers,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    PoolId,
    pool::{STICKY_SECONDS, Strategy},
    proxy::Choice,
};
use causeway_openapi::{CreatePool, Pool, UpdatePool};
use causeway_store::pools::{self, Pool as Stored};
use chrono::Utc;
use http::StatusCode;
use uuid::Uuid;

/// Make a pool
///
/// Names accounts that serve the same keys, and how they are chosen among. Keys use it once they name it in `pool_ids`.
#[utoipa::path(
    post, path = "/pools", tag = "pools", operation_id = "createPool", request_body = CreatePool,
    responses(
        (status = 201, description = "The pool", body = Pool),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Body(input): Body<CreatePool>,
) -> Result<(StatusCode, Json<Pool>), ApiError> {
    let now = Utc::now();
    let mut pool = Stored {
        id: PoolId(Uuid::now_v7()),
        name: String::new(),
        strategy: Strategy::default(),
        sticky_seconds: Some(STICKY_SECONDS),
        active: None,
        proxy: Choice::default(),
        members: Vec::new(),
        keys: 0,
        created_at: now,
        updated_at: now,
    };
    let change = UpdatePool {
        name: Some(input.name),
        strategy: Some(input.strategy),
        sticky_seconds: input.sticky_seconds,
        active_account_id: input.active_account_id.map(Some),
        proxy: input.proxy,
        members: input.members,
        account_ids: input.account_ids,
    };
    let mut tx = caller.begin(&state).await?;
    let readers = Readers::now(&mut tx).await?;
    fields::apply(&mut tx, &mut pool, &change).await?;
    pools::insert(&mut tx, &pool).await.map_err(taken)?;
    readers.unchanged(&mut tx, None).await?;
    let made = pools::get(&mut tx, pool.id, false).await?;
    caller.record(&mut tx, "pool.create", ("pool", Some(made.id.0)), None, Some(audited(&made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(plain(made))))
}
