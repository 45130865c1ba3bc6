//! API tokens. Everybody manages their own; who may manage all sees and revokes everybody's. Only people do: a token that
//! leaked can neither make another nor hide.

use crate::guard::{Caller, token_scopes};
use causeway_domain::UserId;
use causeway_openapi::{ApiToken, Permission, TokenOwner, TokenStatus};
use causeway_store::api_tokens::Token as Stored;
use chrono::Utc;
use serde_json::{Value, json};

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

/// Whose tokens the caller sees and may revoke: everybody's (`None`) or their own.
fn reaches(caller: &Caller) -> Option<UserId> {
    if caller.may(Permission::TokensManage) { None } else { Some(caller.user.id) }
}

fn shown(token: Stored) -> ApiToken {
    let status = match token.revoked_at {
        Some(_) => TokenStatus::Revoked,
        None if token.expires_at <= Utc::now() => TokenStatus::Expired,
        None => TokenStatus::Active,
    };
    ApiToken {
        id: token.id,
        name: token.name,
        prefix: token.prefix,
        owner: TokenOwner { id: UserId(token.owner_id), name: token.owner_name },
        scopes: token_scopes(&token.scopes),
        status,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        last_address: token.last_address.filter(|address| !address.is_empty()),
        created_at: token.created_at,
    }
}

/// As the audit log keeps it.
fn audited(token: &Stored) -> Value {
    json!({
        "name": token.name,
        "prefix": token.prefix,
        "owner_id": token.owner_id,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    })
}
