//! How limits stand, as the API shows it; the same for keys, members, accounts and the organisation.

use crate::{error::ApiError, guard::Caller, state::AdminState};
use causeway_domain::{Limits, Nanos};
use causeway_openapi::{Amount, LimitScope, LimitState, LimitUnit, LimitsInUse};
use causeway_store::{
    TenantTx,
    hold::ScopeId,
    standing::{self, State, Unit},
};

/// Reads how these limits stand.
pub(crate) async fn in_use(
    state: &AdminState,
    caller: &Caller,
    tx: &mut TenantTx,
    scope: ScopeId,
    limits: &Limits,
) -> Result<LimitsInUse, ApiError> {
    let standing = standing::of(&state.store.cache, tx, scope, limits, &caller.calendar).await?;
    let scope = match scope {
        ScopeId::Key(_) => LimitScope::Key,
        ScopeId::Member(_) => LimitScope::Member,
        ScopeId::Organisation => LimitScope::Organization,
        ScopeId::Account(_) => LimitScope::Account,
    };
    Ok(LimitsInUse {
        live: standing.live,
        running: standing.running.map(|n| u64::try_from(n).unwrap_or(0)),
        time_zone: caller.calendar.time_zone.name().to_owned(),
        limits: standing.states.iter().map(|state| shown(scope, state)).collect(),
    })
}

fn shown(scope: LimitScope, state: &State) -> LimitState {
    let unit = match state.unit {
        Unit::Usd => LimitUnit::Usd,
        Unit::Tokens => LimitUnit::Tokens,
        Unit::Requests => LimitUnit::Requests,
        Unit::RequestsPerMinute => LimitUnit::RequestsPerMinute,
        Unit::TokensPerMinute => LimitUnit::TokensPerMinute,
        Unit::Concurrency => LimitUnit::Concurrency,
    };
    let amount = |n: i64| match unit {
        LimitUnit::Usd => Amount::Dollars(Nanos(n)),
        _ => Amount::Count(u64::try_from(n).unwrap_or(0)),
    };
    LimitState {
        scope,
        unit,
        window: state.window,
        limit: amount(state.limit),
        used: amount(state.used),
        reserved: amount(state.reserved),
        remaining: amount(state.remaining()),
        resets_at: state.resets_at,
    }
}
