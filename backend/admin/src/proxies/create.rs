//! Adding a proxy.

use super::{audited, fields, taken, view};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::ProxyId;
use causeway_openapi::{CreateProxy, Proxy, UpdateProxy};
use causeway_store::proxies::{self, Proxy as Stored};
use chrono::Utc;
use http::StatusCode;
use uuid::Uuid;

/// Add a proxy
///
/// Nothing is sent through it yet: accounts and pools use it once they name it in `proxy`, and those that say nothing once
/// it is the organisation's `default_proxy_id`. `testProxy` says whether it works. An organisation has at most 200.
#[utoipa::path(
    post, path = "/proxies", tag = "proxies", operation_id = "createProxy", request_body = CreateProxy,
    responses(
        (status = 201, description = "The proxy", body = Proxy),
        docs::Input, docs::Guarded, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::AccountsWrite>,
    Body(input): Body<CreateProxy>,
) -> Result<(StatusCode, Json<Proxy>), ApiError> {
    let now = Utc::now();
    let mut proxy = Stored {
        id: ProxyId(Uuid::now_v7()),
        name: String::new(),
        scheme: input.scheme,
        host: String::new(),
        port: input.port,
        username: None,
        password: None,
        enabled: true,
        last_test: None,
        last_success_at: None,
        created_at: now,
        updated_at: now,
    };
    let change = UpdateProxy {
        name: Some(input.name),
        scheme: None,
        host: Some(input.host),
        port: Some(input.port),
        username: input.username.map(Some),
        password: input.password.map(Some),
        enabled: input.enabled,
    };
    fields::apply(&state, caller.org(), &mut proxy, &change)?;
    let mut tx = caller.begin(&state).await?;
    let most = i64::try_from(proxies::MOST).unwrap_or(i64::MAX);
    if proxies::count(&mut tx).await? >= most {
        let text = format!("an organisation has at most {most} proxies; remove one first");
        return Err(ApiError::Conflict(text));
    }
    proxies::insert(&mut tx, &proxy).await.map_err(taken)?;
    let made = proxies::get(&mut tx, proxy.id, false).await?;
    caller.record(&mut tx, "proxy.create", ("proxy", Some(made.id.0)), None, Some(audited(&made))).await?;
    let made = view(&mut tx, made).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(made)))
}
