//! Waiting in line for a scope's concurrency. The reservation script keeps the line; asking again is how one waits.

use super::ScopeId;
use crate::{Cache, StoreResult, cache::tenant_prefix};
use causeway_domain::{OrgId, RequestId};

/// Gives up a request's place in the queues of these scopes, so that those behind it move up at once.
pub async fn leave(cache: &Cache, org: OrgId, scopes: &[ScopeId], request: RequestId) -> StoreResult<()> {
    let id = request.0.simple().to_string();
    let mut pipe = redis::pipe();
    for scope in scopes {
        let mut key = tenant_prefix(org);
        scope.write_suffix(&mut key);
        pipe.zrem(format!("{key}:w"), &id).ignore().zrem(format!("{key}:p"), &id).ignore();
    }
    let () = pipe.query_async(&mut cache.connection.clone()).await?;
    Ok(())
}
