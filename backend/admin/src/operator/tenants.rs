//! Organisations as the operator sees them.

use crate::billing::shown_balance;
use causeway_openapi::{PlanUse, Suspended, Tenant, TenantStatus};
use causeway_store::tenants;
use serde_json::{Value, json};

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update;

/// As the API shows it.
fn shown(tenant: tenants::Tenant) -> Tenant {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Tenant {
        id: tenant.id,
        name: tenant.name,
        slug: tenant.slug,
        status: if tenant.suspended { TenantStatus::Suspended } else { TenantStatus::Active },
        suspended: tenant
            .suspended_at
            .filter(|_| tenant.suspended)
            .map(|since| Suspended { since, reason: tenant.suspended_reason.unwrap_or_default() }),
        time_zone: tenant.time_zone.name().to_owned(),
        plan: tenant.plan,
        in_use: PlanUse {
            members: count(tenant.members),
            keys: count(tenant.keys),
            accounts: count(tenant.accounts),
        },
        multiplier: tenant.multiplier,
        provider_multipliers: tenant.provider_multipliers,
        balance: shown_balance(&tenant.balance),
        created_at: tenant.created_at,
    }
}

/// What the audit log has of it: what an operator decides.
fn audited(tenant: &tenants::Tenant) -> Value {
    json!({
        "status": if tenant.suspended { "suspended" } else { "active" },
        "suspended_reason": tenant.suspended_reason,
        "name": tenant.name,
        "plan": tenant.plan,
        "multiplier": tenant.multiplier,
        "provider_multipliers": tenant.provider_multipliers,
        "prepaid": tenant.balance.prepaid,
    })
}
